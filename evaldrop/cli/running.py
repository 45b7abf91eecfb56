"""A run on this machine as people meet it: its price, its progress, its scorecard or what ended it."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING, Any

from rich.console import Console

from evaldrop import storage
from evaldrop.bedrock.metered import Meter
from evaldrop.cli import exits
from evaldrop.cli.next_steps import command, pages_of, resume, say_next
from evaldrop.cli.output import (
    complain,
    confirmed,
    is_attended,
    print_json,
    say_commands,
    say_simulated,
    shown,
    stderr,
    stdout,
    warn,
)
from evaldrop.cli.progress import RunProgress
from evaldrop.cli.prose import print_prose
from evaldrop.errors import EvaldropError, is_bad_input
from evaldrop.prompt_search.kept import search_in_words
from evaldrop.run.request import has_begun
from evaldrop.running.here import LocalRun, execute_here
from evaldrop.running.history.noting import note_begun, note_ended
from evaldrop.running.stopping import as_ctrl_c

if TYPE_CHECKING:
    from evaldrop.engine import Execution
    from evaldrop.running.retrying import RetryPlan
    from evaldrop.scorecard.model.scorecard import Scorecard
    from evaldrop.steps.validate_dataset.validate import DatasetCheck

LAST_WORD_S = 1.5
"""What a page takes to hear that its run has ended: more than two looks."""


def run_and_show(
    run: LocalRun,
    *,
    yes: bool,
    as_json: bool,
    report_url: str | None = None,
    in_browser: bool = False,
    show: Callable[[], int] | None = None,
) -> int:
    """
    Execute a run that its user agrees to, and print its scorecard; return the exit code.

    `report_url`: where its report will be read, for the link in `summary.md`. `in_browser`: a page shows it
    meanwhile, and on a terminal until Ctrl-C. `show` is called when it has succeeded, instead of showing its
    scorecard.
    """
    if not yes and not agreed(run):
        complain("stopped before anything was spent.")
        return exits.WRONG_USE
    with ExitStack() as until_read:
        page = _Page(run.folder, until_read) if in_browser else None
        code = _run_and_show(run, page, as_json=as_json, report_url=report_url, show=show)
        if page is not None:
            page.wait()
    return code


class _Page:
    """The live page of a run, from when its folder is there until the block ends that `until` closes."""

    def __init__(self, folder: str, until: ExitStack) -> None:
        self._folder, self._until = folder, until
        self._wait: Callable[[float | None], None] | None = None

    def open(self, console: Console) -> None:
        """Serve it, and say where on the console that shows the progress: its line is drawn anew below."""
        from evaldrop.cli.live import shown_live

        self._wait = self._until.enter_context(shown_live(self._folder, console, open_page=is_attended()))

    def wait(self) -> None:
        """Leave it there until Ctrl-C; where there is no terminal, until it has heard of the end."""
        if self._wait is None:
            return
        is_read = is_attended() and storage.exists(storage.join(self._folder, "report.html"))
        with suppress(KeyboardInterrupt):
            if is_read:
                stderr().print("The page leads to the report, and stays until Ctrl-C.")
            self._wait(None if is_read else LAST_WORD_S)


def _run_and_show(
    run: LocalRun,
    page: _Page | None,
    *,
    as_json: bool,
    report_url: str | None,
    show: Callable[[], int] | None,
) -> int:
    console = stderr()
    progress = RunProgress(
        console,
        searching=lambda: search_in_words(run.folder),
        restated=lambda: _restated(run.folder),
    )
    is_told = False

    @contextmanager
    def watch(meter: Meter) -> Iterator[RunProgress]:
        nonlocal is_told
        if run.request.simulated:
            say_simulated(stderr())
        if page is not None:
            page.open(console)
        try:
            with progress.shown(meter):
                yield progress
        except KeyboardInterrupt:
            # Here, and not when all processes have ended: a second Ctrl-C may end them without a word.
            is_told = True
            _say_stopped(run, f"stopped: {progress.line()}.")
            raise
        except EvaldropError as fault:
            _say_stopped(run, f"{str(fault).rstrip('.')}. Stopped: {progress.line()}.")
            raise _SaidError from fault

    note_begun(run)
    try:
        with as_ctrl_c():
            execution = execute_here(run, watch, warn)
    except _SaidError:
        note_ended(run, None, warn)
        return exits.RUN_FAILED
    note_ended(run, execution, warn)
    if execution is None:
        if not is_told:
            _say_stopped(run, "stopped before anything was called.")
        return exits.INTERRUPTED
    if execution.status == "SUCCEEDED":
        return show() if show else show_finished(run, as_json=as_json, report_url=report_url)
    # Without a run.json --resume would refuse the folder.
    if progress.done and has_begun(run.folder):
        _say_how_to_go_on(run)
    return _show_failure(execution, run, as_json=as_json)


def _restated(folder: str) -> str | None:
    from evaldrop.report.restated import restated_in_words
    from evaldrop.run.definition import RunDefinition

    return restated_in_words(RunDefinition.load(folder).estimate)


class _SaidError(Exception):
    """What ended a run has been said."""


def _say_stopped(run: LocalRun, what: str) -> None:
    # The terminal may be what has gone.
    with suppress(OSError):
        complain(what)
        # Of records that are not done yet calls may be answered, and paid for.
        if has_begun(run.folder):
            _say_how_to_go_on(run)


def show_ended(
    run: LocalRun,
    *,
    retry: bool,
    yes: bool,
    force: bool,
    as_json: bool,
    report_url: str | None = None,
    in_browser: bool = False,
    is_raised: bool = False,
) -> int:
    """
    Show a run that has ended, or call again what failed in it; return the exit code.

    Args:
        run: The run.
        retry: Whether `--retry-errors` is given.
        yes: Whether nobody is to be asked.
        force: Whether everything may be called again where replies are not kept.
        as_json: Whether the scorecard is printed as JSON.
        report_url: Where the report will be read.
        in_browser: Whether a page shows what is called again.
        is_raised: Whether a budget is given: records that were not begun are called by it.
    """
    from evaldrop.running.resuming import retrying
    from evaldrop.running.retrying import retry_plan
    from evaldrop.scorecard.read import read_scorecard

    plan = retry_plan(read_scorecard(run.folder))
    if plan.is_empty or not (retry or (is_raised and plan.has_skipped)):
        lasting = f": {_named(plan.kept)} would fail again" if plan.kept else ", without an error"
        rest = f"{lasting}: there is nothing to do." if plan.is_empty else "."
        print_prose(stderr(), f"{shown(run.folder)} is finished{shown(rest)}")
        return show_finished(run, as_json=as_json, report_url=report_url)
    again = retrying(run, force=force)
    _say_what_is_left(plan)
    return run_and_show(again, yes=yes, as_json=as_json, report_url=report_url, in_browser=in_browser)


def _say_what_is_left(plan: "RetryPlan") -> None:
    if plan.skipped:
        cost = "" if plan.cost_usd is None else f" They may cost about ${plan.cost_usd:,.2f} more."
        warn(f"the budget was spent: {_counted(plan.skipped, 'record not begun')}.{cost}")
    elif plan.unasked:
        warn(f"the budget was spent: {_counted(plan.unasked, 'verdict of evaluation jobs not asked for')}.")
    if plan.candidates or plan.judges or plan.records:
        warn(_what_failed(plan))


def _what_failed(plan: "RetryPlan") -> str:
    parts = [
        (plan.candidates, "call of candidates"),
        (plan.judges, "call of judges"),
        (plan.records, "record without a result"),
    ]
    counts = ", ".join(_counted(number, words) for number, words in parts if number)
    why = f" ({_named(plan.causes)})" if plan.causes else ""
    cost = "" if plan.cost_usd is None else f", for about ${plan.cost_usd:,.2f}"
    left = f" Not called again, for it would fail again: {_named(plan.kept)}." if plan.kept else ""
    return f"What failed may be answered now: {counts}{why}{cost}.{left}"


def _counted(number: int, words: str) -> str:
    first, _, rest = words.partition(" ")
    return f"{number:,} {first if number == 1 else first + 's'} {rest}"


def _named(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name}: {number:,}" for name, number in counts.items())


def agreed(run: LocalRun) -> bool:
    """Show what a run would cost and ask; only a person at a terminal is asked, and only about money."""
    request = run.request
    if not request.bedrock.startswith("aws") or not is_attended():
        return True
    if run.retries_errors:  # what it costs has been said
        return confirmed("Call them again?")
    from evaldrop.steps.validate_dataset.validate import check_dataset

    check = check_dataset(request)
    show_plan(stderr(), check)
    # Without a plan the workflow refuses it, with all its problems.
    return check.plan is None or confirmed("Run it?")


def show_plan(console: Console, check: "DatasetCheck") -> None:
    """Print what a dataset's check warns of, and the plan of the run where nothing is wrong."""
    from evaldrop.cli.tables.plan import print_plan

    for warning in check.warnings:
        warn(warning)
    if check.plan and check.definition:
        print_plan(console, check.plan, budget_usd=check.definition.evaluation.budget_usd)


def _say_how_to_go_on(run: LocalRun) -> None:
    say_commands("what was done is kept. Go on with:", [resume(run.folder)])


def _show_failure(execution: "Execution", run: LocalRun, *, as_json: bool) -> int:
    complain(str(execution.cause or execution.error))
    if as_json:
        ended = {"status": execution.status, "error": execution.error, "cause": execution.cause}
        print_json({**ended, "run": run.folder})
    # By the error's name: what a function raised comes back from the workflow as text.
    return exits.WRONG_USE if is_bad_input(str(execution.error)) else exits.RUN_FAILED


def show_finished(run: LocalRun, *, as_json: bool, report_url: str | None = None) -> int:
    """Print the scorecard of a run that has succeeded; return the exit code of its gate."""
    from evaldrop.running.retrying import retry_plan
    from evaldrop.scorecard.read import read_scorecard

    scorecard = read_scorecard(run.folder)
    if report_url is not None:
        from evaldrop.report.writing import write_summary

        write_summary(run.folder, scorecard, report_url)
    plan, again = retry_plan(scorecard), command("run", "--resume", run.folder, "--retry-errors")
    if plan.has_skipped:
        again = command("run", "--resume", run.folder, "--budget", "USD")
    document: dict[str, Any] = {"status": "SUCCEEDED", "run": run.folder}
    if not plan.is_empty:
        document |= {"passing_errors": plan.causes, "retry_errors": again}
    code = show_scorecard(scorecard, run.folder, document if as_json else None)
    # Last, where whoever comes back to the terminal looks first.
    _say_what_is_left(plan)
    if not as_json:
        say_next(scorecard, run.folder, again=None if plan.is_empty else again)
    elif not plan.is_empty:
        say_commands("call again:", [again])
    return code


def show_scorecard(scorecard: "Scorecard", folder: str, document: dict[str, Any] | None) -> int:
    """
    Print a scorecard and where its report is; return the exit code of its gate.

    `document` is what a JSON document says before the scorecard; None prints for people.
    """
    from evaldrop.cli.tables.scorecard import print_scorecard

    if document is not None:
        print_json({**document, "scorecard": scorecard.model_dump(mode="json")})
    else:
        print_scorecard(stdout(), scorecard)
        print_prose(stdout(), f"\n{shown(pages_of(scorecard, folder))}")
    return exits.of_scorecard(scorecard)
