"""How often what is said of a difference is false: decided, printed as an interval, or called too small."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np

from benchmarks.coverage.worlds import MIDDLING, Kind, World, binary, likert
from evaldrop.scorecard.model.part import OVERALL
from evaldrop.scorecard.model.scorecard import (
    Comparison,
)
from evaldrop.statistics.vectors import Floats
from evaldrop.steps.build_scorecard.candidate_differences import compare_candidates

SIZES = ((2, 1), (2, 3), (3, 2), (4, 3), (6, 6))
"""Candidates by criteria."""


def compared(world: World, scores: Floats) -> tuple[Comparison, ...]:
    """Return the comparisons that a run's scorecard has."""
    return compare_candidates(world.run, world.counts, world.columns(scores)).comparisons


class Falsehoods(NamedTuple):
    """Shares of runs in which something is decided though nothing differs."""

    of_criteria: float
    of_overall: float


@dataclass(frozen=True)
class Alike:
    """A world in which no candidate differs from another, and what happens to a run's scores."""

    row: str
    world: World
    draw: Callable[[World, np.random.Generator], Floats] = World.scores

    def measure(self, draws: int, seed: int) -> Falsehoods:
        """Draw runs and count those in which any difference is decided."""
        random, false = np.random.default_rng(seed), np.zeros((draws, 2))
        for place in range(draws):
            for one in compared(self.world, self.draw(self.world, random)):
                false[place, int(one.criterion == OVERALL)] += one.decisive
        return Falsehoods(*(false > 0).mean(axis=0).tolist())


def equal_candidates() -> Iterator[Alike]:
    """Return candidates that are all alike."""
    for candidates, criteria in SIZES:
        for records in (20, 100, 300):
            world = World(records, kinds(criteria), candidates=candidates)
            yield Alike(f"{candidates} candidates alike × {criteria} criteria, {records} records", world)


def kinds(number: int) -> tuple[Kind, ...]:
    """Return criteria of both scales."""
    return (MIDDLING, binary(0.9), likert(0.85), binary(0.7), likert(0.6), binary(0.95))[:number]


@dataclass(frozen=True)
class Changes:
    """
    Changes between two candidates that add up to nothing in the mean.

    `rare` records are expected to change by `down`, others by `up` so that the mean difference is 0.
    """

    rare: float
    down: float
    up: float
    noise: float = 0.0

    def __call__(self, world: World, random: np.random.Generator) -> Floats:
        """Draw both candidates' scores, as far as their differences need it."""
        share = self.rare / world.n
        common = min(1 - share, share * self.down / self.up)
        draws = random.random(world.n)
        change = np.where(draws < share, -self.down, np.where(draws < share + common, self.up, 0.0))
        change += self.noise * random.normal(size=world.n)
        low, high = min(world.kinds[0].values), max(world.kinds[0].values)
        first = np.where(change < -self.up, high, low + (high - low) / 2)
        return np.stack([first, np.clip(first + change, low, high)])[:, None, :]


_RANGE = Kind("range", {"type": "range", "low": 0, "high": 1}, (0, 1), (0.5, 0.5))


def skewed_changes() -> Iterator[Alike]:
    """Return changes of which the rare ones are large and one-sided, and few changes of one size."""
    for records in (20, 50, 100, 300, 1000):
        world = World(records, (MIDDLING,), candidates=2)
        for rare in (0.5, 1.0, 2.0, 3.0, 5.0):
            if rare * 5 / records <= 1:
                row = f"Likert, {rare:g} of {records} fall by 4, {rare * 4:g} rise by 1"
                yield Alike(row, world, Changes(rare, 4, 1))
            row = f"range, {rare:g} of {records} fall by all of it, the others rise a little"
            swing = Changes(rare, 1.0, rare / max(1e-9, records - rare), noise=0.1 * rare / records)
            yield Alike(row, replace(world, kinds=(_RANGE,)), swing)
        for changed in (2.0, 5.0, 15.0):
            row = f"Likert, {changed:g} of {records} move by 1 either way"
            yield Alike(row, world, Changes(changed / 2, 1.0, 1.0))


@dataclass(frozen=True)
class Lost:
    """
    Verdicts of the second candidate that could not be read.

    `share` of its records have none on the last `criteria` criteria: any, those on which it scores worst, or
    those where it does worst against the first.
    """

    share: float
    how: str
    criteria: int = 1

    def __call__(self, world: World, random: np.random.Generator) -> Floats:
        """Draw scores, and lose some."""
        scores = world.scores(random)
        number = round(self.share * world.n)
        for place in range(scores.shape[1] - self.criteria, scores.shape[1]):
            first, second = scores[:, place]
            # Among equals any: the tie is broken at random.
            luck = random.random(world.n)
            key = {"at random": luck, "the worst": second + luck / 9, "against it": second - first + luck / 9}
            scores[1, place, np.argsort(key[self.how])[:number]] = np.nan
        return scores


def losses() -> Iterator[Alike]:
    """Return two candidates who are alike, one of whom has lost verdicts."""
    difficult = Kind("difficult", MIDDLING.scale, MIDDLING.values, (0.3, 0.3, 0.2, 0.1, 0.1))
    hard = (likert(0.85), binary(0.9), difficult)
    for share, records in ((0.02, 1000), (0.1, 100), (0.17, 100), (0.5, 20)):
        for how in ("at random", "the worst", "against it"):
            for criteria, lost in ((1, 1), (3, 1), (3, 3)):
                on = "the only criterion" if criteria == 1 else f"{lost} of 3 criteria"
                world = World(records, hard[-criteria:], candidates=2)
                yield Alike(f"{share:.0%} of {records} lost, {how}, {on}", world, Lost(share, how, lost))


class Printed(NamedTuple):
    """
    False coverage rate of the decided differences' family intervals, and how often they cover at all.

    `by_criteria` and `by_overall` are shares of false intervals among those of a run, averaged over runs;
    the others are coverage among all that were decided, of family intervals and of single ones.
    """

    by_criteria: float
    by_overall: float
    decided: float
    covers: float
    single_covers: float


@dataclass(frozen=True)
class Different:
    """A world in which candidates differ by this and that."""

    row: str
    world: World

    @cached_property
    def truths(self) -> dict[tuple[str, str, str], float]:
        """The true difference of every pair on every criterion and overall."""
        world, found = self.world, {}
        for first, a in enumerate(world.names):
            for second, b in enumerate(world.names):
                for place, name in enumerate(world.criterion_names):
                    found[a, b, name] = world.true_mean(place, first) - world.true_mean(place, second)
                found[a, b, OVERALL] = world.true_overall(first) - world.true_overall(second)
        return found

    def measure(self, draws: int, seed: int) -> Printed:
        """Draw runs and hold the intervals of what is decided against the truth."""
        random, decided, false, single = np.random.default_rng(seed), *np.zeros((3, draws, 2))
        for place in range(draws):
            for one in compared(self.world, self.world.scores(random)):
                if not one.decisive or one.family_interval is None or one.interval is None:
                    continue
                kind, truth = int(one.criterion == OVERALL), self.truths[one.a, one.b, one.criterion]
                decided[place, kind] += 1
                false[place, kind] += not one.family_interval[0] <= truth <= one.family_interval[1]
                single[place, kind] += not one.interval[0] <= truth <= one.interval[1]
        rates = (false / np.maximum(1, decided)).mean(axis=0).tolist()
        total = max(1.0, decided.sum())
        return Printed(*rates, total / draws, 1 - false.sum() / total, 1 - single.sum() / total)


def printed_intervals() -> Iterator[Different]:
    """Return candidates each a bit better than the one before, or one much better than the rest."""
    for candidates, criteria in SIZES:
        for records in (50, 300):
            for how, shifts in _shifts(candidates, records).items():
                row = f"{candidates} × {criteria}, {records} records, {how}"
                lifts = np.repeat(np.asarray(shifts)[:, None], criteria, axis=1)
                yield Different(row, World(records, kinds(criteria), candidates=candidates, shifts=lifts))


def _shifts(candidates: int, records: int) -> dict[str, Sequence[float]]:
    # About what the run's size can see, so that some are decided and others not: there selection bites.
    seen = 2.2 / np.sqrt(records)
    return {
        "each better": [seen * place / max(1, candidates - 1) * 1.5 for place in range(candidates)],
        "one better": [0.0] * (candidates - 1) + [seen],
    }


class Seen(NamedTuple):
    """What a run without differences says could be seen, and how often such a difference is decided."""

    detectable: float
    power: float


@dataclass(frozen=True)
class Detectable:
    """The first pair's smallest difference that could be seen, on the first criterion or overall."""

    row: str
    world: World
    of_overall: bool = False

    def measure(self, draws: int, seed: int) -> Seen:
        """Read what runs print where nothing differs; then draw runs with a difference of that size."""
        random = np.random.default_rng(seed)
        printed = [self._pair(self.world, random) for _ in range(max(20, draws // 10))]
        known = [one.minimum_detectable for one in printed if one.minimum_detectable is not None]
        # Where most runs say that nothing could be seen, nothing is promised.
        if len(known) < len(printed) / 2:
            return Seen(float("nan"), float("nan"))
        size = float(np.median(known))
        world = self._with(size)
        if world is None:
            return Seen(size, float("nan"))
        return Seen(size, float(np.mean([self._pair(world, random).decisive for _ in range(draws)])))

    def _pair(self, world: World, random: np.random.Generator) -> Comparison:
        wanted = OVERALL if self.of_overall else "c1"
        found = compared(world, world.scores(random))
        return next(one for one in found if (one.a, one.b, one.criterion) == ("m1", "m2", wanted))

    def _with(self, size: float) -> World | None:
        """Return the world with the first candidate so much worse; None where the scale ends before that."""
        least, most = -12.0, 0.0
        for _ in range(60):
            middle = (least + most) / 2
            least, most = (middle, most) if self._lost(middle) > size else (least, middle)
        return self._shifted(most) if abs(self._lost(most) - size) < size / 50 else None

    def _shifted(self, shift: float) -> World:
        lifts = np.zeros((self.world.candidates, len(self.world.kinds)))
        lifts[0, slice(None) if self.of_overall else 0] = shift
        return replace(self.world, shifts=lifts)

    def _lost(self, shift: float) -> float:
        world = self._shifted(shift)
        if self.of_overall:
            return world.true_overall(1) - world.true_overall(0)
        return world.true_mean(0, 1) - world.true_mean(0, 0)


def detectable_differences() -> Iterator[Detectable]:
    """Return what is printed as the smallest difference that could be seen."""
    for candidates, criteria in ((2, 1), (3, 2), (4, 3), (6, 6)):
        # Of six by six a run takes a quarter of a second.
        for records in (20, 50, 100, 300) if candidates < 6 else (100,):
            rest = kinds(criteria)[1:]
            for first in (MIDDLING, likert(0.85), likert(0.95, rest="bottom"), binary(0.5), binary(0.9)):
                row = f"{candidates} × {criteria}, {records} records, {first.name}"
                yield Detectable(row, World(records, (first, *rest), candidates=candidates))
            if criteria > 1:
                row = f"{candidates} × {criteria}, {records} records, overall"
                world = World(records, (MIDDLING, *rest), candidates=candidates)
                yield Detectable(row, world, of_overall=True)
