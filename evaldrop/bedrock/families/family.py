"""
What a model family is: how bodies of its own are written, read and rehearsed. Each family is one module.

It imports no type of evaluations, nor anything of the engine: a run's second process reads replies and has to
begin at once, and Lambda's bundles hold no engine.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

JSON = dict[str, Any]
Turns = Sequence[tuple[str, str]]
"""Roles and texts, in order."""


class Reply(NamedTuple):
    """
    What a model said, by one name for every family.

    `text` is what it said to the user; `thinking` is what it thought, None where it did not. `stop_reason` is
    in Converse's words (`end_turn`, `tool_use`, `max_tokens`, `content_filtered` …) whatever the family calls
    it. `input_tokens` holds cached tokens too, `cache_read_tokens` and `cache_write_tokens` among them. None
    means that the reply does not tell. `service_tier` is the one that answered: `default`, `flex` … `error`,
    {"Error", "Cause"} as the workflow's own are, says why the reply is no answer: it is not to be judged.
    """

    text: str
    tool_input: Mapping[str, Any] | None = None
    stop_reason: str | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    latency_ms: float | None = None
    thinking: str | None = None
    error: Mapping[str, str] | None = None
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    service_tier: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """
    How requests are laid out: Converse's, or a family's own body. What is None or missing, it does not take.

    Attributes:
        constants: What every request has to say.
        parameters: Its names for the fields of an evaluation's `Inference`.
        parameters_in: The key that holds those; the request itself when there is none.
        messages: A conversation; its first turn is the system text where `system` is None.
        system: A system text, in a place apart from the messages.
        tool: A tool by its name, description and JSON Schema (`input_schema`), and how it is to be called: by
            name (`tool`), as one of them all (`any`), or as the model likes (None).
        tools: Several of them, which a candidate may call as it likes; a description may be missing.
        block: What a block of a message's content holds beside its `text`. Without blocks a body is one text,
            which a response could break out of: such a family cannot judge.
    """

    constants: Mapping[str, Any] = field(default_factory=dict)
    parameters: Mapping[str, str]
    parameters_in: str | None = None
    messages: Callable[[Turns], JSON]
    system: Callable[[str], JSON] | None = None
    tool: Callable[[Mapping[str, Any], str | None], JSON] | None = None
    tools: Callable[[Sequence[Mapping[str, Any]]], JSON] | None = None
    block: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Family(Layout):
    """
    A family's own bodies, as InvokeModel takes and returns them.

    The workflow meets them before any Python does: it puts a judge's blocks under `messages`, and finds a
    response's text (piece BODY_TEXT of `infra/workflow.pieces.yaml`) and a judge's call of the tool
    (HasVerdictInBody of `infra/workflow/judgement.asl.yaml`) in the places that these list. Others have to be
    added there.

    Attributes:
        reply_key: The key at the top of a reply that only this family's have.
        read: Reads a reply, its stop reason in the family's own words, thoughts within its text still there.
            None where the layout is another than it knows. Must not raise.
        stop_reasons: Those of its words for Converse's stop reasons that `bodies.STOP_REASONS` does not have.
        recognises: Whether a model's ID and a request's body are of this family; of bodies that several
            families recognise, the first in `FAMILIES` answers.
        as_converse: Reads a request for the rehearsal, as Converse's without `modelId`.
        from_converse: Writes the rehearsal's answer, given the model's ID and Converse's response.
    """

    reply_key: str
    read: Callable[[Mapping[str, Any]], Reply | None]
    stop_reasons: Mapping[str, str] = field(default_factory=dict)
    recognises: Callable[[str, Mapping[str, Any]], bool]
    as_converse: Callable[[Mapping[str, Any]], JSON]
    from_converse: Callable[[str, Mapping[str, Any]], JSON]
