"""`evaldrop plan`: what a run would ask for, before anything is spent."""

from typing import Annotated

import typer

from evaldrop.cli import completing, exits
from evaldrop.cli.naming import finished_run, finished_runs
from evaldrop.cli.options import (
    AsJson,
    Dataset,
    EvaluationFile,
    Limit,
    MaxInFlight,
    without_credentials,
)
from evaldrop.cli.output import complain, print_json, stdout
from evaldrop.run.place import DEFAULT_OUT


def plan(
    dataset: Dataset,
    evaluation: EvaluationFile = None,
    limit: Limit = None,
    max_in_flight: MaxInFlight = None,
    bedrock: Annotated[
        str | None,
        typer.Option(
            "--bedrock",
            callback=without_credentials,
            metavar="RUNTIME",
            help="What the run is to be made with, as evaldrop run has it; aws by default.",
        ),
    ] = None,
    difference: Annotated[
        float | None,
        typer.Option(
            "--difference",
            "-d",
            min=0.0001,
            max=1.0,
            help="Say how many records it takes to see this difference, as a share of the scale: 0.05 is "
            "five points of a pass rate.",
        ),
    ] = None,
    like: Annotated[
        str | None,
        typer.Option(
            "--like",
            metavar="RUN",
            help="Take from this run, named as evaldrop report names it, how much candidates differ and how "
            "long replies are. Without it replies are as long as in the evaluation's latest run below runs/ "
            "that asked in the same way.",
            autocompletion=completing.runs,
        ),
    ] = None,
    as_json: AsJson = False,
) -> int:
    """
    Say what a run would take and what it could show: calls, tokens, dollars, time, what it takes of quotas;
    the smallest difference.

    Nothing is called.

    Examples:

        evaldrop plan datasets/support-faq

        evaldrop plan big.jsonl --limit 500 --max-in-flight 200

        evaldrop plan faq.jsonl --difference 0.05 --like latest:faq
    """
    from evaldrop.bedrock.region import region_of
    from evaldrop.cli.advice import problem_with_advice
    from evaldrop.cli.datasets import given_dataset
    from evaldrop.cli.running import show_plan
    from evaldrop.cli.tables.plan import print_replies_of, print_sensitivity
    from evaldrop.cli.tables.quotas import print_quotas
    from evaldrop.run.request import RunRequest, new_run_id
    from evaldrop.scorecard.read import read_scorecard
    from evaldrop.steps.validate_dataset.observed import EarlierReplies, earlier_replies, reply_tokens
    from evaldrop.steps.validate_dataset.plan import refuse_above_budget
    from evaldrop.steps.validate_dataset.quotas import answer_lengths, plan_quotas
    from evaldrop.steps.validate_dataset.sensitivity import plan_sensitivity
    from evaldrop.steps.validate_dataset.validate import check_dataset

    given = given_dataset(dataset, evaluation)
    request = RunRequest(
        run_id=new_run_id(),
        dataset=given.dataset,
        evaluation=given.evaluation,
        out=DEFAULT_OUT,
        limit=limit,
        max_in_flight=max_in_flight,
        bedrock=bedrock or "aws",
        region=region_of(bedrock or "aws"),
    )
    earlier = None if like is None else finished_run(like)
    replies = None if earlier is None else EarlierReplies(earlier, reply_tokens(read_scorecard(earlier)))
    check = check_dataset(request, observed=None if replies is None else replies.tokens)
    if replies is None and check.definition is not None:
        named = check.definition.evaluation
        replies = earlier_replies(named, finished_runs(named.name), simulated=request.simulated)
        if replies is not None:
            check = check_dataset(request, observed=replies.tokens)
    if check.problems or check.plan is None or check.definition is None:
        complain("\n".join(map(problem_with_advice, check.problems)))
        return exits.WRONG_USE
    found = plan_sensitivity(check, like=earlier, difference=difference)
    evaluated = check.definition.evaluation
    runs = finished_runs(evaluated.name) if earlier is None else [earlier]
    quotas = plan_quotas(check.plan, evaluated, lengths=answer_lengths(evaluated, runs))
    if as_json:
        of_replies = None if replies is None else replies.folder
        more = {
            "replies_of": of_replies,
            "quotas": quotas.to_json(),
            "sensitivity": found.to_json(),
            "warnings": check.warnings,
        }
        print_json({**check.plan.to_json(), **more})
    else:
        show_plan(stdout(), check)
        print_replies_of(stdout(), check.plan, replies)
        print_quotas(stdout(), quotas)
        print_sensitivity(stdout(), found)
    # Last: the table above it shows what is too dear.
    refuse_above_budget(check.plan, check.definition.evaluation.budget_usd)
    return exits.PASSED
