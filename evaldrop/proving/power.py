"""
In what share of tries a drop would have been found, from planted faults: by the scorecard's own test.

A try is a run as it could have been: records drawn from those of the proof with replacement, as many as a
run has; each judged twice; in a share of them the second response has a planted fault. The share is what
lowers the pass rate by the drop in question if every fault makes a passing response fail: drop / pass rate.
Which of a record's two judgings is the earlier one is drawn, so that no shift between them is mistaken for a
fault. What the test decides is counted.
"""

from collections.abc import Iterator, Sequence
from math import sqrt
from typing import Final, NamedTuple

import numpy as np
from scipy import special

from evaldrop.proving.expected import expected_kinds
from evaldrop.proving.judged_copies import CriterionCopies, JudgedCopies, oriented, passes
from evaldrop.proving.noticing import FEWEST_PLANTED
from evaldrop.scorecard.baseline.pool import FIRST_SHARE, YEAR_OF_RUNS
from evaldrop.scorecard.model.proof import DetectionPower, GateLook
from evaldrop.statistics.paired_test import PairedScores, decide, paired_test
from evaldrop.statistics.power import paired_t_power
from evaldrop.statistics.vectors import Floats

TRIES: Final = 400
RESAMPLES: Final = 1_000
_LOOKS: Final[tuple[GateLook, ...]] = ("single", "weekly")
# Probits beyond this are shares of nearly 0 or 1, which no number of tries tells apart.
_MOST_PROBIT = 4.0


class _World(NamedTuple):
    """What tries draw from: scores in which more is better, records that have both judgings."""

    copies: CriterionCopies
    first: Floats
    again: Floats
    faulty: Floats
    """Shape (kinds, records); NaN where none was planted."""
    pass_rate: float
    groups: np.ndarray | None


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
        tries: Of each.
    """
    source = np.random.default_rng(seed)
    for name, copies in judged.criteria.items():
        kinds = expected_kinds(name, copies.faulty)
        parts: list[tuple[str | None, tuple[str, ...]]] = [(None, kinds)]
        if len(kinds) > 1:
            parts += [(kind, (kind,)) for kind in kinds]
        for kind, of_kinds in parts:
            world = _world(judged, copies, of_kinds)
            # Of single kinds one drop: a table of all would be read by nobody.
            for drop in drops if kind is None else _middle(drops):
                for look in _LOOKS if kind is None else _LOOKS[:1]:
                    level = level_of(look, confidence) / judged.comparisons
                    start = DetectionPower(
                        criterion=name,
                        drop=drop,
                        look=look,
                        kind=kind,
                        records=judged.run_records,
                        planted=int(np.isfinite(world.faulty).any(axis=0).sum()) if world else 0,
                        tries=tries,
                        promised=_promised(judged.run_records, drop, planned_variance, level),
                    )
                    yield _filled(start, world, level=level, confidence=confidence, source=source)


def level_of(look: GateLook, confidence: float) -> float:
    """Return the chance of a false alarm that a look has, over all that it compares."""
    year = 1 - confidence
    return year if look == "single" else year * (1 - FIRST_SHARE) / (YEAR_OF_RUNS - 1)


def _middle(drops: Sequence[float]) -> Sequence[float]:
    return drops[len(drops) // 2 : len(drops) // 2 + 1]


def _world(judged: JudgedCopies, copies: CriterionCopies, kinds: Sequence[str]) -> _World | None:
    first, again = (oriented(each, copies.criterion) for each in (copies.first, copies.again))
    rows = np.flatnonzero(np.isfinite(first) & np.isfinite(again))
    if not kinds or rows.size < 2:
        return None
    faulty = np.stack([oriented(copies.faulty[kind], copies.criterion) for kind in kinds])[:, rows]
    marks = np.stack([passes(copies.first, copies.criterion), passes(copies.again, copies.criterion)])
    rate = float(marks[:, rows].mean())
    groups = None if judged.groups is None else judged.groups[rows]
    return _World(copies, first[rows], again[rows], faulty, rate, groups)


def _filled(
    start: DetectionPower,
    world: _World | None,
    *,
    level: float,
    confidence: float,
    source: np.random.Generator,
) -> DetectionPower:
    if world is None:
        return start.model_copy(update={"tries": 0, "reason": "no fault that should lower it was planted"})
    if start.planted < FEWEST_PLANTED:
        few = f"{start.planted} planted faults say nothing; at least {FEWEST_PLANTED} are needed"
        return start.model_copy(update={"tries": 0, "reason": few})
    if world.pass_rate < start.drop:
        why = f"only {100 * world.pass_rate:.0f} % pass, which cannot fall by {100 * start.drop:g} points"
        return start.model_copy(update={"tries": 0, "reason": why})
    rate = start.drop / world.pass_rate
    found = _tries(world, rate, start.records, start.tries, level, source)
    share = found / start.tries
    interval = _interval(world, rate, start.records, share, start.tries, level, confidence, source)
    return start.model_copy(update={"share": share, "interval": interval})


def _tries(
    world: _World, rate: float, records: int, tries: int, level: float, source: np.random.Generator
) -> int:
    criterion = world.copies.criterion
    reach = criterion.scale.high - criterion.scale.low
    step = criterion.scale.smallest_step() or 0.0
    is_binary = criterion.scale.kind == "binary"
    ordinals = np.arange(records, dtype=np.int32)
    found = 0
    for _ in range(tries):
        rows, groups = _drawn(world, records, source)
        swapped = source.random(rows.size) < 0.5
        then = np.where(swapped, world.again[rows], world.first[rows])
        now = np.where(swapped, world.first[rows], world.again[rows])
        fault = _faults(world, rows, source)
        is_planted = (source.random(rows.size) < rate) & np.isfinite(fault)
        now = np.where(is_planted, fault, now)
        scores = PairedScores(
            ordinals=ordinals[: rows.size],
            differences=now - then,
            reach=reach,
            step=step,
            is_binary=is_binary,
        )
        (decided,) = decide([paired_test(scores, groups, confidence=1 - level)], confidence=1 - level)
        found += decided.sign < 0
    return found


def _drawn(world: _World, records: int, source: np.random.Generator) -> tuple[np.ndarray, np.ndarray | None]:
    """Return rows of the world as a run could have them, whole clusters where records have groups."""
    size = world.first.size
    if world.groups is None:
        return source.integers(0, size, records), None
    names, codes = np.unique(world.groups, return_inverse=True)
    members = [np.flatnonzero(codes == code) for code in range(names.size)]
    rows: list[np.ndarray] = []
    clusters: list[np.ndarray] = []
    count = 0
    while count < records:
        drawn = members[int(source.integers(0, names.size))]
        rows.append(drawn)
        clusters.append(np.full(drawn.size, len(clusters), np.int32))
        count += drawn.size
    return np.concatenate(rows)[:records], np.concatenate(clusters)[:records]


def _faults(world: _World, rows: np.ndarray, source: np.random.Generator) -> Floats:
    """Return for each row a fault's score, of a kind drawn from those planted there; NaN where none is."""
    there = np.isfinite(world.faulty[:, rows])
    weights = np.where(there, source.random(there.shape), -1.0)
    found: Floats = world.faulty[weights.argmax(axis=0), rows]
    return found


def _interval(
    world: _World,
    rate: float,
    records: int,
    share: float,
    tries: int,
    level: float,
    confidence: float,
    source: np.random.Generator,
) -> tuple[float, float]:
    """
    Return an interval of the share, for the records that the proof has and the tries that were made.

    Records of the proof are drawn again and again; of each drawing the power of a t test with its mean and
    variance is reckoned, and how far those spread in probits around that of the whole is how far the share's
    probit may lie from the truth. The tries' own error is added.
    """
    whole = _probit(world, np.ones((1, world.first.size)), rate, records, level)[0]
    weights = _resampled(world, source)
    drawn = _probit(world, weights, rate, records, level)
    tail = (1 - confidence) / 2
    low, high = np.quantile(drawn - whole, [tail, 1 - tail])
    centre = float(np.clip(special.ndtri((share * tries + 0.5) / (tries + 1)), -_MOST_PROBIT, _MOST_PROBIT))
    # Of the tries: a binomial share's error, in probits.
    density = max(float(np.exp(-(centre**2) / 2) / sqrt(2 * np.pi)), 1e-3)
    smoothed = (share * tries + 0.5) / (tries + 1)
    own = float(special.ndtri(1 - tail)) * sqrt(smoothed * (1 - smoothed) / tries) / density
    reach_low, reach_high = sqrt(min(low, 0.0) ** 2 + own**2), sqrt(max(high, 0.0) ** 2 + own**2)
    return float(special.ndtr(centre - reach_low)), float(special.ndtr(centre + reach_high))


def _resampled(world: _World, source: np.random.Generator) -> Floats:
    """Return how often each record is in each of the drawings, shape (drawings, records)."""
    size = world.first.size
    if world.groups is None:
        return source.multinomial(size, np.full(size, 1 / size), RESAMPLES).astype(np.float64)
    _, codes = np.unique(world.groups, return_inverse=True)
    clusters = int(codes.max()) + 1
    drawn = source.multinomial(clusters, np.full(clusters, 1 / clusters), RESAMPLES)
    return drawn[:, codes].astype(np.float64)


def _probit(world: _World, weights: Floats, rate: float, records: int, level: float) -> Floats:
    """Return the probit of a two-sided t test's power to find the drop, for each row of weights."""
    noise = (world.again - world.first) ** 2
    middle = (world.again + world.first) / 2
    there = np.isfinite(world.faulty)
    kinds = np.maximum(there.sum(axis=0), 1)
    faulty = np.where(there, world.faulty, 0.0)
    is_planted = there.any(axis=0).astype(np.float64)
    fall = np.where(there, faulty - middle, 0.0).sum(axis=0) / kinds
    squares = (
        np.where(there, (faulty - world.first) ** 2 + (faulty - world.again) ** 2, 0.0).sum(axis=0)
        / kinds
        / 2
    )
    total = weights.sum(axis=1)
    mean = rate * (weights @ (fall * is_planted)) / total
    second = (weights @ ((1 - rate * is_planted) * noise + rate * is_planted * squares)) / total
    variance = np.maximum(second - mean**2, 0.0)
    error = np.sqrt(np.maximum(variance, 1e-12) / records)
    critical = float(special.stdtrit(max(1, records - 1), 1 - level / 2))
    found: Floats = np.clip(-mean / error - critical, -_MOST_PROBIT, _MOST_PROBIT)
    return found


def _promised(records: int, drop: float, variance: float | None, level: float) -> float | None:
    if variance is None or variance <= 0 or records < 2:
        return None
    return paired_t_power(records, effect=drop / sqrt(variance), level=level)
