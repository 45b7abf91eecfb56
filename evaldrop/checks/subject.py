"""What a check looks at, and what it says."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple


class ToolCall(NamedTuple):
    """A tool that a candidate asked for. Nothing is executed."""

    name: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """
    A response, with what of its record and of its call a check may look at.

    `latency_ms` and `cost_usd` are None where they are unknown, `cost_usd` of what is reused 0.
    """

    response: str
    references: tuple[str, ...] = ()
    prompt: str = ""
    context: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    latency_ms: float | None = None
    cost_usd: float | None = None
    tool_calls: tuple[ToolCall, ...] = ()


class Outcome(NamedTuple):
    """
    What a check says of a response.

    `score` is 0 or 1 of a binary check and a fraction in [0, 1] of another; None where nothing can be said,
    for the reason of `unscored_reason` (a word such as `no_reference`, `timeout`, `unknown_latency`).
    `note` says in a sentence what was found, for people: it stands where a judge's rationale would.
    """

    score: float | None
    note: str | None = None
    unscored_reason: str | None = None
