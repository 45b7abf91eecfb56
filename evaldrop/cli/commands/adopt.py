"""`evaldrop adopt`: the prompt that a run made, as the next version of its file."""

import datetime as dt
from typing import Annotated

import typer

from evaldrop import storage
from evaldrop.cli import completing
from evaldrop.cli.naming import finished_run
from evaldrop.cli.next_steps import command
from evaldrop.cli.options import RunFolder, RunsIn
from evaldrop.cli.output import say_simulated, shown, stderr, stdout, warn
from evaldrop.cli.prose import print_prose
from evaldrop.errors import InputError
from evaldrop.run.place import DEFAULT_OUT


def adopt(
    run: RunFolder,
    candidate: Annotated[
        str,
        typer.Argument(
            metavar="CANDIDATE",
            help="The candidate whose prompt the run made.",
            autocompletion=completing.improved_candidates,
        ),
    ],
    out: RunsIn = DEFAULT_OUT,
    to: Annotated[
        str | None,
        typer.Option(
            "--to",
            metavar="PLACE",
            help="A folder, or a file such as answer.v2.md; by default beside the first prompt, or in "
            "prompts/candidate beside the evaluation.",
        ),
    ] = None,
    anyway: Annotated[
        bool, typer.Option("--anyway", help="Adopt it although no gain is shown on the test part.")
    ] = False,
) -> None:
    """
    Write the prompt of a run as the next version of its file, and show what it changes.

    Before its first heading the file says where it is from: the run, who wrote it, the digests of both
    prompts, and what was shown on records that nobody tuned on. Nothing is overwritten, and the evaluation
    stays as it is: it is told what to name there.

    Examples:

        evaldrop adopt latest haiku_tuned

        evaldrop adopt support-answers~1 haiku_tuned --to prompts/candidate/answer.v7.md
    """
    from evaldrop.cli.adopting import adoptable, is_changed, place_of
    from evaldrop.cli.tables.words import print_as_one
    from evaldrop.evaluation.prompts import preface_and_rest

    folder = finished_run(run, out)
    adoption, is_shown = adoptable(folder, candidate)
    if not is_shown and not anyway:
        raise InputError(
            f"{folder}: {adoption.claim}. `--anyway` adopts it all the same; "
            f"`{command('report', folder)}` tells more."
        )
    path = place_of(adoption, to)
    day = dt.datetime.now(dt.UTC).date().isoformat()
    storage.write_bytes(str(path), adoption.file(day=day).encode())
    if adoption.simulated:
        say_simulated(stderr())
    if is_changed(adoption):
        warn(f"{adoption.improved.improve} has been changed since: the run measured against what it was.")
    console = stdout()
    print_prose(console, f"wrote [bold]{shown(str(path))}[/bold]")
    print_prose(console, f"{shown(adoption.claim)}.")
    console.print()
    # What is said to people is another matter.
    print_as_one(console, preface_and_rest(adoption.first)[1], preface_and_rest(adoption.chosen)[1])
    print_prose(
        stderr(),
        f"next: in evaluation.yaml give {shown(candidate)} `prompt: {shown(path.stem)}` in place of how "
        "a run makes one; the next run measures it.",
    )
