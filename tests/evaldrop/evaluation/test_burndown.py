"""What tokens take of a quota."""

import pytest

from evaldrop.evaluation.burndown import burndown, quota_tokens


@pytest.mark.parametrize(
    ("model", "factor"),
    [
        ("us.anthropic.claude-opus-4-8-20260301-v1:0", 15),
        ("global.anthropic.claude-opus-4-8", 15),
        ("anthropic.claude-sonnet-5-20260601-v1:0", 10),
        ("eu.anthropic.claude-opus-5", 10),
        ("us.anthropic.claude-opus-5-5-20260901-v1:0", 10),
        ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", 5),
        ("anthropic.claude-3-haiku-20240307-v1:0", 5),
        ("arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-opus-4-7", 5),
        ("us.amazon.nova-lite-v1:0", 1),
        ("openai.gpt-5.6", 10),
        ("openai.gpt-oss-120b-1:0", 1),
    ],
)
def test_a_models_factor_is_that_of_its_generation(model, factor):
    assert burndown(model) == factor


def test_only_answers_are_multiplied():
    assert quota_tokens("anthropic.claude-3-haiku-20240307-v1:0", 100, 10) == 150
