"""
A run's quality as CloudWatch metrics: log lines in the embedded metric format, which need no permission.

A metric costs money per set of dimensions, so those are bounded: criteria that records bring are left out,
and so are scorers that do not ask for it (`publish`), and what goes beyond `MAX_SERIES`.
"""

import sys
import time
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import orjson

from evaldrop.evaluation.criteria import scorers_of
from evaldrop.run.definition import RunDefinition
from evaldrop.scorecard.answers import ENOUGH, silences
from evaldrop.scorecard.model.scorecard import CandidateScorecard, JudgeHealth, Scorecard
from evaldrop.steps.build_scorecard.moves import (
    NOT_LOOKED_AT,
    Moves,
    moves_of,
    own_criteria,
    trend_so_far,
)
from evaldrop.steps.embedded_metrics import metric_document

MAX_SERIES = 100
"""Candidate and criterion pairs that one run publishes."""

# Metric names by what they are published for; the dashboard and the alarms read them here.
RUN_METRICS = {
    "GatePassed": "Count",
    "GateFailed": "Count",
    "GateInconclusive": "Count",
    "GateNotPassed": "Count",
    "RunsWithoutAnswers": "Count",
    "Regressions": "Count",
    "JudgeDrift": "Count",
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


def publish_metrics(scorecard: Scorecard, run: RunDefinition, *, environment: Mapping[str, str]) -> Moves:
    """
    Write a run's metrics to a function's log; does nothing where there is no Lambda, or no model answered.

    Returns what moved for the worse, as it was published.

    Args:
        scorecard: The run's numbers.
        run: What was run: bounds the criteria, and says where the history is that a trend is made of.
        environment: The process's; `AWS_LAMBDA_FUNCTION_NAME` says that this is a Lambda, `EVALDROP_STACK`
            whose, and `EVALDROP_CUSTOMER_METRICS` (a JSON list) which customers have a metric.
    """
    stack = environment.get("EVALDROP_STACK")
    # A rehearsal's numbers are made up, and would be drawn, and raise alarms, as those of real runs.
    if "AWS_LAMBDA_FUNCTION_NAME" not in environment or not stack or scorecard.simulated:
        return NOT_LOOKED_AT
    now, moves = time.time_ns() // 1_000_000, moves_of(scorecard, trend_so_far(run))
    lines = metric_lines(
        scorecard,
        stack=stack,
        criteria=published_criteria(run),
        customers=frozenset(orjson.loads(environment.get("EVALDROP_CUSTOMER_METRICS", "[]"))),
        time_ms=now,
        moves=moves,
    )
    for line in lines:
        sys.stdout.write(
            orjson.dumps(line).decode() + "\n"
        )  # the format is a line of standard output, as it is
    return moves


def published_criteria(run: RunDefinition) -> frozenset[str]:
    """Return the criteria that are metrics: the evaluation's own, of its scorers those that say `publish`."""
    scorers = scorers_of(run.criteria)
    return own_criteria(run) - {name for name, check in scorers.items() if not check.parameters.publish}


def metric_lines(
    scorecard: Scorecard,
    *,
    stack: str,
    criteria: frozenset[str],
    customers: frozenset[str] = frozenset(),
    time_ms: int,
    moves: Moves = NOT_LOOKED_AT,
) -> Iterator[dict[str, Any]]:
    """
    Yield a run's metrics, each a line of a function's log.

    Args:
        scorecard: The run's numbers.
        stack: Keeps the stacks of one account apart.
        criteria: The evaluation's own criteria.
        customers: Those that have a metric of what their runs cost.
        time_ms: Milliseconds since 1970.
        moves: What moved for the worse.
    """
    run = {"Stack": stack, "Evaluation": scorecard.evaluation}
    # CloudWatch does not add up over dimensions: what the whole stack is watched by is a series of its own.
    values = _of_run(scorecard) | {"Regressions": moves.regressions, "JudgeDrift": moves.drifted}
    yield _document(_Line({"Stack": stack}, RUN_METRICS, values), scorecard, time_ms)
    yield _document(_Line(run, RUN_METRICS, values), scorecard, time_ms)
    if scorecard.customer in customers:
        # Of those that the stack's owner has named, and one each: whoever starts a run may name a new
        # customer, and each would cost as a metric. What all of them cost the store adds up.
        customer = {"Stack": stack, "Customer": _in_ascii(str(scorecard.customer))}
        cost = {"CostUsd": scorecard.cost_usd.total}
        yield _document(_Line(customer, RUN_METRICS, cost), scorecard, time_ms)
    left, silent = MAX_SERIES, {lack.candidate for lack in silences(scorecard)}
    for name, card in scorecard.candidates.items():
        for line in _of_candidate(name, card, run, frozenset() if name in silent else criteria):
            if left > 0:
                yield _document(line, scorecard, time_ms)
            left -= 1


def _document(line: _Line, scorecard: Scorecard, time_ms: int) -> dict[str, Any]:
    document = metric_document(line.dimensions, line.units, line.values, time_ms=time_ms)
    # Not a dimension, which would be a metric each; Logs Insights adds up by it all the same.
    whose = {"customer": scorecard.customer} if scorecard.customer is not None else {}
    return {**document, "run_id": scorecard.run_id, **whose}


def _in_ascii(text: str) -> str:
    # CloudWatch takes no other characters for a dimension's value, and none without a visible one.
    return text.encode("ascii", "backslashreplace").decode() if text.strip() else "-"


def _of_run(scorecard: Scorecard) -> dict[str, float | None]:
    decision, records = scorecard.gate.decision, scorecard.records
    total, is_silent = scorecard.cost_usd.total, bool(silences(scorecard))
    return {
        "GatePassed": float(decision == "pass"),
        "GateFailed": float(decision == "fail"),
        "GateInconclusive": float(decision == "inconclusive"),
        # As `notify: not_passed` has it: what is open has not passed; without a gate nothing was asked.
        "GateNotPassed": float(decision in ("fail", "inconclusive")),
        "RunsWithoutAnswers": float(is_silent),
        "JudgesNotTrusted": float(sum(not is_trusted(judge) for judge in scorecard.judges.values())),
        "RecordsMissing": float(records.missing),
        "CostUsd": total,
        "CostPerThousandRecordsUsd": (
            # Calls that all failed cost nothing, which is no price of a record.
            None if total is None or not records.evaluated or is_silent else 1000 * total / records.evaluated
        ),
        "Coverage": scorecard.coverage,
    }


def is_trusted(judge: JudgeHealth) -> bool:
    """Tell whether enough of a judge's verdicts could be read for its scores to stand for the rest."""
    # A judge that was never called is not distrusted for it.
    return judge.coverage is None or judge.coverage >= ENOUGH


def _of_candidate(
    name: str, card: CandidateScorecard, run: Mapping[str, str], criteria: frozenset[str]
) -> Iterator[_Line]:
    counts = card.responses
    yield _Line(
        {**run, "Candidate": name},
        CANDIDATE_METRICS,
        {
            # Missing ones too, as the gate has it: of records without a result nothing was answered either.
            "ResponseErrorRate": (counts.errors + counts.missing) / counts.n if counts.n else None,
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
