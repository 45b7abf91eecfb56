"""`evaldrop rescore`: a run's replies read again by other rules, without a call."""

from typing import Annotated

import typer

from evaldrop.cli import exits
from evaldrop.cli.options import AsJson
from evaldrop.cli.output import print_json, shown, stdout


def rescore(
    run: Annotated[str, typer.Argument(metavar="RUN", help="A run's folder: a path or an s3:// URI.")],
    evaluation: Annotated[
        str | None,
        typer.Option(
            "--evaluation",
            "-e",
            metavar="FILE",
            help="The evaluation with other rules; by default the file the run was made with, as it is now.",
        ),
    ] = None,
    out: Annotated[
        str | None,
        typer.Option(
            "--out", "-o", metavar="DIR", help="The folder that runs are kept in; by default the run's."
        ),
    ] = None,
    as_json: AsJson = False,
) -> int:
    """
    Read a run's raw replies again: other pass marks, weights, metrics, prices, confidence, gate.

    Nothing is called. A new run is written, which names its parent.

    Examples:

        evaldrop rescore runs/support-answers/20261121T101500Z-4f3a2b

        evaldrop rescore runs/support-answers/20261121T101500Z-4f3a2b --evaluation stricter.yaml
    """
    from evaldrop.cli.tables.scorecard import print_scorecard
    from evaldrop.errors import InputError
    from evaldrop.run.request import has_begun
    from evaldrop.steps.build_scorecard import rescore

    if not has_begun(run):
        raise InputError(
            f"{run}: no run.json there. Give a run's folder, such as runs/<evaluation>/<run id>."
        )
    definition = rescore.rescore(run, evaluation=evaluation, out=out)
    scorecard = rescore.rescored_scorecard(definition)
    if as_json:
        print_json({"run": definition.folder, "scorecard": scorecard.model_dump(mode="json")})
    else:
        print_scorecard(stdout(), scorecard)
        stdout().print(f"\nreport: {shown(definition.folder)}/report.html")
    return exits.of_decision(scorecard.gate.decision)
