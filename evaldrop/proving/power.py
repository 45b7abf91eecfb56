"""
In what share of tries a drop would have been found, from planted faults: by the scorecard's own test.

A try is a run as it could have been: records drawn from those of the proof with replacement, as many as a
run has; each judged twice; in a share of them the second response has a planted fault. The share is what
lowers the pass rate by the drop in question if every fault makes a passing response fail: drop / pass rate.
Which of a record's two judgings is the earlier one is drawn, so that no shift between them is mistaken for a
fault. What the test decides is counted.

The interval was held against worlds whose truth is known (tests/evaldrop/proving/worlds.py): judges that
notice a fault with chance 0.3, 0.6 and 0.95, drops of 0, 5 and 20 points, yes/no and 1 to 5, proofs of 40 to
120 records, runs of 100 to 400. At 95 % it held the true power in at least 91 % of 200 simulations of each of
57 worlds, which is what 95 % leaves (docs/proving.md). What it took: as many faults as the drop asks for also
where few could be planted, Student's t, the larger spread to both sides, records that the proof has none of,
a probit that is steeper than the t test's; and without a drop proofs with few changes and with many.
"""

from collections.abc import Iterator, Mapping, Sequence
from math import sqrt
from typing import Final, NamedTuple

import numpy as np
from scipy import special

from evaldrop.proving.drawing import members_of
from evaldrop.proving.expected import expected_kinds
from evaldrop.proving.judged_copies import JudgedCopies
from evaldrop.proving.noticing import FEWEST_PLANTED
from evaldrop.proving.tries import FaultyRecords, faulty_records, tried
from evaldrop.scorecard.baseline.pool import FIRST_SHARE, YEAR_OF_RUNS
from evaldrop.scorecard.model.proof import DetectionPower, GateLook
from evaldrop.statistics.intervals import clopper_pearson_interval, normal_quantile, t_quantile
from evaldrop.statistics.paired_test import Pairing, decide
from evaldrop.statistics.power import paired_t_power
from evaldrop.statistics.vectors import Floats

TRIES: Final = 400
RESAMPLES: Final = 1_000
_LOOKS: Final[tuple[GateLook, ...]] = ("single", "weekly")
# Only without any spread: differences of large probits are still what a share of 0.99 is unsure by.
_MOST_PROBIT = 40.0


class _Drawings(NamedTuple):
    """Shapes (drawings, records) and (2, drawings)."""

    weights: Floats
    unseen: Floats
    steepness: float


def detection_power(
    judged: JudgedCopies,
    *,
    drops: Sequence[float],
    confidence: float,
    planned_variance: float | None,
    seed: int,
    tries: int = TRIES,
) -> Iterator[DetectionPower]:
    """
    Yield, for each criterion, drop and look, the share of tries in which the drop is found.

    Args:
        judged: The scores.
        drops: Drops of the pass rate, fractions.
        confidence: Level of a run's comparisons; the weekly gate shares what is left of it over a year.
        planned_variance: Variance of two candidates' differences, as shares of the scale, that
            `plan --difference` reckons with; None: nothing was promised.
        seed: The same seed gives the same numbers.
        tries: Of each drop.
    """
    source = np.random.default_rng(seed)
    for name, copies in judged.criteria.items():
        kinds = expected_kinds(copies.criterion, copies.faulty)
        parts: list[tuple[str | None, tuple[str, ...]]] = [(None, kinds)]
        if len(kinds) > 1:
            parts += [(kind, (kind,)) for kind in kinds]
        for kind, of_kinds in parts:
            world = faulty_records(judged, copies, of_kinds)
            # Of single kinds one drop: a table of all would be read by nobody.
            for drop in drops if kind is None else _middle(drops):
                start = DetectionPower(
                    criterion=name,
                    drop=drop,
                    look="single",
                    kind=kind,
                    records=judged.run_records,
                    planted=world.planted.size if world else 0,
                    tries=0,
                )
                levels = {
                    look: level_of(look, confidence) / judged.comparisons
                    for look in (_LOOKS if kind is None else _LOOKS[:1])
                }
                promised = {
                    look: _promised(judged.run_records, drop, planned_variance, level)
                    for look, level in levels.items()
                }
                if not of_kinds:
                    start = start.model_copy(update={"reason": "no fault that should lower it was planted"})
                for found in _looks(start, world, levels, tries, confidence, source):
                    yield found.model_copy(update={"promised": promised[found.look]})


def level_of(look: GateLook, confidence: float) -> float:
    """Return the chance of a false alarm that a look has, over all that it compares."""
    year = 1 - confidence
    return year if look == "single" else year * (1 - FIRST_SHARE) / (YEAR_OF_RUNS - 1)


def _middle(drops: Sequence[float]) -> Sequence[float]:
    return drops[len(drops) // 2 : len(drops) // 2 + 1]


def _looks(
    start: DetectionPower,
    world: FaultyRecords | None,
    levels: Mapping[GateLook, float],
    tries: int,
    confidence: float,
    source: np.random.Generator,
) -> Iterator[DetectionPower]:
    reason = _reason(start, world)
    if world is None or reason:
        yield from (start.model_copy(update={"look": look, "reason": reason}) for look in levels)
        return
    rate = start.drop / world.pass_rate
    # Both looks decide the same tries.
    tests = tried(world, rate, records=start.records, tries=tries, source=source)
    weights, unseen = _resampled(world, source), source.poisson(1.0, (2, RESAMPLES)).astype(np.float64)
    drawings = _Drawings(weights, unseen, _steepness(tests))
    at_ends = () if start.drop else _at_ends(world, drawings, start.records, tries, confidence, source)
    for look, level in levels.items():
        found = _found(tests, level)
        if at_ends:
            fewest, most = (_found(each, level) for each in at_ends)
            interval = _widest((fewest, found, most), tries, confidence)
        else:
            interval = _interval(world, start, drawings, found, tries, level, confidence)
        yield start.model_copy(
            update={"look": look, "tries": tries, "share": found / tries, "interval": interval}
        )


def _found(tests: Sequence[Pairing], level: float) -> int:
    return sum(decide([test], confidence=1 - level)[0].sign < 0 for test in tests)


def _at_ends(
    world: FaultyRecords,
    drawings: _Drawings,
    records: int,
    tries: int,
    confidence: float,
    source: np.random.Generator,
) -> tuple[Sequence[Pairing], Sequence[Pairing]]:
    """
    Return tries without a drop in a proof with as few changes as it may have had by chance, and as many.

    Where nothing falls, how often a fall is found does not depend on how large the noise is, as the t test
    has it, but on how many records change: with few of them the test's exact part finds next to nothing. How
    many there are in the proof is chance; so of its drawings those at the interval's ends are tried.
    """
    changed = (world.again != world.first).astype(np.float64)
    total = drawings.weights.sum(axis=1) + drawings.unseen.sum(axis=0)
    rates = (drawings.weights @ changed + drawings.unseen[0]) / total
    order, tail = np.argsort(rates, kind="stable"), (1 - confidence) / 2
    places = (order[int(tail * (rates.size - 1))], order[int((1 - tail) * (rates.size - 1))])
    low, high = (
        tried(
            _redrawn(world, drawings.weights[place], drawings.unseen[:, place]),
            0.0,
            records=records,
            tries=tries,
            source=source,
        )
        for place in places
    )
    return low, high


def _redrawn(world: FaultyRecords, weights: Floats, unseen: Floats) -> FaultyRecords:
    """Return a drawing of the proof's records, or of its groups, with what it has none of: see `_probit`."""
    members = world.codes is None or members_of(world.codes)
    if members is True:
        rows = np.repeat(np.arange(world.first.size), weights.astype(np.int64))
        codes = None
    else:
        drawn = [each for each in members for _ in range(int(weights[each[0]]))]
        rows = np.concatenate(drawn)
        codes = np.repeat(np.arange(len(drawn)), [each.size for each in drawn])
    more, changed = int(unseen.sum()), int(unseen[0])
    first = np.concatenate([world.first[rows], np.zeros(more)])
    again = np.concatenate([world.again[rows], np.where(np.arange(more) < changed, world.step, 0.0)])
    if codes is not None:
        codes = np.concatenate([codes, codes[-1] + 1 + np.arange(more)])
    return world._replace(
        first=first,
        again=again,
        passed=np.ones(first.size),
        faulty=np.full((world.faulty.shape[0], first.size), np.nan),
        planted=np.arange(first.size),
        codes=codes,
    )


def _widest(found: Sequence[int], tries: int, confidence: float) -> tuple[float, float]:
    """Return an interval that holds those of all the counts of tries."""
    ends = [clopper_pearson_interval(n, tries, confidence=confidence) for n in found]
    return min(low for low, _ in ends), max(high for _, high in ends)


def _reason(start: DetectionPower, world: FaultyRecords | None) -> str | None:
    if world is None:
        return start.reason or "too few responses were judged twice"
    if start.planted < FEWEST_PLANTED:
        return f"{start.planted} planted faults say nothing; at least {FEWEST_PLANTED} are needed"
    if world.pass_rate < start.drop:
        return f"only {100 * world.pass_rate:.0f} % pass, which cannot fall by {100 * start.drop:g} points"
    return None


def _interval(
    world: FaultyRecords,
    start: DetectionPower,
    drawings: _Drawings,
    found: int,
    tries: int,
    level: float,
    confidence: float,
) -> tuple[float, float]:
    """
    Return an interval of the share, for the records that the proof has and the tries that were made.

    Records of the proof are drawn again and again; of each drawing the power of a t test with its mean and
    variance is reckoned, and how far those spread in probits around that of the whole, wider by Student's t
    for few faults, is how far the share's probit may lie from the truth. The tries' own error is added.
    """
    whole = _probit(
        world, np.ones((1, world.first.size)), np.zeros((2, 1)), start.drop, start.records, level
    )[0]
    drawn = _probit(world, drawings.weights, drawings.unseen, start.drop, start.records, level)
    tail = (1 - confidence) / 2
    # To both sides the larger one: a proof that by luck has little noise states too much power, and its
    # drawings, of the same few changes, spread too little to that side.
    spread = float(np.abs(np.quantile(drawn - whole, [tail, 1 - tail])).max())
    spread *= (
        drawings.steepness * t_quantile(confidence, max(1, world.units - 1)) / normal_quantile(confidence)
    )
    centre = float(special.ndtri((found + 0.5) / (tries + 1)))
    # Where all tries found it, or none, this end is open.
    own_low, own_high = special.ndtri(clopper_pearson_interval(found, tries, confidence=confidence))
    reach_low = sqrt(spread**2 + min(own_low - centre, 0.0) ** 2)
    reach_high = sqrt(spread**2 + max(own_high - centre, 0.0) ** 2)
    return float(special.ndtr(centre - reach_low)), float(special.ndtr(centre + reach_high))


def _resampled(world: FaultyRecords, source: np.random.Generator) -> Floats:
    """Return how often each record is in each of the drawings, shape (drawings, records)."""
    size = world.first.size
    if world.codes is None:
        return source.multinomial(size, np.full(size, 1 / size), RESAMPLES).astype(np.float64)
    clusters = int(world.codes.max()) + 1
    drawn = source.multinomial(clusters, np.full(clusters, 1 / clusters), RESAMPLES)
    return drawn[:, world.codes].astype(np.float64)


def _steepness(tests: Sequence[Pairing]) -> float:
    """
    Return by how much the power's probit rises with each standard error of the mean difference, at least 1.

    A try with more faults by chance has a larger standard error too, so that difference / error spreads less
    than Student's t does (skewed differences), and its chance to be beyond the critical value is steeper.
    """
    found = [
        test.difference / test.spread.error
        for test in tests
        if test.difference and test.spread and test.spread.error
    ]
    return max(1.0, 1 / max(float(np.std(found)), 0.4)) if len(found) > 1 else 1.0


def _probit(
    world: FaultyRecords, weights: Floats, unseen: Floats, drop: float, records: int, level: float
) -> Floats:
    """
    Return the probit of a two-sided t test's power to find the drop, for each row of weights.

    `unseen`, shape (2, rows): how many records more there are that the judge says something else of the
    second time, by a step of the scale, and how many of which it says the same.
    """
    there = np.isfinite(world.faulty)
    kinds = np.maximum(there.sum(axis=0), 1)
    middle = (world.again + world.first) / 2
    noise = (world.again - world.first) ** 2
    fall = np.where(there, world.faulty - middle, 0.0).sum(axis=0) / kinds
    # Of two judgings that differ, the middle is half their difference from either.
    squares = np.where(there, (world.faulty - middle) ** 2, 0.0).sum(axis=0) / kinds + noise / 4
    is_planted = there.any(axis=0).astype(np.float64)
    total = weights.sum(axis=1)
    planted = np.maximum(weights @ is_planted, 1e-9)
    passing = np.maximum(weights @ world.passed / total, 1e-9)
    rate = np.minimum(drop / passing, 1.0)
    mean = rate * (weights @ fall) / planted
    changes = weights @ noise + unseen[0] * world.step**2
    second = (1 - rate) * changes / (total + unseen.sum(axis=0)) + rate * (
        weights @ (squares * is_planted)
    ) / planted
    variance = np.maximum(second - mean**2, 0.0)
    error = np.sqrt(np.maximum(variance, 1e-12) / records)
    critical = float(special.stdtrit(max(1, records - 1), 1 - level / 2))
    found: Floats = np.clip(-mean / error - critical, -_MOST_PROBIT, _MOST_PROBIT)
    return found


def _promised(records: int, drop: float, variance: float | None, level: float) -> float | None:
    if variance is None or variance <= 0 or records < 2:
        return None
    return paired_t_power(records, effect=drop / sqrt(variance), level=level)
