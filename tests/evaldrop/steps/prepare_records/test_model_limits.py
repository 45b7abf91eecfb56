"""Requests that a service as strict as Bedrock would take, for models that refuse something."""

from itertools import pairwise

import pytest

from tests.evaldrop.evaluations import SMALL, prepare

PROFILE = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc123def456"
TITAN, MISTRAL_7B = "amazon.titan-text-premier-v1:0", "mistral.mistral-7b-instruct-v0:2"
R1, OPUS, LITE = "us.deepseek.r1-v1:0", "us.anthropic.claude-opus-4-7", "us.amazon.nova-lite-v1:0"
SONNET = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
THINKING = {"thinking": {"type": "enabled", "budget_tokens": 2000}}


def refusal(request):
    """Return why the service refuses a Converse request, in its words."""
    model, inference = request["ModelId"], request["InferenceConfig"]
    choice = request.get("ToolConfig", {}).get("ToolChoice")
    thinks = request.get("AdditionalModelRequestFields", {}).get("thinking")
    roles = [message["Role"] for message in request["Messages"]]
    if model in (TITAN, MISTRAL_7B) and "System" in request:
        return "This model doesn't support system messages."
    if model in (TITAN, MISTRAL_7B, R1) and "ToolConfig" in request:
        return "This model doesn't support tool use."
    if thinks and choice:
        return "Thinking may not be enabled when tool_choice forces tool use."
    if thinks and inference.get("Temperature", 1) != 1:
        return "`temperature` may only be set to 1 when thinking is enabled."
    if thinks and inference["MaxTokens"] <= thinks["budget_tokens"]:
        return "`max_tokens` must be greater than `thinking.budget_tokens`."
    if model == OPUS and "Temperature" in inference:
        return "`temperature` is deprecated for this model."
    if model == SONNET and {"Temperature", "TopP"} <= inference.keys():
        return "`temperature` and `top_p` cannot both be specified for this model."
    if roles[0] != "user" or any(first == second for first, second in pairwise(roles)):
        return "A conversation must alternate between user and assistant roles."
    return None


ROWS = [
    {"id": "plain", "prompt": "What is 6 x 7?", "reference": "42", "system": "Be brief."},
    {
        "id": "two_users",
        "messages": [
            {"role": "user", "content": "I have a question."},
            {"role": "user", "content": "What is 6 x 7?"},
        ],
        "reference": "42",
    },
    {
        "id": "system_between",
        "messages": [
            {"role": "user", "content": "Hi"},
            {"role": "assistant", "content": "Hi!"},
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "What is 6 x 7?"},
        ],
        "reference": "42",
    },
]

ASKED = [
    {"model": TITAN},
    {"model": MISTRAL_7B},
    {"model": R1},
    {"model": LITE},
    {"model": OPUS},
    {"model": OPUS, "inference": {"max_tokens": 4000}},
    {"model": OPUS, "inference": {"temperature": None}},
    {"model": OPUS, "inference": {"temperature": 1}},
    {"model": SONNET, "inference": {"top_p": 0.9}},
    {"model": SONNET, "extra": THINKING},
    {"model": SONNET, "inference": {"max_tokens": 4000}, "extra": THINKING},
    {"model": PROFILE, "family": "anthropic", "extra": THINKING},
]


@pytest.mark.parametrize("asked", ASKED)
def test_the_service_takes_what_each_candidate_and_judge_is_asked(tmp_path, asked):
    evaluation = {
        **SMALL,
        "candidates": [{"name": "lite", "model": LITE}, {"name": "x", **asked}],
        "judges": [{"name": "j", **asked}, {"name": "text", "verdict": "text", **asked}],
        "pairwise": {"baseline": "lite"},
    }
    state, records = prepare(tmp_path, evaluation, ROWS)
    assert len(records) == 3
    for record in records:
        for call in state["candidates"]:
            whole = call["request"] | record["calls"]["requests"][call["request_key"]]
            assert refusal(whole) is None
        for judged in (*record["calls"]["judgements"], *record["calls"]["comparisons"]):
            whole = state["judges"][judged["request_key"]]["request"] | {
                "Messages": [{"Role": "user", "Content": [{"Text": judged["before"]}]}]
            }
            assert refusal(whole) is None


def test_candidates_that_differ_in_system_texts_get_a_request_each(tmp_path):
    candidates = [
        {"name": "lite", "model": LITE},
        {"name": "opus", "model": OPUS},
        {"name": "t", "model": TITAN},
    ]
    state, (record,) = prepare(tmp_path, {**SMALL, "candidates": candidates}, ROWS[:1])
    keys = [call["request_key"] for call in state["candidates"]]
    assert keys == ["answer.v1/converse", "answer.v1/converse", "answer.v1/converse/no-system"]
    lite, titan = record["calls"]["requests"][keys[0]], record["calls"]["requests"][keys[2]]
    (asked,) = titan["Messages"][0]["Content"]
    assert asked["Text"] == f"{lite['System'][0]['Text']}\n\n{lite['Messages'][0]['Content'][0]['Text']}"


def test_a_judge_without_system_text_or_tools_is_told_all_the_same_in_its_message(tmp_path):
    state, (record,) = prepare(tmp_path, {**SMALL, "judges": [{"name": "j", "model": MISTRAL_7B}]}, ROWS[:1])
    (judgement,) = record["calls"]["judgements"]
    call = state["judges"][judgement["request_key"]]
    assert call["request"] == {
        "ModelId": MISTRAL_7B,
        "InferenceConfig": {"MaxTokens": 2048, "Temperature": 0},
    }
    assert not call["must_call_tool"]
    other_folder = tmp_path / "other"
    other_folder.mkdir()
    usual, (other,) = prepare(other_folder, {**SMALL, "judges": [{"name": "j", "model": R1}]}, ROWS[:1])
    system = usual["judges"][other["calls"]["judgements"][0]["request_key"]]["request"]["System"][0]["Text"]
    assert judgement["before"].startswith(f"{system}\n\n")
