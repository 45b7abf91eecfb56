"""Scorers as checks: how they are written, and what their results say."""

import pytest

from evaldrop.checks import check_from_config
from evaldrop.checks.scorers import ScorerSettings, said_passed
from evaldrop.errors import EvaluationError

ARN = "arn:aws:lambda:eu-west-1:123456789012:function:grade:live"


def read(**config):
    return check_from_config(config, path="checks[0]")


def test_a_scorer_is_called_by_its_function():
    check = read(python="my.scorers:brevity")
    assert (check.name, check.parameters) == (
        "brevity",
        ScorerSettings(python="my.scorers:brevity", function=None),
    )
    assert read(**{"lambda": ARN}).name == "grade"


def test_a_pass_mark_is_on_the_scorers_own_scale():
    check = read(python="s:grade", low=1, high=5, pass_at=4, name="mine", weight=2)
    assert (check.name, check.pass_at, check.weight) == ("mine", 0.75, 2)


def test_one_scorer_may_be_a_process_here_and_a_function_there():
    settings = read(python="s:grade", **{"lambda": ARN}, batch=1, timeout_s=3, publish=True).parameters
    assert settings == ScorerSettings(python="s:grade", function=ARN, timeout_s=3, batch=1, publish=True)


def test_of_a_negated_scorer_little_is_good_on_its_own_scale():
    check = read(not_python="s:toxicity", low=0, high=10, pass_at=2, timeout_s=1)
    assert (check.name, check.pass_at, check.higher_is_better) == ("toxicity", 0.2, False)


@pytest.mark.parametrize(
    ("config", "told"),
    [
        ({"python": "no function"}, "names no scorer"),
        ({"python": 3}, "names no scorer"),
        ({"python": "s:f", "lambda": "a b"}, "no Lambda function"),
        ({"lambda": None}, "not named"),
        ({"python": "s:f", "low": 2, "high": 1}, "must be below high"),
        ({"python": "s:f", "low": "a"}, "must be a number"),
        ({"python": "s:f", "timeout_s": 0}, "above 0 and at most"),
        ({"python": "s:f", "batch": 0}, "whole number"),
        ({"python": "s:f", "publish": "yes"}, "true or false"),
        ({"python": "s:f", "contains": "x"}, "has 2"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(config, told):
    with pytest.raises(EvaluationError, match=rf"checks\[0\].*{told}"):
        read(**config)


SCALE = ScorerSettings(python="s:f", function=None, low=1, high=5)


@pytest.mark.parametrize(
    ("result", "score", "reason"),
    [
        ({"value": 2}, 0.25, None),
        ({"value": 5.0, "label": "FAIL"}, 1.0, None),
        ({"label": "pass"}, 1.0, None),
        ({"value": None, "label": "FAIL"}, 0.0, None),
        ({"value": 6}, None, "scorer_nonsense"),
        ({"value": float("nan")}, None, "scorer_nonsense"),
        ({"value": "5"}, None, "scorer_nonsense"),
        ({"value": True}, None, "scorer_nonsense"),
        ({}, None, "scorer_nonsense"),
        ({"errorCode": "Timeout", "errorMessage": "took more"}, None, "scorer_timeout"),
        ({"errorCode": "NotApplicable"}, None, "not_applicable"),
        ({"errorCode": "ValueError", "errorMessage": "no"}, None, "scorer_error"),
        ({"errorMessage": "no"}, None, "scorer_error"),
    ],
)
def test_a_result_is_a_fraction_or_says_why_it_is_none(result, score, reason):
    outcome = SCALE.outcome_of(result)
    assert (outcome.score, outcome.unscored_reason) == (score, reason)
    assert score is not None or reason == "not_applicable" or outcome.note


def test_whether_a_response_passes_the_scorer_may_say():
    assert [said_passed(each) for each in ({"label": "PASS"}, {"label": "fail "}, {"label": "0.5"}, {})] == [
        True, False, None, None,
    ]  # fmt: skip
