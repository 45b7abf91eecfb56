"""Whether several judges of one evaluation agree, criterion by criterion."""

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from typing import Literal

import numpy as np

from evaldrop.errors import NotEnoughData
from evaldrop.evaluation.criteria import Criterion
from evaldrop.run.records import PreparedRecord
from evaldrop.scorecard.calibration.agreement import alpha_level
from evaldrop.scorecard.model.scorecard import Agreement
from evaldrop.scorecard.results import RecordResults
from evaldrop.scorecard.scores import majority
from evaldrop.statistics.agreement import krippendorff_alpha
from evaldrop.statistics.intervals import Interval
from evaldrop.statistics.paired_test import Groups
from evaldrop.statistics.resampled import alpha_interval, share_interval
from evaldrop.statistics.vectors import Floats, Ordinals
from evaldrop.steps.build_scorecard.tally import ByKey, Columns, Merging

_NOTHING = float("nan")


class PanelTally(Merging):
    """
    Gathers every judge's score of every response: 8 bytes each, and nothing where there is one judge.

    `names_only`: criteria whose answers are names, of which there is no mean.
    """

    def __init__(self, judges: Sequence[str], names_only: Collection[str] = ()) -> None:
        self._judges = tuple(judges)
        self._names_only = frozenset(names_only)
        self._scores: ByKey[str, Columns] = ByKey(partial(Columns, "d" * len(judges)))

    def add(self, record: PreparedRecord, results: RecordResults) -> None:
        """Add a record's verdicts; a judge's repeats are averaged, or vote where answers are names."""
        # Copies are in no estimate but the one of robustness.
        if len(self._judges) < 2 or record.perturbed is not None:
            return
        for result in results.candidates:
            by_criterion: dict[str, dict[str, list[float]]] = {}
            for verdict in result.verdicts:
                if verdict.score is not None:
                    given = by_criterion.setdefault(verdict.criterion, {})
                    given.setdefault(verdict.judge, []).append(verdict.score)
            for criterion, given in by_criterion.items():
                repeats = [given.get(judge) for judge in self._judges]
                join = _vote if criterion in self._names_only else _mean
                joined = (join(scores) if scores else _NOTHING for scores in repeats)
                self._scores.at(criterion, results.ordinal).append(results.ordinal, *joined)

    def result(self) -> dict[str, tuple[Ordinals, Floats]]:
        """Return, by criterion, each response's record and the judges' scores of it, (judges, responses)."""
        found = {}
        for criterion, columns in self._scores.in_order().items():
            ordinals, *scores = columns.in_order()
            # A response's scores side by side in memory: sums over judges depend on it in their last digit.
            found[criterion] = (ordinals, np.stack(scores, axis=1).T)
        return found


def _mean(scores: Sequence[float]) -> float:
    return sum(scores) / len(scores)


def _vote(scores: Sequence[float]) -> float:
    vote = majority([scores])
    return _NOTHING if vote.is_drawn else vote.worth


def agreements(
    tables: Mapping[str, tuple[Ordinals, Floats]],
    criteria: Mapping[str, Criterion],
    groups: Groups,
    confidence: float,
) -> dict[str, Agreement]:
    """Return how far the judges agree on every criterion that any of them scored; empty for one judge."""
    return {
        name: _agreement(*tables[name], criterion, groups, confidence)
        for name, criterion in criteria.items()
        if name in tables
    }


def _known(interval: Callable[..., Interval], confidence: float) -> tuple[float, float] | None:
    try:
        low, high = interval(confidence=confidence)
    except NotEnoughData:
        return None
    return low, high


def _agreement(
    ordinals: Ordinals, scores: Floats, criterion: Criterion, groups: Groups, confidence: float
) -> Agreement:
    shared = (~np.isnan(scores)).sum(axis=0) >= 2
    kept, level = scores[:, shared], _level(scores, criterion)
    n_responses, n_records = int(shared.sum()), int(np.unique(ordinals[shared]).size)
    alpha, reason = None, None
    try:
        alpha = krippendorff_alpha(kept, level=level)
    except NotEnoughData as error:
        reason = str(error)
    clusters, (same, compared) = ordinals if groups is None else groups[ordinals], _same_pairs(scores)
    return Agreement(
        alpha=alpha,
        alpha_interval=_known(partial(alpha_interval, scores, clusters, level=level), confidence),
        level=level,
        n_records=n_records,
        n_responses=n_responses,
        raw_agreement=float(same.sum() / compared.sum()) if n_responses else None,
        raw_agreement_interval=_known(partial(share_interval, same, compared, clusters), confidence),
        spread=float((np.nanmax(kept, axis=0) - np.nanmin(kept, axis=0)).mean()) if n_responses else None,
        reason=reason,
    )


def _level(scores: Floats, criterion: Criterion) -> Literal["nominal", "ordinal", "interval"]:
    if criterion.scale.kind == "binary":
        # Repeats averaged are shares; on 0 and 1 alone both levels give the same alpha.
        whole = np.isin(scores[~np.isnan(scores)], (0.0, 1.0)).all()
        return "nominal" if whole else "interval"
    return alpha_level(criterion)


def _same_pairs(scores: Floats) -> tuple[Floats, Floats]:
    """Return of each response how many pairs of judges gave the same score, and how many both gave one."""
    same, compared = np.zeros(scores.shape[1]), np.zeros(scores.shape[1])
    for place, one in enumerate(scores):
        for other in scores[place + 1 :]:
            compared += ~np.isnan(one) & ~np.isnan(other)
            same += one == other
    return same, compared
