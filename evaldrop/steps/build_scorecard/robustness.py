"""What perturbed prompts cost a candidate: each copy paired with its record, drops with their intervals."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import NamedTuple

import numpy as np

from evaldrop.errors import NotEnoughData
from evaldrop.evaluation.criteria import Criterion
from evaldrop.run.definition import RunDefinition
from evaldrop.run.records import PreparedRecord
from evaldrop.scorecard.figures import size
from evaldrop.scorecard.model.scorecard import OVERALL, CandidateScorecard, RobustnessDrop, RobustnessEstimate
from evaldrop.scorecard.results import CandidateResult, RecordResults
from evaldrop.statistics.paired import paired_difference
from evaldrop.statistics.paired_test import decide
from evaldrop.statistics.vectors import Floats, Ordinals
from evaldrop.steps.build_scorecard.tally import ByKey, Columns, Labels, Merging

_CopiesOf = tuple[str, str]
"""A candidate and a perturbation."""

_Measured = tuple[str, str, str]
"""The same, and a criterion, overall, or a metric."""


class Pairs(NamedTuple):
    """Scores of records and of their copies, with each pair's cluster; all of shape (pairs,)."""

    originals: Floats
    copies: Floats
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
        # The record's score, the copy's, and the record's ordinal.
        self._scores: ByKey[_Measured, Columns] = ByKey(partial(Columns, "ddi"))
        self._metrics: ByKey[_Measured, Columns] = ByKey(partial(Columns, "ddi"))

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
            _, originals, copies, records = columns.in_order()
            return Pairs(originals, copies, codes[np.searchsorted(ordinals, records)])

        return RobustnessPairs(
            {key: (copies.n, copies.missing) for key, copies in self._copies.in_order().items()},
            {key: pairs(columns) for key, columns in self._scores.in_order().items()},
            {key: pairs(columns) for key, columns in self._metrics.in_order().items()},
        )

    def _add_pairs(
        self, key: _CopiesOf, ordinals: tuple[int, int], before: CandidateResult, after: CandidateResult
    ) -> None:
        copy, record = ordinals
        originals, copies = _scores_of_both(before, after)
        for name in copies:
            self._scores.at((*key, name), copy).append(copy, originals[name], copies[name], record)
        # Where the shared criteria all have weight 0, their mean would divide by 0.
        if len(self._criteria) > 1 and any(self._criteria[name].weight for name in copies):
            both = _overall(originals, self._criteria), _overall(copies, self._criteria)
            self._scores.at((*key, OVERALL), copy).append(copy, *both, record)
        metrics = zip(self._metric_names, before.response.metrics, after.response.metrics, strict=False)
        for name, was, now in metrics:
            if was is not None and now is not None:
                self._metrics.at((*key, name), copy).append(copy, was, now, record)


def with_robustness(
    candidates: Mapping[str, CandidateScorecard], pairs: RobustnessPairs, run: RunDefinition
) -> dict[str, CandidateScorecard]:
    """
    Return scorecards with what perturbations cost.

    p values are adjusted by Holm's method over all candidates and perturbations, in three families: criteria,
    overall, metrics.
    """
    confidence = run.evaluation.confidence
    drops = {key: _drop(found, run.criteria.get(key[2]), confidence) for key, found in pairs.scores.items()}
    criteria = _decided({key: drop for key, drop in drops.items() if key[2] != OVERALL}, confidence)
    overall = _decided({key: drop for key, drop in drops.items() if key[2] == OVERALL}, confidence)
    metrics = _decided(
        {key: _drop(found, run.criteria.get(key[2]), confidence) for key, found in pairs.metrics.items()},
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
                if drop and drop.decisive and drop.interval and drop.interval[0] > 0:
                    low, high = (size(bound) for bound in drop.interval)
                    words = perturbation.replace("_", " ")
                    yield f"{name} loses {low} to {high} on {what} when prompts are perturbed by {words}."


def _scores_of_both(
    before: CandidateResult, after: CandidateResult
) -> tuple[dict[str, float], dict[str, float]]:
    """Return the scores of record and copy on the criteria on which both have one."""
    # Counted as worst, an unscored verdict has a score; it says nothing about the prompt.
    originals, copies = (
        {
            name: score.score
            for name, score in result.scores.items()
            if score.score is not None and score.reason is None
        }
        for result in (before, after)
    )
    both = [name for name in copies if name in originals]
    return {name: originals[name] for name in both}, {name: copies[name] for name in both}


def _overall(scores: Mapping[str, float], criteria: Mapping[str, Criterion]) -> float:
    weighed = [(criteria[name].weight, criteria[name].normalise(score)) for name, score in scores.items()]
    total = sum(weight for weight, _ in weighed)
    return sum(weight * share for weight, share in weighed) / total


def _drop(pairs: Pairs, criterion: Criterion | None, confidence: float) -> RobustnessDrop:
    # A drop is for the worse, on whichever side of the scale that is.
    sign = -1.0 if criterion is not None and not criterion.higher_is_better else 1.0
    first, second, clusters = pairs
    start = {"n": int(first.size), "records": int(np.unique(clusters).size)}
    try:
        # Clustered: ten copies of one record are not ten records, and must not narrow the interval so.
        paired = paired_difference(sign * first, sign * second, groups=clusters, confidence=confidence)
    except NotEnoughData as error:
        drop = float((sign * (first - second)).mean())
        return RobustnessDrop(**start, drop=drop, reason=f"no interval: {error}")
    return RobustnessDrop(
        **start,
        drop=paired.difference,
        standard_error=paired.standard_error,
        interval=tuple(paired.interval),
        p_value=paired.p_value,
    )


def _decided(drops: Mapping[_Measured, RobustnessDrop], confidence: float) -> dict[_Measured, RobustnessDrop]:
    tests = [(drop.drop, drop.p_value) for drop in drops.values()]
    return {
        key: drop.model_copy(update={"p_adjusted": p_adjusted, "decisive": bool(sign)})
        for (key, drop), (p_adjusted, sign) in zip(
            drops.items(), decide(tests, confidence=confidence), strict=True
        )
    }


def _of(
    drops: Mapping[_Measured, RobustnessDrop], candidate: str, perturbation: str
) -> dict[str, RobustnessDrop]:
    return {name: drop for (*about, name), drop in drops.items() if about == [candidate, perturbation]}
