"""
Plans a run's searches for prompts, before anything is spent.

What a try takes is counted on records that the search will try; what a proposal takes, on requests as it will
make them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import ceil
from typing import TYPE_CHECKING, Final, NamedTuple

from evaldrop.datasets import Record
from evaldrop.evaluation import Candidate
from evaldrop.evaluation.delivery import DELIVERIES, Delivery
from evaldrop.evaluation.improvement import BEDROCK, ImprovedPrompt
from evaldrop.evaluation.originals import improved_candidates
from evaldrop.evaluation.prices import Prices, price_of
from evaldrop.prompt_search.calls import LIKELY_SHARE, OPTIMIZER_USD, TRAIN_SAMPLE
from evaldrop.prompt_search.parts import PartsOf
from evaldrop.prompt_search.size import prompt_tokens
from evaldrop.prompt_search.state import Part
from evaldrop.run.definition import RunDefinition
from evaldrop.steps.validate_dataset.machinery import TRANSITION_USD
from evaldrop.steps.validate_dataset.plan import (
    VERDICT_TOKENS,
    Counting,
    Plan,
    orchestration_usd,
    seconds_of_record,
    tokens_cost,
)
from evaldrop.steps.validate_dataset.planned_lines import ZERO, Line, Range, Role
from evaldrop.steps.validate_dataset.planned_search import PlannedSearch, PlannedSearches, ProposedLengths
from evaldrop.steps.validate_dataset.reply_lengths import LengthsOf, ReplyLengths

# What is asked is imported where something is searched for.
if TYPE_CHECKING:
    from evaldrop.steps.validate_dataset.search_requests import SearchRequests

PROPOSING_S: Final = 20.0
"""Seconds a proposal takes: a guess."""
MOST_COUNTED: Final = 60
"""Tried records that a search's calls are counted on, where a stack does not ask for all."""
_PROPOSING_STATES = 3
_FIRST_BATCH = 8


class SplitRecords(NamedTuple):
    """
    A run's records by what becomes of them.

    Attributes:
        parts: Train and dev records by their ID; all others are test.
        order: Those that a search may meet.
        records: How many there are in each part.
        test_units: Independent ones of the test part.
    """

    parts: Mapping[str, Part]
    order: PartsOf
    records: dict[Part, int]
    test_units: int

    @property
    def tried(self) -> tuple[str, ...]:
        """Records that prompts are tried on."""
        return (*self.order.train[:TRAIN_SAMPLE], *self.order.dev)


class Searching:
    """
    Plans a run's searches.

    Args:
        run: The run; its prompts are those that searches begin with.
        split: Its records.
        tried: Records that prompts will be tried on, or some of them.
        prices: Where dollars come from.
        lengths: What is known of replies.
        proposed: What is known of proposals, by candidate.
    """

    def __init__(
        self,
        run: RunDefinition,
        split: SplitRecords,
        tried: Sequence[Record],
        *,
        prices: Prices,
        lengths: ReplyLengths,
        proposed: Mapping[str, ProposedLengths],
    ) -> None:
        self._run, self._split, self._tried = run, split, tried
        self._prices, self._lengths, self._proposed = prices, lengths, proposed

    def planned(self) -> PlannedSearches:
        """Return what they take."""
        improved = improved_candidates(self._run.evaluation)
        found = [self._planned(candidate, settings) for candidate, settings in improved]
        searching = [settings for _, settings in improved if settings.is_search]
        evaluation = self._run.evaluation
        concurrency = self._run.options.get("max_in_flight") or evaluation.max_concurrency
        turns = max((_seconds(each, self._split.order, concurrency) for each in searching), default=(0, 0))
        children = sum(_children(each, self._split.order) for each in searching)
        proposing = sum(line.calls for each in found for line in each.lines if line.role == "proposer")
        return PlannedSearches(
            records=self._split.records,
            test_units=self._split.test_units,
            is_without_dev=bool(searching) and not self._split.order.dev,
            searches=tuple(found),
            duration_s=turns[0] * PROPOSING_S + turns[1] * seconds_of_record(evaluation),
            orchestration_usd=orchestration_usd(evaluation, children)
            + proposing * _PROPOSING_STATES * TRANSITION_USD,
        )

    def _planned(self, candidate: Candidate, settings: ImprovedPrompt) -> PlannedSearch:
        from evaldrop.steps.validate_dataset.search_requests import SearchRequests

        one = SearchRequests(self._run, candidate, settings, self._split.order)
        longer = one.longer(self._proposed.get(candidate.name))
        if settings.by == BEDROCK:
            return _by_bedrock(candidate, settings, one, longer)
        reply = one.reply(self._proposed.get(candidate.name), longer)
        lines = [self._proposing(one, settings, candidate, reply)]
        if settings.is_search and self._tried:
            lines += self._trying(one, candidate, longer)
        likely = sum(line.cost_usd.likely for line in lines if line.cost_usd)
        budget = settings.budget_usd
        return PlannedSearch(
            candidate=candidate.name,
            by=settings.by or "",
            lines=tuple(lines),
            most=_most(one, lines),
            longer=longer,
            budget_usd=budget,
            is_held=self._is_held,
            choice_usd=None
            if any(line.cost_usd is None for line in lines)
            else likely * one.share_of_a_choice,
        )

    @property
    def _is_held(self) -> bool:
        searching = [each for _, each in improved_candidates(self._run.evaluation) if each.is_search]
        return all(each.budget_usd is not None for each in searching)

    def _proposing(
        self, one: "SearchRequests", settings: ImprovedPrompt, candidate: Candidate, reply: Range
    ) -> Line:
        calls = one.range_of(lambda each: each.proposing)
        asked = one.asked(self._tried, self._rationale())
        known: LengthsOf = "rehearsal" if candidate.name in self._proposed else "guess"
        return self._line("proposer", candidate.name, settings.by or "", calls, asked, reply, known=known)

    def _rationale(self) -> float:
        judge = next(iter(self._run.evaluation.called_judges), None)
        told = None if judge is None else self._lengths.tokens.get(f"judge/{judge.name}")
        return VERDICT_TOKENS.likely if told is None else told

    def _trying(self, one: "SearchRequests", candidate: Candidate, longer: Range) -> list[Line]:
        counting = Counting(one.as_tried(), None)
        for record in self._tried:
            counting.add(record, weight=1.0)
        counted = {(line.role, line.name): line for line in counting.lines(self._prices, self._lengths)}
        of_candidate = counted["candidate", candidate.name]
        if not of_candidate.calls:
            return []
        found = []
        for line in counted.values():
            share = line.calls / of_candidate.calls
            calls = one.range_of(lambda each, share=share: each.tries * share)
            more = longer if line.role == "candidate" else ZERO
            n = max(line.calls, 1)
            found.append(
                self._line(
                    line.role,
                    line.name,
                    line.model,
                    calls,
                    line.input_tokens.times(1 / n) + more,
                    line.output_tokens.times(1 / n),
                    cached=line.cached_tokens / n,
                    known=line.lengths_of,
                )
            )
        return found

    def _line(
        self,
        role: Role,
        name: str,
        model: str,
        calls: Range,
        sent: Range,
        written: Range,
        *,
        known: LengthsOf,
        cached: float = 0.0,
    ) -> Line:
        price = price_of(model, self._prices)
        whole, output = _product(calls, sent), _product(calls, written)
        kept = cached * calls.likely
        costs = {each: tokens_cost(price, each, whole, output, kept) for each in DELIVERIES}
        return Line(
            role=role,
            name=name,
            model=model,
            calls=round(calls.likely),
            input_tokens=whole,
            output_tokens=output,
            cost_usd=costs["on_demand"],
            cached_tokens=kept,
            costs={each: cost for each, cost in costs.items() if each != "batch"},
            lengths_of=known,
        )


def _by_bedrock(
    candidate: Candidate, settings: ImprovedPrompt, one: "SearchRequests", longer: Range
) -> PlannedSearch:
    """Return what Bedrock's optimiser takes: no tokens of a model, but a price of its own."""
    first = prompt_tokens(one.first)
    cost = longer.map(lambda more: (2 * first + more) / 1000 * OPTIMIZER_USD)
    line = Line(
        role="proposer",
        name=candidate.name,
        model=BEDROCK,
        calls=1,
        input_tokens=Range(low=first, likely=first, high=first),
        output_tokens=longer.map(lambda more: first + more),
        cost_usd=cost,
        costs={"on_demand": cost},
    )
    return PlannedSearch(
        candidate=candidate.name,
        by=BEDROCK,
        lines=(line,),
        most={"proposer": 1},
        longer=longer,
        budget_usd=settings.budget_usd,
        is_held=True,
        choice_usd=cost.likely,
    )


def _most(one: "SearchRequests", lines: Sequence[Line]) -> dict[Role, int]:
    most = one.calls.most
    found: dict[Role, int] = {"proposer": most.proposing}
    tries = sum(line.calls for line in lines if line.role == "candidate")
    for line in lines:
        if line.role != "proposer":
            found[line.role] = ceil(most.tries * line.calls / tries)
    return found


def _product(one: Range, other: Range) -> Range:
    return Range(low=one.low * other.low, likely=one.likely * other.likely, high=one.high * other.high)


def _batches(dev: int, concurrency: int) -> int:
    """Return how often a race waits for a record, where so many are under way at a time."""
    found, met, size = 0, 0, _FIRST_BATCH
    while met < dev:
        batch = min(size, dev - met)
        found += ceil(batch / concurrency)
        met, size = met + batch, size * 2
    return found


def _seconds(settings: ImprovedPrompt, parts: PartsOf, concurrency: int) -> tuple[int, int]:
    """Return how often a search waits for proposals, and for a record."""
    sample, dev, rounds = len(parts.train[:TRAIN_SAMPLE]), len(parts.dev), settings.rounds
    first = ceil((sample + dev) / concurrency)
    later = (rounds - 1) * ceil(sample / concurrency)
    return rounds, first + rounds * _batches(dev, concurrency) + later


def _children(settings: ImprovedPrompt, parts: PartsOf) -> int:
    """Return how many records a search has in its Maps: what is tried on one together is one child."""
    sample, dev = len(parts.train[:TRAIN_SAMPLE]), len(parts.dev)
    return round(sample + dev + settings.rounds * LIKELY_SHARE * dev + (settings.rounds - 1) * sample)


def with_search(plan: Plan, found: PlannedSearches) -> Plan:
    """
    Return a plan with its searches, delivered as the plan's lines are: in flex or on demand.

    A job has a hundred rows at least and takes hours: nothing is tried in one.
    """
    chosen = {line.key: line.delivery for line in plan.lines}
    options = tuple(
        replace(
            one,
            cost_usd=one.cost_usd + _delivered(found, dict.fromkeys(chosen, one.delivery)).cost_usd,
            duration_s=one.duration_s + found.duration_s,
        )
        for one in plan.options
    )
    return replace(
        plan,
        options=options,
        prompt_search=_delivered(found, chosen),
        duration_s=plan.duration_s + found.duration_s,
        most_s=None if plan.most_s is None else plan.most_s + found.duration_s,
        orchestration_usd=plan.orchestration_usd + found.orchestration_usd,
    )


def _delivered(found: PlannedSearches, chosen: Mapping[str, Delivery]) -> PlannedSearches:
    return replace(found, searches=tuple(_search_delivered(each, chosen) for each in found.searches))


def _search_delivered(search: PlannedSearch, chosen: Mapping[str, Delivery]) -> PlannedSearch:
    lines = tuple(
        line.delivered("flex") if chosen.get(line.key) == "flex" and "flex" in line.costs else line
        for line in search.lines
    )
    return replace(search, lines=lines)
