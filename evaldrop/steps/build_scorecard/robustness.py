"""What perturbed prompts cost a candidate: each copy paired with its record, drops with their intervals."""

from array import array
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from evaldrop.errors import NotEnoughData
from evaldrop.run.definition import RunDefinition
from evaldrop.run.records import PreparedRecord
from evaldrop.run.tables import RobustnessRow
from evaldrop.scorecard.figures import size
from evaldrop.scorecard.model.scorecard import OVERALL, CandidateScorecard, RobustnessDrop, RobustnessEstimate
from evaldrop.scorecard.results import CandidateResult
from evaldrop.statistics.multiplicity import holm
from evaldrop.statistics.paired import paired_difference

_Key = tuple[str, str, str]


class _Pairs:
    """Scores of records and of their copies, with each pair's cluster."""

    def __init__(self) -> None:
        self.originals, self.copies, self.clusters = array("d"), array("d"), array("i")

    def add(self, original: float, copy: float, cluster: int) -> None:
        self.originals.append(original)
        self.copies.append(copy)
        self.clusters.append(cluster)


class _Original(NamedTuple):
    record_id: str
    results: Mapping[str, CandidateResult]
    cluster: int


class RobustnessTally:
    """Grows the pairs of a run; a copy stands behind its record, so that only one record is held."""

    def __init__(self, run: RunDefinition) -> None:
        self._run = run
        self._original: _Original | None = None
        self._clusters: dict[str, int] = {}
        self._pairs: dict[_Key, _Pairs] = {}
        self._metrics: dict[_Key, _Pairs] = {}
        self._copies: dict[tuple[str, str], list[int]] = {}

    def note_original(self, record: PreparedRecord, results: Sequence[CandidateResult]) -> None:
        """Remember a record, for its copies come next."""
        if self._run.evaluation.robustness is None:
            return
        # As the copies' own group: the record's, else the record itself.
        cluster = self._clusters.setdefault(record.group or record.record_id, len(self._clusters))
        by_name = {result.response.candidate: result for result in results}
        self._original = _Original(record.record_id, by_name, cluster)

    def add(self, record: PreparedRecord, results: Sequence[CandidateResult]) -> Iterator[RobustnessRow]:
        """Add a copy; yield its rows of `robustness.parquet`."""
        copied, original = record.perturbed, self._original
        if copied is None or original is None or original.record_id != copied.of:
            return
        for result in results:
            name = result.response.candidate
            counts = self._copies.setdefault((name, copied.perturbation), [0, 0])
            counts[0] += 1
            counts[1] += result.response.response is None
            before = original.results[name]
            # A response that the dataset gave is not the model's of today: no pair with one that is.
            if before.response.reused == result.response.reused:
                self._add_pairs((name, copied.perturbation), before, result, original.cluster)
            yield from _rows(record, before, result)

    def estimates(self, candidate: str) -> dict[str, RobustnessEstimate]:
        """Return a candidate's drops by perturbation."""
        return {
            perturbation: RobustnessEstimate(
                copies=n,
                missing=missing,
                overall=self._drops(self._pairs, candidate, perturbation).get(OVERALL),
                criteria={
                    criterion: drop
                    for criterion, drop in self._drops(self._pairs, candidate, perturbation).items()
                    if criterion != OVERALL
                },
                metrics=self._drops(self._metrics, candidate, perturbation),
            )
            for (name, perturbation), (n, missing) in self._copies.items()
            if name == candidate
        }

    def _add_pairs(
        self, key: tuple[str, str], before: CandidateResult, after: CandidateResult, cluster: int
    ) -> None:
        originals, copies = _scores_of_both(before, after)
        for name in copies:
            self._pairs.setdefault((*key, name), _Pairs()).add(originals[name], copies[name], cluster)
        if len(self._run.criteria) > 1 and any(self._run.criteria[name].weight for name in copies):
            overall = self._pairs.setdefault((*key, OVERALL), _Pairs())
            overall.add(self._overall(originals), self._overall(copies), cluster)
        metrics = zip(
            self._run.evaluation.metrics, before.response.metrics, after.response.metrics, strict=False
        )
        for name, original_value, copy_value in metrics:
            if original_value is not None and copy_value is not None:
                self._metrics.setdefault((*key, name), _Pairs()).add(original_value, copy_value, cluster)

    def _overall(self, scores: Mapping[str, float]) -> float:
        weighed = [
            (self._run.criteria[name].weight, self._run.criteria[name].normalise(score))
            for name, score in scores.items()
        ]
        total = sum(weight for weight, _ in weighed)
        return sum(weight * share for weight, share in weighed) / total

    def _drops(
        self, pairs: Mapping[_Key, _Pairs], candidate: str, perturbation: str
    ) -> dict[str, RobustnessDrop]:
        return {
            name: self._drop(name, found)
            for (who, how, name), found in pairs.items()
            if (who, how) == (candidate, perturbation)
        }

    def _drop(self, name: str, pairs: _Pairs) -> RobustnessDrop:
        first, second = np.frombuffer(pairs.originals), np.frombuffer(pairs.copies)
        criterion = self._run.criteria.get(name)
        # A drop is for the worse, on whichever side of the scale that is.
        sign = -1.0 if criterion is not None and not criterion.higher_is_better else 1.0
        clusters = np.frombuffer(pairs.clusters, np.int32)
        start = {"n": int(first.size), "records": int(np.unique(clusters).size)}
        confidence = self._run.evaluation.confidence
        try:
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


def with_robustness(
    candidates: Mapping[str, CandidateScorecard], tally: RobustnessTally, *, confidence: float
) -> dict[str, CandidateScorecard]:
    """
    Return scorecards with what perturbations cost.

    p values are adjusted by Holm's method over all candidates and perturbations, in three families: criteria,
    overall, metrics.
    """
    found = {name: tally.estimates(name) for name in candidates}
    estimates = [estimate for several in found.values() for estimate in several.values()]
    families = (
        [drop for estimate in estimates for drop in estimate.criteria.values()],
        [estimate.overall for estimate in estimates if estimate.overall],
        [drop for estimate in estimates for drop in estimate.metrics.values()],
    )
    decided = {id(drop): now for family in families for drop, now in _decided(family, confidence)}
    return {
        name: card.model_copy(
            update={
                "robustness": {
                    perturbation: estimate.model_copy(
                        update={
                            "overall": estimate.overall and decided[id(estimate.overall)],
                            "criteria": {name: decided[id(drop)] for name, drop in estimate.criteria.items()},
                            "metrics": {name: decided[id(drop)] for name, drop in estimate.metrics.items()},
                        }
                    )
                    for perturbation, estimate in found[name].items()
                }
            }
        )
        for name, card in candidates.items()
    }


def robustness_alarms(candidates: Mapping[str, CandidateScorecard]) -> Iterator[str]:
    """Yield a sentence for each perturbation that makes a candidate's responses worse beyond doubt."""
    for name, card in candidates.items():
        for perturbation, estimate in card.robustness.items():
            drops = {OVERALL: estimate.overall} if estimate.overall else estimate.criteria
            for what, drop in drops.items():
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


def _decided(
    drops: Sequence[RobustnessDrop], confidence: float
) -> Iterator[tuple[RobustnessDrop, RobustnessDrop]]:
    tested = [drop.p_value for drop in drops if drop.p_value is not None]
    adjusted = iter(holm(tested).tolist() if tested else [])
    for drop in drops:
        if drop.p_value is None:
            yield drop, drop
            continue
        p = next(adjusted)
        decisive = p < 1 - confidence and bool(drop.drop)
        yield drop, drop.model_copy(update={"p_adjusted": p, "decisive": decisive})


def _rows(record: PreparedRecord, before: CandidateResult, after: CandidateResult) -> Iterator[RobustnessRow]:
    response = after.response
    names: list[str | None] = [*after.scores] or [None]
    for name in names:
        original, copy = (result.scores.get(name) if name else None for result in (before, after))
        yield RobustnessRow(
            record.record_id,
            record.perturbed.of if record.perturbed else "",
            record.perturbed.perturbation if record.perturbed else "",
            response.candidate,
            name,
            response.prompt,
            response.response,
            response.error,
            original.score if original else None,
            copy.score if copy else None,
        )
