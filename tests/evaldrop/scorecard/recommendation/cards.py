"""Scorecards written by hand, with no more in them than a recommendation reads."""

from evaldrop.scorecard.model.baseline import Baseline, BaselineCandidate, BaselineEstimate, Moved
from evaldrop.scorecard.model.judges import AnchorEstimate
from evaldrop.scorecard.model.paired import ComparisonFamily
from evaldrop.scorecard.model.scorecard import (
    CandidateCost,
    CandidatePairwise,
    CandidateScorecard,
    Comparison,
    CostTotals,
    CriterionEstimate,
    CriterionInfo,
    DatasetInfo,
    Gate,
    GateCheck,
    Latency,
    MeanEstimate,
    PairwiseEstimate,
    Records,
    ResponseCounts,
    Scorecard,
    Tokens,
)

RECORDS = 300
CORRECTNESS = CriterionInfo(
    question="Correct?", kind="likert", low=1, high=5, pass_at=4, higher_is_better=True
)


def candidate(
    quality=0.8,
    *,
    cost=1.0,
    p90=200.0,
    criteria=("correctness", "tone"),
    unread=0,
    errors=0,
    given=0,
    won=None,
):
    """A candidate that reaches `quality` overall; `unread` verdicts of each criterion are lost."""
    estimate = CriterionEstimate(
        n_scored=RECORDS - unread,
        n_unscored=unread,
        unscored={"no_verdict": unread} if unread else {},
        coverage=1 - unread / RECORDS,
        mean=1 + 4 * quality if quality is not None else None,
        interval=(1 + 4 * quality - 0.1, 1 + 4 * quality + 0.1) if quality is not None else None,
        confidence=0.95,
    )
    return CandidateScorecard(
        model="amazon.nova-lite-v1:0",
        prompt="answer",
        responses=ResponseCounts(
            n=RECORDS,
            errors=errors,
            missing=0,
            given=given,
            refused=0,
            error_names={"AccessDenied": errors} if errors else {},
        ),
        cost_usd=CandidateCost(
            candidate=None if cost is None else cost * RECORDS / 1000, judge=0.5, per_1000_records=cost
        ),
        tokens=Tokens(),
        latency_ms=Latency(n=RECORDS, p50=p90 and p90 / 2, p90=p90, p99=p90),
        criteria=dict.fromkeys(criteria, estimate),
        overall=MeanEstimate(n=RECORDS, mean=quality, interval=(quality - 0.03, quality + 0.03))
        if criteria and quality is not None
        else None,
        pairwise=won,
    )


def pair(a, b, difference, width=0.02, *, better=None, criterion="overall", n=RECORDS, reach=None, **more):
    """
    What is known of a minus b: its interval is `width` to either side, at the family's level; with `reach`
    whatever the missing verdicts would have been.
    """
    low, high = reach or (difference - width, difference + width)
    return Comparison(
        a=a,
        b=b,
        criterion=criterion,
        n=n,
        difference=difference,
        # 1.96 / 2.39: the level alone, and that of one of three.
        interval=(difference - width * 0.82, difference + width * 0.82),
        family=ComparisonFamily(n=3, confidence=1 - 0.05 / 3),
        family_interval=(low, high),
        bounds=reach and (low + width, high - width),
        decisive=better is not None,
        better=better,
        **more,
    )


def scorecard(candidates, pairs=(), *, criteria=("correctness", "tone"), infos=None, cost=3.0, **more):
    """A run of `candidates` by name, compared in `pairs`, that cost `cost` dollars."""
    return Scorecard(
        **{
            "run_id": "run-1",
            "evaluation": "support",
            "simulated": False,
            "started_at": "2026-11-21T10:15:00+00:00",
            "dataset": DatasetInfo(uri="faq.jsonl"),
            "records": Records(read=RECORDS, rejected=0, evaluated=RECORDS, missing=0),
            "confidence": 0.95,
            "criteria": dict.fromkeys(criteria, CORRECTNESS) | (infos or {}),
            "candidates": candidates,
            "comparisons": tuple(pairs),
            "cost_usd": CostTotals(candidates=cost, judges=0.0, total=cost, known=cost or 0.0),
            **more,
        }
    )


def gate(**decisions):
    """A gate with a rule on correctness per candidate; `run` is a rule about the whole run."""
    checks = tuple(
        GateCheck(
            expression="cost_usd < 1" if name == "run" else "correctness.pass_rate >= 0.8",
            decision=decision,
            sentence="said.",
            candidate=None if name == "run" else name,
        )
        for name, decision in decisions.items()
    )
    worst = next((word for word in ("fail", "inconclusive") if word in decisions.values()), "pass")
    return Gate(decision=worst, reasons=tuple(check.sentence for check in checks), checks=checks)


def since(decisions, *, criterion="overall", width=0.02, **more):
    """A blessed run: name to (difference, decision)."""
    unknown = Moved(was=None, now=None)
    return Baseline(
        **{
            "uri": "runs/support/run-0",
            "run_id": "run-0",
            "comparable": True,
            "candidates": {
                name: BaselineCandidate(
                    criteria={
                        criterion: BaselineEstimate(
                            n=RECORDS,
                            difference=difference,
                            interval=(difference - width, difference + width),
                            family=ComparisonFamily(n=2, confidence=0.975),
                            family_interval=(difference - width, difference + width),
                            decision=decision,
                        )
                    },
                    latency_ms_p50=unknown,
                    latency_ms_p90=unknown,
                    cost_usd_per_1000_records=unknown,
                )
                for name, (difference, decision) in decisions.items()
            },
            **more,
        }
    )


def untrusted(reason="3 of 10 anchors missed"):
    return AnchorEstimate(n=10, missed=3, tolerance=0.1, trusted=False, reason=reason)


def preferred(over, rate, width=0.03, *, n=RECORDS, n_unscored=0):
    """A candidate's preferences over one other, decided where the interval says so whatever is unscored."""
    wins = round(rate * n)
    asked = n + n_unscored
    bounds = (rate * n / asked, (rate * n + n_unscored) / asked)
    reach = (min(rate, bounds[0]) - width, max(rate, bounds[1]) + width)
    is_decided = not reach[0] <= 0.5 <= reach[1]
    own = PairwiseEstimate(
        win_rate=rate,
        standard_error=width / 2,
        interval=(max(0.0, rate - width), min(1.0, rate + width)),
        wins=wins,
        losses=n - wins,
        ties=0,
        flip_rate=0.1,
        n=n,
        n_unscored=n_unscored,
        n_lost=n_unscored,
        coverage=n / asked,
        bounds=bounds,
        family=ComparisonFamily(n=1, confidence=0.95),
        family_interval=reach,
        decisive=is_decided,
        open=None if is_decided else "missing" if abs(rate - 0.5) > width else "chance",
    )
    return CandidatePairwise(**own.model_dump(), by_baseline={over: own})
