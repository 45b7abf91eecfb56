"""`evaldrop doctor`: whether an account can run evaluations."""

from dataclasses import asdict
from typing import Annotated

import typer

from evaldrop.cli import exits
from evaldrop.cli.options import DEFAULT_STACK, AsJson
from evaldrop.cli.output import print_json, stderr, stdout


def doctor(
    evaluation: Annotated[
        str | None,
        typer.Argument(
            metavar="[EVALUATION]",
            help="The evaluation.yaml whose models are looked at; by default the sample's.",
        ),
    ] = None,
    stack: Annotated[
        str | None,
        typer.Option(
            "--stack",
            "-s",
            metavar="NAME",
            envvar="EVALDROP_STACK",
            help=f"The deployed stack; by default {DEFAULT_STACK}, which need not be there yet.",
        ),
    ] = None,
    calls: Annotated[
        bool, typer.Option("--calls/--no-calls", help="Call every model for one token, which has a price.")
    ] = True,
    as_json: AsJson = False,
) -> int:
    """
    Look at an AWS account: credentials, access to each model, quotas, and a stack with what it needs.

    Nothing is changed. Each model is called for one token; what that costs at most is said first. The exit
    code is 0, or 3 when something stands in the way of a run or of its message.

    Examples:

        evaldrop doctor

        evaldrop doctor datasets/support-faq/evaluation.yaml --no-calls

        evaldrop doctor --stack evaldrop-test --json
    """
    from evaldrop.cli.tables.doctor import print_findings
    from evaldrop.evaluation.definition import called_models
    from evaldrop.evaluation.load import read_evaluation
    from evaldrop.evaluation.prices import load_prices
    from evaldrop.evaluation.regions import in_region
    from evaldrop.running.deployed.checkup.checkup import check_account
    from evaldrop.running.deployed.checkup.models import models_here, price_of_calls
    from evaldrop.running.deployed.clients import client
    from evaldrop.scorecard.figures import usd
    from evaldrop.shipped import resource

    evaluated = read_evaluation(evaluation or str(resource("datasets", "support-faq", "evaluation.yaml")))
    # As boto3 has it: what it names is where the calls go.
    region = client("bedrock").meta.region_name
    models = models_here(called_models([evaluated]), region)
    if calls and models.called:
        cost = usd(price_of_calls(models.called, load_prices(in_region(evaluated, region).prices)))
        stderr().print(f"calling {len(models.called)} models for one token each: at most {cost}")
    findings = check_account(
        client,
        # Throttling is a finding, not something to wait for.
        client("bedrock-runtime", attempts=1) if calls else None,
        models=models,
        stack=stack or DEFAULT_STACK,
        stack_is_named=stack is not None,
        evaluation=evaluated,
    )
    if as_json:
        print_json([asdict(each) for each in findings])
    else:
        print_findings(stdout(), findings)
    return exits.RUN_FAILED if any(each.state == "problem" for each in findings) else exits.PASSED
