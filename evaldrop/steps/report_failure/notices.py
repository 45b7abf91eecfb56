"""The messages of runs: with a scorecard, failed (where the workflow catches nothing too), not started."""

import json
import re
import unicodedata
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from evaldrop import storage
from evaldrop.steps.lifecycle.failed import Ended, note_failed, note_stopped, tell_failed
from evaldrop.steps.lifecycle.telling import Lifecycle
from evaldrop.steps.report_failure.failures import Failure, failure_at, failure_of
from evaldrop.steps.report_failure.stopping import stop_jobs
from evaldrop.steps.services import StackServices

if TYPE_CHECKING:
    from evaldrop.scorecard.model.scorecard import Scorecard

MAX_SUBJECT_CHARACTERS = 99
"""SNS takes a subject of fewer than 100 printable ASCII characters."""

MAX_NAME_CHARACTERS = 30
"""So long may a run's name be in a subject: step and the begin of the reason have to be in it, too."""

_REDRIVE = (
    "When the cause is gone: aws stepfunctions redrive-execution --execution-arn {} finishes it; "
    "records that are done are not asked for again."
)


def scorecard_notice(
    scorecard: "Scorecard", *, folder: str, notify: str, is_ending: bool = False
) -> dict[str, Any]:
    """
    Return what BuildScorecard hands on.

    Args:
        scorecard: The run's.
        folder: The run's.
        notify: The evaluation's wish, `always` or `not_passed`.
        is_ending: Whether a judge is leaving Bedrock: whatever the gate says, the history ends with it.
    """
    gate = scorecard.gate
    report = storage.join(folder, "report.html")
    # Imported here: a step that only tells of a failure must not wait for the scorecard's types.
    from evaldrop.report.tables.ranking import ranking_in_lines
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
        "notify": "always" if is_ending else notify,
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
    failed = failure_at(failure["step"], failure["error"], failure.get("cause") or "")
    return _notice(run, failed)


def report_caught(run: Mapping[str, Any], failure: Mapping[str, Any], lifecycle: Lifecycle) -> dict[str, Any]:
    """Note and send that a run failed at a step whose failure the workflow caught; return its notice."""
    notice = failure_notice(run, failure)
    reason = notice["reason"]
    tell_failed(lifecycle, Ended(run), step=failure["step"], error=reason["error"], why=reason["cause"])
    return notice


def _notice(run: Mapping[str, Any], failed: Failure) -> dict[str, Any]:
    simulated = "SIMULATED " if str(run.get("bedrock")).startswith("simulated") else ""
    dataset = str(run.get("dataset", ""))
    # Not its URI: bucket and folders alone may be longer than a subject.
    name = _cut(str(run.get("name") or dataset.rpartition("/")[2]), MAX_NAME_CHARACTERS)
    head = f"evaldrop {simulated}{name}: failed at {failed.step}: {_in_short(failed.reason)}"
    lines = [f"{simulated}Run {run.get('run_id', '')} of {dataset} failed.", "", failed.cause]
    return {
        # Step Functions refuses a cause of more than 32,768 characters, and with it the Fail state.
        "reason": {"error": failed.error, "cause": failed.cause[:30_000]},
        "subject": _subject(head),
        "message": "\n".join(lines),
    }


def unfinished_notice(
    run: Mapping[str, Any], *, error: str | None, cause: str | None, execution: str
) -> dict[str, Any] | None:
    """
    Return reason and message of a run that failed where the workflow catches nothing; None when it did catch.

    Beyond the caught steps money has been spent, and a redrive can go on: it begins at the state that failed,
    which must therefore not have handed its failure on. `execution` is its ARN, empty on one machine.
    """
    failed = failure_of(error, cause)
    if failed.was_caught:
        return None
    notice = _notice(run, failed)
    if execution:
        notice["message"] += f"\n\n{_REDRIVE.format(execution)}"
    return notice


def report_unfinished(
    detail: Mapping[str, Any],
    services: StackServices,
    lifecycle: Lifecycle,
    *,
    rehearsed_with: str | None = None,
) -> bool:
    """
    Send the message of a run that failed, unless the workflow sent it, or a redrive has begun meanwhile.

    Of one that was stopped nothing is sent: who did it knows. Its batch jobs are stopped. How it ended is
    noted of each of them.

    Args:
        detail: Of EventBridge's "Step Functions Execution Status Change".
        services: The stack's Step Functions and SNS.
        lifecycle: The store and the bus of events.
        rehearsed_with: What answers for Bedrock in a rehearsal.

    Returns:
        Whether a message was sent.
    """
    execution = detail["executionArn"]
    # Not every event carries error, cause and input (a long input is left out): Step Functions has them.
    ended = services.outcome(execution)
    # The status of now, not the event's: a redrive may have begun since it was sent.
    if ended["status"] not in {"FAILED", "TIMED_OUT", "ABORTED"}:
        return False
    run = json.loads(ended["input"])
    if rehearsed_with:
        run = {**run, "bedrock": rehearsed_with}
    end = Ended(run, started_at=ended.get("started_at"), ended_at=ended.get("ended_at"))
    if ended["status"] == "ABORTED":
        try:
            stop_jobs(run, services)
        finally:
            # Takes a while: what was being created when the run was stopped is there then.
            note_stopped(lifecycle, end)
        # Not those of a redrive that has begun since.
        if services.outcome(execution)["status"] == "ABORTED":
            stop_jobs(run, services)
        return False
    failed = failure_of(ended["error"], ended["cause"])
    notice = unfinished_notice(run, error=ended["error"], cause=ended["cause"], execution=execution)
    if notice is None:
        note_failed(lifecycle, end, step=failed.step, why=failed.cause)
        return False
    services.notify(subject=notice["subject"], message=notice["message"])
    tell_failed(lifecycle, end, step=failed.step, error=failed.error, why=failed.cause)
    return True


def refusal_notice(dataset: str, reason: str) -> dict[str, str]:
    """Return the message for an upload that no run is started for."""
    return {
        "subject": _subject(f"evaldrop {dataset.rpartition('/')[2]}: refused"),
        "message": f"{dataset} is not evaluated: {reason}",
    }


def _subject(text: str) -> str:
    # Accents are parts of their letters, and go; lines become one.
    parts = unicodedata.normalize("NFKD", " ".join(text.split()))
    letters = (each for each in parts if not unicodedata.combining(each))
    return _cut("".join(each if " " <= each <= "~" else "?" for each in letters), MAX_SUBJECT_CHARACTERS)


def _in_short(reason: str) -> str:
    """Return a reason for a subject: files by their names, AWS's errors by theirs."""
    return _AWS_ERROR.sub(r"\1: ", _FOLDER.sub("", reason))


_FOLDER = re.compile(r"s3://\S*/(?=[^/\s])")
_AWS_ERROR = re.compile(r"An error occurred \((\w+)\) when calling the \w+ operation(?: \([^)]*\))?: ")


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 3].rstrip(' .,:;')}..."
