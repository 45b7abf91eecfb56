"""Who is delivered how, what follows for what is asked, and who cannot be delivered in batch."""

import pytest

from evaldrop.evaluation import Evaluation
from evaldrop.evaluation.delivered import as_delivered, batch_problems, plain_deliveries

ONE = {"name": "one", "model": "amazon.nova-lite-v1:0"}
JUDGE = {"name": "one", "model": "amazon.nova-pro-v1:0"}


def evaluation(candidate=None, judge=None, **more):
    return Evaluation.model_validate(
        {
            "name": "small",
            "candidates": [{**ONE, **(candidate or {})}, {"name": "theirs", "model": "given"}],
            "judges": [{**JUDGE, **(judge or {})}],
            "criteria": ["correctness"],
            **more,
        }
    )


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, {}),
        ({"delivery": "batch"}, {"candidate/one": "batch", "judge/one": "batch"}),
        ({"delivery": "flex", "judge": {"delivery": "on_demand"}}, {"candidate/one": "flex"}),
        ({"candidate": {"delivery": "batch"}}, {"candidate/one": "batch"}),
        ({"delivery": "auto", "judge": {"delivery": "batch"}}, {"judge/one": "batch"}),
    ],
)
def test_each_is_delivered_as_it_says_or_as_the_evaluation_says(settings, expected):
    """Responses that are given are not delivered at all, and `auto` says nothing by itself."""
    assert plain_deliveries(evaluation(**settings)) == expected


@pytest.mark.parametrize(
    ("judge", "verdict"),
    [
        ({}, "text"),
        ({"delivery": "on_demand"}, "tool"),
        ({"delivery": "flex"}, "tool"),
        ({"verdict": "yes_no"}, "yes_no"),
        # Its own body takes tools in a job, too.
        ({"api": "invoke_model"}, "tool"),
    ],
)
def test_a_judge_in_a_job_of_converse_gives_its_verdicts_in_text(judge, verdict):
    asked = evaluation(judge=judge, delivery="batch")
    delivered = as_delivered(asked, plain_deliveries(asked))
    assert delivered.judges[0].verdict == verdict
    assert delivered.candidates == asked.candidates


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"candidate": {"guardrail": {"id": "g"}}}, "candidate one: a batch job has no guardrail."),
        ({"candidate": {"extra": {"tools": [{}]}}}, "takes no tools, and extra has tools."),
        (
            {"judge": {"extra": {"toolConfig": {}, "x": 1}}},
            "judge one: a batch job by Converse takes no tools",
        ),
        (
            {"candidate": {"model": "arn:aws:bedrock:us-east-1:1:provisioned-model/x", "family": "nova"}},
            "candidate one: a batch job calls no provisioned model.",
        ),
    ],
)
def test_who_cannot_be_delivered_in_batch_is_refused_with_the_way_out(settings, problem):
    asked = evaluation(**settings, delivery="batch")
    (told,) = batch_problems(asked, plain_deliveries(asked))
    assert problem in told
    assert "Say delivery: " in told
    assert not [*batch_problems(asked, {"candidate/one": "flex", "judge/one": "flex"})]


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"candidate": {"api": "invoke_model", "extra": {"tools": [{}]}}},
        {"candidate": {"extra": {"top_k": 1}}},
    ],
)
def test_whoever_can_be_is_not(settings):
    asked = evaluation(**settings, delivery="batch")
    assert not [*batch_problems(asked, plain_deliveries(asked))]
