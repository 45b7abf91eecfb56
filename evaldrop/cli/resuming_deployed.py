"""`evaldrop run --resume s3://…`: a run of a stack that goes on there, as a person follows it."""

from evaldrop.cli import exits
from evaldrop.cli.output import complain, confirmed, is_attended, shown, stderr
from evaldrop.cli.prose import print_prose
from evaldrop.cli.watching import watch_run
from evaldrop.errors import InputError
from evaldrop.running.deployed import clients
from evaldrop.running.deployed.resuming import rest_of_run
from evaldrop.running.deployed.stack import stack_that_keeps


def resume_and_show(
    folder: str, *, budget_usd: float | None, go_on: bool | None, yes: bool, as_json: bool
) -> int:
    """
    Start an execution about a run's records without a result, and watch it to its end; return the exit code.

    Raises:
        InputError: Nothing is left, the run is going on, or no stack keeps its folder.
    """
    rest = rest_of_run(folder, budget_usd=budget_usd, go_on=go_on)
    stack = stack_that_keeps(rest.request.out)
    if stack is None:
        raise InputError(f"{folder}: no stack keeps its runs there. A copy of a run does not go on.")
    counted = "1 record has" if rest.records == 1 else f"{rest.records:,} records have"
    if rest.is_searching:
        said = f"its search for prompts goes on by stack {shown(stack.name)}; then {counted} to be evaluated."
    else:
        said = f"{counted} no result; they are evaluated by stack {shown(stack.name)}."
    print_prose(stderr(), said)
    # A script is never asked: it could not answer, and would hang.
    if not yes and is_attended() and not confirmed("Go on?" if rest.is_searching else "Evaluate them?"):
        complain("stopped before anything was called.")
        return exits.WRONG_USE
    run = rest.start(stack, clients.client("stepfunctions"))
    print_prose(stderr(), f"execution {shown(run.execution_arn or '')}")
    return watch_run(run, as_json=as_json, facts={"stack": stack.name, "records": rest.records})
