"""What perturbed prompts cost a candidate: each copy paired with its record, drops with their intervals."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import NamedTuple

import numpy as np

from evaldrop.evaluation.criteria import Criterion
from evaldrop.evaluation.metrics import METRICS, Metric
from evaldrop.run.definition import RunDefinition
from evaldrop.run.records import PreparedRecord
from evaldrop.scorecard.figures import size
from evaldrop.scorecard.model.part import OVERALL
from evaldrop.scorecard.model.scorecard import (
    CandidateScorecard,
    RobustnessDrop,
    RobustnessEstimate,
)
from evaldrop.scorecard.results import CandidateResult, RecordResults
from evaldrop.scorecard.scores import NOT_APPLICABLE, RecordScore
from evaldrop.statistics.paired_test import PairedScores, Pairing, decide, paired_test
from evaldrop.statistics.vectors import Floats, Ordinals
from evaldrop.steps.build_scorecard.tally import ByKey, Columns, Labels, Merging

_CopiesOf = tuple[str, str]
"""A candidate and a perturbation."""

_Measured = tuple[str, str, str]
"""The same, and a criterion, overall, or a metric."""


class Pairs(NamedTuple):
    """
    What copies lose against their records, with each pair's cluster; all of shape (pairs,).

    `drops` are NaN where a score of either is missing; `least` and `greatest` are what they could be then.
    """

    drops: Floats
    least: Floats
    greatest: Floats
    clusters: Ordinals


class RobustnessPairs(NamedTuple):
    """
    Copies paired with their records.

    Attributes:
        counts: How many copies there are, and how many of them have no response.
    """

    counts: Mapping[_CopiesOf, tuple[int, int]]
    scores: Mapping[_Measured, Pairs]
    metrics: Mapping[_Measured, Pairs]


class _Copies(Merging):
    def __init__(self) -> None:
        self.n = self.missing = 0


class RobustnessTally(Merging):
    """Gathers `RobustnessPairs`."""

    def __init__(self, run: RunDefinition) -> None:
        self._has_copies = run.evaluation.robustness is not None
        self._criteria, self._metric_names = dict(run.criteria), tuple(run.evaluation.metrics)
        self._clusters = Labels()
        self._copies: ByKey[_CopiesOf, _Copies] = ByKey(_Copies)
        # The columns of `Pairs`, with the record's ordinal instead of its cluster.
        self._scores: ByKey[_Measured, Columns] = ByKey(partial(Columns, "dddi"))
        self._metrics: ByKey[_Measured, Columns] = ByKey(partial(Columns, "dddi"))

    def add(self, record: PreparedRecord, results: RecordResults) -> None:
        """Add a record, for its copies are clustered by it; or a copy."""
        if not self._has_copies or results.anchor is not None:
            return
        copied, original = record.perturbed, results.original
        if copied is None:
            # As the copies' own group: the record's, else the record itself.
            self._clusters.add(results.ordinal, record.group or record.record_id)
        elif original is not None:
            for before, after in zip(original.candidates, results.candidates, strict=True):
                key = (after.response.candidate, copied.perturbation)
                counts = self._copies.at(key, results.ordinal)
                counts.n += 1
                counts.missing += after.response.response is None
                # A response that the dataset gave is not the model's of today: no pair with one that is.
                if before.response.reused == after.response.reused:
                    self._add_pairs(key, (results.ordinal, original.ordinal), before, after)

    def result(self) -> RobustnessPairs:
        """Return the pairs, in the order of the copies."""
        ordinals, codes, _ = self._clusters.in_order()

        def pairs(columns: Columns) -> Pairs:
            _, drops, least, greatest, records = columns.in_order()
            return Pairs(drops, least, greatest, codes[np.searchsorted(ordinals, records)])

        return RobustnessPairs(
            {key: (copies.n, copies.missing) for key, copies in self._copies.in_order().items()},
            {key: pairs(columns) for key, columns in self._scores.in_order().items()},
            {key: pairs(columns) for key, columns in self._metrics.in_order().items()},
        )

    def _add_pairs(
        self, key: _CopiesOf, ordinals: tuple[int, int], before: CandidateResult, after: CandidateResult
    ) -> None:
        copy, record = ordinals
        drops = {
            name: drop
            for name, score in after.scores.items()
            if name in before.scores
            and (drop := _drop_of(before.scores[name], score, self._criteria[name])) is not None
        }
        for name, drop in drops.items():
            self._scores.at((*key, name), copy).append(copy, *drop, record)
        # Where the shared criteria all have weight 0, their mean would divide by 0.
        if len(self._criteria) > 1 and any(self._criteria[name].weight for name in drops):
            self._scores.at((*key, OVERALL), copy).append(copy, *_overall(drops, self._criteria), record)
        metrics = zip(self._metric_names, before.response.metrics, after.response.metrics, strict=False)
        for name, was, now in metrics:
            if (pair := _metric_drop(METRICS[name], was, now)) is not None:
                self._metrics.at((*key, name), copy).append(copy, *pair, record)


def with_robustness(
    candidates: Mapping[str, CandidateScorecard], pairs: RobustnessPairs, run: RunDefinition
) -> dict[str, CandidateScorecard]:
    """
    Return scorecards with what perturbations cost.

    p values are adjusted by Holm's method over all candidates and perturbations, in three families: criteria,
    overall, metrics.
    """
    confidence = run.evaluation.confidence
    scores = {key: _tested(found, _reach(key[2], run), confidence) for key, found in pairs.scores.items()}
    criteria = _decided({key: one for key, one in scores.items() if key[2] != OVERALL}, confidence)
    overall = _decided({key: one for key, one in scores.items() if key[2] == OVERALL}, confidence)
    metrics = _decided(
        {key: _tested(found, _metric_reach(found), confidence) for key, found in pairs.metrics.items()},
        confidence,
    )
    found: dict[str, dict[str, RobustnessEstimate]] = {name: {} for name in candidates}
    for (name, perturbation), (n, missing) in pairs.counts.items():
        found[name][perturbation] = RobustnessEstimate(
            copies=n,
            missing=missing,
            overall=overall.get((name, perturbation, OVERALL)),
            criteria=_of(criteria, name, perturbation),
            metrics=_of(metrics, name, perturbation),
        )
    return {name: card.model_copy(update={"robustness": found[name]}) for name, card in candidates.items()}


def robustness_alarms(candidates: Mapping[str, CandidateScorecard]) -> Iterator[str]:
    """Yield a sentence for each perturbation that makes a candidate's responses worse beyond doubt."""
    for name, card in candidates.items():
        for perturbation, estimate in card.robustness.items():
            drops = {OVERALL: estimate.overall} if estimate.overall else estimate.criteria
            for what, drop in drops.items():
                # Decisive below 0 is a gain, and no alarm.
                if drop and drop.decisive and drop.family_interval and drop.family_interval[0] > 0:
                    low, high = (size(bound) for bound in drop.family_interval)
                    words = perturbation.replace("_", " ")
                    yield f"{name} loses {low} to {high} on {what} when prompts are perturbed by {words}."


_Drop = tuple[float, float, float]
"""A drop, NaN where a score is missing, and the least and the greatest it may be."""


class _Tested(NamedTuple):
    n_clusters: int
    pairing: Pairing


def _drop_of(before: RecordScore, after: RecordScore, criterion: Criterion) -> _Drop | None:
    """Return how much worse a copy is, on the criterion's scale; None where the question does not apply."""
    if NOT_APPLICABLE in (before.reason, after.reason):
        return None
    scale = criterion.scale
    # Counted as worst, an unscored verdict has a score; it says nothing about the prompt.
    ends = [
        (scale.low, scale.high) if one.score is None or one.reason is not None else (one.score, one.score)
        for one in (before, after)
    ]
    # A drop is for the worse, on whichever side of the scale that is.
    first, second = ends if criterion.higher_is_better else ends[::-1]
    least, greatest = first[0] - second[1], first[1] - second[0]
    return (least if least == greatest else float("nan"), least, greatest)


def _overall(drops: Mapping[str, _Drop], criteria: Mapping[str, Criterion]) -> _Drop:
    """Return the weighted mean drop over the criteria both have, and the ends of that over all that apply."""
    weights = np.array([criteria[name].weight for name in drops])
    scales = np.array([criteria[name].scale.high - criteria[name].scale.low for name in drops])
    shares = np.array(list(drops.values())) / scales[:, None]
    known = ~np.isnan(shares[:, 0]) & (weights > 0)
    both = float(weights[known] @ shares[known, 0] / weights[known].sum()) if known.any() else float("nan")
    least, greatest = (weights @ shares[:, 1:] / weights.sum()).tolist()
    return (both, least, greatest)


def _metric_drop(metric: Metric, was: float | None, now: float | None) -> _Drop | None:
    if was is not None and now is not None:
        return (was - now, was - now, was - now)
    # Of a length nothing can be said that is not there; a share lies between 0 and 1. Without both there was
    # no reference.
    if (was is None) == (now is None) or metric.unit != "fraction":
        return None
    first, second = ((0.0, 1.0) if value is None else (value, value) for value in (was, now))
    return (float("nan"), first[0] - second[1], first[1] - second[0])


def _reach(criterion: str, run: RunDefinition) -> tuple[float, float]:
    """Return the largest drop that a record can have, and the smallest above 0."""
    if criterion not in run.criteria:
        return 1.0, 0.0
    scale = run.criteria[criterion].scale
    return scale.high - scale.low, scale.smallest_step() or 0.0


def _metric_reach(pairs: Pairs) -> tuple[float, float]:
    # A length has no end: what was seen is the best guess of how far one may go.
    return max(1.0, float(np.nanmax(np.abs(pairs.drops), initial=0.0))), 0.0


def _tested(pairs: Pairs, reach: tuple[float, float], confidence: float) -> _Tested:
    places = np.arange(pairs.drops.size, dtype=np.int32)
    # With overall a drop may be known of some criteria and missing of others: then it is in both.
    known, missing = ~np.isnan(pairs.drops), pairs.least != pairs.greatest
    scores = PairedScores(
        ordinals=places[known],
        differences=pairs.drops[known],
        missing=places[missing],
        least=pairs.least[missing],
        greatest=pairs.greatest[missing],
        reach=reach[0],
        step=reach[1],
    )
    # Clustered: ten copies of one record are not ten records, and must not narrow the interval so.
    clusters = np.asarray(pairs.clusters, dtype=np.int32)
    return _Tested(int(np.unique(clusters[known]).size), paired_test(scores, clusters, confidence=confidence))


def _decided(tested: Mapping[_Measured, _Tested], confidence: float) -> dict[_Measured, RobustnessDrop]:
    family = decide([one.pairing for one in tested.values()], confidence=confidence)
    return {
        key: RobustnessDrop(
            records=one.n_clusters,
            drop=one.pairing.difference,
            **one.pairing.parts(),
            **decided.parts(),
            decisive=bool(decided.sign),
        )
        for (key, one), decided in zip(tested.items(), family, strict=True)
    }


def _of(
    drops: Mapping[_Measured, RobustnessDrop], candidate: str, perturbation: str
) -> dict[str, RobustnessDrop]:
    return {name: drop for (*about, name), drop in drops.items() if about == [candidate, perturbation]}
