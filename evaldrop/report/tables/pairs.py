"""Comparisons of two candidates."""

from collections.abc import Sequence
from dataclasses import replace

from evaldrop.report import behind, links
from evaldrop.report.columns import (
    MARKDOWN,
    PAGE,
    Cell,
    Column,
    Table,
    Words,
    words,
)
from evaldrop.report.links import Link
from evaldrop.report.tables.decisions import difference, strong, tested, undecided, why_open
from evaldrop.scorecard import figures
from evaldrop.scorecard.figures import count
from evaldrop.scorecard.model.scorecard import (
    Comparison,
    Scorecard,
)


def pairs(scorecard: Scorecard) -> Table:
    """Return every comparison of two candidates."""
    found = scorecard.comparisons
    scored = [behind.compared(pair) for pair in found]
    return Table(
        title="All pairs",
        classes="numbers dense",
        row_classes=["decided" if pair.decisive else "open" for pair in found],
        columns=[
            words("criterion", [pair.criterion for pair in found]),
            words("pair", [f"{pair.a} − {pair.b}" for pair in found]),
            words("", [strong(pair.decisive and f"{pair.better} is better") for pair in found], MARKDOWN),
            *difference(found, scored),
            Column("p", [figures.p_value(pair.p_value) for pair in found], PAGE, links=scored),
            *tested(found, scored),
            Column("records", [count(pair.n) for pair in found], PAGE, links=scored),
            replace(words("by", [_decider(pair) for pair in found], rank=1), links=_by_people(found)),
            replace(words("decision", [_decision(pair) for pair in found], PAGE), links=_lacking(found)),
        ],
    )


def _by_people(found: Sequence[Comparison]) -> list[Link | None]:
    """Return the responses of which people said something; on overall quality on any criterion of it."""
    return [links.labelled(pair.criterion, "labelled", None) if pair.n_labelled else None for pair in found]


def _lacking(found: Sequence[Comparison]) -> list[Link | None]:
    """Return the records without a verdict, where a decision says how many these are."""
    return [behind.missing(pair) if not pair.decisive and pair.open == "missing" else None for pair in found]


def _decider(pair: Comparison) -> str:
    """Return whose verdicts a comparison rests on, and how many records people labelled."""
    if pair.rests_on == "judge":
        return "judge alone"
    who = "people" if pair.rests_on == "people" else "people and judge"
    return f"{who}, {count(pair.n_labelled)} labelled"


def _decision(pair: Comparison) -> Cell:
    return (
        (Words(pair.better or "", "strong"), Words("is better"))
        if pair.decisive
        else undecided(why_open(pair))
    )


def decided_slices(scorecard: Scorecard) -> list[tuple[str, Comparison]]:
    """Return the comparisons in which a candidate is decidedly better, with their category."""
    parts = scorecard.slices.items()
    return [(category, pair) for category, part in parts for pair in part.comparisons if pair.decisive]
