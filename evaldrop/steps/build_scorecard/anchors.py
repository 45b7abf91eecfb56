"""Whether judges get right what is known: verdicts on anchors, and the gate of a run whose judge does not."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from statistics import fmean
from typing import NamedTuple

import numpy as np

from evaldrop.evaluation.criteria import Criterion
from evaldrop.run.definition import RunDefinition
from evaldrop.run.records import PreparedRecord
from evaldrop.scorecard.model.part import within
from evaldrop.scorecard.model.scorecard import (
    AnchorEstimate,
    AnchorMiss,
    AnchorScores,
    AnchorVerdict,
)
from evaldrop.scorecard.results import RecordResults
from evaldrop.statistics.intervals import mean_estimate, wilson_interval
from evaldrop.statistics.vectors import Floats
from evaldrop.steps.build_scorecard.tally import Merging

MAX_MISSES = 20


class AnchorCheck(NamedTuple):
    """What a judge made of one anchor on one criterion: its repeats' mean, None where none was read."""

    ordinal: int
    judge: str
    criterion: str
    anchor: str
    passes: bool
    score: float | None


class AnchorTally(Merging):
    """Gathers the checks of all judges: a row each, for anchors are few."""

    def __init__(self) -> None:
        self._checks: list[AnchorCheck] = []

    def add(self, record: PreparedRecord, results: RecordResults) -> None:
        """Add the verdicts on an anchor."""
        anchor = record.anchor
        if anchor is None or results.anchor is None:
            return
        scores: defaultdict[tuple[str, str], list[float]] = defaultdict(list)
        for row in results.anchor.verdicts:
            # A joint call also answers criteria that the anchor is not known for.
            if row.criterion in anchor.criteria:
                # The key is made without a score too, so that what cannot be read is counted as unscored.
                scores[row.judge, row.criterion] += [] if row.score is None else [row.score]
        self._checks += [
            AnchorCheck(
                results.ordinal, judge, criterion, anchor.id, anchor.passes, fmean(found) if found else None
            )
            for (judge, criterion), found in scores.items()
        ]

    def result(self) -> list[AnchorCheck]:
        """Return the checks, in the order of the anchors."""
        return sorted(self._checks, key=lambda check: check.ordinal)


def anchor_estimates(run: RunDefinition, checks: Sequence[AnchorCheck]) -> dict[str, AnchorEstimate]:
    """Return what each judge made of the run's anchors; nothing for a run without any."""
    anchors = run.evaluation.anchors
    if anchors is None:
        return {}
    by_judge = {judge.name: [check for check in checks if check.judge == judge.name] for judge in run.judges}
    return {name: _estimate(found, run, anchors.tolerance) for name, found in by_judge.items()}


def judge_trusted(anchors: Mapping[str, AnchorEstimate]) -> bool | None:
    """Tell whether every judge is trusted; None when there is no anchor to tell it by."""
    return all(estimate.trusted for estimate in anchors.values()) if anchors else None


def _estimate(checks: Sequence[AnchorCheck], run: RunDefinition, tolerance: float) -> AnchorEstimate:
    scored = [(check, check.score) for check in checks if check.score is not None]
    misses = [
        AnchorMiss(anchor=check.anchor, criterion=check.criterion, passes=check.passes, score=score)
        for check, score in scored
        if run.criteria[check.criterion].passes(score) != check.passes
    ]
    n = len(scored)
    interval = wilson_interval(len(misses), n, confidence=run.evaluation.confidence) if n else None
    # What cannot be read is no reason for trust. The product is rounded: 1 of 10 is within 0.1.
    trusted = bool(n) and len(misses) <= round(tolerance * n, 9)
    estimate = AnchorEstimate(
        n=n,
        missed=len(misses),
        unscored=len(checks) - n,
        missed_rate=len(misses) / n if n else None,
        interval=None if interval is None else tuple(interval),
        tolerance=tolerance,
        trusted=trusted,
        misses=tuple(misses[:MAX_MISSES]),
        scores=tuple(_anchor_scores(scored, run)),
        by_anchor=tuple(
            AnchorVerdict(anchor=check.anchor, criterion=check.criterion, score=score)
            for check, score in scored
        ),
    )
    return estimate if trusted else estimate.model_copy(update={"reason": _reason(estimate)})


def _anchor_scores(scored: Sequence[tuple[AnchorCheck, float]], run: RunDefinition) -> Iterator[AnchorScores]:
    for passes in (True, False):
        for name, criterion in run.criteria.items():
            found = [score for check, score in scored if (check.passes, check.criterion) == (passes, name)]
            if found:
                yield _scores(np.array(found), passes, criterion, run.evaluation.confidence)


def _scores(scores: Floats, passes: bool, criterion: Criterion, confidence: float) -> AnchorScores:
    n, passed = scores.size, sum(map(criterion.passes, scores.tolist()))
    estimate = mean_estimate(scores, confidence=confidence) if n > 1 else None
    interval = estimate.interval if estimate else None
    # Student's interval of a rate has no width at 0 and at 1, where it is needed most.
    if criterion.scale.kind == "binary":
        interval = wilson_interval(float(scores.sum()), n, confidence=confidence)
    return AnchorScores(
        passes=passes,
        criterion=criterion.name,
        n=n,
        mean=float(scores.mean()),
        standard_error=estimate.standard_error if estimate else None,
        interval=within(interval, criterion.scale.low, criterion.scale.high),
        pass_rate=passed / n,
        pass_interval=tuple(wilson_interval(passed, n, confidence=confidence)),
    )


def _reason(estimate: AnchorEstimate) -> str:
    if estimate.interval is None:
        return f"none of its verdicts on {estimate.unscored} anchors could be read"
    low, high = estimate.interval
    return (
        f"it missed {estimate.missed} of {estimate.n} anchors (interval {low:.2g} to {high:.2g}), "
        f"and a share of {estimate.tolerance:g} is tolerated"
    )
