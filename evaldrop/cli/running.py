"""A run on this machine as people meet it: its price, its progress, its scorecard or what ended it."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rich.console import Console

from evaldrop.bedrock.metered import Meter
from evaldrop.bedrock.passing import passing_cause
from evaldrop.cli import exits
from evaldrop.cli.output import (
    complain,
    confirmed,
    is_attended,
    print_json,
    say_simulated,
    shown,
    stderr,
    stdout,
    warn,
)
from evaldrop.cli.progress import RunProgress
from evaldrop.errors import InputError, is_bad_input
from evaldrop.run.request import RunRequest, has_begun
from evaldrop.running.here import LocalRun, execute_here

if TYPE_CHECKING:
    from evaldrop.engine import Execution
    from evaldrop.scorecard.model.scorecard import Scorecard
    from evaldrop.steps.validate_dataset.validate import Check


def run_and_show(run: LocalRun, *, yes: bool, as_json: bool) -> int:
    """Execute a run that its user agrees to, and print its scorecard; return the exit code."""
    if not yes and not agreed(run.request):
        complain("stopped before anything was spent.")
        return exits.WRONG_USE
    progress = RunProgress(stderr())

    @contextmanager
    def watch(meter: Meter) -> Iterator[RunProgress]:
        if run.request.simulated:
            say_simulated(stderr())
        try:
            with progress.shown(meter):
                yield progress
        except KeyboardInterrupt:
            # Here, and not when all processes have ended: one of them may be in the middle of a scorecard.
            complain(f"stopped: {progress.line()}.")
            # Of records that are not done yet calls may be answered, and paid for.
            if has_begun(run.folder):
                complain(_how_to_go_on(run))
            raise

    execution = execute_here(run, watch)
    # Ctrl-C has been told of already, in `watch`.
    if execution is None:
        return exits.INTERRUPTED
    if execution.status == "SUCCEEDED":
        return show_finished(run, as_json=as_json)
    # Without a run.json --resume would refuse the folder.
    if progress.done and has_begun(run.folder):
        warn(_how_to_go_on(run))
    return _show_failure(execution, run, as_json=as_json)


def agreed(request: RunRequest) -> bool:
    """Show what a run would cost and ask; only a person at a terminal is asked, and only about money."""
    if not request.bedrock.startswith("aws") or not is_attended():
        return True
    from evaldrop.steps.validate_dataset.validate import check_dataset

    check = check_dataset(request)
    show_plan(stderr(), check)
    # Without a plan the workflow refuses it, with all its problems.
    return check.plan is None or confirmed("Run it?")


def show_plan(console: Console, check: "Check") -> None:
    """Print what a dataset's check warns of, and the plan of the run where nothing is wrong."""
    from evaldrop.cli.tables.plan import print_plan

    for warning in check.warnings:
        warn(warning)
    if check.plan and check.definition:
        print_plan(console, check.plan, budget_usd=check.definition.evaluation.budget_usd)


def _how_to_go_on(run: LocalRun) -> str:
    return f"what was done is kept. Go on with: evaldrop run --resume {run.folder}"


def _show_failure(execution: "Execution", run: LocalRun, *, as_json: bool) -> int:
    complain(str(execution.cause or execution.error))
    if as_json:
        ended = {"status": execution.status, "error": execution.error, "cause": execution.cause}
        print_json({**ended, "run": run.folder})
    # By the error's name: what a function raised comes back from the workflow as text.
    return exits.WRONG_USE if is_bad_input(str(execution.error)) else exits.RUN_FAILED


def require_run(folder: str) -> None:
    """
    Refuse a folder in which no run has begun.

    Raises:
        InputError: There is no run.json.
    """
    if not has_begun(folder):
        raise InputError(
            f"{folder}: no run.json there. Give a run's folder, such as runs/<evaluation>/<run id>."
        )


def show_finished(run: LocalRun, *, as_json: bool) -> int:
    """Print the scorecard of a run that has succeeded; return the exit code of its gate."""
    from evaldrop.scorecard.read import read_scorecard

    scorecard = read_scorecard(run.folder)
    passing, again = passing_errors(scorecard), f"evaldrop run --resume {run.folder} --retry-errors"
    document: dict[str, Any] = {"status": "SUCCEEDED", "run": run.folder}
    if passing:
        document |= {"passing_errors": passing, "retry_errors": again}
    code = show_scorecard(scorecard, run.folder, document if as_json else None)
    if passing and not as_json:
        # Last, where whoever comes back to the terminal looks first.
        n = sum(passing.values())
        calls = "1 call" if n == 1 else f"{n:,} calls"
        causes = ", ".join(f"{cause}: {count:,}" for cause, count in passing.items())
        warn(
            f"{calls} failed for a cause that may have passed ({causes}). "
            f"To call again only what failed: {again}"
        )
    return code


def passing_errors(scorecard: "Scorecard") -> dict[str, int]:
    """Return how many calls of a run failed that may be answered now, by cause, the most frequent first."""
    found: Counter[str] = Counter()
    counted = (
        *(card.responses.error_names for card in scorecard.candidates.values()),
        *(judge.error_names for judge in scorecard.judges.values()),
    )
    for names in counted:
        for name, n in names.items():
            if cause := passing_cause(name):
                found[cause] += n
    return dict(found.most_common())


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
        stdout().print(f"\nreport: {shown(folder)}/report.html")
    return exits.of_scorecard(scorecard)
