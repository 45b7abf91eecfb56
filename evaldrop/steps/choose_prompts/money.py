"""What searches have cost, and what they may still cost."""

import math
from collections.abc import Iterable, Mapping

from evaldrop.evaluation.improvement import ImprovedPrompt
from evaldrop.prompt_search.state import Search, SearchFile
from evaldrop.run.definition import RunDefinition

_LEAST_SHARE = 0.5
"""Of a run's budget: its search may have so much, whatever the run itself is likely to cost."""


def with_cost(search: Search, usd: float | None, *, is_proposing: bool) -> Search:
    """Return a search that has cost more; what is unknown makes the whole unknown."""
    changed = {"cost_usd": _plus(search.cost_usd, usd)}
    if is_proposing:
        changed["proposing_usd"] = _plus(search.proposing_usd, usd)
    return search.model_copy(update=changed)


def with_likely_cost(search: Search, likely_usd: float) -> Search:
    """Return a search that pays for a job: nobody tells what that costs, and budgets count what is likely."""
    return search.model_copy(update={"cost_usd": None, "proposing_usd": None, "likely_usd": likely_usd})


def without_cost(search: Search) -> Search:
    """Return a search whose job was not created."""
    return search.model_copy(update={"cost_usd": 0.0, "proposing_usd": 0.0, "likely_usd": 0.0})


def _plus(before: float | None, usd: float | None) -> float | None:
    return None if before is None or usd is None else before + usd


def proposing_usd(kept: SearchFile | None) -> float:
    """Return what proposing counts against the budget, whose table knows nothing of it."""
    return sum(search.counted_usd for search in kept.searches) if kept else 0.0


def tries_usd(kept: SearchFile) -> float:
    """Return what tries have cost, as far as it is known."""
    return sum((each.cost_usd or 0.0) - (each.proposing_usd or 0.0) for each in kept.searches)


def budget_of_searches(run: RunDefinition) -> float | None:
    """
    Return what all searches of a run may cost in USD, None: anything.

    Of the run's budget that is what its own records are not likely to need, and half of it at least.
    """
    if run.budget_usd is None:
        return None
    return max(run.budget_usd - _planned_usd(run), _LEAST_SHARE * run.budget_usd)


def _planned_usd(run: RunDefinition) -> float:
    """Return what the run's own records are likely to cost: its plan has the searches in it."""
    estimate = run.estimate or {}
    whole, searching = (
        ((of_it or {}).get(key) or {}).get("likely", 0.0)
        for of_it, key in ((estimate, "known_cost_usd"), (estimate.get("prompt_search"), "cost_usd"))
    )
    return float(whole - searching)


class Room:
    """
    What is left for the requests of a turn, search by search.

    Args:
        run: The run.
        kept: Its searches.
        settings: What the evaluation says of each, by candidate.
    """

    def __init__(self, run: RunDefinition, kept: SearchFile, settings: Mapping[str, ImprovedPrompt]) -> None:
        whole = budget_of_searches(run)
        self._left = math.inf if whole is None else whole - tries_usd(kept) - proposing_usd(kept)
        self._own = {
            each.candidate: math.inf if budget is None else budget - (each.cost_usd or 0.0) - each.likely_usd
            for each in kept.searches
            for budget in (settings[each.candidate].budget_usd,)
        }

    def take(self, search: Search, most_usd: float) -> bool:
        """Take what a request may cost at most; false where there is not as much."""
        if most_usd > min(self._left, self._own[search.candidate]):
            return False
        self._left -= most_usd
        self._own[search.candidate] -= most_usd
        return True


def limit_of_tries(
    run: RunDefinition, kept: SearchFile, trying: Iterable[Search], settings: Mapping[str, ImprovedPrompt]
) -> int | None:
    """
    Return what all tries of a run, this turn's included, may have cost in micro-dollars; None: anything.

    Where each search that tries something has a budget of its own, their sum holds, too: what was reserved of
    it before a call is never more.
    """
    whole, tried = budget_of_searches(run), tries_usd(kept)
    limits = [] if whole is None else [whole - proposing_usd(kept)]
    own = [(settings[each.candidate].budget_usd, each.cost_usd or 0.0) for each in trying]
    if own and all(budget is not None for budget, _ in own):
        limits.append(tried + sum(max(0.0, (budget or 0.0) - cost) for budget, cost in own))
    return max(0, math.floor(min(limits) * 1e6)) if limits else None
