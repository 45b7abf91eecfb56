"""How calls were delivered, and what that cost, as a table of every medium."""

from evaldrop.report import links
from evaldrop.report.columns import Column, Table, words
from evaldrop.scorecard import figures
from evaldrop.scorecard.model.scorecard import DeliveryCost, Scorecard

IN_WORDS = {"on_demand": "on demand", "flex": "flex", "batch": "batch"}


def deliveries(scorecard: Scorecard) -> Table:
    """Return what each delivery cost; without rows where all was on demand and nothing was cached."""
    found = scorecard.cost_usd.deliveries
    if all(one.delivery == "on_demand" and not _cached(one) for one in found):
        found = ()
    opens = [links.answers(one.name, None, "called") if one.role == "candidate" else None for one in found]
    caching = [
        Column("read from cache", [figures.count(one.cache_read_tokens) for one in found], rank=2),
        Column("written to cache", [figures.count(one.cache_write_tokens) for one in found], rank=2),
        Column("saved, USD", [figures.usd(one.cache_saved_usd) for one in found], rank=1),
    ]
    return Table(
        title="Deliveries",
        caption=_caption(scorecard),
        classes="numbers dense",
        columns=[
            words("called", [one.name for one in found]),
            words("delivery", [_in_words(one) for one in found]),
            Column("calls", [figures.count(one.calls) for one in found], links=opens),
            Column("USD", [figures.usd(one.cost_usd) for one in found], links=opens),
            *(caching if any(map(_cached, found)) else []),
        ],
    )


def _caption(scorecard: Scorecard) -> str:
    search = scorecard.cost_usd.prompt_search
    if search is None:
        return "Calls by delivery"
    return f"Calls by delivery; the search for prompts comes to it, {figures.usd(search)}"


def _cached(one: DeliveryCost) -> int:
    return one.cache_read_tokens + one.cache_write_tokens


def _in_words(one: DeliveryCost) -> str:
    asked = IN_WORDS[one.delivery]
    return asked if one.delivery == one.billed_as else f"{asked}, served {IN_WORDS[one.billed_as]}"
