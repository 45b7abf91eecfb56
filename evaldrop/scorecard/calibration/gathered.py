"""A run's verdicts beside people's labels, gathered in one pass: columns of numbers, by record."""

from array import array
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from evaldrop.evaluation.criteria import Criterion
from evaldrop.run.definition import RunDefinition
from evaldrop.scorecard.calibration.agreement import Response
from evaldrop.scorecard.calibration.correction import Judged, step_of
from evaldrop.scorecard.calibration.judged import ResponseFacts, judged_responses
from evaldrop.scorecard.calibration.matching import MOST_SKIPPED, CriterionLabels, PeoplesScore
from evaldrop.scorecard.model.part import OVERALL
from evaldrop.scorecard.scores import RecordScore, good_shares

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]
Flags = npt.NDArray[np.bool_]

# Human and judge scores of the same responses, and the cluster of each.
Pairs = list[tuple[float, float, int]]


class Scored(NamedTuple):
    """
    A candidate's records on one criterion, ascending, with the judge's scores and people's.

    `records`, `judge` and `passed` have shape (records,). Labels are few, so they are kept apart: `rows` says
    where they are, and `may_correct` which of them may correct numbers. `is_census`: people labelled all of
    it (but for the few on which they passed).
    """

    records: Ints
    judge: Floats
    passed: Floats
    rows: Ints
    human: Floats
    human_passed: Floats
    may_correct: Flags
    is_census: bool

    def people(self, *, passed: bool = False, all_labels: bool = False) -> Floats:
        """Return people's score of each record, or whether it passes; NaN where none may correct numbers."""
        found = np.full(self.records.size, np.nan)
        kept = np.ones(self.rows.size, bool) if all_labels else self.may_correct
        found[self.rows[kept]] = (self.human_passed if passed else self.human)[kept]
        return found


class _LabelledColumn:
    """Grows a `Scored`: 16 bytes a score."""

    def __init__(self) -> None:
        self._records, self._judge, self._passed = array("i"), array("d"), array("f")
        self._rows, self._human, self._human_passed = array("i"), array("d"), array("d")
        self._random = array("b")
        self._skipped = 0

    def add(self, record: int, score: RecordScore, human: PeoplesScore | None, *, is_random: bool) -> None:
        """Add a record that the judge scored; `human` where people did."""
        if human is not None:
            self._rows.append(len(self._records))
            self._human.append(human.worth)
            self._human_passed.append(human.passed)
            self._random.append(is_random)
        self._records.append(record)
        self._judge.append(score.score or 0.0)
        self._passed.append(score.passed or 0.0)

    def skip(self) -> None:
        """Count the record added last as one on which people passed."""
        self._skipped += 1

    def column(self) -> Scored:
        """Return what was added."""
        n, labelled = len(self._records), len(self._rows)
        # Labels of everything need no story about how they were chosen.
        is_census = labelled > 0 and labelled + self._skipped == n and self._skipped <= MOST_SKIPPED * n
        random = np.array(self._random, bool)
        return Scored(
            np.array(self._records, np.intp),
            np.array(self._judge),
            np.array(self._passed, np.float64),
            np.array(self._rows, np.intp),
            np.array(self._human),
            np.array(self._human_passed),
            np.ones_like(random) if is_census else random,
            is_census,
        )


class LabelledVerdicts:
    """
    The scores of a run beside people's.

    Attributes:
        labels: By criterion, of those that people labelled.
        joined: Pairs of people's and the joined score, by criterion; `judges`: of each judge's.
    """

    def __init__(
        self, run: RunDefinition, labels: Mapping[str, CriterionLabels], facts: ResponseFacts
    ) -> None:
        self.run, self.labels, self.groups = run, labels, facts.clusters
        self.human = {name: given.of_people(run.criteria[name]) for name, given in labels.items()}
        self.joined: dict[str, Pairs] = {name: [] for name in labels}
        self.judges: dict[str, dict[str, Pairs]] = {
            name: {judge.name: [] for judge in run.judges} for name in labels
        }
        # Of criteria that nobody labelled too: they are part of overall quality.
        columns = {(one.name, name): _LabelledColumn() for one in run.candidates for name in self._kept()}
        clusters, categories = array("q"), array("q")
        self._codes: dict[str, int] = {}
        last = None
        for response, joined, drawn, judges in judged_responses(run):
            # BuildScorecard writes a record's verdicts together.
            if response[0] != last:
                last = response[0]
                # Below zero there are no groups' numbers.
                clusters.append(facts.clusters.get(last, -1 - len(clusters)))
                category = facts.categories.get(last, "")
                categories.append(self._codes.setdefault(category, len(self._codes)))
            for name, score in joined.items():
                if name in labels:
                    counted = None if name in drawn else score
                    self._compare(name, response, counted, judges.get(name, {}), clusters[-1])
                if (column := columns.get((response[1], name))) is not None:
                    self._add(column, len(clusters) - 1, name, response, score)
        self._clusters, self._categories = np.array(clusters, np.intp), np.array(categories, np.intp)
        self._scored = {about: column.column() for about, column in columns.items()}
        self._has_groups = bool(facts.clusters)

    @property
    def has_overall(self) -> bool:
        """Whether the run has an overall quality, as the scorecard's comparisons have it."""
        return len(self.run.criteria) > 1 and OVERALL not in self.run.criteria

    def scored(self, candidate: str, criterion: str) -> Scored:
        """Return a candidate's column on a criterion that people labelled, or that is part of overall."""
        return self._scored[candidate, criterion]

    def clusters(self, records: Ints) -> Ints:
        """Return the cluster of each record; one without a group is a cluster of its own, below 0."""
        return self._clusters[records]

    def in_category(self, records: Ints, category: str) -> Flags:
        """Return which of the records are of a category."""
        inside: Flags = self._categories[records] == self._codes.get(category, -1)
        return inside

    def judged(self, records: Ints, judge: Floats, human: Floats) -> Judged:
        """Return the columns of a mean to correct."""
        return Judged(judge, human, self.clusters(records), self._has_groups)

    def overall_of(self, candidates: Sequence[str], labelled: Sequence[str]) -> "Overall":
        """
        Return each candidate's overall quality per record by the judge, and by people where they say it.

        Per record the weighted mean over the criteria that all of the candidates have a score on, as shares
        in which 1 is good. By people: their score on the criteria in `labelled`, the judge's on others; NaN
        where a label is missing.
        """
        size = self._clusters.size
        judge, human = (np.zeros((len(candidates), size)) for _ in range(2))
        weights, seen = np.zeros(size), np.zeros(size, bool)
        for name, criterion in self.run.criteria.items():
            parts = [self._scored.get((candidate, name)) for candidate in candidates]
            if not criterion.weight or any(part is None for part in parts):
                continue
            columns = [part for part in parts if part is not None]
            shared = columns[0].records
            for column in columns[1:]:
                shared = np.intersect1d(shared, column.records, assume_unique=True)
            weights[shared] += criterion.weight
            seen[shared] |= name in labelled
            for place, column in enumerate(columns):
                rows = np.searchsorted(column.records, shared)
                mine = criterion.weight * good_shares(column.judge[rows], criterion)
                judge[place, shared] += mine
                by_people = name in labelled
                human[place, shared] += (
                    criterion.weight * good_shares(column.people()[rows], criterion) if by_people else mine
                )
        records = np.flatnonzero(weights)
        human[:, ~seen] = np.nan
        return Overall(records, judge[:, records] / weights[records], human[:, records] / weights[records])

    def _kept(self) -> list[str]:
        return list(self.run.criteria) if self.has_overall else list(self.labels)

    def _add(
        self, column: _LabelledColumn, place: int, name: str, response: Response, score: RecordScore
    ) -> None:
        labels = self.labels.get(name)
        if labels is None:
            column.add(place, score, None, is_random=False)
            return
        human = self.human[name].get(response)
        column.add(place, score, human, is_random=response in labels.random)
        if human is None and response in labels.skipped:
            column.skip()

    def _compare(
        self,
        name: str,
        response: Response,
        score: RecordScore | None,
        judges: Mapping[str, float],
        cluster: int,
    ) -> None:
        human = self.human[name].get(response)
        # Agreement needs no random sample, so every label counts here; a draw is nobody's answer.
        if human is None or (human.is_drawn and not _counts_halves(self.run.criteria[name])):
            return
        if score is not None and score.score is not None:
            self.joined[name].append((human.worth, score.score, cluster))
        for judge, given in judges.items():
            self.judges[name][judge].append((human.worth, given, cluster))


class Overall(NamedTuple):
    """Overall quality per record; by the judge and by people in shape (candidates, records)."""

    records: Ints
    judge: Floats
    human: Floats


def _share_of_step(criterion: Criterion) -> float:
    """Return the smallest step as a share of the scale."""
    return step_of(criterion) / (criterion.scale.high - criterion.scale.low)


def overall_step(criteria: Iterable[Criterion]) -> float:
    """Return the smallest step of overall quality that one criterion alone can make, the largest of them."""
    weighted = [criterion for criterion in criteria if criterion.weight]
    steps = [_share_of_step(criterion) * criterion.weight for criterion in weighted]
    return max(steps, default=1.0) / (sum(criterion.weight for criterion in weighted) or 1.0)


def _counts_halves(criterion: Criterion) -> bool:
    # On a yes/no scale a half is told apart from both answers; on a menu it may be an answer of its own.
    return criterion.scale.kind == "binary"
