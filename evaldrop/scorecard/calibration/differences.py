"""What people say of two candidates' difference: the judge's, corrected by their labels, and how it leans."""

from collections.abc import Mapping
from itertools import combinations
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from evaldrop.errors import NotEnoughData
from evaldrop.evaluation.criteria import Criterion
from evaldrop.scorecard.calibration.correction import step_of
from evaldrop.scorecard.calibration.gathered import LabelledVerdicts, Scored, overall_step
from evaldrop.scorecard.model.calibration import Favour
from evaldrop.scorecard.model.paired import RestsOn
from evaldrop.statistics.corrected_pairs import FEWEST_LABELLED, corrected_pairing
from evaldrop.statistics.paired_test import Decided, PairedScores, Pairing, decide, paired_test

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]
Flags = npt.NDArray[np.bool_]


class PeoplesDifference(NamedTuple):
    """
    The test of a - b as people would have it; None with a reason where their labels cannot correct it.

    `rests_on` says whose verdicts it is made of.
    """

    n_labelled: int
    pairing: Pairing | None = None
    rests_on: RestsOn = "judge"
    reason: str | None = None


class Sides(NamedTuple):
    """
    First minus second of two sides, on the records both have: by judge and people, NaN without a label.

    `step` is the smallest difference above 0, `reach` the largest; `at_most` is what a claim can rest on;
    `left_out` says why labels were.
    """

    records: Ints
    judge: Floats
    human: Floats
    step: float
    reach: float
    is_binary: bool = False
    at_most: RestsOn = "people"
    left_out: str | None = None

    @property
    def labelled(self) -> Flags:
        """Whether people scored both."""
        found: Flags = ~np.isnan(self.human)
        return found

    def among(self, kept: Flags) -> "Sides":
        """Return the part on some of the records."""
        return self._replace(records=self.records[kept], judge=self.judge[kept], human=self.human[kept])


def by_people(sides: Sides, clusters: Ints, *, confidence: float) -> PeoplesDifference:
    """
    Correct the judge's difference of two sides by people's labels.

    Where people labelled everything their scores are tested as a judge's are: there is nothing to predict.

    Args:
        sides: The differences.
        clusters: Of each of their records.
        confidence: Two-sided level of the interval.
    """
    labelled = sides.labelled
    n_labelled = int(labelled.sum())
    if n_labelled == labelled.size and np.unique(clusters).size >= FEWEST_LABELLED:
        tested = _tested(sides, sides.human, clusters, confidence)
        return PeoplesDifference(n_labelled, tested, sides.at_most, tested.reason)
    try:
        found = corrected_pairing(
            sides.human,
            sides.judge,
            clusters=clusters,
            reach=sides.reach,
            step=sides.step,
            confidence=confidence,
        )
    except NotEnoughData as error:
        why = f"{error} ({sides.left_out.rstrip('.')})" if sides.left_out else str(error)
        return PeoplesDifference(n_labelled, reason=why)
    rests_on: RestsOn = "both" if found.weight else sides.at_most
    return PeoplesDifference(n_labelled, found.pairing, rests_on)


class Differences:
    """The differences of a run's candidates by people's labels, each computed when it is asked for."""

    def __init__(self, gathered: LabelledVerdicts) -> None:
        self._gathered, self._run = gathered, gathered.run
        self._confidence = gathered.run.evaluation.confidence
        # Of the pair asked for last: its categories are asked for one after another.
        self._last: tuple[tuple[str, str, str], Sides] | None = None

    def of(self, a: str, b: str, criterion: str, category: str | None = None) -> PeoplesDifference | None:
        """
        Return the difference of two candidates by people; None where nobody labelled the criterion.

        Args:
            a: A candidate; the difference is its scores less the other's.
            b: The other.
            criterion: The criterion, or "overall" in a run that has an overall quality.
            category: Of the records of this category alone.
        """
        if criterion in self._run.criteria and criterion not in self._gathered.labels:
            return None
        sides = self._sides(a, b, criterion)
        if category is not None:
            sides = sides.among(self._gathered.in_category(sides.records, category))
        clusters = self._gathered.clusters(sides.records)
        return by_people(sides, clusters, confidence=self._confidence)

    def favours(self) -> dict[str, tuple[Favour, ...]]:
        """
        Return how much more than people the judge prefers one candidate, by labelled criterion.

        The mean of f - d over the labelled records, f the judge's difference and d people's: whatever judge
        and people see alike in the two candidates is in neither. All pairs and criteria are one family.
        """
        pairs = list(combinations([candidate.name for candidate in self._run.candidates], 2))
        found = [(name, *self._favour(a, b, name)) for name in self._gathered.labels for a, b in pairs]
        # Half the level: biases, self-preference among them, are told of the same labels with the other half.
        level = (1 + self._confidence) / 2
        decided = decide([tested for _, _, tested in found], confidence=level)
        favours: dict[str, list[Favour]] = {name: [] for name in self._gathered.labels}
        for (name, favour, _), decision in zip(found, decided, strict=True):
            favours[name].append(_leaning(favour, decision, self._run.criteria[name]))
        return {name: tuple(given) for name, given in favours.items()}

    def _favour(self, a: str, b: str, name: str) -> tuple[Favour, Pairing]:
        # Labels that people chose tell about the judge, too, if not about all records.
        sides = self._single(a, b, name, all_labels=True)
        sides = sides.among(sides.labelled)
        clusters = self._gathered.clusters(sides.records)
        people = self.of(a, b, name)
        is_corrected = people is not None and people.pairing is not None
        if np.unique(clusters).size < FEWEST_LABELLED:
            why = f"fewer than {FEWEST_LABELLED} labelled records of both"
            tested = Pairing(int(sides.records.size), reason=why)
        else:
            leaning = sides.judge - sides.human
            # It may go beyond the scale, and what is feared unseen is what was seen elsewhere.
            reach = max(sides.step, float(np.abs(leaning).max()))
            whole = sides._replace(is_binary=False, reach=reach)
            tested = _tested(whole, leaning, clusters, self._confidence)
        favour = Favour(
            a=a,
            b=b,
            n=tested.n,
            difference=tested.difference,
            p_value=tested.p_value,
            corrected=is_corrected,
            reason=tested.reason,
        )
        return favour, tested

    def _sides(self, a: str, b: str, criterion: str) -> Sides:
        about = (a, b, criterion)
        if self._last is None or self._last[0] != about:
            is_overall = criterion not in self._run.criteria
            self._last = about, self._overall(a, b) if is_overall else self._single(a, b, criterion)
        return self._last[1]

    def _single(self, a: str, b: str, name: str, *, all_labels: bool = False) -> Sides:
        first, second = (self._gathered.scored(candidate, name) for candidate in (a, b))
        scale = self._run.criteria[name].scale
        records, in_a, in_b = np.intersect1d(
            first.records, second.records, assume_unique=True, return_indices=True
        )
        people = [column.people(all_labels=all_labels) for column in (first, second)]
        return Sides(
            records,
            first.judge[in_a] - second.judge[in_b],
            people[0][in_a] - people[1][in_b],
            step=step_of(self._run.criteria[name]),
            reach=scale.high - scale.low,
            is_binary=scale.kind == "binary",
            left_out=self._left_out(name, {a: first, b: second}),
        )

    def _left_out(self, name: str, columns: Mapping[str, Scored]) -> str | None:
        unseen = [candidate for candidate, column in columns.items() if not column.rows.size]
        if unseen:
            return f"none of {' and '.join(unseen)}"
        return self._gathered.labels[name].reason

    def _overall(self, a: str, b: str) -> Sides:
        weighted = [name for name, criterion in self._run.criteria.items() if criterion.weight]
        # By those alone that people labelled enough of: a few labels of another one would spoil them all.
        labelled = [
            name for name in self._gathered.labels if name in weighted and self._is_enough(a, b, name)
        ]
        overall = self._gathered.overall_of((a, b), labelled)
        return Sides(
            overall.records,
            overall.judge[0] - overall.judge[1],
            overall.human[0] - overall.human[1],
            step=overall_step(self._run.criteria.values()),
            reach=1.0,
            at_most="people" if len(labelled) == len(weighted) else "both",
        )

    def _is_enough(self, a: str, b: str, name: str) -> bool:
        sides = self._single(a, b, name)
        return np.unique(self._gathered.clusters(sides.records[sides.labelled])).size >= FEWEST_LABELLED


def _tested(sides: Sides, differences: Floats, clusters: Ints, confidence: float) -> Pairing:
    scores = PairedScores(
        np.arange(differences.size, dtype=np.int32),
        differences,
        reach=sides.reach,
        step=sides.step,
        is_binary=sides.is_binary,
    )
    codes = np.unique(clusters, return_inverse=True)[1]
    groups = codes.astype(np.int32) if np.unique(codes).size < codes.size else None
    return paired_test(scores, groups, confidence=confidence)


def _leaning(favour: Favour, decision: Decided, criterion: Criterion) -> Favour:
    favoured = None
    if decision.sign:
        favoured = favour.a if (decision.sign > 0) == criterion.higher_is_better else favour.b
    return favour.model_copy(
        update={
            "p_adjusted": decision.p_adjusted,
            "interval": decision.family_interval,
            "favours": favoured,
        }
    )
