"""What a model refuses is said before a run: stated things as problems, the rest as warnings."""

import pytest

from tests.evaldrop.evaluations import LITE, SMALL, check

SONNET, OPUS = "us.anthropic.claude-sonnet-4-5-20250929-v1:0", "us.anthropic.claude-opus-4-7"
PROFILE = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc123def456"


def thinking(kind="enabled", budget=2000):
    return {"thinking": {"type": kind, **({"budget_tokens": budget} if kind == "enabled" else {})}}


def effort(level):
    return {"reasoningConfig": {"type": "enabled", "maxReasoningEffort": level}}


CLAUDE_5 = "us.anthropic.claude-sonnet-5"
NOVA_2 = "us.amazon.nova-2-lite-v1:0"
AT_0, NUCLEUS = {"inference": {"temperature": 0}}, {"inference": {"top_p": 0.9}}

REFUSED = [
    ({"model": SONNET, "inference": {"temperature": 0, "top_p": 0.9}}, "temperature or top_p, not both"),
    ({"model": SONNET, **AT_0, "extra": {"top_p": 0.9}}, "temperature or top_p, not both"),
    ({"model": OPUS, **AT_0}, "no sampling parameters. Leave temperature out"),
    ({"model": OPUS, **NUCLEUS}, "no sampling parameters. Leave top_p out"),
    ({"model": OPUS, "extra": {"top_k": 5}}, "no sampling parameters. Leave top_k out"),
    ({"model": CLAUDE_5, "inference": {"temperature": 0.5, "top_p": 0.5}}, "Leave temperature and top_p out"),
    ({"model": "o3-mini", **AT_0}, "no sampling parameters"),
    ({"model": SONNET, **AT_0, "extra": thinking()}, "no temperature as stated while it thinks"),
    ({"model": SONNET, **NUCLEUS, "extra": thinking()}, "no top_p as stated while it thinks"),
    ({"model": SONNET, "extra": {**thinking(), "top_k": 9}}, "no top_k as stated while it thinks"),
    ({"model": PROFILE, "family": "anthropic", **AT_0, "extra": thinking()}, "no temperature as stated"),
    ({"model": SONNET, "inference": {"max_tokens": 1500}, "extra": thinking()}, "max_tokens: 1,500 has to"),
    ({"model": SONNET, "extra": thinking(budget=100)}, "budget_tokens of 1,024 or more"),
    ({"model": SONNET, "extra": thinking(budget=None)}, "budget_tokens of 1,024 or more"),
    ({"model": OPUS, "extra": thinking()}, "no thinking of type enabled. Say type: adaptive or disabled"),
    ({"model": SONNET, "extra": thinking("adaptive")}, "of type adaptive. Say type: enabled or disabled"),
    ({"model": "us.anthropic.claude-opus-5-5", "extra": thinking("disabled")}, "of type disabled"),
    ({"model": "anthropic.claude-3-haiku-20240307-v1:0", "extra": thinking()}, "cannot think"),
    ({"model": "us.amazon.nova-pro-v1:0", "extra": effort("low")}, "takes no reasoningConfig"),
    ({"model": NOVA_2, "inference": {"max_tokens": 500}, "extra": effort("high")}, "no max_tokens beside"),
    ({"model": "openai.gpt-oss-120b-1:0", "inference": {"stop": ["END"]}}, "no stop texts"),
    ({"model": "qwen.qwen3-32b-v1:0", "inference": {"stop": ["END"]}}, "no stop texts"),
]  # fmt: skip


@pytest.mark.parametrize("role", ["candidates", "judges"])
@pytest.mark.parametrize(("given", "problem"), REFUSED)
def test_what_is_stated_and_refused_is_a_problem_with_the_way_out(tmp_path, role, given, problem):
    found = check(tmp_path, {**SMALL, role: [{"name": "x", **given}]})
    (told,) = found.problems
    assert told.startswith(f"evaluation.yaml: {role[:-1]} x: {given['model']} ")
    assert problem in told
    assert told.endswith(".")


@pytest.mark.parametrize(
    "given",
    [
        {"model": SONNET},
        {"model": SONNET, "inference": {"top_p": 0.9}},
        {"model": SONNET, "inference": {"temperature": 0.5}},
        {"model": SONNET, "extra": thinking()},
        {"model": SONNET, "inference": {"temperature": 1, "top_p": None}, "extra": thinking()},
        {"model": SONNET, "inference": {"top_p": 0.97}, "extra": thinking()},
        {"model": SONNET, "inference": {"temperature": 0}, "extra": thinking("disabled")},
        {"model": OPUS},
        {"model": OPUS, "inference": {"max_tokens": 4000}},
        {"model": OPUS, "inference": {"temperature": None}},
        {"model": OPUS, "inference": {"temperature": 1}},  # its own, which is left out
        {"model": OPUS, "extra": thinking("adaptive")},
        {"model": "us.anthropic.claude-opus-5-5"},
        {"model": "us.amazon.nova-2-lite-v1:0", "extra": effort("high")},
        {"model": "us.amazon.nova-2-lite-v1:0", "inference": {"max_tokens": 500}, "extra": effort("low")},
        {"model": "us.amazon.nova-pro-v1:0", "inference": {"temperature": 0, "top_p": 0.5, "stop": ["END"]}},
        # A field of that name that another maker's model takes.
        {"model": "deepseek.v3-v1:0", "inference": {"temperature": 0}, "extra": thinking()},
    ],
)
@pytest.mark.parametrize("role", ["candidates", "judges"])
def test_what_a_model_takes_is_no_problem(tmp_path, role, given):
    assert not check(tmp_path, {**SMALL, role: [{"name": "x", **given}]}).problems


def test_a_tool_that_is_stated_for_a_judge_without_tools_is_a_problem(tmp_path):
    judge = {"name": "x", "model": "us.deepseek.r1-v1:0"}
    (problem,) = check(tmp_path, {**SMALL, "judges": [{**judge, "verdict": "tool"}]}).problems
    assert "takes no tools. Say verdict: text" in problem
    found = check(tmp_path, {**SMALL, "judges": [judge]})
    assert not found.problems
    assert (
        "judge x: us.deepseek.r1-v1:0 takes no tools; its verdicts are read from its text." in found.warnings
    )


@pytest.mark.parametrize(
    ("role", "given", "warning"),
    [
        ("candidates", {"model": "amazon.titan-text-premier-v1:0"}, "takes no system text"),
        ("judges", {"model": "gemma2:9b"}, "takes no system text"),
        ("judges", {"model": "anthropic.claude-haiku-4-5-20251001-v1:0"},
         "(of us, eu, jp, au, global). Say model: geo.anthropic.claude-haiku-4-5-20251001-v1:0"),
        ("candidates", {"model": "amazon.nova-premier-v1:0"},
         "(of us). Say model: geo.amazon.nova-premier-v1:0"),
        ("judges", {"model": PROFILE}, "Say its family, such as family: anthropic"),
        ("judges", {"model": PROFILE, "family": "anthropic"}, "say inference: {temperature: null}"),
        ("candidates", {"model": "us.meta.llama3-3-70b-instruct-v1:0", "api": "invoke_model",
                        "inference": {"stop": ["END"]}}, "llama bodies have no stop; it is not sent"),
    ],
)  # fmt: skip
def test_what_is_done_otherwise_or_may_fail_is_a_warning(tmp_path, role, given, warning):
    found = check(tmp_path, {**SMALL, role: [{"name": "x", **given}]})
    assert not found.problems
    told = [each for each in found.warnings if each.startswith(f"{role[:-1]} x: ")]
    # Beside it may stand that the model is leaving Bedrock.
    assert [warning in each for each in told].count(True) == 1


def test_models_that_take_everything_are_not_talked_of(tmp_path):
    assert not [each for each in check(tmp_path).warnings if each.startswith(("candidate", "judge judge:"))]


def test_an_openai_compatible_server_has_no_inference_profiles(tmp_path):
    evaluation = {**SMALL, "candidates": [{"name": "x", "model": "anthropic.claude-opus-4-7"}]}
    found = check(tmp_path, evaluation, bedrock="openai=http://localhost:11434/v1")
    assert not [each for each in found.warnings if "inference profile" in each]


GREETING = [{"role": "assistant", "content": "Hello!"}, {"role": "user", "content": "What is 6 x 7?"}]
TWO_USERS = [{"role": "user", "content": "I have a question."}, {"role": "user", "content": "What is 6 x 7?"}]


def rows(*conversations):
    return [{"id": f"r{n}", "messages": each, "reference": "42"} for n, each in enumerate(conversations)]


@pytest.mark.parametrize("api", ["converse", "invoke_model"])
def test_a_conversation_that_begins_with_the_assistant_is_refused_by_its_line(tmp_path, api):
    evaluation = {**SMALL, "candidates": [{**LITE, "api": api}]}
    (problem,) = check(tmp_path, evaluation, rows(TWO_USERS, GREETING)).problems
    assert problem.startswith("faq.jsonl line 2: the conversation begins with a message of the assistant's")


def test_as_many_such_conversations_as_are_tolerated_are_warnings(tmp_path):
    found = check(tmp_path, {**SMALL, "tolerated_invalid_percentage": 50}, rows(TWO_USERS, GREETING))
    assert not found.problems
    assert [each for each in found.warnings if "line 2: the conversation begins" in each]
    assert found.plan.records == 1


def test_a_conversation_that_nobody_is_asked_to_go_on_with_may_begin_as_it_likes(tmp_path):
    (row,) = rows(GREETING)
    found = check(tmp_path, {**SMALL, "candidates": []}, [{**row, "responses": {"bot": "42"}}])
    assert not found.problems


def test_messages_of_one_role_in_a_row_are_told(tmp_path):
    found = check(tmp_path, rows=rows(TWO_USERS, GREETING[1:]))
    assert not found.problems
    assert "faq.jsonl: 1 of 2 records have messages of one role in a row" in " ".join(found.warnings)


@pytest.mark.parametrize("model", ["us.anthropic.claude-opus-4-6-v1", OPUS])
def test_a_prompt_that_ends_in_the_assistants_words_is_refused_for_models_that_go_on_with_none(
    tmp_path, model
):
    candidates = [LITE, {"name": "x", "model": model}]
    prompts = {"candidate/own.v1": "## user\n{{ prompt }}\n## assistant\nThe answer is"}
    found = check(tmp_path, {**SMALL, "candidates": candidates, "prompt": "own.v1"}, prompts=prompts)
    (problem,) = found.problems
    assert f"and {model} (candidate x) takes only one that ends with the user's" in problem
    found = check(tmp_path, {**SMALL, "candidates": candidates[:1], "prompt": "own.v1"}, prompts=prompts)
    assert not found.problems


def test_a_prompt_that_begins_with_the_assistants_words_or_asks_nothing_is_refused(tmp_path):
    evaluation = {**SMALL, "prompt": "own.v1"}
    begins = {"candidate/own.v1": "## assistant\nHello\n## user\n{{ prompt }}"}
    assert (
        "begins with a message of the assistant's" in check(tmp_path, evaluation, prompts=begins).problems[0]
    )
    empty = {"candidate/own.v1": "## system\nBe brief: {{ prompt }}"}
    assert "has no message of the user's" in check(tmp_path, evaluation, prompts=empty).problems[0]
