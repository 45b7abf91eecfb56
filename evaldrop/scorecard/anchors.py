"""Whether judges get right what is known: verdicts on anchors, and the gate of a run whose judge does not."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from statistics import fmean

from evaldrop.scorecard.model import AnchorEstimate, AnchorMiss, Gate, GateCheck
from evaldrop.scorecard.prepared import PreparedRecord
from evaldrop.scorecard.source import RunFile
from evaldrop.statistics import wilson_interval
from evaldrop.tables import VerdictRow

MAX_MISSES = 20

_RULE = "anchors"


class AnchorTally:
    """Counts what each judge made of the anchors: a check is one anchor on one criterion."""

    def __init__(self) -> None:
        self._checked: defaultdict[str, int] = defaultdict(int)
        self._unscored: defaultdict[str, int] = defaultdict(int)
        self._misses: defaultdict[str, list[AnchorMiss]] = defaultdict(list)

    def add(self, record: PreparedRecord, verdicts: Iterable[VerdictRow], run: RunFile) -> None:
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
            if run.criteria[criterion].passes(score) != anchor.passes:
                miss = AnchorMiss(anchor=anchor.id, criterion=criterion, passes=anchor.passes, score=score)
                self._misses[judge].append(miss)

    def estimates(self, run: RunFile) -> dict[str, AnchorEstimate]:
        """Return what each judge made of the run's anchors; nothing for a run without any."""
        anchors = run.evaluation.anchors
        if anchors is None:
            return {}
        return {judge.name: self._estimate(judge.name, run, anchors.tolerance) for judge in run.judges}

    def _estimate(self, judge: str, run: RunFile, tolerance: float) -> AnchorEstimate:
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
        )
        return estimate if trusted else estimate.model_copy(update={"reason": _reason(estimate)})


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


def _reason(estimate: AnchorEstimate) -> str:
    if estimate.interval is None:
        return f"none of its verdicts on {estimate.unscored} anchors could be read"
    low, high = estimate.interval
    return (
        f"it missed {estimate.missed} of {estimate.n} anchors (interval {low:.2g} to {high:.2g}), "
        f"and a share of {estimate.tolerance:g} is tolerated"
    )
