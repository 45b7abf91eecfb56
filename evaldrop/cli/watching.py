"""A deployed run followed to its end, and how the end is told: scorecard and gate, or what ended it."""

from typing import Any

from evaldrop.cli import exits
from evaldrop.cli.deployed_progress import DeployedProgress
from evaldrop.cli.output import complain, print_json, shown, stderr, stdout
from evaldrop.running.deployed.finding import RunAddress, find_folder
from evaldrop.running.deployed.following import Moment, look

UNKNOWN_UNTIL_THE_END = (
    "records are counted as they end; throttling, errors of single calls and dollars are in the report."
)


def watch_run(run: RunAddress, *, as_json: bool, told: dict[str, Any] | None = None) -> int:
    """
    Follow a run and tell how it ended; return the exit code.

    Args:
        run: Which.
        as_json: Print one JSON document.
        told: What else the document says.
    """
    document = {"run_id": run.run_id, "execution": run.execution_arn, **(told or {})}
    if run.execution_arn is None:
        return _tell_scorecard(str(run.folder), document, as_json=as_json)
    try:
        moment = _follow(run, run.execution_arn)
    except KeyboardInterrupt:
        complain("stopped watching; the run goes on.")
        for what, command in (
            ("watch it again", f"evaldrop watch {_name(run)}"),
            ("stop the run", f"aws stepfunctions stop-execution --execution-arn {run.execution_arn}"),
        ):
            stderr().print(f"to {what}: {shown(command)}", soft_wrap=True)
        return exits.INTERRUPTED
    if moment.status == "SUCCEEDED":
        folder = moment.folder or run.folder or _folder(run, moment)
        return _tell_scorecard(str(folder), document, as_json=as_json)
    if moment.status == "NOT_STARTED":
        return _tell_absent(run, document, as_json=as_json)
    return _tell_failure(run, moment, document, as_json=as_json)


def _follow(run: RunAddress, execution_arn: str) -> Moment:
    from evaldrop.running.deployed.clients import client

    states = client("stepfunctions", region=run.region)
    progress = DeployedProgress(lambda: look(execution_arn, states), stderr())
    moment = progress.now()
    if moment.is_over or (moment.status == "NOT_STARTED" and _folder(run, moment)):
        return moment
    stderr().print(f"[dim]{shown(run.run_id)}: {UNKNOWN_UNTIL_THE_END}[/dim]", soft_wrap=True)
    return progress.follow()


def _folder(run: RunAddress, moment: Moment) -> str | None:
    from evaldrop.running.deployed.clients import client

    out = run.out or moment.request.get("out")
    return run.folder or (find_folder(out, run.run_id, client("s3")) if out else None)


def _name(run: RunAddress) -> str:
    # An ARN says all that is needed to find the run again; an ID alone needs the stack's name, too.
    return str(run.execution_arn or run.folder)


def _tell_scorecard(folder: str, document: dict[str, Any], *, as_json: bool) -> int:
    from evaldrop import storage
    from evaldrop.cli.tables.scorecard import print_scorecard
    from evaldrop.scorecard.read import read_run

    scorecard = read_run(folder).scorecard
    report = storage.join(folder, "report.html")
    code = exits.of_decision(scorecard.gate.decision)
    if as_json:
        card = scorecard.model_dump(mode="json")
        print_json({**document, "status": "SUCCEEDED", "run": folder, "report": report, "scorecard": card})
        return code
    print_scorecard(stdout(), scorecard)
    stdout().print(f"\nreport: {shown(report)}", soft_wrap=True)
    stderr().print(f"to have it here: evaldrop fetch {shown(folder)}", soft_wrap=True)
    return code


def _tell_absent(run: RunAddress, document: dict[str, Any], *, as_json: bool) -> int:
    """Tell of a run without an execution: forgotten after 90 days, or never started."""
    folder = _folder(run, Moment(status="NOT_STARTED", request={}, output={}))
    if folder and _has_scorecard(folder):
        return _tell_scorecard(folder, document, as_json=as_json)
    if as_json:
        print_json({**document, "status": "NOT_STARTED"})
    complain(
        f"{_name(run)}: there is no such run. evaldrop runs lists those there are. A run whose upload was "
        "refused is explained by a message on the stack's topic (output ResultsTopic); an event that failed "
        "lies in the queue of the output DeadLetterQueue."
    )
    return exits.WRONG_USE


def _has_scorecard(folder: str) -> bool:
    from evaldrop import storage

    return storage.exists(storage.join(folder, "scorecard.json"))


def _tell_failure(run: RunAddress, moment: Moment, document: dict[str, Any], *, as_json: bool) -> int:
    if as_json:
        ended = {"status": moment.status, "error": moment.error, "cause": moment.cause}
        print_json({**document, **ended, "run": _folder(run, moment)})
    reason = ": ".join(filter(None, [moment.error, moment.cause]))
    complain(f"the run ended {moment.status}. {reason}".rstrip())
    stderr().print(shown(_what_next(run, moment)), soft_wrap=True)
    return exits.RUN_FAILED


def _what_next(run: RunAddress, moment: Moment) -> str:
    from evaldrop.errors import is_bad_input

    if is_bad_input(moment.error or ""):
        return "Mend what it says, and submit the dataset again: a redrive would find the same."
    return (
        f"When the cause is gone: aws stepfunctions redrive-execution --execution-arn {run.execution_arn}, "
        f"then evaldrop watch {_name(run)}. What was answered is not asked for again."
    )
