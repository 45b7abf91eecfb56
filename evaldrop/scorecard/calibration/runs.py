"""What people say of two runs' difference, where they labelled both runs' responses to the same records."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from evaldrop.evaluation.criteria import Criterion
from evaldrop.run.definition import RunDefinition
from evaldrop.scorecard.calibration.agreement import Response
from evaldrop.scorecard.calibration.correction import step_of
from evaldrop.scorecard.calibration.differences import PeoplesDifference, Sides, by_people
from evaldrop.scorecard.calibration.gathered import overall_step
from evaldrop.scorecard.calibration.judged import response_facts
from evaldrop.scorecard.calibration.label import Label
from evaldrop.scorecard.calibration.labels import read_labels
from evaldrop.scorecard.calibration.matching import MOST_SKIPPED, PeoplesScore, match_labels
from evaldrop.scorecard.scores import good_shares
from evaldrop.statistics.corrected_pairs import FEWEST_LABELLED

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.int32]

NowAndThen = tuple[Floats, Floats]
"""A candidate's scores by the judge in both runs, row i being a record of both; NaN without a score."""


class _Labelled(NamedTuple):
    """A run's labels on a criterion."""

    scores: Mapping[Response, PeoplesScore]
    random: frozenset[Response]


class PeopleOfRuns:
    """People's labels of two runs. A label belongs to a text: an unchanged response needs one alone."""

    def __init__(
        self,
        run: RunDefinition,
        now: Mapping[str, _Labelled],
        then: Mapping[str, _Labelled],
        record_ids: Sequence[str],
    ) -> None:
        self._run, self._now, self._then = run, now, then
        self._found: dict[tuple[str, str], tuple[dict[int, float], str | None]] = {}
        about = {
            record_id for side in (now, then) for labels in side.values() for record_id, _ in labels.scores
        }
        self._rows = {record_id: row for row, record_id in enumerate(record_ids) if record_id in about}

    def of(
        self,
        candidate: str,
        criterion: str | None,
        scores: Mapping[str, NowAndThen],
        *,
        clusters: Codes | None = None,
        inside: Flags | None = None,
    ) -> PeoplesDifference | None:
        """
        Return the test of now minus then as people would have it; None where nobody labelled either.

        Args:
            candidate: Of both runs.
            criterion: None for overall quality.
            scores: The candidate's, by criterion.
            clusters: Of each row; None when records are independent.
            inside: The rows it is about; by default all.
        """
        if criterion is not None and criterion not in self._now and criterion not in self._then:
            return None
        sides = (
            self._overall(candidate, scores)
            if criterion is None
            else self._single(candidate, criterion, scores[criterion])
        )
        if inside is not None:
            sides = sides.among(inside[sides.records])
        groups = sides.records if clusters is None else clusters[sides.records].astype(np.intp)
        return by_people(sides, groups, confidence=self._run.evaluation.confidence)

    def _single(self, candidate: str, name: str, scores: NowAndThen) -> Sides:
        criterion, (now, then) = self._run.criteria[name], scores
        is_compared = np.isfinite(now) & np.isfinite(then)
        # Asked for again with every category.
        if (candidate, name) not in self._found:
            self._found[candidate, name] = self._human(candidate, name, is_compared)
        labelled, left_out = self._found[candidate, name]
        human = np.full(now.size, np.nan)
        human[list(labelled)] = list(labelled.values())
        rows = np.flatnonzero(is_compared)
        return Sides(
            rows,
            (now - then)[rows],
            human[rows],
            step=step_of(criterion),
            reach=criterion.scale.high - criterion.scale.low,
            is_binary=criterion.scale.kind == "binary",
            left_out=left_out,
        )

    def _overall(self, candidate: str, scores: Mapping[str, NowAndThen]) -> Sides:
        criteria = {name: one for name, one in self._run.criteria.items() if name in scores and one.weight}
        labelled = [name for name in criteria if self._is_enough(candidate, name, scores)]
        size = next(iter(scores.values()))[0].size
        judge, human, weights = np.zeros((3, size))
        seen = np.zeros(size, bool)
        for name, criterion in criteria.items():
            sides = self._single(candidate, name, scores[name])
            share = criterion.weight * _share(criterion)
            judge[sides.records] += share * sides.judge
            human[sides.records] += share * (sides.human if name in labelled else sides.judge)
            weights[sides.records] += criterion.weight
            seen[sides.records] |= name in labelled
        human[~seen] = np.nan
        rows = np.flatnonzero(weights)
        return Sides(
            rows,
            judge[rows] / weights[rows],
            human[rows] / weights[rows],
            step=overall_step(criteria.values()),
            reach=1.0,
            at_most="people" if len(labelled) == len(criteria) else "both",
        )

    def _is_enough(self, candidate: str, name: str, scores: Mapping[str, NowAndThen]) -> bool:
        if name not in self._now or name not in self._then:
            return False
        return int(self._single(candidate, name, scores[name]).labelled.sum()) >= FEWEST_LABELLED

    def _human(self, candidate: str, name: str, is_compared: Flags) -> tuple[dict[int, float], str | None]:
        """
        Return people's now minus then by row, where it may correct the judge's, and why it may not elsewhere.

        Responses that did not change have both labels at once. Taken alone they are no random sample: only
        what changed can be better or worse. So a random sample of either run counts when nearly all of it has
        both labels, and what is in a sample of both runs.
        """
        empty = _Labelled({}, frozenset())
        now, then = self._now.get(name, empty), self._then.get(name, empty)
        shared = [
            response
            for response in now.scores.keys() & then.scores.keys()
            if response[1] == candidate and self._is_in(response, is_compared)
        ]
        both = {
            self._rows[response[0]]: now.scores[response].worth - then.scores[response].worth
            for response in shared
        }
        if not both:
            return {}, "people labelled responses of one of the two runs alone"
        samples = [
            {
                self._rows[one[0]]
                for one in side.random
                if one[1] == candidate and self._is_in(one, is_compared)
            }
            for side in (now, then)
        ]
        usable = samples[0] & samples[1]
        for sample in samples:
            known = sample & both.keys()
            if len(known) >= (1 - MOST_SKIPPED) * len(sample):
                usable |= known
        if len(both) == is_compared.sum():
            usable = set(both)
        left = len(both.keys() - usable)
        records = "1 record" if left == 1 else f"{left} records"
        is_no_sample = f"{'is' if left == 1 else 'are'} no random sample"
        why = f"{records} with labels in both runs {is_no_sample}" if left else None
        return {row: both[row] for row in sorted(usable & both.keys())}, why

    def _is_in(self, response: Response, is_compared: Flags) -> bool:
        row = self._rows.get(response[0])
        return row is not None and bool(is_compared[row])


def people_of_runs(
    run: RunDefinition, then: RunDefinition, record_ids: Callable[[], Sequence[str]]
) -> PeopleOfRuns | None:
    """
    Return what people's labels say of two runs' responses; None when there are no labels of the later one.

    Args:
        run: The later run; its questions and scales count.
        then: The earlier one.
        record_ids: Gives the records of both, in the order of the scores' rows.

    Raises:
        StorageError: A table or a label cannot be read.
    """
    labels = read_labels(run.folder)
    if not labels:
        return None
    sides = [_labels_of(each, labels, run.criteria) for each in (run, then)]
    return PeopleOfRuns(run, sides[0], sides[1], record_ids()) if any(sides) else None


def _labels_of(
    run: RunDefinition, labels: Sequence[Label], criteria: Mapping[str, Criterion]
) -> dict[str, _Labelled]:
    facts = response_facts(run, {(label.record_id, label.candidate) for label in labels})
    matched = match_labels(labels, criteria, facts.digests, run.run_id)
    return {name: _Labelled(found.of_people(criteria[name]), found.random) for name, found in matched.items()}


def _share(criterion: Criterion) -> float:
    """Return what a step of one on the criterion's scale is of it; below 0 where low is good."""
    low, high = good_shares(np.array([0.0, 1.0]), criterion)
    return float(high - low)
