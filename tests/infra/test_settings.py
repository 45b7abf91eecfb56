"""What a deployment may choose, and what it is told when it chooses wrong."""

import pytest
from pydantic import ValidationError

from evaldrop.evaluation import parse_evaluation
from evaldrop.evaluation.definition import called_models, named_guardrails
from evaldrop.evaluation.model_ids import application_profiles, guardrail_arn, model_arns
from infra.settings import Settings
from infra.settings_parts import Weekly

PROFILES = "arn:aws:bedrock:eu-west-1:123456789012:inference-profile"
HERE = {"partition": "aws", "region": "eu-west-1", "account": "123456789012"}


def test_without_context_everything_has_a_default():
    settings = Settings.from_context(None)
    assert settings.default_name == "support-answers"
    assert settings.budgets_usd == (10, 25)
    assert settings.children == "EXPRESS"


@pytest.mark.parametrize(
    ("chosen", "told"),
    [
        ({"evalutions": []}, "Extra inputs are not permitted"),
        ({"evaluations": ["datasets/nothing"]}, "there is no datasets/nothing/evaluation.yaml"),
        (
            {"default_evaluation": "other"},
            '"other" is no evaluation of this stack; there are support-answers',
        ),
        ({"weekly": {"datasets": ["faq.jsonl"]}}, '"faq.jsonl" does not lie below datasets/'),
        ({"children": "express"}, "EXPRESS"),
        ({"memory_mb": {"BuildScorecard": 20_000}}, "less than or equal to 10240"),
        ({"memory_mb": {"BuildScorcard": 3008}}, "BuildScorcard"),
        ({"notification_email": "nobody"}, "pattern"),
        ({"stack_name": "my stack"}, "pattern"),
        ({"max_run_usd": float("inf")}, "finite"),
        ({"max_run_usd": 0}, "greater than 0"),
        (
            {"max_run_usd": 1},
            "evaluation support-answers: a budget of 2 is above max_run_usd: 1. Lower the one",
        ),
        ({"default_budget_usd": 30}, "default_budget_usd: a budget of 30 is above max_run_usd: 25"),
        ({"whose_prices": "nobody"}, "whose_prices"),
        ({"prices": {"m": {"input": -1, "output": 1}}}, "greater than or equal to 0"),
    ],
)
def test_a_wrong_choice_is_refused_by_name(chosen, told):
    with pytest.raises(ValidationError) as raised:
        Settings.from_context(chosen)
    assert told in str(raised.value)


def test_a_stack_may_do_without_evaluations_of_its_own():
    assert Settings.from_context({"evaluations": []}).default_name is None


@pytest.mark.parametrize(
    ("model", "arns"),
    [
        (
            "amazon.nova-lite-v1:0",
            ["arn:aws:bedrock:eu-west-1::foundation-model/amazon.nova-lite-v1:0"],
        ),
        *(
            (
                f"{geography}.anthropic.claude-haiku-4-5-20251001-v1:0",
                [
                    f"{PROFILES}/{geography}.anthropic.claude-haiku-4-5-20251001-v1:0",
                    "arn:aws:bedrock:*::foundation-model/anthropic.claude-haiku-4-5-20251001-v1:0",
                ],
            )
            for geography in ("us", "eu", "apac", "jp", "au", "us-gov", "global")
        ),
        (
            "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.amazon.nova-pro-v1:0",
            [
                "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.amazon.nova-pro-v1:0",
                "arn:aws:bedrock:*::foundation-model/amazon.nova-pro-v1:0",
            ],
        ),
        *(
            (
                f"arn:aws:bedrock:us-east-1:123456789012:{kind}",
                [f"arn:aws:bedrock:us-east-1:123456789012:{kind}"],
            )
            for kind in ("application-inference-profile/x", "imported-model/y", "provisioned-model/z")
        ),
    ],
)
def test_a_model_is_allowed_with_what_stands_behind_it(model, arns):
    assert model_arns(model, **HERE) == arns


def test_only_an_application_profile_needs_a_condition():
    profile = "arn:aws:bedrock:eu-west-1:123456789012:application-inference-profile/x"
    assert application_profiles([profile, "amazon.nova-lite-v1:0"]) == [profile]


def test_a_guardrail_is_allowed_by_id_or_arn():
    arn = "arn:aws:bedrock:eu-west-1:123456789012:guardrail/gr-1"
    assert guardrail_arn("gr-1", **HERE) == guardrail_arn(arn, **HERE) == arn


def test_candidates_judges_and_guardrails_are_found_in_evaluations():
    evaluation = parse_evaluation(
        """
        name: guarded
        candidates:
          - {name: a, model: m.one, guardrail: {id: gr-1}}
          - {name: b, model: given}
        judges: [{name: j, model: m.two}]
        criteria: [correctness]
        """,
        source="here",
    )
    assert called_models([evaluation], ["m.three", "m.one"]) == ["m.one", "m.three", "m.two"]
    assert named_guardrails([evaluation], ["gr-2"]) == ["gr-1", "gr-2"]


def test_the_sample_evaluation_of_guardrails_names_two_and_the_other_one_none():
    def named(*folders):
        return named_guardrails(
            evaluation for _, evaluation in Settings(evaluations=folders).load_evaluations().values()
        )

    assert named("datasets/guardrail") == ["yourstandardguardrail", "yourstrictguardrail"]
    assert named("datasets/support-faq") == []


@pytest.mark.parametrize(
    ("cron", "is_weekly"),
    [
        ("0 6 ? * MON *", True),
        ("30 2 * * ? *", True),
        ("0 6 1 * ? *", False),
        ("0 6 ? * MON#1 *", False),
        ("0 6 ? JAN MON *", False),
    ],
)
def test_a_schedule_is_weekly_when_no_seven_days_are_without_it(cron, is_weekly):
    assert Weekly(datasets=("datasets/a.jsonl",), cron=cron).is_weekly == is_weekly
    assert not Weekly(cron=cron).is_weekly


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"api": True, "history": False}, "history may not be false"),
        ({"monthly_budget_usd": 100, "history": False}, "history may not be false"),
        ({"monthly_budget_usd": 0}, "greater than 0"),
        ({"waf": 1000}, "waf: there is nothing to protect"),
        ({"sign_in": {"domain": "faq"}}, "sign_in: there is nothing to protect"),
        ({"api": True, "sign_in": {"domain": "my-aws-faq"}}, 'no domain with "aws"'),
        ({"api": True, "sign_in": {"domain": "-faq"}}, "domain"),
        ({"api": True, "sign_in": {"domain": "faq", "addresses": ["http://faq.example.com"]}}, "https"),
        ({"network": {"vpc": "vpc-0a", "subnets": ["subnet-0123456789abcdef0"]}}, "vpc"),
        ({"network": {"vpc": "vpc-0123456789abcdef0", "subnets": []}}, "subnets"),
        ({"api": True, "waf": 9}, "waf"),
    ],
)
def test_what_does_not_go_together_is_refused_by_name(settings, why):
    with pytest.raises(ValidationError, match=why):
        Settings.model_validate(settings)


def test_nothing_costs_by_the_month_unless_it_is_asked_for():
    plain = Settings()
    assert plain.history
    assert not any((plain.api, plain.sign_in, plain.waf, plain.network, plain.audit, plain.kms))


@pytest.mark.parametrize(
    ("chosen", "told"),
    [
        ({"successors": {"us.amazon.nova-lite-v1:0": ["m"]}}, "is a profile or an ARN"),
        ({"successors": {"m.x": ["m.y"]}, "weekly": {}}, "they are tried by weekly.datasets"),
    ],
)
def test_successors_are_of_models_and_are_tried_by_the_weekly_datasets(chosen, told):
    weekly = {"weekly": {"datasets": ["datasets/a.jsonl"]}}
    with pytest.raises(ValidationError, match=told):
        Settings.from_context({**weekly, **chosen})
    settings = Settings.from_context({**weekly, "successors": {"m.x": ["m.y"]}})
    assert "m.y" in settings.caps.models
    assert "m.y" in settings.models_in(None)
