"""Whether judges get right what is known: verdicts on anchors, and the gate of a run whose judge does not."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from statistics import fmean

import numpy as np

from evaldrop.evaluation.criteria import Criterion
from evaldrop.run.definition import RunDefinition
from evaldrop.run.records import PreparedRecord
from evaldrop.run.tables import VerdictRow
from evaldrop.scorecard.model.part import within
from evaldrop.scorecard.model.scorecard import AnchorEstimate, AnchorMiss, AnchorScores, Gate, GateCheck
from evaldrop.statistics.intervals import mean_estimate, wilson_interval
from evaldrop.statistics.vectors import Floats

MAX_MISSES = 20

_RULE = "anchors"


class AnchorTally:
    """Counts what each judge made of the anchors: a check is one anchor on one criterion."""

    def __init__(self) -> None:
        self._checked: defaultdict[str, int] = defaultdict(int)
        self._unscored: defaultdict[str, int] = defaultdict(int)
        self._misses: defaultdict[str, list[AnchorMiss]] = defaultdict(list)
        self._scores: defaultdict[tuple[str, bool, str], list[float]] = defaultdict(list)

    def add(self, record: PreparedRecord, verdicts: Iterable[VerdictRow], run: RunDefinition) -> None:
        """Add the verdicts on an anchor; a judge's repeats are averaged first."""
        anchor = record.anchor
        if anchor is None:
            return
        scores: defaultdict[tuple[str, str], list[float]] = defaultdict(list)
        for row in verdicts:
            if row.criterion in anchor.criteria:
                scores[row.judge, row.criterion] += [] if row.score is None else [row.score]
        for (judge, criterion), found in scores.items():
            if not found:
                self._unscored[judge] += 1
                continue
            self._checked[judge] += 1
            score = fmean(found)
            self._scores[judge, anchor.passes, criterion].append(score)
            if run.criteria[criterion].passes(score) != anchor.passes:
                miss = AnchorMiss(anchor=anchor.id, criterion=criterion, passes=anchor.passes, score=score)
                self._misses[judge].append(miss)

    def estimates(self, run: RunDefinition) -> dict[str, AnchorEstimate]:
        """Return what each judge made of the run's anchors; nothing for a run without any."""
        anchors = run.evaluation.anchors
        if anchors is None:
            return {}
        return {judge.name: self._estimate(judge.name, run, anchors.tolerance) for judge in run.judges}

    def _estimate(self, judge: str, run: RunDefinition, tolerance: float) -> AnchorEstimate:
        n, misses = self._checked[judge], self._misses[judge]
        interval = wilson_interval(len(misses), n, confidence=run.evaluation.confidence) if n else None
        # What cannot be read is no reason for trust. The product is rounded: 1 of 10 is within 0.1.
        trusted = bool(n) and len(misses) <= round(tolerance * n, 9)
        estimate = AnchorEstimate(
            n=n,
            missed=len(misses),
            unscored=self._unscored[judge],
            missed_rate=len(misses) / n if n else None,
            interval=None if interval is None else tuple(interval),
            tolerance=tolerance,
            trusted=trusted,
            misses=tuple(misses[:MAX_MISSES]),
            scores=tuple(self._anchor_scores(judge, run)),
        )
        return estimate if trusted else estimate.model_copy(update={"reason": _reason(estimate)})

    def _anchor_scores(self, judge: str, run: RunDefinition) -> Iterator[AnchorScores]:
        for passes in (True, False):
            for name, criterion in run.criteria.items():
                scores = self._scores.get((judge, passes, name))
                if scores:
                    yield _scores(np.array(scores), passes, criterion, run.evaluation.confidence)


def judge_trusted(anchors: Mapping[str, AnchorEstimate]) -> bool | None:
    """Tell whether every judge is trusted; None when there is no anchor to tell it by."""
    return all(estimate.trusted for estimate in anchors.values()) if anchors else None


def distrust(gate: Gate, anchors: Mapping[str, AnchorEstimate]) -> Gate:
    """Return the gate, inconclusive where a judge is not trusted: its verdicts decide nothing."""
    checks = tuple(
        GateCheck(
            expression=_RULE,
            decision="inconclusive",
            sentence=f"judge {name} is not trusted: {estimate.reason}.",
        )
        for name, estimate in anchors.items()
        if not estimate.trusted
    )
    if not checks:
        return gate
    reasons = tuple(f"{check.decision}: {check.expression}: {check.sentence}" for check in checks)
    return Gate(decision="inconclusive", reasons=(*reasons, *gate.reasons), checks=(*checks, *gate.checks))


def _scores(scores: Floats, passes: bool, criterion: Criterion, confidence: float) -> AnchorScores:
    n, passed = scores.size, sum(map(criterion.passes, scores.tolist()))
    estimate = mean_estimate(scores, confidence=confidence) if n > 1 else None
    interval = estimate.interval if estimate else None
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
