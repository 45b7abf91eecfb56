"""How long replies will be: as an earlier run or a rehearsal's models tell, or as nobody knows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

LengthsOf = Literal["guess", "earlier", "rehearsal"]
"""Whose replies a plan takes for the length of those to come: nobody's, a run's, rehearsed models'."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyLengths:
    """
    What is known of replies, by "candidate/NAME" and "judge/NAME".

    Attributes:
        tokens: Mean tokens of a reply that is billed.
        in_batch: Likewise of judges that a job asks in another way than a call does.
        billed: Of the calls that a plan counts, those that are billed: not a prompt that a guardrail blocks,
            nor a judge's about a response that is not there. All of them where it tells none.
        rehearsed: Whose `tokens` a rehearsal's models told; the others' are an earlier run's.
    """

    tokens: Mapping[str, float] = field(default_factory=dict)
    in_batch: Mapping[str, float] = field(default_factory=dict)
    billed: Mapping[str, float] = field(default_factory=dict)
    rehearsed: frozenset[str] = frozenset()

    def source(self, key: str) -> LengthsOf:
        """Return who told how long somebody's replies are."""
        if key not in self.tokens:
            return "guess"
        return "rehearsal" if key in self.rehearsed else "earlier"

    def corrected_by(self, earlier: Mapping[str, float]) -> "ReplyLengths":
        """
        Return what is known where an earlier run told the mean tokens of some.

        Of a candidate it counts a prompt that was blocked as a reply without tokens.
        """
        mean = {
            key: tokens / (self.billed.get(key) or 1) if key.startswith("candidate/") else tokens
            for key, tokens in earlier.items()
        }
        return ReplyLengths(
            tokens={**self.tokens, **mean},
            in_batch=self.in_batch,
            billed=self.billed,
            rehearsed=self.rehearsed - earlier.keys(),
        )


GUESSED = ReplyLengths()
"""Nothing is known: replies are guessed."""
