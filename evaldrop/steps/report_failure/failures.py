"""Why an execution failed, in words: the step, the reason, what to do. For messages and `evaldrop watch`."""

import json
import re
from dataclasses import dataclass

from evaldrop import errors

CAUGHT = ("ValidateDataset", "ChoosePrompts", "PrepareRecords", "CheckFirstCalls", "PrepareJobs")
"""Steps whose failures the workflow hands to ReportFailure: all that was paid for then is the first calls."""

_OF_THE_MAP = {
    "States.ExceedToleratedFailureThreshold",
    "States.ItemReaderFailed",
    "States.QueryEvaluationError",
    "States.ResultWriterFailed",
}

_PROCESS = (
    "evaldrop submit --again tries it once more; if it ends so again, evaluate fewer records at a time."
)

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
    "Runtime.ExitError": f"Its process was ended, as when it runs out of memory. {_PROCESS}",
    "Sandbox.Timedout": f"It took longer than it may. {_PROCESS}",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """
    A failure in words.

    Attributes:
        error: Its name, as the workflow matches it.
        reason: A line per problem, without the step.
        was_caught: Whether the workflow handed it on: its execution is over, and a redrive has nothing to do.
    """

    step: str
    error: str
    reason: str
    was_caught: bool = False

    @property
    def cause(self) -> str:
        """Step and reason, as an execution's cause has them."""
        return f"{self.step}: {self.reason}"


def failure_at(step: str, error: str, cause: str) -> Failure:
    """Return a step's failure, by what Step Functions gives for it; a Lambda's cause is JSON."""
    name, said = _taken_apart(error, cause)
    reason = _in_words(name, said)
    action = _ACTIONS.get(name, "")
    return Failure(step=step, error=name, reason=f"{reason}{_end(reason)} {action}" if action else reason)


def failure_of(error: str | None, cause: str | None) -> Failure:
    """Return why an execution failed, by its error and cause; one that ran out of time has neither."""
    name, said = error or "States.Timeout", cause or ""
    for step in CAUGHT:
        if said.startswith(f"{step}: "):
            # Worded already, by the step ReportFailure.
            return Failure(step=step, error=name, reason=said.removeprefix(f"{step}: "), was_caught=True)
    return failure_at("EvaluateRecords" if name in _OF_THE_MAP else "BuildScorecard", name, said)


def _taken_apart(error: str, cause: str) -> tuple[str, str]:
    try:
        # By Python's own reader: the function that reports failures is bundled with few packages.
        content = json.loads(cause)
        return str(content.get("errorType", error)), str(content.get("errorMessage") or cause)
    # AttributeError: a cause may be JSON and no object, such as a number.
    except (ValueError, RecursionError, AttributeError):
        return error, cause


# How Lambda words the end of a process. The ID says nothing to a reader, and finds the lines in the logs.
_OF_LAMBDA = re.compile(r"RequestId: (?P<id>[\w-]+) (?:Error: )?(?P<what>.+)", re.DOTALL)


def _in_words(error: str, said: str) -> str:
    if not said:
        return error
    if found := _OF_LAMBDA.fullmatch(said):
        return f"{found['what']} (request {found['id']})"
    # Ours are sentences; of a KeyError the message alone is a word in quotes. AWS's names have a dot.
    kind = getattr(errors, error, None)
    is_sentence = kind is not None or "." in error
    return said if is_sentence else f"{error}: {said}"


def _end(reason: str) -> str:
    return "" if reason.endswith((".", "!", "?")) else "."
