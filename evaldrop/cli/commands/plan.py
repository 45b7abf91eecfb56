"""`evaldrop plan`: what a run would ask for, before anything is spent."""

from evaldrop.cli import exits
from evaldrop.cli.options import AsJson, Dataset, EvaluationFile, Limit, MaxInFlight
from evaldrop.cli.output import complain, print_json, stdout, warn
from evaldrop.cli.plan_table import print_plan


def plan(
    dataset: Dataset,
    evaluation: EvaluationFile = None,
    limit: Limit = None,
    max_in_flight: MaxInFlight = None,
    as_json: AsJson = False,
) -> int:
    """
    Say what a run would take: calls, tokens, dollars, time. Nothing is called.

    Examples:

        evaldrop plan datasets/support-faq/records.jsonl

        evaldrop plan big.jsonl --limit 500 --max-in-flight 200
    """
    from evaldrop.definition import RunRequest, new_run_id
    from evaldrop.plan import refuse_above_budget
    from evaldrop.validation import check_dataset

    request = RunRequest(
        run_id=new_run_id(),
        dataset=dataset,
        evaluation=evaluation,
        out="runs",
        limit=limit,
        max_in_flight=max_in_flight,
    )
    check = check_dataset(request)
    if check.problems or check.plan is None or check.definition is None:
        complain("\n".join(check.problems))
        return exits.WRONG_USE
    if as_json:
        print_json(check.plan.to_json())
    else:
        for warning in check.warnings:
            warn(warning)
        print_plan(stdout(), check.plan, budget_usd=check.definition.evaluation.budget_usd)
    refuse_above_budget(check.plan, check.definition.evaluation.budget_usd)
    return exits.PASSED
