"""`evaldrop rescore`: a run's replies read again by other rules, without a call."""

from typing import Annotated

import typer

from evaldrop.cli.options import AsJson, OutOfRun, RunFolder


def rescore(
    run: RunFolder,
    evaluation: Annotated[
        str | None,
        typer.Option(
            "--evaluation",
            "-e",
            metavar="FILE",
            help="The evaluation with other rules; by default the file the run was made with, as it is now.",
        ),
    ] = None,
    out: OutOfRun = None,
    as_json: AsJson = False,
) -> int:
    """
    Read a run's raw replies again: other pass marks, weights, metrics, prices, confidence, gate.

    Nothing is called. A new run is written, which names its parent.

    Examples:

        evaldrop rescore runs/support-answers/20261121T101500Z-4f3a2b

        evaldrop rescore runs/support-answers/20261121T101500Z-4f3a2b --evaluation stricter.yaml
    """
    from evaldrop.cli.running import require_run, show_scorecard
    from evaldrop.steps.build_scorecard.rescore import rescore as read_again
    from evaldrop.steps.build_scorecard.rescore import rescored_scorecard

    require_run(run)
    definition = read_again(run, evaluation=evaluation, out=out)
    document = {"run": definition.folder} if as_json else None
    return show_scorecard(rescored_scorecard(definition), definition.folder, document)
