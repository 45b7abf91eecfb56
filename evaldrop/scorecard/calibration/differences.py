"""What people say of two candidates' difference, on every record: the judge's, corrected by their labels."""

from itertools import combinations
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from evaldrop.errors import NotEnoughData
from evaldrop.scorecard.calibration.correction import FEWEST_LABELLED, smallest_step
from evaldrop.scorecard.calibration.gathered import Gathered, overall_step
from evaldrop.scorecard.model.calibration import Favour
from evaldrop.scorecard.model.paired import RestsOn
from evaldrop.statistics.debiasing import labels_mean, shared_clusters_ppi_mean
from evaldrop.statistics.paired_test import Shared, decide, paired_test

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]


class Census(NamedTuple):
    """People's scores of every record, to be compared as a judge's are; `groups`: None without clusters."""

    shared: Shared
    groups: npt.NDArray[np.int32] | None


class PeoplesDifference(NamedTuple):
    """
    The mean of a - b over records as people would have it, in the criterion's unit.

    Prediction-powered: `estimate`, its `standard_error` and Student's `freedom`, with the `weight` of the
    judge. Where people labelled all, `census` holds their scores instead. `reason` says why there is neither.
    """

    n: int
    n_labelled: int
    estimate: float | None = None
    standard_error: float | None = None
    freedom: int | None = None
    weight: float | None = None
    rests_on: RestsOn = "judge"
    census: Census | None = None
    reason: str | None = None

    @property
    def decides(self) -> bool:
        """Whether people's labels bear a decision."""
        return self.reason is None


class Sides(NamedTuple):
    """Two candidates on the records both have: the judge's scores and people's, NaN without a label."""

    records: Ints
    judge: tuple[Floats, Floats]
    human: tuple[Floats, Floats]

    @property
    def labelled(self) -> npt.NDArray[np.bool_]:
        """Whether people scored both."""
        found: npt.NDArray[np.bool_] = ~np.isnan(self.human[0] + self.human[1])
        return found

    def part(self, kept: npt.NDArray[np.bool_]) -> "Sides":
        """Return some of the records."""
        (a, b), (people_a, people_b) = self.judge, self.human
        return Sides(self.records[kept], (a[kept], b[kept]), (people_a[kept], people_b[kept]))


def corrected_difference(
    sides: Sides, clusters: Ints, *, step: float, confidence: float
) -> PeoplesDifference:
    """
    Correct the judge's difference of two candidates by people's labels of some of the records.

    d = human a - human b, f = judge a - judge b: Δ̂ = λ mean(f) + mean over the labelled of (d - λ f), PPI++
    on paired differences (Angelopoulos, Duchi & Zrnic 2023, arXiv 2311.01453), clustered, Student's t on the
    labelled clusters.

    Args:
        sides: The two candidates' scores.
        clusters: Of each record.
        step: The smallest step of the scores.
        confidence: Two-sided level.
    """
    labelled = sides.labelled
    n, n_labelled = labelled.size, int(labelled.sum())
    counts = PeoplesDifference(n, n_labelled)
    few = np.unique(clusters[labelled]).size
    if few < FEWEST_LABELLED:
        what = "records" if few == n_labelled else "groups of records"
        return counts._replace(
            reason=f"people labelled both responses of {few} {what}; at least {FEWEST_LABELLED} are needed"
        )
    if n_labelled == n:
        return counts._replace(weight=0.0, rests_on="people", census=_census(sides, clusters))
    d, f = sides.human[0] - sides.human[1], sides.judge[0] - sides.judge[1]
    try:
        if n - n_labelled < 2:
            # One record without a label has no spread of its own.
            found = labels_mean(d[labelled], groups=clusters[labelled], step=step, confidence=confidence)
        else:
            found = shared_clusters_ppi_mean(
                d[labelled],
                f[labelled],
                f[~labelled],
                labelled_groups=clusters[labelled],
                unlabelled_groups=clusters[~labelled],
                step=step,
                confidence=confidence,
            )
    except NotEnoughData as error:
        return counts._replace(reason=str(error))
    return counts._replace(
        estimate=found.mean,
        standard_error=found.standard_error,
        freedom=found.freedom,
        weight=found.weight,
        rests_on="both" if found.weight else "people",
    )


class _Compared(NamedTuple):
    """Two candidates' scores; what a difference of them can rest on at most, and why labels were left out."""

    sides: Sides
    step: float
    at_most: RestsOn
    why: str | None


class Differences:
    """The differences of a run's candidates by people's labels, each computed when it is asked for."""

    def __init__(self, gathered: Gathered) -> None:
        self._gathered = gathered
        self._confidence = gathered.run.evaluation.confidence
        # Of the pair asked for last: its categories are asked for one after another.
        self._last: tuple[tuple[str, str, str], _Compared] | None = None

    def of(self, a: str, b: str, criterion: str, category: str | None = None) -> PeoplesDifference | None:
        """
        Return the difference of two candidates by people; None where nobody labelled the criterion.

        Args:
            a: A candidate; the difference is its scores less the other's.
            b: The other.
            criterion: The criterion, or "overall" in a run that has an overall quality.
            category: Of the records of this category alone.
        """
        if not self._is_labelled(criterion):
            return None
        sides, step, at_most, why = self._sides(a, b, criterion)
        if category is not None:
            sides = sides.part(self._gathered.in_category(sides.records, category))
        clusters = self._gathered.clusters(sides.records)
        found = corrected_difference(sides, clusters, step=step, confidence=self._confidence)
        if found.reason is not None:
            return found._replace(reason=" ".join(filter(None, (why, found.reason))))
        # Overall also rests on the judge where people labelled some of its criteria.
        return found if at_most == "people" else found._replace(rests_on=at_most)

    def favours(self) -> dict[str, tuple[Favour, ...]]:
        """Return how much more than people the judge prefers one candidate, by labelled criterion."""
        pairs = list(combinations([one.name for one in self._gathered.run.candidates], 2))
        # One family: with many pairs and criteria, some judge would always seem to favour somebody.
        family = len(pairs) * len(self._gathered.labels)
        found = [
            (name, self._favour(a, b, name, 1 - (1 - self._confidence) / family))
            for name in self._gathered.labels
            for a, b in pairs
        ]
        decided = decide([(one.difference, one.p_value) for _, one in found], confidence=self._confidence)
        favours: dict[str, list[Favour]] = {name: [] for name in self._gathered.labels}
        for (name, favour), (p_adjusted, sign) in zip(found, decided, strict=True):
            favours[name].append(self._decided(name, favour, p_adjusted, sign))
        return {name: tuple(given) for name, given in favours.items()}

    def _decided(self, name: str, favour: Favour, p_adjusted: float | None, sign: int) -> Favour:
        low, high = favour.interval or (0.0, 0.0)
        favoured = None
        if sign and not low <= 0 <= high:
            likes_more = (sign > 0) == self._gathered.run.criteria[name].higher_is_better
            favoured = favour.a if likes_more else favour.b
        return favour.model_copy(update={"p_adjusted": p_adjusted, "favours": favoured})

    def _favour(self, a: str, b: str, name: str, confidence: float) -> Favour:
        # Labels that people chose tell about the judge, too, if not about all records.
        sides = self._pair(a, b, name, all_labels=True)
        sides = sides.part(sides.labelled)
        clusters = self._gathered.clusters(sides.records)
        people = self.of(a, b, name)
        start = Favour(a=a, b=b, n=int(sides.records.size), corrected=people is not None and people.decides)
        if np.unique(clusters).size < FEWEST_LABELLED:
            return start.model_copy(
                update={"reason": f"fewer than {FEWEST_LABELLED} labelled records of both"}
            )
        by_judge, by_people = sides.judge[0] - sides.judge[1], sides.human[0] - sides.human[1]
        shared, groups = _census(sides._replace(human=(by_judge, by_people)), clusters)
        tested = paired_test(shared, groups, on_binary_scale=False, confidence=confidence)
        return start.model_copy(
            update={
                "difference": tested.difference,
                "interval": tested.interval,
                "p_value": tested.p_value,
                "reason": tested.reason,
            }
        )

    def _is_labelled(self, criterion: str) -> bool:
        return criterion in self._gathered.labels or criterion not in self._gathered.run.criteria

    def _sides(self, a: str, b: str, criterion: str) -> _Compared:
        if self._last is None or self._last[0] != (a, b, criterion):
            is_overall = criterion not in self._gathered.run.criteria
            self._last = (
                (a, b, criterion),
                (self._overall(a, b) if is_overall else self._single(a, b, criterion)),
            )
        return self._last[1]

    def _single(self, a: str, b: str, criterion: str) -> _Compared:
        step = smallest_step(self._gathered.run.criteria[criterion])
        return _Compared(self._pair(a, b, criterion), step, "people", self._gathered.labels[criterion].reason)

    def _pair(self, a: str, b: str, criterion: str, *, all_labels: bool = False) -> Sides:
        first, second = (self._gathered.scored(name, criterion) for name in (a, b))
        records, in_a, in_b = np.intersect1d(
            first.records, second.records, assume_unique=True, return_indices=True
        )
        people = (first.people(all_labels=all_labels)[in_a], second.people(all_labels=all_labels)[in_b])
        return Sides(records, (first.judge[in_a], second.judge[in_b]), people)

    def _overall(self, a: str, b: str) -> _Compared:
        run = self._gathered.run
        weighted = {name: criterion for name, criterion in run.criteria.items() if criterion.weight}
        # By those alone that people labelled enough of: a few labels of another one would spoil them all.
        labelled = [
            name
            for name in self._gathered.labels
            if name in weighted and _decides(self._single(a, b, name), self._gathered)
        ]
        overall = self._gathered.overall_of((a, b), labelled)
        (judge_a, judge_b), (human_a, human_b) = overall.judge, overall.human
        sides = Sides(overall.records, (judge_a, judge_b), (human_a, human_b))
        why = None if labelled else "people labelled no criterion often enough."
        at_most: RestsOn = "people" if len(labelled) == len(weighted) else "both"
        return _Compared(sides, overall_step(weighted.values()), at_most, why)


def _decides(compared: _Compared, gathered: Gathered) -> bool:
    clusters = gathered.clusters(compared.sides.records[compared.sides.labelled])
    return np.unique(clusters).size >= FEWEST_LABELLED


def _census(sides: Sides, clusters: Ints) -> Census:
    rows = np.arange(sides.records.size, dtype=np.int32)
    are_groups = np.unique(clusters).size < clusters.size
    groups = np.unique(clusters, return_inverse=True)[1].astype(np.int32) if are_groups else None
    return Census(Shared(rows, *sides.human), groups)
