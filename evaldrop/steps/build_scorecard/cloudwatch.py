"""
A run's quality as CloudWatch metrics: log lines in the embedded metric format, which need no permission.

A metric costs money per set of dimensions, so those are bounded: criteria that records bring are left out,
and so is what goes beyond `MAX_SERIES`.
"""

import sys
import time
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import orjson

from evaldrop.evaluation import Evaluation
from evaldrop.scorecard.model.scorecard import CandidateScorecard, JudgeHealth, Scorecard

NAMESPACE = "evaldrop"

MAX_SERIES = 100
"""Candidate and criterion pairs that one run publishes."""

TRUSTED_SHARE = 0.9
"""A judge is not trusted when less than this share of its verdicts could be read."""

_NOT_THE_JUDGES_FAULT = {"not_applicable", "no_response"}

# Metric names by what they are published for; the dashboard and the alarms read them here.
RUN_METRICS = {
    "GatePassed": "Count",
    "GateFailed": "Count",
    "GateInconclusive": "Count",
    "JudgesNotTrusted": "Count",
    "RecordsMissing": "Count",
    "CostUsd": "None",
    "CostPerThousandRecordsUsd": "None",
    "Coverage": "None",
}
CANDIDATE_METRICS = {
    "ResponseErrorRate": "None",
    "CandidateCostUsd": "None",
    "LatencyP90": "Milliseconds",
    "GuardrailBlockedBadRate": "None",
    "GuardrailBlockedGoodRate": "None",
}
CRITERION_METRICS = {"PassRate": "None", "Score": "None", "Unscored": "Count"}


class _Line(NamedTuple):
    dimensions: Mapping[str, str]
    units: Mapping[str, str]
    values: Mapping[str, float | None]


def publish_metrics(scorecard: Scorecard, evaluation: Evaluation, *, environment: Mapping[str, str]) -> None:
    """
    Write a run's metrics to a function's log; does nothing where there is no Lambda, or no model answered.

    Args:
        scorecard: The run's numbers.
        evaluation: What was run; bounds the criteria.
        environment: The process's; `AWS_LAMBDA_FUNCTION_NAME` says that this is a Lambda, `EVALDROP_STACK`
            whose.
    """
    stack = environment.get("EVALDROP_STACK")
    # A rehearsal's numbers are made up, and would be drawn, and raise alarms, as those of real runs.
    if "AWS_LAMBDA_FUNCTION_NAME" not in environment or not stack or scorecard.simulated:
        return
    own = frozenset(config if isinstance(config, str) else config["name"] for config in evaluation.criteria)
    for line in metric_lines(scorecard, stack=stack, criteria=own, time_ms=time.time_ns() // 1_000_000):
        sys.stdout.write(
            orjson.dumps(line).decode() + "\n"
        )  # the format is a line of standard output, as it is


def metric_lines(
    scorecard: Scorecard, *, stack: str, criteria: frozenset[str], time_ms: int
) -> Iterator[dict[str, Any]]:
    """
    Yield a run's metrics, each a line of a function's log.

    Args:
        scorecard: The run's numbers.
        stack: Keeps the stacks of one account apart.
        criteria: The evaluation's own criteria.
        time_ms: Milliseconds since 1970.
    """
    run = {"Stack": stack, "Evaluation": scorecard.evaluation}
    # CloudWatch does not add up over dimensions: what the whole stack is watched by is a series of its own.
    yield _document(_Line({"Stack": stack}, RUN_METRICS, _of_run(scorecard)), scorecard.run_id, time_ms)
    yield _document(_Line(run, RUN_METRICS, _of_run(scorecard)), scorecard.run_id, time_ms)
    left = MAX_SERIES
    for name, card in scorecard.candidates.items():
        for line in _of_candidate(name, card, run, criteria):
            if left > 0:
                yield _document(line, scorecard.run_id, time_ms)
            left -= 1


def _document(line: _Line, run_id: str, time_ms: int) -> dict[str, Any]:
    # A null is no value in this format: the metric is left out, and CloudWatch shows a gap.
    values = {name: value for name, value in line.values.items() if value is not None}
    metrics = [{"Name": name, "Unit": line.units[name]} for name in values]
    directive = {"Namespace": NAMESPACE, "Dimensions": [list(line.dimensions)], "Metrics": metrics}
    return {
        "_aws": {"Timestamp": time_ms, "CloudWatchMetrics": [directive]},
        **line.dimensions,
        **values,
        "run_id": run_id,
    }


def _of_run(scorecard: Scorecard) -> dict[str, float | None]:
    decision, records = scorecard.gate.decision, scorecard.records
    total = scorecard.cost_usd.total
    return {
        "GatePassed": float(decision == "pass"),
        "GateFailed": float(decision == "fail"),
        "GateInconclusive": float(decision == "inconclusive"),
        "JudgesNotTrusted": float(sum(not is_trusted(judge) for judge in scorecard.judges.values())),
        "RecordsMissing": float(records.missing),
        "CostUsd": total,
        "CostPerThousandRecordsUsd": (
            None if total is None or not records.evaluated else 1000 * total / records.evaluated
        ),
        "Coverage": scorecard.coverage,
    }


def is_trusted(judge: JudgeHealth) -> bool:
    """Tell whether enough of a judge's verdicts could be read for its scores to stand for the rest."""
    lost = sum(n for reason, n in judge.unscored.items() if reason not in _NOT_THE_JUDGES_FAULT)
    # Multiplied, not divided: a judge that was never called is not distrusted for it.
    return judge.scored >= TRUSTED_SHARE * (judge.scored + lost)


def _of_candidate(
    name: str, card: CandidateScorecard, run: Mapping[str, str], criteria: frozenset[str]
) -> Iterator[_Line]:
    counts = card.responses
    yield _Line(
        {**run, "Candidate": name},
        CANDIDATE_METRICS,
        {
            "ResponseErrorRate": counts.errors / counts.n if counts.n else None,
            "CandidateCostUsd": card.cost_usd.candidate,
            "LatencyP90": card.latency_ms.p90,
            "GuardrailBlockedBadRate": card.guardrail.blocked_bad.rate if card.guardrail else None,
            "GuardrailBlockedGoodRate": card.guardrail.blocked_good.rate if card.guardrail else None,
        },
    )
    for criterion, estimate in card.criteria.items():
        if criterion in criteria:
            yield _Line(
                {**run, "Candidate": name, "Criterion": criterion},
                CRITERION_METRICS,
                {
                    "PassRate": estimate.pass_rate,
                    "Score": estimate.mean,
                    "Unscored": float(estimate.n_unscored),
                },
            )
