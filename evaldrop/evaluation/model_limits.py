"""
What models refuse, by family and version: one table, each row with where that is said and when it was read.

Bedrock refuses a request with a field that the model does not take, whatever it would have answered: such a
run costs its calls and has no result. What a model is not known to refuse is sent.
"""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any, Literal, NamedTuple

from evaldrop.evaluation.model_ids import model_name, model_vendor

ToolUse = Literal["tool", "any", "auto", "none"]
"""How far a model can be made to call a tool: by name, some tool, as it likes; or it takes no tools."""

_READ = "2026-11-30"

_CONVERSE = "https://docs.aws.amazon.com/bedrock/latest/userguide/conversation-inference-supported-models-features.html"
_TOOL_CHOICE = "https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ToolChoice.html"
_PROFILES = "https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-support.html"
_CLAUDE = "https://platform.claude.com/docs/en"
_REGIONS = "https://docs.aws.amazon.com/bedrock/latest/userguide/models-region-compatibility.html"
_NOVA_CARD = "https://docs.aws.amazon.com/bedrock/latest/userguide/model-card-amazon-nova-lite.html"
_NOVA_2 = "https://docs.aws.amazon.com/nova/latest/nova2-userguide/extended-thinking.html"

# Versions of Claude. A date may follow a version: the 20 of -4-20250514 is none.
_SINCE_4_6 = r"claude-[a-z]+-(?:4[-.][6-9]|[5-9]|\d\d)(?!\d)"
_SINCE_4_7 = r"claude-[a-z]+-(?:4[-.][7-9]|[5-9]|\d\d)(?!\d)"
_SINCE_5 = r"claude-[a-z]+-(?:[5-9]|\d\d)(?!\d)"
_SINCE_5_5 = r"claude-(?:fable|mythos)|claude-[a-z]+-(?:5[-.][5-9]|[6-9]|\d\d)(?!\d)"


class ModelLimits(NamedTuple):
    """
    What is known of a model. None: nothing, and it is taken to take it.

    Attributes:
        tools: How far it can be made to call a tool in Converse.
        system: False where it takes no system text.
        sampling: `one`: temperature or top_p, not both; `none`: neither, and no top_k.
        stop: False where it takes no texts that end a response.
        prefill: False where a conversation must not end with the assistant's message.
        thinking: The types of `thinking` it takes, Anthropic's field; empty where it takes none.
        thinks: Whether it does so when not asked to.
        profiles: The geographies of the inference profiles that it is only called through.
        geographies: Those of the profiles of a model that is called without one, too.
        reasoning: Whether it takes `reasoningConfig`, Nova's field.
        completion_tokens: Whether it calls max_tokens max_completion_tokens, as OpenAI's that reason do.
        structured: Whether its answers can be held to a JSON Schema. Of this one, None is no.
    """

    tools: ToolUse | None = None
    system: bool | None = None
    sampling: Literal["one", "none"] | None = None
    stop: bool | None = None
    prefill: bool | None = None
    thinking: tuple[str, ...] | None = None
    thinks: bool | None = None
    reasoning: bool | None = None
    profiles: tuple[str, ...] | None = None
    geographies: tuple[str, ...] | None = None
    completion_tokens: bool | None = None
    structured: bool | None = None


class Row(NamedTuple):
    """
    One thing that is known of the models whose IDs, in lower case, match a pattern.

    `source` says so, on the day it was `read`; not `is_seen` where that page was not at hand, and the row is
    what is commonly known. `family` applies it, too, where an ID hides the model and the evaluation says that
    family.
    """

    pattern: str
    limits: ModelLimits
    source: str
    family: str | None = None
    read: str = _READ
    is_seen: bool = True


# For each thing to know, the first row that matches and tells it counts.
MODEL_LIMITS = (
    # Tools. Said of Opus 5.5, and taken for its siblings: to leave the choice to a model is never refused.
    Row(_SINCE_5_5, ModelLimits(tools="auto"), f"{_CLAUDE}/models/opus-5-5/whats-new-opus-5-5"),
    Row(r"claude-(?:v?2|instant)", ModelLimits(tools="none"), _CONVERSE),
    Row(r"anthropic\.|claude", ModelLimits(tools="tool"), _TOOL_CHOICE, "anthropic"),
    Row(r"amazon\.nova", ModelLimits(tools="tool"), _TOOL_CHOICE, "nova"),
    Row(r"titan-t", ModelLimits(tools="none", system=False), _CONVERSE, "titan"),
    # The third version of Mistral 7B, which Bedrock does not have, takes both.
    Row(r"mistral-7b(?!-instruct-v0[.:]3)|mixtral-8x7b", ModelLimits(tools="none", system=False), _CONVERSE),
    Row(r"mistral\.mistral-large", ModelLimits(tools="any"), _TOOL_CHOICE),
    Row(r"llama-?2|llama-?3(?![-.]?[1-9](?![\db]))", ModelLimits(tools="none"), _CONVERSE),
    Row(r"meta\.llama3-2-[13]b", ModelLimits(tools="none"), _CONVERSE),
    Row(
        r"llama",
        ModelLimits(tools="auto"),
        "https://github.com/langchain-ai/langchain-aws/issues/620",
        "llama",
    ),
    Row(r"deepseek[.-]r1", ModelLimits(tools="none"), _CONVERSE),
    # A tool by name is not called when its schema has objects in it, as a verdict's has.
    Row(
        r"deepseek\.v3", ModelLimits(tools="any"), "https://github.com/langchain-ai/langchain-aws/issues/1270"
    ),
    Row(r"cohere\.command(?:-light)?-text", ModelLimits(tools="none", system=False), _CONVERSE),
    Row(r"ai21\.j2", ModelLimits(tools="none", system=False), _CONVERSE),
    Row(r"jamba-instruct", ModelLimits(tools="none"), _CONVERSE),
    Row(r"gemma-?2\b|gemma[-:]\d+b|codegemma", ModelLimits(system=False), "https://arxiv.org/abs/2403.08295"),
    # Sampling
    Row(_SINCE_4_7, ModelLimits(sampling="none"), f"{_CLAUDE}/about-claude/models/whats-new-claude-4-7"),
    Row(
        r"claude-opus-4[-.][156](?!\d)|claude-(?:sonnet|haiku)-4[-.][56](?!\d)",
        ModelLimits(sampling="one"),
        "https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-anthropic-claude-messages-request-response.html",
    ),
    Row(
        r"(?:^|/)o[134](?:-|$)|gpt-5",
        ModelLimits(sampling="none", completion_tokens=True),
        "https://platform.openai.com/docs/guides/reasoning",
    ),
    Row(r"gpt-oss", ModelLimits(stop=False), "https://github.com/crewAIInc/crewAI/issues/3317"),
    Row(
        r"qwen\.", ModelLimits(stop=False), "https://github.com/langgenius/dify-official-plugins/issues/1767"
    ),
    # Answers in data. Other models were added since, and none of them is known by its ID.
    Row(
        r"claude-(?:haiku|sonnet|opus)-4[-.]5|claude-opus-4[-.]6(?!\d)",
        ModelLimits(structured=True),
        "https://github.com/langchain-ai/langchain-aws/issues/883",
    ),
    # Conversations
    Row(_SINCE_4_6, ModelLimits(prefill=False), f"{_CLAUDE}/about-claude/models/whats-new-claude-4-6"),
    # Thinking
    Row(
        r"claude-sonnet-5[-.]5",
        ModelLimits(thinking=("adaptive", "between_tools"), thinks=True),
        f"{_CLAUDE}/models/sonnet-5-5/migration-guide",
    ),
    Row(
        r"claude-opus-5[-.]5|claude-(?:fable|mythos)",
        ModelLimits(thinking=("adaptive",), thinks=True),
        f"{_CLAUDE}/models/opus-5-5/whats-new-opus-5-5",
    ),
    Row(
        r"claude-(?:sonnet|opus)-5(?![-.]\d(?!\d))",
        ModelLimits(thinking=("adaptive", "disabled"), thinks=True),
        f"{_CLAUDE}/models/sonnet-5/migration-guide",
    ),
    Row(_SINCE_5, ModelLimits(thinks=True), f"{_CLAUDE}/build-with-claude/thinking"),
    Row(
        r"claude-[a-z]+-4[-.][789](?!\d)",
        ModelLimits(thinking=("adaptive", "disabled")),
        f"{_CLAUDE}/build-with-claude/thinking",
    ),
    Row(
        r"claude-[a-z]+-4[-.]6(?!\d)",
        ModelLimits(thinking=("adaptive", "enabled", "disabled")),
        f"{_CLAUDE}/build-with-claude/thinking",
    ),
    Row(
        r"claude-3[-.]7|claude-[a-z]+-4",
        ModelLimits(thinking=("enabled", "disabled")),
        f"{_CLAUDE}/build-with-claude/extended-thinking",
    ),
    Row(
        r"claude-(?:3|v?2|instant)",
        ModelLimits(thinking=()),
        f"{_CLAUDE}/build-with-claude/extended-thinking",
    ),
    Row(r"amazon\.nova-2", ModelLimits(reasoning=True), _NOVA_2),
    Row(
        r"amazon\.nova",
        ModelLimits(reasoning=False),
        "https://github.com/UKGovernmentBEIS/inspect_ai/issues/5301",
    ),
    # Inference profiles. Warned of and never refused: a Region may have the model itself.
    Row(_SINCE_4_6, ModelLimits(profiles=("us", "eu", "jp", "au", "global")), _PROFILES, is_seen=False),
    Row(
        r"claude-(?:sonnet|haiku|opus)-4[-.]5",
        ModelLimits(profiles=("us", "eu", "jp", "au", "global")),
        _PROFILES,
        is_seen=False,
    ),
    Row(r"claude-sonnet-4", ModelLimits(profiles=("us", "eu", "apac", "global")), _PROFILES, is_seen=False),
    Row(r"claude-opus-4", ModelLimits(profiles=("us",)), _PROFILES, is_seen=False),
    Row(r"claude-3[-.]7", ModelLimits(profiles=("us", "eu", "apac")), _PROFILES, is_seen=False),
    Row(r"claude-3-5-sonnet-20241022", ModelLimits(profiles=("us", "apac")), _PROFILES, is_seen=False),
    Row(r"claude-3-(?:opus|5-haiku)", ModelLimits(profiles=("us",)), _PROFILES, is_seen=False),
    Row(r"amazon\.nova-premier", ModelLimits(profiles=("us",)), _PROFILES, is_seen=False),
    Row(r"amazon\.nova-2", ModelLimits(profiles=("us", "eu", "jp", "global")), _PROFILES, is_seen=False),
    Row(r"amazon\.nova-(?:micro|lite|pro)-v1", ModelLimits(geographies=("us", "eu")), _NOVA_CARD),
    Row(r"openai\.gpt-oss|qwen\.qwen3", ModelLimits(geographies=()), _REGIONS),
    Row(r"meta\.llama3-2-[13]b", ModelLimits(profiles=("us", "eu")), _PROFILES, is_seen=False),
    Row(r"meta\.llama(?:3-[123]|4)", ModelLimits(profiles=("us",)), _PROFILES, is_seen=False),
    Row(r"deepseek\.r1", ModelLimits(profiles=("us",)), _PROFILES, is_seen=False),
    Row(r"mistral\.pixtral-large", ModelLimits(profiles=("us", "eu")), _PROFILES, is_seen=False),
    Row(r"writer\.palmyra", ModelLimits(profiles=("us",)), _PROFILES, is_seen=False),
)


@cache
def limits_of(model: str, family: str | None = None) -> ModelLimits:
    """
    Return what a model refuses.

    Args:
        model: Its ID or ARN.
        family: What the evaluation says it is of; it tells where the ID hides the model.
    """
    known = [
        row.limits
        for row in MODEL_LIMITS
        if re.search(row.pattern, model.lower()) or (family is not None and row.family == family)
    ]
    tells = (next((value for value in told if value is not None), None) for told in zip(*known, strict=True))
    return ModelLimits(*tells)


def hides_model(model: str) -> bool:
    """Tell whether an ARN says nothing of the model behind it."""
    return model.startswith("arn:") and model_vendor(model) is None


def profile_ids(model: str) -> list[str]:
    """Return the inference profiles that a model has to be called through; none where it may be as it is."""
    is_arn, (geography, name) = model.startswith("arn:"), model_name(model)
    if geography or (is_arn and ":foundation-model/" not in model):
        return []
    return [f"{prefix}.{name}" for prefix in limits_of(name).profiles or ()]


class Thinking(NamedTuple):
    """
    What `extra` says of thinking.

    Attributes:
        is_on: Whether the model thinks, be it of its own.
        type: What Anthropic's field says; None where there is none.
        budget: Tokens it may take; they are part of max_tokens.
        takes_no_inference: Whether sampling parameters and max_tokens are refused beside it.
    """

    is_on: bool = False
    type: str | None = None
    budget: int | None = None
    takes_no_inference: bool = False


def thinking_of(model: str, family: str | None, extra: Mapping[str, Any]) -> Thinking:
    """Return whether and how a candidate's or judge's model thinks; families that never refuse it do not."""
    nova = extra.get("reasoningConfig")
    if isinstance(nova, Mapping):
        # Nova 2 refuses a limit of tokens and sampling parameters beside its highest effort.
        return Thinking(takes_no_inference=_is_on(nova) and nova.get("maxReasoningEffort") == "high")
    if not (family == "anthropic" or model_vendor(model) == "Anthropic" or hides_model(model)):
        return Thinking()
    # Converse has had a name of its own for the field.
    said = extra.get("thinking", extra.get("reasoning_config"))
    if not isinstance(said, Mapping):
        return Thinking(is_on=bool(limits_of(model, family).thinks))
    kind, budget = said.get("type"), said.get("budget_tokens")
    is_number = isinstance(budget, int) and not isinstance(budget, bool)
    return Thinking(_is_on(said), kind if isinstance(kind, str) else None, budget if is_number else None)


def _is_on(said: Mapping[str, Any]) -> bool:
    return said.get("type") != "disabled"


def tool_use(model: str, family: str | None, extra: Mapping[str, Any]) -> ToolUse | None:
    """Return how far a model can be made to call a tool in Converse; None where that is not known."""
    use = limits_of(model, family).tools
    # Claude refuses a tool that has to be called while it thinks.
    forced = use in ("tool", "any", None) and thinking_of(model, family, extra).is_on
    return "auto" if forced else use
