"""What the kinds of bias have in common: what they are measured on, and one that is not decided yet."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple, TypeVar

import numpy as np

from evaldrop.evaluation.criteria import Criterion
from evaldrop.run.definition import RunDefinition
from evaldrop.scorecard.model.biases import BiasEstimate
from evaldrop.statistics.intervals import Interval
from evaldrop.statistics.paired_test import Pairing
from evaldrop.statistics.vectors import Floats, Ordinals
from evaldrop.steps.build_scorecard.biases.gathering import BiasData, Labelled, PeoplesScores
from evaldrop.steps.build_scorecard.columns import ColumnsOf
from evaldrop.steps.build_scorecard.counts import RunCounts

# Smaller ones are no reason to do anything, however sure: a share of a criterion's scale.
SMALLEST = 0.02
FEWEST = 5

P = TypeVar("P", bound=BiasEstimate)


class Measured(NamedTuple):
    """
    A part without its decision, and what decides it; no p value where nothing was tested.

    `by_interval`: the interval has to exclude what is fair, too. Not where the test is exact for fair judges.
    """

    part: BiasEstimate
    p_value: float | None = None
    interval_at: Callable[[float], Interval | None] = lambda _: None
    fair: float = 0.0
    floor: float = 0.0
    by_interval: bool = False


class Judgements(NamedTuple):
    """What a run's biases are measured on; `judged` without verdicts that are counted as the worst."""

    run: RunDefinition
    counts: RunCounts
    judged: Mapping[str, ColumnsOf]
    data: BiasData
    people: PeoplesScores

    def clusters(self, ordinals: Ordinals) -> Ordinals:
        """Return what is independent: each record's group, or the record."""
        return ordinals if self.counts.groups is None else self.counts.groups[ordinals]

    def by_record(self, name: str) -> dict[str, dict[str, tuple[Labelled, float]]]:
        """Return the responses that people scored on a criterion, by record and candidate."""
        found: defaultdict[str, dict[str, tuple[Labelled, float]]] = defaultdict(dict)
        for (record_id, candidate), said in self.people.get(name, {}).items():
            found[record_id][candidate] = (self.data.labelled[record_id, candidate], said)
        return found


def by_tests(part: P, tests: Sequence[Pairing], *, floor: float) -> Measured:
    """Return what several tests of one thing decide: what all of them do, the first tells the size."""
    first = tests[0]
    part = part.model_copy(update={"n": first.n, "size": first.difference, "reason": first.reason})
    known = [test.p_value for test in tests if test.p_value is not None]
    if len(known) < len(tests):
        return Measured(part)
    agree = len({np.sign(test.difference or 0.0) for test in tests}) == 1
    return Measured(part, max(known) if agree else 1.0, first.widest, floor=floor, by_interval=True)


def turned(differences: Floats, criterion: Criterion) -> Floats:
    """Return differences of which more is better."""
    return differences if criterion.higher_is_better else -differences


def scale_range(criterion: Criterion) -> float:
    """Return how far apart the ends of a scale are."""
    return criterion.scale.high - criterion.scale.low


def mean_of(values: Iterable[float]) -> float:
    """Return the mean of one or more numbers."""
    found = list(values)
    return sum(found) / len(found)


def few(n: int, what: str) -> str:
    """Return why nothing was tested."""
    return f"{n} {what}, and fewer than {FEWEST} tell nothing"
