"""What each model refuses, by family and version, and the defaults that follow from it."""

import re

import pytest

from evaldrop.evaluation import Candidate, Judge
from evaldrop.evaluation.definition import Inference
from evaldrop.evaluation.model_limits import MODEL_LIMITS, ModelLimits, limits_of, profile_ids, tool_use

PROFILE = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc123def456"

MODELS = {
    "us.anthropic.claude-opus-5-5": ModelLimits(
        tools="auto", sampling="none", prefill=False, thinking=("adaptive",), thinks=True
    ),
    "global.anthropic.claude-sonnet-5-5": ModelLimits(
        tools="auto", sampling="none", prefill=False, thinking=("adaptive", "between_tools"), thinks=True
    ),
    "us.anthropic.claude-haiku-5-5": ModelLimits(tools="auto", sampling="none", prefill=False, thinks=True),
    "us.anthropic.claude-fable-5": ModelLimits(
        tools="auto", sampling="none", prefill=False, thinking=("adaptive",), thinks=True
    ),
    "us.anthropic.claude-sonnet-5": ModelLimits(
        tools="tool", sampling="none", prefill=False, thinking=("adaptive", "disabled"), thinks=True
    ),
    "us.anthropic.claude-opus-4-8": ModelLimits(
        tools="tool", sampling="none", prefill=False, thinking=("adaptive", "disabled")
    ),
    "us.anthropic.claude-opus-4-7": ModelLimits(
        tools="tool", sampling="none", prefill=False, thinking=("adaptive", "disabled")
    ),
    "anthropic/claude-opus-4.7": ModelLimits(
        tools="tool", sampling="none", prefill=False, thinking=("adaptive", "disabled")
    ),
    "us.anthropic.claude-sonnet-4-6": ModelLimits(
        tools="tool", sampling="one", prefill=False, thinking=("adaptive", "enabled", "disabled")
    ),
    "us.anthropic.claude-opus-4-6-v1": ModelLimits(
        tools="tool",
        sampling="one",
        prefill=False,
        thinking=("adaptive", "enabled", "disabled"),
        structured=True,
    ),
    "us.anthropic.claude-sonnet-4-5-20250929-v1:0": ModelLimits(
        tools="tool", sampling="one", thinking=("enabled", "disabled"), structured=True
    ),
    "us.anthropic.claude-haiku-4-5-20251001-v1:0": ModelLimits(
        tools="tool", sampling="one", thinking=("enabled", "disabled"), structured=True
    ),
    "us.anthropic.claude-opus-4-1-20250805-v1:0": ModelLimits(
        tools="tool", sampling="one", thinking=("enabled", "disabled")
    ),
    "us.anthropic.claude-opus-4-20250514-v1:0": ModelLimits(tools="tool", thinking=("enabled", "disabled")),
    "us.anthropic.claude-sonnet-4-20250514-v1:0": ModelLimits(tools="tool", thinking=("enabled", "disabled")),
    "us.anthropic.claude-3-7-sonnet-20250219-v1:0": ModelLimits(
        tools="tool", thinking=("enabled", "disabled")
    ),
    "anthropic.claude-3-5-sonnet-20240620-v1:0": ModelLimits(tools="tool", thinking=()),
    "anthropic.claude-3-haiku-20240307-v1:0": ModelLimits(tools="tool", thinking=()),
    "anthropic.claude-v2:1": ModelLimits(tools="none", thinking=()),
    "anthropic.claude-instant-v1": ModelLimits(tools="none", thinking=()),
    "us.amazon.nova-lite-v1:0": ModelLimits(tools="tool", reasoning=False),
    "us.amazon.nova-2-lite-v1:0": ModelLimits(tools="tool", reasoning=True),
    "amazon.titan-text-premier-v1:0": ModelLimits(tools="none", system=False),
    "amazon.titan-tg1-large": ModelLimits(tools="none", system=False),
    "mistral.mistral-7b-instruct-v0:2": ModelLimits(tools="none", system=False),
    "mistralai/Mistral-7B-Instruct-v0.3": ModelLimits(),
    "mistral.mixtral-8x7b-instruct-v0:1": ModelLimits(tools="none", system=False),
    "mistral.mistral-large-2402-v1:0": ModelLimits(tools="any"),
    "mistral.mistral-small-2402-v1:0": ModelLimits(),
    "meta.llama2-70b-chat-v1": ModelLimits(tools="none"),
    "meta.llama3-8b-instruct-v1:0": ModelLimits(tools="none"),
    "meta.llama3-70b-instruct-v1:0": ModelLimits(tools="none"),
    "us.meta.llama3-1-8b-instruct-v1:0": ModelLimits(tools="auto"),
    "us.meta.llama3-2-1b-instruct-v1:0": ModelLimits(tools="none"),
    "us.meta.llama3-2-90b-instruct-v1:0": ModelLimits(tools="auto"),
    "us.meta.llama3-3-70b-instruct-v1:0": ModelLimits(tools="auto"),
    "us.meta.llama4-scout-17b-instruct-v1:0": ModelLimits(tools="auto"),
    "llama3.2:3b": ModelLimits(tools="auto"),
    "us.deepseek.r1-v1:0": ModelLimits(tools="none"),
    "deepseek-r1:7b": ModelLimits(tools="none"),
    "deepseek.v3-v1:0": ModelLimits(tools="any"),
    "cohere.command-text-v14": ModelLimits(tools="none", system=False),
    "cohere.command-light-text-v14": ModelLimits(tools="none", system=False),
    "cohere.command-r-plus-v1:0": ModelLimits(),
    "ai21.j2-ultra-v1": ModelLimits(tools="none", system=False),
    "ai21.jamba-instruct-v1:0": ModelLimits(tools="none"),
    "ai21.jamba-1-5-large-v1:0": ModelLimits(),
    "openai.gpt-oss-120b-1:0": ModelLimits(stop=False),
    "qwen.qwen3-32b-v1:0": ModelLimits(stop=False),
    "google/gemma-2b-it": ModelLimits(system=False),
    "gemma2:9b": ModelLimits(system=False),
    "google.gemma-3-12b-it": ModelLimits(),
    "o3-mini": ModelLimits(sampling="none", completion_tokens=True),
    "openai/gpt-5-mini": ModelLimits(sampling="none", completion_tokens=True),
    "gpt-4o": ModelLimits(),
}


@pytest.mark.parametrize("model", MODELS)
def test_a_model_refuses_what_is_known_of_its_version(model):
    # What is told of profiles, caches and jobs refuses nothing.
    others = dict.fromkeys(("profiles", "geographies", "cache_minimum", "batch"))
    assert limits_of(model)._replace(**others) == MODELS[model]


@pytest.mark.parametrize(("model", "least"), [
    ("us.anthropic.claude-opus-5", 512), ("us.anthropic.claude-opus-5-5", 512),
    ("us.anthropic.claude-haiku-5-5", 512), ("us.anthropic.claude-sonnet-5", 1024),
    ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", 1024), ("us.anthropic.claude-sonnet-4-6", 1024),
    ("us.anthropic.claude-opus-4-8", 1024), ("us.anthropic.claude-opus-4-1-20250805-v1:0", 1024),
    ("us.anthropic.claude-haiku-4-5-20251001-v1:0", 4096), ("us.anthropic.claude-opus-4-7", 4096),
    ("us.amazon.nova-pro-v1:0", 1024), ("us.meta.llama3-3-70b-instruct-v1:0", None),
    ("anthropic.claude-3-haiku-20240307-v1:0", None),
])  # fmt: skip
def test_a_cache_takes_what_is_as_long_as_its_model_wants(model, least):
    assert limits_of(model).cache_minimum == least


@pytest.mark.parametrize(("model", "is_listed"), [
    ("us.anthropic.claude-sonnet-5", False), ("us.anthropic.claude-opus-4-7", False),
    ("us.anthropic.claude-fable-5", False), ("us.anthropic.claude-opus-5", None),
    ("us.anthropic.claude-sonnet-4-6", None), ("us.amazon.nova-pro-v1:0", None),
])  # fmt: skip
def test_a_model_that_no_job_takes_is_known(model, is_listed):
    assert limits_of(model).batch is is_listed


@pytest.mark.parametrize("row", MODEL_LIMITS, ids=lambda row: row.pattern)
def test_each_row_says_where_and_when_it_was_read_and_tells_something(row):
    assert row.source.startswith("https://")
    assert row.limits != ModelLimits()
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", row.read)
    # What was not read there may only make a warning.
    harmless = ModelLimits(profiles=row.limits.profiles, cache_minimum=row.limits.cache_minimum)
    assert row.is_seen or row.limits == harmless


@pytest.mark.parametrize(
    ("model", "profile"),
    [
        ("anthropic.claude-sonnet-4-5-20250929-v1:0", "us.anthropic.claude-sonnet-4-5-20250929-v1:0"),
        ("anthropic.claude-opus-4-7", "us.anthropic.claude-opus-4-7"),
        ("anthropic.claude-3-7-sonnet-20250219-v1:0", "us.anthropic.claude-3-7-sonnet-20250219-v1:0"),
        ("meta.llama3-2-11b-instruct-v1:0", "us.meta.llama3-2-11b-instruct-v1:0"),
        ("meta.llama4-maverick-17b-instruct-v1:0", "us.meta.llama4-maverick-17b-instruct-v1:0"),
        ("amazon.nova-premier-v1:0", "us.amazon.nova-premier-v1:0"),
        ("amazon.nova-2-lite-v1:0", "us.amazon.nova-2-lite-v1:0"),
        ("deepseek.r1-v1:0", "us.deepseek.r1-v1:0"),
        ("mistral.pixtral-large-2502-v1:0", "us.mistral.pixtral-large-2502-v1:0"),
        ("writer.palmyra-x5-v1:0", "us.writer.palmyra-x5-v1:0"),
        (
            "arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-opus-4-7",
            "us.anthropic.claude-opus-4-7",
        ),
        ("us.anthropic.claude-opus-4-7", None),
        ("global.anthropic.claude-opus-4-7", None),
        ("arn:aws:bedrock:us-east-1:1:inference-profile/us.anthropic.claude-opus-4-7", None),
        ("amazon.nova-lite-v1:0", None),
        ("anthropic.claude-3-haiku-20240307-v1:0", None),
        ("mistral.mistral-large-2402-v1:0", None),
        (PROFILE, None),
    ],
)
def test_a_model_that_needs_an_inference_profile_is_known_with_its_id(model, profile):
    assert next(iter(profile_ids(model)), None) == profile


@pytest.mark.parametrize(
    ("model", "family", "extra", "use"),
    [
        ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", None, {}, "tool"),
        ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", None, {"thinking": {"type": "enabled"}}, "auto"),
        ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", None, {"thinking": {"type": "disabled"}}, "tool"),
        ("us.anthropic.claude-3-7-sonnet-v1:0", None, {"reasoning_config": {"type": "enabled"}}, "auto"),
        ("us.anthropic.claude-opus-4-7", None, {"thinking": {"type": "adaptive"}}, "auto"),
        ("us.anthropic.claude-sonnet-5", None, {}, "auto"),
        ("us.anthropic.claude-sonnet-5", None, {"thinking": {"type": "disabled"}}, "tool"),
        ("us.anthropic.claude-opus-5-5", None, {}, "auto"),
        (PROFILE, None, {}, None),
        (PROFILE, "anthropic", {}, "tool"),
        (PROFILE, "anthropic", {"thinking": {"type": "enabled", "budget_tokens": 2000}}, "auto"),
        (PROFILE, "nova", {}, "tool"),
        (PROFILE, "llama", {}, "auto"),
        (PROFILE, "chat", {}, None),
        # Others' models take a field of that name, too.
        ("deepseek.v3-v1:0", None, {"thinking": {"type": "enabled"}}, "any"),
        ("us.amazon.nova-2-lite-v1:0", None, {"reasoningConfig": {"type": "enabled"}}, "tool"),
    ],
)  # fmt: skip
def test_a_tool_is_forced_as_far_as_the_model_takes_it(model, family, extra, use):
    assert tool_use(model, family, extra) == use


HAIKU, OPUS = "us.anthropic.claude-haiku-4-5-20251001-v1:0", "us.anthropic.claude-opus-4-7"
THINKING = {"thinking": {"type": "enabled", "budget_tokens": 5000}}


@pytest.mark.parametrize(
    ("kind", "given", "inference"),
    [
        (Candidate, {}, {"max_tokens": 1024}),
        (Candidate, {"inference": {"temperature": 0.5}}, {"max_tokens": 1024, "temperature": 0.5}),
        (Candidate, {"inference": {"max_tokens": None}}, {}),
        (Candidate, {"extra": THINKING}, {"max_tokens": 6024}),
        (Candidate, {"model": "us.anthropic.claude-opus-5-5"}, {"max_tokens": 5120}),
        (Judge, {}, {"max_tokens": 2048, "temperature": 0}),
        (Judge, {"inference": {}}, {"max_tokens": 2048, "temperature": 0}),
        (Judge, {"inference": {"max_tokens": 4000}}, {"max_tokens": 4000, "temperature": 0}),
        (Judge, {"inference": {"temperature": None}}, {"max_tokens": 2048}),
        (Judge, {"inference": {"temperature": 1}}, {"max_tokens": 2048, "temperature": 1}),
        (Judge, {"inference": {"stop": ["END"]}}, {"max_tokens": 2048, "temperature": 0, "stop": ["END"]}),
        # One of the two: what is stated is sent, and the default left out.
        (Judge, {"inference": {"top_p": 0.9}}, {"max_tokens": 2048, "top_p": 0.9}),
        (Judge, {"model": "us.amazon.nova-pro-v1:0", "inference": {"top_p": 0.9}},
         {"max_tokens": 2048, "temperature": 0, "top_p": 0.9}),
        (Judge, {"model": OPUS}, {"max_tokens": 2048}),
        (Judge, {"model": OPUS, "inference": {"max_tokens": 4000}}, {"max_tokens": 4000}),
        (Judge, {"model": "o3-mini"}, {"max_tokens": 2048}),
        (Judge, {"extra": THINKING}, {"max_tokens": 7048}),
        (Judge, {"extra": THINKING, "inference": {"max_tokens": 8000}}, {"max_tokens": 8000}),
        (Judge, {"model": OPUS, "extra": {"thinking": {"type": "adaptive"}}}, {"max_tokens": 6144}),
        (Judge, {"model": PROFILE, "family": "anthropic", "extra": THINKING}, {"max_tokens": 7048}),
        (Judge, {"model": "us.amazon.nova-2-lite-v1:0",
                 "extra": {"reasoningConfig": {"type": "enabled", "maxReasoningEffort": "high"}}}, {}),
        (Judge, {"model": "us.amazon.nova-2-lite-v1:0",
                 "extra": {"reasoningConfig": {"type": "enabled", "maxReasoningEffort": "low"}}},
         {"max_tokens": 2048, "temperature": 0}),
    ],
)  # fmt: skip
def test_defaults_fill_in_key_by_key_what_is_not_stated_and_not_refused(kind, given, inference):
    made = kind.model_validate({"name": "x", "model": HAIKU, **given})
    assert made.inference.model_dump(mode="json", exclude_defaults=True) == inference
    # As a run's own file states all of it, nothing is filled in again.
    assert kind.model_validate_json(made.model_dump_json()) == made


def test_parameters_that_are_made_in_code_are_all_there_is():
    assert Judge(name="x", model=HAIKU, inference=Inference()).inference == Inference()


@pytest.mark.parametrize(
    ("given", "verdict"),
    [
        ({}, "tool"),
        ({"model": "us.deepseek.r1-v1:0"}, "text"),
        ({"model": "meta.llama3-8b-instruct-v1:0"}, "text"),
        ({"model": "us.deepseek.r1-v1:0", "verdict": "tool"}, "tool"),
        ({"model": "us.deepseek.r1-v1:0", "verdict": "yes_no"}, "yes_no"),
        ({"model": "us.meta.llama3-1-8b-instruct-v1:0"}, "tool"),
    ],
)
def test_a_judge_without_tools_gives_its_verdict_in_text_unless_the_evaluation_says_otherwise(given, verdict):
    assert Judge.model_validate({"name": "x", "model": HAIKU, **given}).verdict == verdict
