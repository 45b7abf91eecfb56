"""What moved since the baseline."""

from collections.abc import Sequence

from evaldrop.report import behind, links
from evaldrop.report.changes import Axis, plot
from evaldrop.report.columns import (
    MARKDOWN,
    PAGE,
    TERMINAL,
    Column,
    Table,
    Words,
    words,
)
from evaldrop.report.links import Link
from evaldrop.report.tables.decisions import DECISION_TONES, strong, undecided, why_open
from evaldrop.scorecard import figures
from evaldrop.scorecard.figures import count
from evaldrop.scorecard.model.baseline import Baseline, BaselineEstimate

_CLASSES = {"improved": "better", "regressed": "worse", "undecided": ""}
# Candidate, criterion and category; "" is all records.
Movement = tuple[tuple[str, str, str], BaselineEstimate]


def criterion_changes(baseline: Baseline) -> list[Movement]:
    """Return how every criterion of every candidate moved."""
    cards = baseline.candidates.items()
    return [
        ((name, criterion, ""), moved) for name, card in cards for criterion, moved in card.criteria.items()
    ]


def by_decision(baseline: Baseline) -> tuple[list[Movement], list[Movement]]:
    """Return how criteria moved where that is decided, what regressed first; and where it is not."""
    found = criterion_changes(baseline)
    decided = [one for one in found if one[1].decision != "undecided"]
    decided.sort(key=lambda one: one[1].decision != "regressed")
    return decided, [one for one in found if one[1].decision == "undecided"]


def baseline_changes(
    changes: Sequence[Movement], axis: Axis | None = None, baseline: Baseline | None = None
) -> Table:
    """Return what moved since the baseline; `axis` places it on a page, whose numbers open their records."""

    def opens(kind: links.Change) -> list[Link | None]:
        # A category's numbers are for terminals.
        return [
            behind.moved(baseline, candidate, criterion, one, kind) if baseline and not category else None
            for (candidate, criterion, category), one in changes
        ]

    names, found = [about for about, _ in changes], [estimate for _, estimate in changes]
    moved = [figures.signed(one.difference) for one in found]
    both = [f"{count(one.better)} / {count(one.worse)}" for one in found]
    detectable = [figures.number(one.minimum_detectable) for one in found]
    decided = [one.decision != "undecided" and one.decision for one in found]
    reasons = [undecided(why_open(one)) for one in found]
    return Table(
        title="Changes against the baseline" + ("" if not found or any(decided) else ", not decided"),
        classes="numbers changes",
        columns=[
            words("candidate", [candidate for candidate, _, _ in names]),
            words("criterion", [criterion for _, criterion, _ in names]),
            words("", [(Words(one.decision, DECISION_TONES[one.decision]),) for one in found], TERMINAL),
            words("", list(map(strong, decided)), MARKDOWN),
            words("category", [category for _, _, category in names], TERMINAL),
            *([] if axis is None else [plot("share of the scale", axis, [about[:2] for about in names])]),
            Column("now - then", moved, TERMINAL),
            Column(
                "now − then",
                moved,
                MARKDOWN | PAGE,
                classes=[_CLASSES[one.decision] for one in found],
                links=opens("paired"),
            ),
            Column(
                "interval",
                [figures.interval(one.reported_interval) for one in found],
                links=opens("paired"),
            ),
            Column(
                "p (Holm)", [figures.p_value(one.p_adjusted) for one in found], rank=3, links=opens("paired")
            ),
            Column("detectable", detectable, PAGE, links=opens("paired")),
            Column("better / worse", both, MARKDOWN),
            Column(
                "better",
                [count(one.better) for one in found],
                TERMINAL | PAGE,
                rank=1,
                links=opens("better"),
            ),
            Column(
                "worse", [count(one.worse) for one in found], TERMINAL | PAGE, rank=1, links=opens("worse")
            ),
            Column("records", [count(one.n) for one in found], TERMINAL, rank=4),
            Column("lost", [count(one.lost) for one in found], PAGE, links=opens("lost")),
            Column("detectable", detectable, TERMINAL | MARKDOWN, rank=2),
            words("decision", list(map(strong, decided, reasons)), PAGE),
        ],
    )


def worst_records(baseline: Baseline) -> Table:
    """Return the records that lost most since the baseline."""
    found = baseline.worst_records
    moved = [f"{figures.number(one.was)} → {figures.number(one.now)}" for one in found]
    return Table(
        title="Scores that fell most",
        columns=[
            words("record", [(Words(one.record_id, "record"),) for one in found]),
            words("candidate", [one.candidate for one in found]),
            words("criterion", [one.criterion for one in found]),
            Column("then", [figures.score(one.was) for one in found], MARKDOWN),
            Column("now", [figures.score(one.now) for one in found], MARKDOWN),
            Column("then → now", moved, PAGE, links=[links.record(one.record_id) for one in found]),
        ],
    )
