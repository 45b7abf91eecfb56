"""`evaldrop trend`: the history of an evaluation, and since when something moved."""

from typing import Annotated

import typer

from evaldrop.cli import completing
from evaldrop.cli.options import AsJson, Out
from evaldrop.cli.output import print_json, stdout
from evaldrop.errors import InputError
from evaldrop.nearest import did_you_mean
from evaldrop.run.place import DEFAULT_OUT


def trend(
    evaluation: Annotated[
        str,
        typer.Argument(
            metavar="EVALUATION",
            help="The evaluation's name, as its folder is named.",
            autocompletion=completing.evaluations,
        ),
    ],
    out: Out = DEFAULT_OUT,
    baseline_runs: Annotated[
        int | None,
        typer.Option(
            "--baseline-runs",
            min=3,
            max=100,
            help="Runs that set level and noise, at the beginning and after each change; 8 by default.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """
    Show every candidate's estimates run by run, what was changed between runs, and what moved by itself.

    Frozen responses (the evaluation's anchors, and those given in the dataset) are judged anew in each run:
    when they move, the judge did.

    Examples:

        evaldrop trend support-answers

        evaldrop trend support-answers --out s3://bucket/runs --json
    """
    from evaldrop import storage
    from evaldrop.cli.tables.trend import print_trend
    from evaldrop.report.history_index import HISTORY_FILE, bridges_by_evaluation, read_entries, read_history
    from evaldrop.running.history.listing import history_files
    from evaldrop.scorecard.trend import BASELINE_RUNS, trend_of
    from evaldrop.scorecard.trend.bridges import BRIDGES_FILE

    # What the history does not know of may be there all the same.
    files = history_files(out, evaluation, HISTORY_FILE)
    entries = read_entries(files) if files else read_history(out).entries
    # A mistyped name would give an empty trend, which reads like good news.
    known = sorted({entry.evaluation for entry in entries})
    if evaluation not in known:
        what = f'{out}: no finished run of "{evaluation}".{did_you_mean(evaluation, known)}'
        there = f"There are {', '.join(known)}." if known else "There is no finished run at all."
        raise InputError(f"{what} {there} --out DIR looks elsewhere.")
    kept = storage.join(out, f"{evaluation}/{BRIDGES_FILE}")
    bridges = bridges_by_evaluation([kept] if storage.exists(kept) else []).get(evaluation, ())
    found = trend_of(entries, evaluation, baseline_runs=baseline_runs or BASELINE_RUNS, bridges=bridges)
    if as_json:
        print_json(found.to_json())
    else:
        print_trend(stdout(), found)
