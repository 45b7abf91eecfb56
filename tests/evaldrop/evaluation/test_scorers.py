"""Which scorers an evaluation names, and where they can be asked."""

import pytest

from evaldrop.evaluation import parse_evaluation
from evaldrop.evaluation.scorers import (
    function_arn,
    local_scorer_problems,
    named_functions,
    named_scorers,
    stack_scorer_problems,
)

HERE = {"partition": "aws", "region": "eu-west-1", "account": "123456789012"}
EVALUATION = """
name: scored
candidates: [{name: one, model: amazon.nova-lite-v1:0}]
metrics:
  - length_words
  - {python: my_scorers:brevity, lambda: brevity}
  - {python: my_scorers:tone}
  - {lambda: "arn:aws:lambda:eu-west-1:123456789012:function:grade"}
"""


@pytest.fixture(scope="module")
def evaluation():
    return parse_evaluation(EVALUATION, source="evaluation.yaml")


def test_what_metrics_define_is_a_check(evaluation):
    assert evaluation.metrics == ("length_words",)
    assert list(named_scorers(evaluation)) == ["brevity", "tone", "grade"]


def test_functions_are_named_once(evaluation):
    grade = "arn:aws:lambda:eu-west-1:123456789012:function:grade"
    assert named_functions([evaluation, evaluation], ["further"]) == [grade, "brevity", "further"]
    assert function_arn("brevity", **HERE) == "arn:aws:lambda:eu-west-1:123456789012:function:brevity"


def test_a_stack_says_which_scorers_it_cannot_ask(evaluation):
    allowed = ["arn:aws:lambda:eu-west-1:123456789012:function:brevity"]
    tone, grade = stack_scorer_problems(evaluation, allowed, **HERE)
    assert "tone: a stack does not run python: my_scorers:tone itself" in tone
    assert "as_lambda" in tone
    assert "may not call the function" in grade
    assert len([*stack_scorer_problems(evaluation, None, **HERE)]) == 1


def test_one_machine_says_that_it_calls_no_function(evaluation):
    [problem] = local_scorer_problems(evaluation)
    assert problem.startswith("checks: grade: the function arn:")
