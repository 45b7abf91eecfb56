"""`evaldrop review`: responses out to people, their labels back in."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from evaldrop.cli import completing
from evaldrop.cli.naming import finished_run
from evaldrop.cli.options import AsJson, RunFolder, RunsIn
from evaldrop.cli.output import print_json, stdout
from evaldrop.run.place import DEFAULT_OUT

review = typer.Typer(
    name="review",
    help="""
    Have people score some of a run's responses, blind, to see what the judge is worth.

    Example:

        evaldrop review export latest --sample 50

        evaldrop review import review-3f9c21a0b4-Ada.json latest

        evaldrop calibrate latest
    """,
    no_args_is_help=True,
    rich_markup_mode="markdown",
)


@review.command("export")
def export(
    run: RunFolder,
    sample: Annotated[
        int, typer.Option("--sample", "-n", min=1, help="About how many responses to draw.")
    ] = 50,
    seed: Annotated[
        int, typer.Option("--seed", min=0, help="Of the draw: the same gives the same page.")
    ] = 1,
    criterion: Annotated[
        list[str] | None,
        typer.Option(
            "--criterion",
            "-c",
            help="Only this criterion; may be given several times.",
            autocompletion=completing.criteria_of_run,
        ),
    ] = None,
    to: Annotated[
        str | None,
        typer.Option("--to", metavar="DIR", help="Where page and sheet go; by default RUN/review."),
    ] = None,
    out: RunsIn = DEFAULT_OUT,
    as_json: AsJson = False,
) -> None:
    """
    Write a page, and a CSV, on which a person scores responses without knowing whose they are.

    Records are drawn at random, each with every candidate's response, and the responses put in a random
    order. The page works offline and sends nothing. The key that says which response is whose stays in the
    run's folder, in review/keys.

    Examples:

        evaldrop review export latest

        evaldrop review export support-answers -n 80 -c correctness --to out
    """
    from evaldrop.cli.tables.calibration import print_export
    from evaldrop.report.review.exporting import export_review

    folder = finished_run(run, out)
    done = export_review(folder, sample=sample, seed=seed, criteria=criterion or (), to=to)
    if as_json:
        print_json({**done._asdict(), "sampling": done.sampling.model_dump()})
    else:
        print_export(stdout(), done, folder)


@review.command("import")
# "import" is a keyword; the command's name is given to the decorator.
def import_(
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="What a person saved: the page's JSON, or the filled CSV.")
    ],
    run: RunFolder,
    rater: Annotated[
        str | None,
        typer.Option("--rater", metavar="NAME", help="Who scored; by default whom the file names."),
    ] = None,
    drawn_at_random: Annotated[
        bool,
        typer.Option(
            "--drawn-at-random", help="Of preferences: their records were drawn at random from this run."
        ),
    ] = False,
    out: RunsIn = DEFAULT_OUT,
    as_json: AsJson = False,
) -> None:
    """
    Store a person's labels with the evaluation: all of a file, or none and every problem with its line.

    Several people may score the same page; each file is stored on its own. Labels of your own, a CSV with
    record_id, candidate, criterion, score and perhaps rater, are held against the judge as well, but correct
    no number unless they are of everything: nobody knows how they were chosen. Preferences between two
    responses are a CSV or JSON lines with record, candidate, baseline, preferred (a name, or tie) and perhaps
    rater. Votes that the report's page saved are scores and preferences of what its reader picked by hand.

    Example:

        evaldrop review import review-3f9c21a0b4.json latest --rater Ada
    """
    from evaldrop.cli.tables.calibration import print_import
    from evaldrop.report.review.importing import import_file

    now = datetime.now(UTC).isoformat()
    folder = finished_run(run, out)
    done = import_file(file, folder, rater=rater, imported_at=now, drawn_at_random=drawn_at_random)
    if as_json:
        print_json(done._asdict())
    else:
        print_import(stdout(), done, folder)
