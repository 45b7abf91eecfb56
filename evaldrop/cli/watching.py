"""
A deployed run, followed to its end, and its end: scorecard and gate, or what ended it.

Progress is a live line on a terminal, a plain line now and then elsewhere.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from rich.console import Console
from rich.progress import Progress, TextColumn

from evaldrop import storage
from evaldrop.cli import exits
from evaldrop.cli.next_steps import command
from evaldrop.cli.output import complain, print_json, say_commands, shown, stderr, stdout
from evaldrop.cli.progress import STEPS, live_line
from evaldrop.cli.prose import print_prose
from evaldrop.cli.tables.scorecard import print_scorecard
from evaldrop.errors import AwsError, EvaldropError, is_bad_input
from evaldrop.report.restated import restated_in_words
from evaldrop.run.definition import RunDefinition
from evaldrop.running.deployed import clients
from evaldrop.running.deployed.following import Counts, Moment, RunAddress, find_folder, look
from evaldrop.scorecard.figures import rough_duration
from evaldrop.scorecard.read import read_scorecard
from evaldrop.steps.report_failure.failures import Failure, failure_of

PLAIN_EVERY_S = 15.0
# A look costs up to four calls, of APIs whose rates the account's other users share.
LOOK_EVERY_S = 2.0
START_WITHIN_S = 60.0
"""An upload's event takes seconds to start its run."""

# A network that is gone for a moment must not end the watching of a run of hours.
_MOST_FAILED_LOOKS = 5

# Once the first calls were made; some runs have nothing to restate.
_CALLING = frozenset({"EvaluateRecords", "RunJobs"})
_MOST_ASKED = 10

_STEPS = {
    **STEPS,
    "Notify": "sending the message",
    "ReportFailure": "reporting the failure",
    "NotifyFailure": "sending the message",
}

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
            ("stop the run", f"aws stepfunctions stop-execution --execution-arn {run.execution_arn}"),
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
    progress = DeployedProgress(
        lambda: look(execution_arn, states), stderr(), restated=lambda moment: _restated(run, moment)
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
    return "When the cause is gone, these two go on; what was answered is not asked for again:", [
        f"aws stepfunctions redrive-execution --execution-arn {run.execution_arn}",
        command("watch", _name(run)),
    ]


class DeployedProgress:
    """
    Follows a run by looking again and again, and prints its progress; time is in seconds.

    Args:
        look: Returns how the run is.
        console: Where it is printed.
        restated: Returns what the first calls said of the run's cost; None where they have not.
        sleep, clock: Of time.
    """

    def __init__(
        self,
        look: Callable[[], Moment],
        console: Console,
        *,
        restated: Callable[[Moment], str | None] = lambda _: None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._look, self._console, self._sleep, self._clock = look, console, sleep, clock
        self._restated = restated
        self._left_to_ask, self._asked_at = _MOST_ASKED, float("-inf")
        self._live: Progress | None = None
        self._said = ""
        self._printed_at = clock()
        # The pace is of what was seen: a run that is watched late has records that ended before.
        self._first: tuple[float, int] | None = None

    def now(self) -> Moment:
        """
        Return how far the run is.

        Raises:
            AwsError: Step Functions would not say, several times in a row.
        """
        failed = 0
        while True:
            try:
                return self._look()
            except AwsError as error:
                failed += 1
                if failed == _MOST_FAILED_LOOKS:
                    raise AwsError(f"{error}\nwatching ended; the run does not depend on it.") from error
            self._sleep(LOOK_EVERY_S)

    def follow(self) -> Moment:
        """Return the run's last moment: it is over, or has not started within a minute."""
        began = self._clock()
        with live_line(self._console, TextColumn("{task.fields[words]}")) as self._live:
            while True:
                moment = self.now()
                is_late = self._clock() - began >= START_WITHIN_S
                if moment.is_over or (moment.status == "NOT_STARTED" and is_late):
                    return moment
                self._tell_restated(moment)
                self._show(moment)
                self._sleep(LOOK_EVERY_S)

    def _tell_restated(self, moment: Moment) -> None:
        """Print once what the first calls said; their step is over in a second, so that looks may miss it."""
        now = self._clock()
        if moment.step not in _CALLING or not self._left_to_ask or now - self._asked_at < PLAIN_EVERY_S:
            return
        self._asked_at, self._left_to_ask = now, self._left_to_ask - 1
        if said := self._restated(moment):
            print_prose(self._console, said)
            self._left_to_ask = 0

    def _show(self, moment: Moment) -> None:
        step = "waiting for the run to start"
        if moment.status != "NOT_STARTED":
            step = _STEPS.get(moment.step or "", moment.step or "running")
        words = self._words(moment.counts) if moment.counts and moment.step == "EvaluateRecords" else ""
        if self._live:
            counts = moment.counts
            self._live.update(
                self._live.task_ids[0],
                description=shown(step),
                words=words,
                total=counts.total if counts else None,
                completed=counts.done if counts else 0,
            )
            return
        if step != self._said:
            self._console.print(shown(step))
        elif not words or self._clock() - self._printed_at < PLAIN_EVERY_S:
            return
        if words:
            self._console.print(words)
        self._said, self._printed_at = step, self._clock()

    def _words(self, counts: Counts) -> str:
        words = [f"{counts.done:,}/{counts.total:,} records"]
        words += [f"{counts.failed:,} failed"] if counts.failed else []
        left = self._left_s(counts)
        words += [f"about {rough_duration(left)} left"] if left else []
        return ", ".join(words)

    def _left_s(self, counts: Counts) -> float | None:
        """Return the time left at the pace seen since the first look: nobody saw the time before it."""
        now = self._clock()
        if self._first is None:
            self._first = (now, counts.done)
        began, done = self._first
        if counts.done <= done or counts.done >= counts.total:
            return None
        return (now - began) / (counts.done - done) * (counts.total - counts.done)
