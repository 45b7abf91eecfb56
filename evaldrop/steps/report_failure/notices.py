"""The messages of runs: with a scorecard, failed (where the workflow catches nothing too), not started."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from evaldrop import storage
from evaldrop.steps.services import StackServices

if TYPE_CHECKING:
    from evaldrop.scorecard.model.scorecard import Scorecard

MAX_SUBJECT_CHARACTERS = 99
"""SNS takes a subject of fewer than 100 printable ASCII characters."""

_ACTIONS = {
    "States.ItemReaderFailed": (
        "records.jsonl could not be read; look at the run's folder and the role's permissions."
    ),
    "States.ResultWriterFailed": (
        "The results could not be written; look at the output bucket and the role's permissions."
    ),
    "States.ExceedToleratedFailureThreshold": (
        "More records failed than tolerated_failure_percentage allows. The FAILED files below results/ in "
        "the run's folder say why; evaldrop run --resume (or a redrive on AWS) goes on with what is missing."
    ),
    "States.Timeout": "A step took too long. Evaluate fewer records, or raise the step's limit.",
    "States.DataLimitExceeded": (
        "A payload was above 256 KiB. Shorten the largest records, or list fewer judges."
    ),
}


# Steps whose failures the workflow itself hands to ReportFailure: nothing but the first calls has been paid
# for by then.
_CAUGHT = ("ValidateDataset", "PrepareRecords", "CheckFirstCalls")

_OF_THE_MAP = {
    "States.ExceedToleratedFailureThreshold",
    "States.ItemReaderFailed",
    "States.QueryEvaluationError",
    "States.ResultWriterFailed",
}

_REDRIVE = (
    "When the cause is gone: aws stepfunctions redrive-execution --execution-arn {} finishes it; "
    "records that are done are not asked for again."
)


def scorecard_notice(scorecard: "Scorecard", *, folder: str, notify: str) -> dict[str, Any]:
    """Return what BuildScorecard hands on; `notify` is the evaluation's wish, `always` or `not_passed`."""
    gate = scorecard.gate
    report = storage.join(folder, "report.html")
    # Imported here: a step that only tells of a failure must not wait for the scorecard's types.
    from evaldrop.report.tables import ranking_in_lines
    from evaldrop.scorecard.answers import silences
    from evaldrop.scorecard.recommendation import recommendation_of

    failed = "failed, without answers" if silences(scorecard) else gate.decision
    head = f"{'SIMULATED ' if scorecard.simulated else ''}{scorecard.evaluation}: {failed}"
    lines = [
        *(recommendation_of(scorecard).reason, "", *ranking_in_lines(scorecard), "", head, ""),
        *(*gate.reasons, *scorecard.alarms, "", f"Report: {report}"),
    ]
    return {
        "decision": gate.decision,
        "reasons": list(gate.reasons),
        "report": report,
        "notify": notify,
        "subject": _subject(f"evaldrop {head}"),
        "message": "\n".join(lines),
    }


def failure_notice(run: Mapping[str, Any], failure: Mapping[str, Any]) -> dict[str, Any]:
    """
    Return a failed run's reason and message.

    Args:
        run: The run, as far as it got: at least `run_id` and `dataset`.
        failure: `step`, `error` and, where there is one, `cause`, as the workflow caught them.
    """
    error, what = _spoken(failure["error"], failure.get("cause") or "")
    action = _ACTIONS.get(error, "")
    cause = f"{failure['step']}: {what}{' ' + action if action else ''}"
    simulated = "SIMULATED " if str(run.get("bedrock")).startswith("simulated") else ""
    head = f"{simulated}{run.get('name') or run.get('dataset', '')}: failed at {failure['step']}"
    lines = [f"{simulated}Run {run.get('run_id', '')} of {run.get('dataset', '')} failed.", "", cause]
    return {
        # Step Functions refuses a cause of more than 32,768 characters, and with it the Fail state.
        "reason": {"error": error, "cause": cause[:30_000]},
        "subject": _subject(f"evaldrop {head}"),
        "message": "\n".join(lines),
    }


def unfinished_notice(
    run: Mapping[str, Any], *, error: str, cause: str, execution: str
) -> dict[str, Any] | None:
    """
    Return reason and message of a run that failed where the workflow catches nothing; None when it did catch.

    Beyond the caught steps money has been spent, and a redrive can go on: it begins at the state that failed,
    which must therefore not have handed its failure on. `execution` is its ARN, empty on one machine.
    """
    # The workflow fails with the cause that `failure_notice` made, which begins with the step.
    if cause.startswith(tuple(f"{step}: " for step in _CAUGHT)):
        return None
    step = "EvaluateRecords" if error in _OF_THE_MAP else "BuildScorecard"
    notice = failure_notice(run, {"step": step, "error": error, "cause": cause})
    if execution:
        notice["message"] += f"\n\n{_REDRIVE.format(execution)}"
    return notice


def report_unfinished(
    detail: Mapping[str, Any], services: StackServices, *, rehearsed_with: str | None = None
) -> bool:
    """
    Send the message of a run that failed, unless the workflow sent it, or a redrive has begun meanwhile.

    Args:
        detail: Of EventBridge's "Step Functions Execution Status Change".
        services: The stack's Step Functions and SNS.
        rehearsed_with: What answers for Bedrock in a rehearsal.

    Returns:
        Whether a message was sent.
    """
    execution = detail["executionArn"]
    # Not every event carries error, cause and input (a long input is left out): Step Functions has them.
    ended = services.outcome(execution)
    # The status of now, not the event's: a redrive may have begun since it was sent.
    if ended["status"] not in {"FAILED", "TIMED_OUT"}:
        return False
    run = json.loads(ended["input"])
    if rehearsed_with:
        run = {**run, "bedrock": rehearsed_with}
    # An execution that ran out of time has neither error nor cause.
    notice = unfinished_notice(
        run, error=ended["error"] or "States.Timeout", cause=ended["cause"] or "", execution=execution
    )
    if notice is None:
        return False
    services.notify(subject=notice["subject"], message=notice["message"])
    return True


def refusal_notice(dataset: str, reason: str) -> dict[str, str]:
    """Return the message for an upload that no run is started for."""
    return {
        "subject": _subject(f"evaldrop {dataset.rpartition('/')[2]}: refused"),
        "message": f"{dataset} is not evaluated: {reason}",
    }


def _spoken(error: str, cause: str) -> tuple[str, str]:
    """Return error name and message; a Lambda's cause is JSON around its exception."""
    try:
        content = json.loads(cause)
        return str(content.get("errorType", error)), str(content.get("errorMessage") or cause)
    # AttributeError: a cause may be JSON and no object, such as a number.
    except (ValueError, AttributeError):
        return error, cause or error


def _subject(text: str) -> str:
    plain = "".join(character if " " <= character <= "~" else "?" for character in text)
    return plain[:MAX_SUBJECT_CHARACTERS]
