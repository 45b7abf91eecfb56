"""What an evaluation refuses, and how a body's layout is told from a model's ID."""

import pytest
from pydantic import ValidationError

from evaldrop.evaluation import Candidate, Evaluation, Judge, Pairwise, body_family

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


# Judges that are evaluation jobs

BEDROCKS = {"name": "bedrock", "api": "evaluation_job", "model": "us.amazon.nova-pro-v1:0"}


def test_a_judge_of_an_evaluation_job_is_called_by_no_run():
    ours = {"name": "ours", "model": "us.amazon.nova-pro-v1:0"}
    evaluation = Evaluation(name="e", judges=[ours, BEDROCKS], criteria=["correctness"], delivery="batch")
    assert [judge.name for judge in evaluation.called_judges] == ["ours"]
    assert [judge.name for judge in evaluation.job_judges] == ["bedrock"]
    assert evaluation.delivery_setting(evaluation.judges[1]) == "on_demand"
    # As run.json has it, with every setting.
    assert Evaluation.model_validate_json(evaluation.model_dump_json()) == evaluation


@pytest.mark.parametrize(
    "setting",
    [
        {"prompt": "own.v1"},
        {"mode": "per_criterion"},
        {"repeats": 3},
        {"cache": "off"},
        {"mask_identity": True},
        {"extra": {"top_k": 1}},
        {"verdict": "yes_no"},
        {"delivery": "flex"},
        {"inference": {"temperature": 0.5}},
    ],
)
def test_what_an_evaluation_job_cannot_honour_is_refused_with_the_way_out(setting):
    with pytest.raises(ValidationError, match=f"Leave .*{next(iter(setting))}.* out, or say api: converse"):
        Judge(**BEDROCKS, **setting)


@pytest.mark.parametrize("needs", [{"pairwise": {"all_pairs": True}}, {"anchors": {"file": "a.jsonl"}}])
def test_what_only_a_called_judge_does_needs_one(needs):
    with pytest.raises(ValidationError, match="Add a judge with api: converse"):
        Evaluation(name="e", judges=[BEDROCKS], criteria=["correctness"], **needs)
