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

from evaldrop import storage
from evaldrop.report.history_index import HISTORY_FILE, read_entries
from evaldrop.run.definition import RunDefinition
from evaldrop.scorecard.answers import ENOUGH, silences
from evaldrop.scorecard.model.baseline import Baseline
from evaldrop.scorecard.model.scorecard import CandidateScorecard, JudgeHealth, Scorecard
from evaldrop.scorecard.trend import Series, Trend, trend_of
from evaldrop.scorecard.trend.types import Shift

NAMESPACE = "evaldrop"

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


def publish_metrics(scorecard: Scorecard, run: RunDefinition, *, environment: Mapping[str, str]) -> None:
    """
    Write a run's metrics to a function's log; does nothing where there is no Lambda, or no model answered.

    Args:
        scorecard: The run's numbers.
        run: What was run: bounds the criteria, and says where the history is that a trend is made of.
        environment: The process's; `AWS_LAMBDA_FUNCTION_NAME` says that this is a Lambda, `EVALDROP_STACK`
            whose.
    """
    stack = environment.get("EVALDROP_STACK")
    # A rehearsal's numbers are made up, and would be drawn, and raise alarms, as those of real runs.
    if "AWS_LAMBDA_FUNCTION_NAME" not in environment or not stack or scorecard.simulated:
        return
    own = frozenset(
        config if isinstance(config, str) else config["name"] for config in run.evaluation.criteria
    )
    now, trend = time.time_ns() // 1_000_000, _trend(run)
    for line in metric_lines(scorecard, stack=stack, criteria=own, time_ms=now, trend=trend):
        sys.stdout.write(
            orjson.dumps(line).decode() + "\n"
        )  # the format is a line of standard output, as it is


def _trend(run: RunDefinition) -> Trend:
    """Return the trend of a run's evaluation; the run itself is in the history by now."""
    folder = storage.parent(run.folder) or run.folder
    files = (storage.join(folder, name, HISTORY_FILE) for name in storage.list_folders(folder))
    return trend_of(read_entries(files), run.evaluation.name)


def metric_lines(
    scorecard: Scorecard, *, stack: str, criteria: frozenset[str], time_ms: int, trend: Trend | None = None
) -> Iterator[dict[str, Any]]:
    """
    Yield a run's metrics, each a line of a function's log.

    Args:
        scorecard: The run's numbers.
        stack: Keeps the stacks of one account apart.
        criteria: The evaluation's own criteria.
        time_ms: Milliseconds since 1970.
        trend: Of the run's evaluation; None where there is none.
    """
    run = {"Stack": stack, "Evaluation": scorecard.evaluation}
    # CloudWatch does not add up over dimensions: what the whole stack is watched by is a series of its own.
    values = _of_run(scorecard) | _moves(scorecard, trend)
    yield _document(_Line({"Stack": stack}, RUN_METRICS, values), scorecard.run_id, time_ms)
    yield _document(_Line(run, RUN_METRICS, values), scorecard.run_id, time_ms)
    left, silent = MAX_SERIES, {lack.candidate for lack in silences(scorecard)}
    for name, card in scorecard.candidates.items():
        for line in _of_candidate(name, card, run, frozenset() if name in silent else criteria):
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


def _moves(scorecard: Scorecard, trend: Trend | None) -> dict[str, float | None]:
    """
    Return what moved for the worse in this run: regressions, and drift of judges.

    A regression is a candidate on a criterion that is worse than in the blessed run, or whose chart gave its
    alarm in this run and not for the judge's sake. Each is None where nothing could tell: no blessed run to
    compare with, and too few runs for a chart.
    """
    regressed = _regressed(scorecard.baseline)
    charted = trend is not None and trend.reason is None and scorecard.run_id in trend.runs
    if trend is None or not charted:
        return {"Regressions": None if regressed is None else float(len(regressed)), "JudgeDrift": None}
    shifts = [(each, shift) for each in trend.series for shift in each.shifts]
    new = [(each, shift) for each, shift in shifts if shift.run_id == scorecard.run_id]
    fell = {
        (each.name, each.criterion)
        for each, shift in new
        if shift.cause in ("candidate", "unknown")
        and not each.is_anchor
        and _is_worse(each, shift, scorecard)
    }
    return {
        "Regressions": float(len(fell | (regressed or set()))),
        "JudgeDrift": float(sum(shift.cause == "judge" for _, shift in new)),
    }


def _regressed(baseline: Baseline | None) -> set[tuple[str, str]] | None:
    if baseline is None or not baseline.candidates:
        return None
    return {
        (name, criterion)
        for name, card in baseline.candidates.items()
        for criterion, estimate in card.criteria.items()
        if estimate.decision == "regressed"
    }


def _is_worse(series: Series, shift: Shift, scorecard: Scorecard) -> bool:
    info = scorecard.criteria.get(series.criterion)
    higher_is_better = info is None or info.higher_is_better
    return (shift.direction == "down") == higher_is_better


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
