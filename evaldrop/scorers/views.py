"""What a scorer gets, and what it says."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """
    What was asked.

    Attributes:
        id: The record's; of a trace that AgentCore sends, the trace's.
        prompt: The question, as text.
        references: What a good response would say; none where the dataset has none.
        context: What a response may rely on.
        system: The system prompt.
        category: The record's.
        metadata: Whatever else the dataset's row has.
    """

    id: str
    prompt: str = ""
    references: tuple[str, ...] = ()
    context: str | None = None
    system: str | None = None
    category: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return asdict(self)

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> "Record":
        """Read it back."""
        references = tuple(content.get("references") or ())
        return cls(**{**content, "references": references})


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """
    What a candidate answered.

    Attributes:
        text: The response.
        candidate: Who gave it; "" in a trace.
        latency_ms: How long it took, in milliseconds; None where unknown.
        cost_usd: What the call cost, in US dollars; None where unknown.
        input_tokens: Tokens of the request; None where unknown.
        output_tokens: Tokens of the response; None where unknown.
        stop_reason: Why the model stopped.
    """

    text: str
    candidate: str = ""
    latency_ms: float | None = None
    cost_usd: float | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    stop_reason: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return asdict(self)

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> "Response":
        """Read it back."""
        return cls(**content)


@dataclass(frozen=True, slots=True)
class Score:
    """
    What a scorer says of a response.

    Attributes:
        score: From the scorer's lowest to its highest score: 0 to 1, unless the evaluation says otherwise.
        passed: Whether the response passes; None leaves it to the evaluation's pass mark.
        note: Why, in a sentence, for people.
    """

    score: float
    passed: bool | None = None
    note: str | None = None


Scorer = Callable[[Record, Response], Score | float | bool | None]
"""
A scorer: True and False are 1, which passes, and 0, which fails; None says that it has nothing to say of the
record.
"""
