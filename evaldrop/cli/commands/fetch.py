"""`evaldrop fetch`: a deployed run's folder, copied to this machine."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from evaldrop.cli.next_steps import command
from evaldrop.cli.options import DEFAULT_STACK, AsJson, DeployedRun, StackName, on_this_machine
from evaldrop.cli.output import print_json, say_commands, shown, stderr, stdout, warn
from evaldrop.cli.prose import print_prose

if TYPE_CHECKING:
    from evaldrop.running.deployed.fetching import Fetching, Outcome, Remote


def fetch(
    run: DeployedRun,
    stack: StackName = DEFAULT_STACK,
    to: Annotated[
        Path | None,
        typer.Option(
            "--to",
            metavar="DIR",
            callback=on_this_machine,
            help="The folder to copy the run's into; runs/EVALUATION/RUN by default.",
            show_default=False,
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """
    Copy a run's folder to this machine; `evaldrop report`, `compare` and all that take a folder work on it.

    Files that are there already are not copied again: one that was broken off is gone on with by the same
    command. Each is checked against the digest that S3 keeps.

    Examples:

        evaldrop fetch latest:support-answers

        evaldrop fetch ds-4b0c1f6f

        evaldrop fetch s3://bucket/runs/support-answers/ds-4b0c1f6f0d --to last-week
    """
    from evaldrop.running.deployed.clients import client
    from evaldrop.running.deployed.fetching import Fetching
    from evaldrop.running.deployed.following import folder_of
    from evaldrop.running.deployed.stack import deployed_stack

    folder = folder_of(run, lambda: deployed_stack(stack))
    place = to or Path("runs", *folder.split("/")[-2:])
    fetching = Fetching(folder, place, client("s3"))
    files = fetching.listing()
    if not any(file.name == "scorecard.json" for file in files):
        # No error: replies of a run that is still at work, or failed, are worth a look, too.
        warn(f"{folder} has no scorecard: the run is not finished. Fetch again when it is.")
    counts = _fetch(fetching, files)
    if as_json:
        sizes = {"files": len(files), "bytes": sum(file.size for file in files)}
        print_json({"run": folder, "to": str(place), **sizes, **counts})
        return
    copied = counts["verified"] + counts["size"]
    # Said, because a size alone does not tell a damaged file of the same length.
    by_size = f", {counts['size']:,} by size alone" if counts["size"] else ""
    there = f"{counts['there']:,} were there already"
    print_prose(stderr(), f"{copied:,} files copied and verified{by_size}; {there}.")
    # The path alone goes to stdout, for a script to take; counts and hints go to stderr.
    stdout().print(shown(str(place)), soft_wrap=True)
    say_commands("to look at it:", [command("report", str(place), "--open")])


def _fetch(fetching: "Fetching", files: "list[Remote]") -> "dict[Outcome, int]":
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    console = stderr()
    columns = (TextColumn("fetching"), BarColumn(bar_width=24), DownloadColumn(), TransferSpeedColumn())
    # Elsewhere than on a terminal a bar would fill a log with its redrawn lines.
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as live:
        task = live.add_task("", total=sum(file.size for file in files))
        return fetching.fetch(files, copied=lambda size: live.advance(task, size))
