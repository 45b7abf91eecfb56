"""How often intervals of means and pass rates hold the truth, and gates at their limit pass."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from benchmarks.coverage.worlds import MIDDLING, World, binary, group_sizes, likert
from evaldrop.scorecard.gate import evaluate_gate
from evaldrop.scorecard.model.scorecard import CandidateScorecard, CriterionInfo, Scorecard
from evaldrop.steps.build_scorecard.estimates import candidate_scorecards

RECORDS = (10, 20, 50, 100, 300)


class Estimated(NamedTuple):
    """Shares of draws, and the interval's mean width as a share of the scale."""

    covers: float
    passes_at_least: float
    passes_at_most: float
    width: float


@dataclass(frozen=True)
class Estimate:
    """A quantity of a world: a criterion's mean or pass rate, or overall."""

    row: str
    world: World
    quantity: str

    def measure(self, draws: int, seed: int) -> Estimated:
        """Draw runs, build their scorecards, and let gates judge them whose limit is the truth."""
        random, truth = np.random.default_rng(seed), self.truth
        rules = [f"{self.quantity} {sign} {truth!r}" for sign in (">=", "<=")]
        found = np.empty((draws, 4))
        for place in range(draws):
            columns = self.world.columns(self.world.scores(random))
            card = candidate_scorecards(self.world.run, self.world.counts, columns)["m1"]
            low, high = self._interval(card)
            decisions = [check.decision for check in evaluate_gate(rules, self._scorecard(card)).checks]
            found[place] = (low <= truth <= high, *(one == "pass" for one in decisions), high - low)
        covers, at_least, at_most, width = found.mean(axis=0).tolist()
        return Estimated(covers, at_least, at_most, width / self._reach)

    @property
    def truth(self) -> float:
        """The quantity, of all records there could be."""
        if self.quantity == "overall.mean":
            return self.world.true_overall()
        return self.world.true_mean(0)

    @property
    def _reach(self) -> float:
        if self.quantity == "overall.mean":
            return 1.0
        return max(self.world.kinds[0].values) - min(self.world.kinds[0].values)

    def _interval(self, card: CandidateScorecard) -> tuple[float, float]:
        if self.quantity == "overall.mean":
            found = card.overall and card.overall.interval
        elif self.quantity == "c1.pass_rate":
            found = card.criteria["c1"].pass_interval
        else:
            found = card.criteria["c1"].interval
        # No interval at all is no wrong one; none of these worlds is as small as that.
        return found or (float("-inf"), float("inf"))

    def _scorecard(self, card: CandidateScorecard) -> Scorecard:
        """Return as much of a scorecard as a gate reads."""
        infos = {
            name: CriterionInfo.model_construct(higher_is_better=True) for name in self.world.criterion_names
        }
        return Scorecard.model_construct(candidates={"m1": card}, criteria=infos, coverage=1.0)


def rows(records: int) -> Iterator[Estimate]:
    """Return the whole grid for a number of records."""
    for top in (0.95, 0.85, 0.6):
        for rest in ("near", "bottom"):
            kind = likert(top, rest=rest)
            yield Estimate(kind.name, World(records, (kind,)), "c1.mean")
    for rate in (0.5, 0.9, 0.98):
        kind = binary(rate)
        yield Estimate(f"pass rate, {rate:.0%} pass", World(records, (kind,)), "c1.pass_rate")
    mixed = (binary(0.9), likert(0.85), likert(0.6), binary(0.98), likert(0.95, rest="bottom"), MIDDLING)
    for number in (2, 3, 6):
        yield Estimate(f"overall, {number} mixed criteria", World(records, mixed[:number]), "overall.mean")
    for number in (1, 2, 3, 6):
        kinds = tuple(binary(rate) for rate in (0.9, 0.98, 0.95, 0.9, 0.5, 0.98)[:number])
        criteria = "1 yes/no criterion" if number == 1 else f"{number} yes/no criteria"
        yield Estimate(f"overall, {criteria}", World(records, kinds), "overall.mean")
    yield from _grouped(records)


def _grouped(records: int) -> Iterator[Estimate]:
    measured = (
        (likert(0.85), "Likert, 85% at 5", "c1.mean"),
        (likert(0.95, rest="bottom"), "Likert, 95% at 5, the rest at 1", "c1.mean"),
        (binary(0.5), "pass rate, 50% pass", "c1.pass_rate"),
        (binary(0.9), "pass rate, 90% pass", "c1.pass_rate"),
        (binary(0.98), "pass rate, 98% pass", "c1.pass_rate"),
    )
    for many in (False, True):
        number = max(5, records // 4) if many else max(5, min(8, records // 4))
        if many and records < 50:
            # There are no more of them than of the few.
            continue
        for equal in (True, False):
            sizes = group_sizes(records, number, equal=equal)
            how = f"{'many' if many else 'few'} {'equal' if equal else 'unequal'} groups"
            for kind, name, quantity in measured:
                world = World(records, (kind,), shared=0.3, grouped=0.3, own=0.1, sizes=sizes)
                yield Estimate(f"{name}; {how}", world, quantity)
