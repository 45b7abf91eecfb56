"""What a run's searches for prompts will take, as its plan has it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any, NamedTuple

from evaldrop.prompt_search.state import Part
from evaldrop.steps.validate_dataset.planned_lines import ZERO, Line, Range, Role

JSON = dict[str, Any]


class ProposedLengths(NamedTuple):
    """
    What is known of proposals, in tokens.

    Attributes:
        reply: Of a whole reply.
        longer: By how much a prompt is longer than the one that it was made from.
    """

    reply: float
    longer: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedSearch:
    """
    One candidate's.

    Attributes:
        candidate: Whose prompt is made.
        by: Who writes it: a model, or Bedrock's optimiser.
        lines: Who is called, whatever the budget is: the proposer, the candidate that is tried, and who
            judges the tries. Their calls are the likely ones, upper figures those of all that there may be.
        most: As many calls as there may be without retries, by role.
        longer: Tokens by which the prompt is longer than the first.
        budget_usd: What the search may cost.
        is_held: Whether it never costs more. What goes on together with a search without a budget is tried
            in one Map with it, whose limit is no single search's.
        choice_usd: What it costs, likely, to choose between the first prompt and one other; None where a
            price is unknown.
    """

    candidate: str
    by: str
    lines: tuple[Line, ...]
    most: Mapping[Role, int]
    longer: Range
    budget_usd: float | None
    is_held: bool
    choice_usd: float | None

    @property
    def cost_usd(self) -> Range:
        """What it costs within its budget, of what has a known price."""
        cost = sum((line.cost_usd for line in self.lines if line.cost_usd), ZERO)
        if self.budget_usd is None:
            return cost
        within = cost.map(partial(min, self.budget_usd))
        return within if self.is_held else replace(within, high=cost.high)

    def to_json(self) -> JSON:
        """Return it as a plan's JSON has it."""
        return {**asdict(self), "calls": self.calls, "cost_usd": asdict(self.cost_usd)}

    @property
    def calls(self) -> int:
        """How many are likely, within its budget."""
        cost = sum(line.cost_usd.likely for line in self.lines if line.cost_usd)
        share = self.cost_usd.likely / cost if cost else 1.0
        return round(share * sum(line.calls for line in self.lines))


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedSearches:
    """
    All of a run's.

    Attributes:
        records: In each part.
        test_units: Independent records of the test part: a group counts once.
        is_without_dev: Whether prompts are to be tried and no record is there for it.
        duration_s: All of them, which go on together, take as long as the longest.
        orchestration_usd: What Step Functions takes for them on AWS.
    """

    records: dict[Part, int]
    test_units: int
    is_without_dev: bool
    searches: tuple[PlannedSearch, ...]
    duration_s: float
    orchestration_usd: float

    @property
    def lines(self) -> tuple[Line, ...]:
        """Whoever is called."""
        return tuple(line for each in self.searches for line in each.lines)

    @property
    def cost_usd(self) -> Range:
        """What searches cost within their budgets, of what has a known price."""
        return sum((each.cost_usd for each in self.searches), ZERO)

    @property
    def calls(self) -> int:
        """How many are likely."""
        return sum(each.calls for each in self.searches)

    @property
    def most_calls(self) -> int:
        """As many as there may be without retries."""
        return sum(sum(each.most.values()) for each in self.searches)

    def to_json(self) -> JSON:
        """Return it as a plan's JSON has it."""
        return {
            **asdict(self),
            "searches": [each.to_json() for each in self.searches],
            "calls": self.calls,
            "most_calls": self.most_calls,
            "cost_usd": asdict(self.cost_usd),
        }
