"""How a run's calls were delivered and billed: counts by candidate or judge, and what the caches spared."""

from collections.abc import Mapping
from typing import Literal, NamedTuple

from evaldrop.bedrock.billing import billed_as
from evaldrop.evaluation.delivery import Delivery
from evaldrop.evaluation.prices import ModelPrice, TokenUsage, cost_at
from evaldrop.run.definition import RunDefinition
from evaldrop.run.tables import ResponseRow
from evaldrop.scorecard.model.scorecard import DeliveryCost
from evaldrop.scorecard.results import JudgeCall
from evaldrop.steps.build_scorecard.tally import Merging

# A float sum depends on its order, and parts of a run are merged in any.
_PICODOLLARS = 1e12


class Paid(NamedTuple):
    """Whose calls were delivered how: as asked for, and as billed."""

    role: Literal["candidate", "judge"]
    name: str
    asked: Delivery
    billed: Delivery


class _Sum(Merging):
    """What calls came to; `unknown` are those whose price or tokens are not known."""

    def __init__(self) -> None:
        self.calls = self.unknown = self.picodollars = self.cache_read = self.cache_write = 0

    def add(self, cost_usd: float | None, cache_read: int | None, cache_write: int | None) -> None:
        self.calls += 1
        self.unknown += cost_usd is None
        self.picodollars += round((cost_usd or 0.0) * _PICODOLLARS)
        self.cache_read += cache_read or 0
        self.cache_write += cache_write or 0


class DeliveryCounts(Merging):
    """Counts the calls that a run paid for, by how they were delivered."""

    def __init__(self) -> None:
        self._new = _Sum
        self._sums: dict[Paid, _Sum] = {}

    def add_response(self, row: ResponseRow) -> None:
        """Add a candidate's call; a row without a delivery was none of this run's."""
        if row.delivery is not None:
            billed = billed_as(row.delivery, row.service_tier)
            paid = Paid("candidate", row.candidate, row.delivery, billed)
            self._at(paid).add(row.cost_usd, row.cache_read_tokens, row.cache_write_tokens)

    def add_call(self, call: JudgeCall) -> None:
        """Add a judge's call that was answered; an earlier run's was paid for there."""
        if not call.is_kept and call.is_answered:
            paid = Paid("judge", call.judge, call.delivery, billed_as(call.delivery, call.service_tier))
            self._at(paid).add(call.cost_usd, call.cache_read_tokens, call.cache_write_tokens)

    def costs(self, run: RunDefinition) -> tuple[DeliveryCost, ...]:
        """Return what was counted, in the order of the evaluation's candidates and judges."""
        called = [("candidate", each.name, each.model) for each in run.candidates]
        called += [("judge", each.name, each.model) for each in run.judges]
        return tuple(
            _cost(run, paid, found, model)
            for role, name, model in called
            for paid, found in sorted(self._sums.items())
            if (paid.role, paid.name) == (role, name)
        )

    def _at(self, paid: Paid) -> _Sum:
        if paid not in self._sums:
            self._sums[paid] = self._new()
        return self._sums[paid]


def _cost(run: RunDefinition, paid: Paid, found: _Sum, model: str) -> DeliveryCost:
    return DeliveryCost(
        role=paid.role,
        name=paid.name,
        delivery=paid.asked,
        billed_as=paid.billed,
        calls=found.calls,
        cost_usd=None if found.unknown else found.picodollars / _PICODOLLARS,
        cache_read_tokens=found.cache_read,
        cache_write_tokens=found.cache_write,
        cache_saved_usd=_saved(run.prices, paid, found, model),
    )


def _saved(prices: Mapping[str, ModelPrice | None], paid: Paid, found: _Sum, model: str) -> float | None:
    """Return what cached tokens would have cost more; below 0 where writing them cost more than it saved."""
    price = prices.get(model)
    if price is None:
        return None
    tokens = found.cache_read + found.cache_write
    whole, cached = (
        cost_at(price, usage, paid.billed)
        for usage in (TokenUsage(tokens, 0), TokenUsage(tokens, 0, found.cache_read, found.cache_write))
    )
    return None if whole is None or cached is None else whole - cached
