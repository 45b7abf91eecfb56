"""The first sheet of a workbook: what to ship, what fell, the gate, the ranking, and why responses failed."""

from collections.abc import Iterator, Sequence
from typing import Any, Literal, NamedTuple

from evaldrop.report.failures import title_of
from evaldrop.report.first_screen import fallen
from evaldrop.scorecard import figures
from evaldrop.scorecard.model.scorecard import Scorecard
from evaldrop.scorecard.recommendation import recommendation_of

_RANKING = (
    "candidate", "quality", "low", "high", "USD/1,000", "p90 ms", "gate", "since baseline", "standing",
)  # fmt: skip
_FALLS = ("candidate", "criterion", "category", "difference", "interval")
_CHECKS = ("decision", "rule", "candidate", "criterion", "sentence")
_GROUPS = ("criterion", "n", "of", "what judges wrote")


class SheetRow(NamedTuple):
    """A row: a title, a heading, a header, or cells of the columns that the last header named."""

    kind: Literal["title", "heading", "header", "cells"]
    cells: Sequence[Any] = ()
    columns: Sequence[str] = ()


def overview_rows(scorecard: Scorecard) -> Iterator[SheetRow]:
    """Yield the rows, an empty one between two parts."""
    found = recommendation_of(scorecard)
    yield SheetRow("title", [found.reason])
    if scorecard.simulated:
        yield SheetRow("heading", ["SIMULATED: stand-ins answered, no model did."])
    yield from _part("Worse than the blessed run", _FALLS, _fallen(scorecard))
    ranked = [
        (
            row.candidate,
            row.quality,
            *(row.interval or (None, None)),
            row.cost_usd_per_1000_records,
            row.latency_ms_p90,
            row.gate,
            row.change and row.change.decision,
            row.standing.replace("_", " "),
        )
        for row in found.ranking
    ]
    yield from _part(f"Candidates, the best first, by {found.quantity or 'quality'}", _RANKING, ranked)
    gate = scorecard.gate
    checks: list[Sequence[Any]] = [
        (check.decision, check.expression, check.candidate, check.criterion, check.sentence)
        for check in gate.checks
    ] or [(gate.decision, None, None, None, reason) for reason in gate.reasons]
    yield from _part(f"Gate: {gate.decision}", _CHECKS, checks)
    groups = [
        (criterion, group.n, failed.read, title_of(group))
        for criterion, failed in scorecard.failure_groups.items()
        for group in failed.groups
    ]
    yield from _part("Why responses failed", _GROUPS, groups)
    yield SheetRow("cells", columns=("what", "value"))
    yield from (SheetRow("cells", fact, ("what", "value")) for fact in _facts(scorecard))


def _part(heading: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> Iterator[SheetRow]:
    if rows:
        yield SheetRow("cells", columns=columns)
        yield SheetRow("heading", [heading])
        yield SheetRow("header", columns)
        yield from (SheetRow("cells", row, columns) for row in rows)


def _fallen(scorecard: Scorecard) -> list[Sequence[Any]]:
    return [
        (one.candidate, fall.criterion, fall.category or None, fall.difference, fall.interval or None)
        for one in fallen(scorecard)
        for fall in one.falls
    ]


def _facts(scorecard: Scorecard) -> Iterator[Sequence[Any]]:
    yield ("evaluation", scorecard.evaluation)
    yield ("run", scorecard.run_id)
    yield ("started", figures.moment(scorecard.started_at))
    yield ("records", scorecard.records.evaluated)
    yield ("cost_usd", figures.usd(scorecard.cost_usd.total))
    yield ("confidence", scorecard.confidence)
