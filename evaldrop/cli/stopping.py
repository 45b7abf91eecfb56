"""A run that is stopped, as people meet it: who was asked, what is there, how to go on."""

from typing import TYPE_CHECKING, Any

from evaldrop import storage
from evaldrop.cli import exits
from evaldrop.cli.naming import begun_run
from evaldrop.cli.next_steps import command, resume, say_next
from evaldrop.cli.output import complain, print_json, say_commands, shown, stderr, stdout
from evaldrop.cli.prose import print_prose
from evaldrop.run.records import has_records
from evaldrop.scorecard.figures import usd

if TYPE_CHECKING:
    from evaldrop.run.lock import Writer

_BEGINS = "evaldrop run"
"""How whoever executes a run says what it does; others write for a moment, and heed no request."""


def stop_and_show(run: str, *, stack: str | None, out: str | None, as_json: bool) -> int:
    """
    Stop a run, and say what is there; return the exit code.

    Args:
        run: Its name.
        stack: The stack whose run it is; a path, or a folder that is given, goes before it.
        out: The folder that names on this machine are looked up in.
        as_json: Whether one JSON document is printed.
    """
    is_path = "/" in run and not storage.is_s3(run) and not run.startswith("arn:")
    if storage.is_s3(run) or run.startswith("arn:") or (stack and out is None and not is_path):
        return _stop_deployed(run, stack, as_json=as_json)
    return _stop_here(begun_run(run, out), as_json=as_json)


def _stop_here(folder: str, *, as_json: bool) -> int:
    from evaldrop.run.lock import writer_of
    from evaldrop.running.stopping import DRAIN_S, ENDS_WITHIN_S, stop_here

    writer = writer_of(folder)
    if writer is None or not writer.doing.startswith(_BEGINS):
        return _say_nothing_to_stop(folder, writer, as_json=as_json)
    print_prose(
        stderr(), f"asked {shown(str(writer))} to stop. Calls under way may end, within {DRAIN_S:.0f} s."
    )
    if not stop_here(folder):
        complain(
            f"{folder}: {writer} has not stopped within {ENDS_WITHIN_S:.0f} s. It is still asked to. On "
            f"{writer.host}, `kill -9 {writer.pid}` ends it, and `{resume(folder)}` goes on with the run; "
            "what was under way is paid for again."
        )
        return exits.RUN_FAILED
    if _has_ended(folder):
        return _say_ended(folder, "came to its end before it stopped", as_json=as_json)
    return _show_what_is_there(folder, as_json=as_json)


def _say_nothing_to_stop(folder: str, writer: "Writer | None", *, as_json: bool) -> int:
    if writer is not None:
        if as_json:
            print_json({"run": folder, "status": "NOT_RUNNING"})
        print_prose(stderr(), f"{shown(folder)}: nothing is called. {shown(str(writer))} ends by itself.")
        return exits.PASSED
    if _has_ended(folder):
        return _say_ended(folder, "has ended: there is nothing to stop", as_json=as_json)
    if as_json:
        print_json({"run": folder, "status": "NOT_RUNNING"})
    print_prose(stderr(), f"{shown(folder)}: nothing works at it: it was stopped, or ended by force.")
    if not has_records(folder):
        _say_what_is_there_of_a_search(folder)
        return exits.PASSED
    say_commands("go on with it, or score what is there:", [resume(folder), command("report", folder)])
    return exits.PASSED


def _has_ended(folder: str) -> bool:
    from evaldrop.bedrock.journal import journal_of

    return storage.exists(storage.join(folder, "scorecard.json")) and not journal_of(folder).exists()


def _say_ended(folder: str, how: str, *, as_json: bool) -> int:
    if as_json:
        print_json({"run": folder, "status": "ENDED"})
    print_prose(stderr(), f"{shown(folder)} {how}.")
    say_commands("its scorecard:", [command("report", folder)])
    return exits.PASSED


def _show_what_is_there(folder: str, *, as_json: bool) -> int:
    """Score a run that was stopped, where it has answered anything."""
    document: dict[str, Any] = {"run": folder, "status": "STOPPED"}
    if not has_records(folder):
        if as_json:
            print_json(document)
        _say_what_is_there_of_a_search(folder)
        return exits.PASSED
    from evaldrop.cli.reporting import scored

    run = scored(folder, rebuild=True)
    report = storage.join(run.uri, "report.html")
    records = run.scorecard.records
    if as_json:
        print_json({**document, "report": report, "records": records.model_dump(mode="json")})
        return exits.PASSED
    prepared = records.evaluated + records.missing + records.skipped
    print_prose(stderr(), f"stopped: {records.evaluated:,} of {prepared:,} records are evaluated.")
    print_prose(stdout(), f"report: {shown(report)}")
    say_next(run.scorecard, run.uri)
    return exits.PASSED


def _say_what_is_there_of_a_search(folder: str) -> None:
    """Say what was paid for of a run that has prepared no records of its own yet, and how to go on."""
    from evaldrop.prompt_search.kept import search_in_words
    from evaldrop.steps.lifecycle.spent import spent_in

    if doing := search_in_words(folder):
        cost = spent_in(folder).cost_usd
        paid = "an unknown amount" if cost is None else usd(cost)
        print_prose(
            stderr(),
            f"stopped: in its search for prompts ({shown(doing)}). {paid} was paid for it; what was answered "
            "is kept, and nothing of the run's own records has been asked.",
        )
    else:
        print_prose(stderr(), f"stopped: {shown(folder)} has answered nothing yet.")
    say_commands("go on with it:", [resume(folder)])


def _stop_deployed(run: str, stack: str | None, *, as_json: bool) -> int:
    from evaldrop.running.deployed.stack import deployed_stack
    from evaldrop.running.deployed.stopping import stop_deployed

    stopped = stop_deployed(run, None if stack is None else lambda: deployed_stack(stack))
    arns = list(stopped.executions)
    if as_json:
        status = "STOPPED" if arns else stopped.status
        print_json({"run_id": stopped.run_id, "status": status, "executions": arns})
    if not arns:
        print_prose(
            stderr(), f"{shown(stopped.run_id)} has ended ({stopped.status}): there is nothing to stop."
        )
        return exits.PASSED
    for arn in arns:
        print_prose(
            stderr(),
            f"stopped {shown(arn)}. Calls under way are billed. Its jobs, if it has any, are stopped by the "
            "stack within a minute.",
        )
    say_commands(
        "to go on with it; what was answered is not asked for again:",
        [f"aws stepfunctions redrive-execution --execution-arn {arns[0]}", command("watch", arns[0])],
    )
    return exits.PASSED
