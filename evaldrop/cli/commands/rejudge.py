"""`evaldrop rejudge`: judges called for what is new; responses and replies of the parent run are kept."""

from typing import Annotated

import typer

from evaldrop.cli.naming import finished_run
from evaldrop.cli.options import (
    AsJson,
    GoOn,
    MaxInFlight,
    OtherEvaluation,
    OutOfRun,
    ReportUrl,
    RunFolder,
    Yes,
    without_credentials,
)


def rejudge(
    run: RunFolder,
    evaluation: OtherEvaluation = None,
    bedrock: Annotated[
        str | None,
        typer.Option(
            "--bedrock",
            callback=without_credentials,
            metavar="RUNTIME",
            help="Who answers; by default as in the run.",
        ),
    ] = None,
    out: OutOfRun = None,
    max_in_flight: MaxInFlight = None,
    go_on: GoOn = False,
    report_url: ReportUrl = None,
    bridge: Annotated[
        str | None,
        typer.Option(
            "--bridge",
            metavar="JUDGE[=MODEL]",
            help="A judge's successor reads the last runs' responses; a line links the history's parts.",
        ),
    ] = None,
    replaces: Annotated[
        str | None,
        typer.Option(
            "--replaces",
            metavar="JUDGE",
            help="With --bridge: whose place it takes; by default the only one's.",
        ),
    ] = None,
    last: Annotated[
        int,
        typer.Option("--last", min=1, max=50, help="With --bridge: how many runs are read, RUN the last."),
    ] = 4,
    yes: Yes = False,
    as_json: AsJson = False,
) -> int:
    """
    Judge a run's responses again: judges are called for what is new, candidates are not called at all.

    New is a judge, a criterion, another judge prompt or question, and a judge's call that had failed. A new
    run is written, which names its parent.

    Examples:

        evaldrop rejudge latest

        evaldrop rejudge support-answers --evaluation with-empathy.yaml

        evaldrop rejudge support-answers --bridge strict=us.amazon.nova-pro-v1:0
    """
    if bridge is not None:
        from evaldrop.cli.bridging import BridgeWish, build_bridge

        successor = BridgeWish(judge=bridge, replaces=replaces, runs=last, bedrock=bedrock)
        return build_bridge(finished_run(run, out), successor, out=out, yes=yes, as_json=as_json)
    from evaldrop.cli.running import run_and_show
    from evaldrop.running.here import rejudged_run

    wanted = rejudged_run(
        finished_run(run, out),
        evaluation=evaluation,
        bedrock=bedrock,
        out=out,
        max_in_flight=max_in_flight,
        go_on=go_on,
    )
    return run_and_show(wanted, yes=yes, as_json=as_json, report_url=report_url)
