"""A deployed run, followed to its end, and its end: scorecard and gate, or what ended it."""

from contextlib import suppress
from functools import partial
from typing import Any

from evaldrop import storage
from evaldrop.cli import exits
from evaldrop.cli.deployed_progress import DeployedProgress, SearchNow
from evaldrop.cli.next_steps import command
from evaldrop.cli.output import complain, print_json, say_commands, shown, stderr, stdout
from evaldrop.cli.prose import print_prose
from evaldrop.cli.tables.scorecard import print_scorecard
from evaldrop.errors import EvaldropError, is_bad_input
from evaldrop.report.restated import restated_in_words
from evaldrop.run.definition import RunDefinition
from evaldrop.running.deployed import clients
from evaldrop.running.deployed.following import Moment, RunAddress, find_folder, look
from evaldrop.running.deployed.jobs_now import JobsNow
from evaldrop.scorecard.read import read_scorecard
from evaldrop.steps.report_failure.failures import Failure, failure_of

UNKNOWN_UNTIL_THE_END = (
    "records are counted as they end; throttling, errors of single calls and dollars are in the report."
)


def watch_run(run: RunAddress, *, as_json: bool, facts: dict[str, Any] | None = None) -> int:
    """Follow a run and print how it ended; return the exit code. A JSON document says the facts, too."""
    document = {"run_id": run.run_id, "execution": run.execution_arn, **(facts or {})}
    # A finished run's folder: its execution may be forgotten, and is not asked for.
    if run.execution_arn is None:
        return _show_scorecard(str(run.folder), document, as_json=as_json)
    try:
        moment = _follow(run, run.execution_arn)
    except KeyboardInterrupt:
        complain("stopped watching; the run goes on.")
        for what, pasted in (
            ("watch it again", f"evaldrop watch {_name(run)}"),
            ("stop the run", command("stop", str(run.execution_arn))),
        ):
            say_commands(f"to {what}:", [pasted])
        return exits.INTERRUPTED
    if moment.status == "SUCCEEDED":
        # The last one lists the bucket, so it is asked last.
        folder = moment.folder or run.folder or _folder(run, moment)
        return _show_scorecard(str(folder), document, as_json=as_json)
    if moment.status == "NOT_STARTED":
        return _show_absent(run, document, as_json=as_json)
    return _show_failure(run, moment, document, as_json=as_json)


def _follow(run: RunAddress, execution_arn: str) -> Moment:
    states = clients.client("stepfunctions", region=run.region)
    jobs = JobsNow(run.run_id, lambda: clients.client("bedrock", region=run.region))
    progress = DeployedProgress(
        lambda: look(execution_arn, states),
        stderr(),
        jobs=jobs.look,
        restated=lambda moment: _restated(run, moment),
        searching=SearchNow(partial(_folder, run)).words,
    )
    moment = progress.now()
    # A folder without an execution is an old run, and no upload whose event is under way: it is not waited
    # for.
    if moment.is_over or (moment.status == "NOT_STARTED" and _folder(run, moment)):
        return moment
    print_prose(stderr(), f"[dim]{shown(run.run_id)}: {UNKNOWN_UNTIL_THE_END}[/dim]")
    return progress.follow()


def _restated(run: RunAddress, moment: Moment) -> str | None:
    # Who may follow a run need not be allowed to read its files.
    with suppress(EvaldropError):
        if folder := _folder(run, moment):
            return restated_in_words(RunDefinition.load(folder).estimate)
    return None


def _folder(run: RunAddress, moment: Moment) -> str | None:
    out = run.out or moment.request.get("out")
    return run.folder or (find_folder(out, run.run_id, clients.client("s3")) if out else None)


def _name(run: RunAddress) -> str:
    # An ARN says all that is needed to find the run again; an ID alone needs the stack's name, too.
    return str(run.execution_arn or run.folder)


def _show_scorecard(folder: str, document: dict[str, Any], *, as_json: bool) -> int:
    scorecard = read_scorecard(folder)
    report = storage.join(folder, "report.html")
    code = exits.of_scorecard(scorecard)
    if as_json:
        card = scorecard.model_dump(mode="json")
        print_json({**document, "status": "SUCCEEDED", "run": folder, "report": report, "scorecard": card})
        return code
    print_scorecard(stdout(), scorecard)
    print_prose(stdout(), f"\nreport: {shown(report)}")
    say_commands("to have it here:", [command("fetch", folder)])
    return code


def _show_absent(run: RunAddress, document: dict[str, Any], *, as_json: bool) -> int:
    """Say what there is of a run without an execution: forgotten after 90 days, or never started."""
    folder = _folder(run, Moment(status="NOT_STARTED", request={}, output={}))
    # A folder alone says no more than that the run began.
    if folder and storage.exists(storage.join(folder, "scorecard.json")):
        return _show_scorecard(folder, document, as_json=as_json)
    if as_json:
        print_json({**document, "status": "NOT_STARTED"})
    complain(
        f"{_name(run)}: there is no such run. evaldrop runs lists those there are. A run whose upload was "
        "refused is explained by a message on the stack's topic (output ResultsTopic); an event that failed "
        "lies in the queue of the output DeadLetterQueue."
    )
    return exits.WRONG_USE


def _show_failure(run: RunAddress, moment: Moment, document: dict[str, Any], *, as_json: bool) -> int:
    # One that was stopped did not fail: whoever stopped it may have said why.
    failed = None if moment.status == "ABORTED" else failure_of(moment.error, moment.cause)
    if as_json:
        ended = {"step": failed.step, "error": failed.error, "cause": failed.reason} if failed else {}
        told = {"status": moment.status, "error": moment.error, "cause": moment.cause, **ended}
        print_json({**document, **told, "run": _folder(run, moment)})
    if failed is None:
        reason = ": ".join(filter(None, [moment.error, moment.cause]))
        complain(f"the run was stopped. {reason}".rstrip())
    else:
        complain(f"the run failed at {failed.cause}")
    say_commands(*_what_next(run, failed))
    return exits.RUN_FAILED


def _what_next(run: RunAddress, failed: Failure | None) -> tuple[str, list[str]]:
    # A redrive reads the same version of the dataset again.
    if failed and is_bad_input(failed.error):
        return "Mend what it says, and submit the dataset again: a redrive would find the same.", []
    if failed and failed.was_caught:
        return (
            "When the cause is gone, submit the dataset again, with --again: the run is over, and a redrive "
            "would not go on with it."
        ), []
    # Of one that was stopped nothing has to be mended.
    when = "When the cause is gone, these two" if failed else "These two"
    return f"{when} go on; what was answered is not asked for again:", [
        f"aws stepfunctions redrive-execution --execution-arn {run.execution_arn}",
        command("watch", _name(run)),
    ]
