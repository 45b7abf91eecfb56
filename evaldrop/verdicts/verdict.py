"""What a judge said, once read: a score, or the reason there is none."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Generic, Literal, Self, TypeVar

from evaldrop.verdicts.wording import is_refusal

UnscoredReason = Literal[
    "no_verdict", "ambiguous", "out_of_range", "truncated", "refused", "blocked", "not_applicable",
    "judge_error",
]  # fmt: skip

# Bedrock's stop reasons that settle a reply by themselves; any other, known or not, leaves it to its text.
SETTLED: Final[Mapping[str | None, UnscoredReason]] = {
    "content_filtered": "blocked",
    "guardrail_intervened": "blocked",
    "refusal": "refused",
}
TRUNCATED: Final = frozenset({"max_tokens", "model_context_window_exceeded", "length"})

T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeReply:
    """
    A judge's reply in neutral form, whichever API it came through.

    `tool_input` is what the judge passed to the verdict tool, None when it did not call it. `stop_reason` is
    Bedrock's word (`end_turn`, `tool_use`, `max_tokens`, `content_filtered`, …), None when unknown.
    """

    text: str = ""
    tool_input: Mapping[str, Any] | None = None
    stop_reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The judge's reply on one criterion: either `score` or `unscored_reason` is None, never both."""

    criterion: str
    score: float | None
    unscored_reason: UnscoredReason | None = None
    rationale: str = ""

    def __post_init__(self) -> None:
        if (self.score is None) == (self.unscored_reason is None):
            raise ValueError(f"{self.criterion}: a verdict has a score or a reason for having none")


@dataclass(frozen=True, slots=True)
class Reading(Generic[T_co]):
    """What was read from a reply, or why nothing was: `value` is None exactly when `reason` is not."""

    value: T_co | None
    reason: UnscoredReason | None = None

    @classmethod
    def unread(cls, reason: UnscoredReason) -> Self:
        """Return a reading of nothing."""
        return cls(None, reason)


def unanswered(plain: str, *, truncated: bool) -> Reading[Any]:
    """Return why nothing was read from a text that holds no answer."""
    # First: a refusal that was cut off is a refusal still.
    if is_refusal(plain):
        return Reading.unread("refused")
    return Reading.unread("truncated" if truncated else "no_verdict")


def agreed(readings: Iterable[Reading[T_co]]) -> Reading[T_co] | None:
    """Return the reading that all are, `ambiguous` when two differ, None when there is none."""
    distinct = set(readings)
    if len(distinct) > 1:
        return Reading.unread("ambiguous")
    return next(iter(distinct), None)
