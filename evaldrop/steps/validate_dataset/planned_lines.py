"""The lines of a plan: whose calls they are, and how many tokens and dollars they are likely to take."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from evaldrop.evaluation.delivery import Delivery
from evaldrop.steps.validate_dataset.reply_lengths import LengthsOf

Role = Literal["candidate", "judge", "proposer"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """A guess: low, likely, high."""

    low: float
    likely: float
    high: float

    def __add__(self, other: "Range") -> "Range":
        return Range(low=self.low + other.low, likely=self.likely + other.likely, high=self.high + other.high)

    def times(self, factor: float) -> "Range":
        """Return the guess for `factor` times as much."""
        return self.map(lambda figure: figure * factor)

    def map(self, change: Callable[[float], float]) -> "Range":
        """Return the guess with each of its figures changed."""
        return Range(low=change(self.low), likely=change(self.likely), high=change(self.high))


ZERO = Range(low=0, likely=0, high=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """
    The calls of a candidate or judge, or of who writes prompts: tokens and cost of all of them.

    Attributes:
        cached_tokens: Those of the input tokens that a prompt cache may hold; batch jobs have none.
        cost_usd: None when the price is unknown.
        delivery: How they are delivered, at `cost_usd`.
        costs: What they would cost in each delivery.
        lengths_of: Whose replies tell how long these will be.
    """

    role: Role
    name: str
    model: str
    calls: int
    input_tokens: Range
    output_tokens: Range
    cost_usd: Range | None
    cached_tokens: float = 0.0
    delivery: Delivery = "on_demand"
    costs: Mapping[Delivery, Range | None] = field(default_factory=dict)
    lengths_of: LengthsOf = "guess"

    @property
    def key(self) -> str:
        """What the line is called in a run's `deliveries`."""
        return f"{self.role}/{self.name}"

    def delivered(self, delivery: Delivery) -> "Line":
        """Return the line in another delivery."""
        return replace(self, delivery=delivery, cost_usd=self.costs.get(delivery))
