"""The scorers that an evaluation names: which they are, and what is wrong with them where."""

from collections.abc import Collection, Iterable, Iterator

from evaldrop.checks import check_from_config
from evaldrop.checks.scorers import ScorerSettings
from evaldrop.errors import EvaluationError
from evaldrop.evaluation.definition import Evaluation


def named_scorers(evaluation: Evaluation) -> dict[str, ScorerSettings]:
    """Return an evaluation's scorers by the names of their checks; what cannot be read is not among them."""
    found: dict[str, ScorerSettings] = {}
    for config in evaluation.checks:
        try:
            check = check_from_config(config, path="checks")
        except EvaluationError:
            continue  # whoever reads the checks says so
        if isinstance(check.parameters, ScorerSettings):
            found[check.name] = check.parameters
    return found


def named_functions(evaluations: Iterable[Evaluation], further: Iterable[str] = ()) -> list[str]:
    """Return every Lambda function that scores for evaluations, once, in order."""
    named = (scorer.function for each in evaluations for scorer in named_scorers(each).values())
    return sorted({*filter(None, named), *further})


def function_arn(function: str, *, partition: str, region: str, account: str) -> str:
    """Return the ARN of a function that is named, in an account and a Region where its name says none."""
    if function.startswith("arn:"):
        return function
    return f"arn:{partition}:lambda:{region}:{account}:function:{function}"


def stack_scorer_problems(
    evaluation: Evaluation,
    allowed: Iterable[str] | None,
    *,
    partition: str,
    region: str,
    account: str,
    made: Collection[str] = (),
) -> Iterator[str]:
    """
    Yield which scorers a stack cannot ask.

    Args:
        evaluation: Whose scorers.
        allowed: The functions that the stack may call; None for any.
        partition: The stack's.
        region: The stack's.
        account: The stack's.
        made: Scorers of which the stack made functions, by what stands behind python:.
    """
    here = {"partition": partition, "region": region, "account": account}
    arns = None if allowed is None else {function_arn(each, **here) for each in allowed}
    for name, scorer in named_scorers(evaluation).items():
        if scorer.function is None:
            if scorer.python in made:
                continue
            yield (
                f"checks: {name}: a stack does not run python: {scorer.python} itself. Have whoever "
                "deploys it add the scorer's code to scorers (cdk.json), or deploy it as a Lambda function "
                "of its own (handler = evaldrop.scorers.as_lambda(scorer)), and write beside it lambda: "
                "with the function's name. docs/scorers.md says how."
            )
        elif arns is not None and function_arn(scorer.function, **here) not in arns:
            yield (
                f"checks: {name}: this stack may not call the function {scorer.function}. Have "
                "whoever deploys it add the function to scorers (cdk.json)."
            )


def local_scorer_problems(evaluation: Evaluation) -> Iterator[str]:
    """Yield which scorers one machine cannot ask."""
    for name, scorer in named_scorers(evaluation).items():
        if scorer.python is None:
            yield (
                f"checks: {name}: the function {scorer.function} is called on AWS alone. Write beside it "
                "python: with the scorer that it is made of, such as my_scorers:brevity."
            )
