"""Judges held against people: agreement, and means and differences corrected by people's labels."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from evaldrop.evaluation.criteria import Criterion
from evaldrop.run.definition import RunDefinition
from evaldrop.scorecard.calibration.agreement import (
    between_raters,
    judge_agreement,
    rater_alpha,
    rater_alpha_interval,
)
from evaldrop.scorecard.calibration.correction import Judged, calibrated_mean
from evaldrop.scorecard.calibration.differences import Differences, PeoplesDifference
from evaldrop.scorecard.calibration.gathered import Gathered, Pairs, overall_step
from evaldrop.scorecard.calibration.judged import response_facts
from evaldrop.scorecard.calibration.labels import read_labels
from evaldrop.scorecard.calibration.matching import match_labels
from evaldrop.scorecard.calibration.preferences import peoples_preferences
from evaldrop.scorecard.model.calibration import (
    CalibratedMean,
    CriterionCalibration,
    Favour,
    JudgeAgreement,
    PeoplesPreferences,
)

__all__ = ["Calibration", "PeoplesDifference", "calibrate"]


class Calibration(NamedTuple):
    """
    What labels say of a run. `means`: by candidate, then criterion; `overall`: by candidate.

    `differences` has those of two candidates; None where people gave preferences alone.
    """

    criteria: Mapping[str, CriterionCalibration]
    means: Mapping[str, Mapping[str, CalibratedMean]]
    overall: Mapping[str, CalibratedMean]
    differences: Differences | None
    preferences: tuple[PeoplesPreferences, ...] = ()

    def difference(
        self, a: str, b: str, criterion: str, category: str | None = None
    ) -> PeoplesDifference | None:
        """Return the difference of two candidates by people; see `Differences.of`."""
        return None if self.differences is None else self.differences.of(a, b, criterion, category)


def calibrate(run: RunDefinition) -> Calibration | None:
    """
    Hold a run's verdicts against the labels of its evaluation; None when none is about this run.

    Reads `responses.parquet` and `verdicts.parquet` from the run's folder, once each.

    Raises:
        StorageError: A table or a label cannot be read.
    """
    found, preferences = _by_labels(run), peoples_preferences(run)
    if found is not None:
        return found._replace(preferences=preferences)
    if not preferences:
        return None
    return Calibration({}, {candidate.name: {} for candidate in run.candidates}, {}, None, preferences)


def _by_labels(run: RunDefinition) -> Calibration | None:
    labels = read_labels(run.folder)
    if not labels:
        return None
    # Of labelled responses alone: a run may have a million others, whose digests nobody asks for.
    facts = response_facts(run, {(label.record_id, label.candidate) for label in labels})
    matched = match_labels(labels, run.criteria, facts.digests, run.run_id)
    if not matched:
        return None
    gathered = Gathered(run, matched, facts)
    differences = Differences(gathered)
    favours = differences.favours()
    names = [candidate.name for candidate in run.candidates]
    means = {name: {criterion: _mean(gathered, name, criterion) for criterion in matched} for name in names}
    return Calibration(
        {name: _criterion(gathered, name, favours[name]) for name in matched},
        means,
        {name: _overall(gathered, name, means[name]) for name in names} if gathered.has_overall else {},
        differences,
    )


def _criterion(gathered: Gathered, name: str, favours: tuple[Favour, ...]) -> CriterionCalibration:
    labels, criterion = gathered.labels[name], gathered.run.criteria[name]
    columns = [gathered.scored(candidate.name, name) for candidate in gathered.run.candidates]
    confidence = gathered.run.evaluation.confidence
    is_census = all(column.is_census for column in columns if column.records.size)
    return CriterionCalibration(
        n_labelled=len(gathered.human[name]),
        n_skipped=labels.n_skipped,
        raters={rater: len(given) for rater, given in labels.by_rater.items()},
        random_sample=bool(labels.random),
        census=is_census,
        reason=None if is_census else labels.reason,
        joined=_agreement(gathered.joined[name], criterion, confidence),
        judges={
            judge: _agreement(pairs, criterion, confidence) for judge, pairs in gathered.judges[name].items()
        },
        between_raters=between_raters(labels.by_rater, criterion, gathered.groups, confidence),
        rater_alpha=rater_alpha(labels.by_rater, criterion),
        rater_alpha_interval=rater_alpha_interval(labels.by_rater, criterion, gathered.groups, confidence),
        favours=favours,
    )


def _mean(gathered: Gathered, candidate: str, name: str) -> CalibratedMean:
    labels, criterion = gathered.labels[name], gathered.run.criteria[name]
    column = gathered.scored(candidate, name)
    if not column.may_correct.any():
        # Without a reason people labelled other candidates alone.
        reason = f"not corrected: {labels.reason}" if labels.reason else "0 labels; at least 2 are needed"
        return CalibratedMean(n_labelled=0, reason=reason)
    judged = gathered.judged(column.records, column.judge, column.people())
    return calibrated_mean(
        judged,
        criterion,
        gathered.run.evaluation.confidence,
        passes=judged._replace(judge=column.passed, human=column.people(passed=True)),
    )


def _overall(gathered: Gathered, candidate: str, means: Mapping[str, CalibratedMean]) -> CalibratedMean:
    """Return a candidate's overall quality by people, on the criteria of which they labelled enough."""
    criteria = gathered.run.criteria
    labelled = [name for name, mean in means.items() if mean.decides and criteria[name].weight]
    if not labelled:
        return CalibratedMean(n_labelled=0, reason="people labelled no criterion often enough")
    overall = gathered.overall_of((candidate,), labelled)
    judged: Judged = gathered.judged(overall.records, overall.judge[0], overall.human[0])
    confidence, step = gathered.run.evaluation.confidence, overall_step(criteria.values())
    return calibrated_mean(judged, None, confidence, step=step)


def _agreement(pairs: Pairs, criterion: Criterion, confidence: float) -> JudgeAgreement:
    table = np.array(pairs, np.float64).reshape(-1, 3)
    human, judge, clusters = table[:, 0], table[:, 1], table[:, 2].astype(np.intp)
    return judge_agreement(human, judge, criterion, clusters=clusters, confidence=confidence)
