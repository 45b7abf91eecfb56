"""Judges held against people: agreement, and means corrected by labels of a random sample."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from evaldrop.evaluation.criteria import Criterion
from evaldrop.run.definition import RunDefinition
from evaldrop.scorecard.calibration.agreement import Response, between_raters, judge_agreement, rater_alpha
from evaldrop.scorecard.calibration.correction import calibrated_mean
from evaldrop.scorecard.calibration.judged import JudgedColumn, judged_responses, response_facts
from evaldrop.scorecard.calibration.labels import read_labels
from evaldrop.scorecard.calibration.matching import CriterionLabels, match_labels
from evaldrop.scorecard.model.calibration import CalibratedMean, CriterionCalibration, JudgeAgreement

__all__ = ["Calibration", "calibrate"]

# Human and judge scores of the same responses.
_Pairs = list[tuple[float, float]]


class Calibration(NamedTuple):
    """What labels say of a run. `means`: by candidate, then criterion."""

    criteria: Mapping[str, CriterionCalibration]
    means: Mapping[str, Mapping[str, CalibratedMean]]


def calibrate(run: RunDefinition) -> Calibration | None:
    """
    Hold a run's verdicts against the labels of its evaluation; None when none is about this run.

    Reads `responses.parquet` and `verdicts.parquet` from the run's folder, once each.

    Raises:
        StorageError: A table or a label cannot be read.
    """
    labels = read_labels(run.folder)
    if not labels:
        return None
    # Of labelled responses alone: a run may have a million others, whose digests nobody asks for.
    facts = response_facts(run, {(label.record_id, label.candidate) for label in labels})
    matched = match_labels(labels, run.criteria, facts.digests, run.run_id)
    if not matched:
        return None
    gathered = _Gathered(run, matched, facts.clusters)
    return Calibration(
        {name: gathered.criterion(name) for name in matched},
        {
            candidate.name: {name: gathered.mean(candidate.name, name) for name in matched}
            for candidate in run.candidates
        },
    )


class _Gathered:
    """The scores of a run beside people's, in one pass over its verdicts."""

    def __init__(
        self, run: RunDefinition, matched: Mapping[str, CriterionLabels], clusters: Mapping[str, int]
    ) -> None:
        self._run, self._matched, self._are_shared = run, matched, bool(clusters)
        self._human = {name: labels.of_people(run.criteria[name]) for name, labels in matched.items()}
        self._joined: dict[str, _Pairs] = {name: [] for name in matched}
        self._judges: dict[str, dict[str, _Pairs]] = {
            name: {judge.name: [] for judge in run.judges} for name in matched
        }
        self._columns = {
            (candidate.name, name): JudgedColumn() for candidate in run.candidates for name in matched
        }
        for response, joined, judges in judged_responses(run):
            for name in matched:
                if name in joined:
                    self._add(name, response, joined[name], judges.get(name, {}), clusters.get(response[0]))

    def criterion(self, name: str) -> CriterionCalibration:
        labels, criterion = self._matched[name], self._run.criteria[name]
        return CriterionCalibration(
            n_labelled=len(self._human[name]),
            n_skipped=labels.n_skipped,
            raters={rater: len(given) for rater, given in labels.by_rater.items()},
            random_sample=bool(labels.random),
            reason=labels.reason,
            joined=_agreement(self._joined[name], criterion),
            judges={judge: _agreement(pairs, criterion) for judge, pairs in self._judges[name].items()},
            between_raters=between_raters(labels.by_rater, criterion),
            rater_alpha=rater_alpha(labels.by_rater, criterion),
        )

    def mean(self, candidate: str, name: str) -> CalibratedMean:
        labels = self._matched[name]
        if not labels.random:
            return CalibratedMean(n_labelled=0, reason=f"not corrected: {labels.reason}")
        judged = self._columns[candidate, name].column(are_clusters_shared=self._are_shared)
        return calibrated_mean(judged, self._run.criteria[name], self._run.evaluation.confidence)

    def _add(
        self,
        name: str,
        response: Response,
        score: float,
        by_judge: Mapping[str, float],
        cluster: int | None,
    ) -> None:
        human = self._human[name].get(response)
        # Agreement needs no random sample, so every label counts here.
        if human is not None:
            self._joined[name].append((human, score))
            for judge, given in by_judge.items():
                self._judges[name][judge].append((human, given))
        # Labels that people chose to give show agreement, but no mean may be corrected with them.
        label = human if response in self._matched[name].random else None
        self._columns[response[1], name].add(score, label, cluster)


def _agreement(pairs: _Pairs, criterion: Criterion) -> JudgeAgreement:
    table = np.array(pairs, np.float64).reshape(-1, 2)
    return judge_agreement(table[:, 0], table[:, 1], criterion)
