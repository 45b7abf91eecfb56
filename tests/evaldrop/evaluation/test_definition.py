"""What an evaluation refuses, and how a body's layout is told from a model's ID."""

import pytest
from pydantic import ValidationError

from evaldrop.evaluation import Candidate, Evaluation, Pairwise, body_family

LITE = {"name": "lite", "model": "us.amazon.nova-lite-v1:0"}
PRO = {"name": "pro", "model": "us.amazon.nova-pro-v1:0"}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"candidates": [LITE, LITE]}, "candidates: lite named more than once"),
        ({"candidates": [LITE], "judges": [PRO, PRO], "criteria": ["x"]}, "judges: pro named more than once"),
        ({"candidates": [LITE], "criteria": ["x"]}, "criteria need a judge"),
        ({"candidates": [LITE], "pairwise": {"all_pairs": True}}, "pairwise needs a judge"),
        ({"pairwise": {}}, "either baseline: NAME or all_pairs: true"),
        ({"pairwise": {"baseline": "lite", "all_pairs": True}}, "either baseline: NAME or all_pairs: true"),
        (
            {
                "candidates": [
                    {"name": "own", "model": "arn:aws:bedrock:x:imported-model/a", "api": "invoke_model"}
                ]
            },
            "own: the body layout of .* is not known. Say family",
        ),
        (
            {
                "candidates": [LITE],
                "judges": [{"name": "j", "model": "meta.llama3-70b", "api": "invoke_model"}],
                "criteria": ["x"],
            },
            "judge j: llama bodies are one text",
        ),
    ],
)
def test_an_inconsistent_evaluation_is_refused_with_what_to_do(given, message):
    with pytest.raises(ValidationError, match=message):
        Evaluation.model_validate({"name": "x", **given})


def test_a_judge_that_only_compares_needs_no_criteria():
    evaluation = Evaluation.model_validate(
        {"name": "x", "candidates": [LITE], "judges": [PRO], "pairwise": {"baseline": "lite"}}
    )
    assert evaluation.pairwise == Pairwise(baseline="lite")


@pytest.mark.parametrize(
    ("model", "family"),
    [
        ("anthropic.claude-3-haiku-20240307-v1:0", "anthropic"),
        ("us.anthropic.claude-haiku-4-5-20251001-v1:0", "anthropic"),
        (
            "arn:aws:bedrock:us-east-1:1:inference-profile/us.anthropic.claude-haiku-4-5-20251001-v1:0",
            "anthropic",
        ),
        ("eu.amazon.nova-micro-v1:0", "nova"),
        ("us.meta.llama3-3-70b-instruct-v1:0", "llama"),
        ("mistral.mistral-7b-instruct-v0:2", "mistral"),
        ("mistral.mixtral-8x7b-instruct-v0:1", "mistral"),
        ("mistral.mistral-large-2407-v1:0", "chat"),
        ("mistral.pixtral-large-2502-v1:0", "chat"),
        ("openai.gpt-oss-120b-1:0", "chat"),
        ("qwen.qwen3-32b-v1:0", "chat"),
        ("cohere.command-r-v1:0", "cohere"),
        ("cohere.command-text-v14", "cohere_command"),
        ("us.deepseek.r1-v1:0", "deepseek"),
        ("deepseek.v3-v1:0", "chat"),
        ("amazon.titan-text-express-v1", "titan"),
        ("ai21.jamba-1-5-large-v1:0", "chat"),
        ("ai21.j2-ultra-v1", "jurassic"),
        ("us.writer.palmyra-x5-v1:0", "chat"),
        ("google.gemma-3-27b-it", "chat"),
        ("minimax.minimax-m2", "chat"),
        ("moonshot.kimi-k2-thinking", "chat"),
        ("nvidia.nemotron-nano-12b-v2", "chat"),
        ("mistral.magistral-small-2509", "chat"),
        ("parrot.polly-v1:0", None),
        ("arn:aws:bedrock:us-east-1:1:imported-model/abc", None),
    ],
)
def test_the_body_layout_follows_the_model_id(model, family):
    assert body_family(Candidate(name="x", model=model)) == family


def test_a_stated_family_wins_over_the_model_id():
    assert body_family(Candidate(name="x", model="anthropic.claude", family="chat")) == "chat"


def test_a_candidate_without_a_prompt_of_its_own_answers_the_evaluations():
    evaluation = Evaluation.model_validate(
        {"name": "x", "prompt": "a.v1", "candidates": [LITE, {**PRO, "prompt": "b.v2"}]}
    )
    assert [evaluation.prompt_of(candidate) for candidate in evaluation.candidates] == ["a.v1", "b.v2"]
