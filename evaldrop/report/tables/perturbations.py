"""What perturbed prompts do to scores."""

from evaldrop.report import behind, links
from evaldrop.report.changes import perturbed, perturbed_axis, plot
from evaldrop.report.columns import (
    MARKDOWN,
    PAGE,
    Column,
    Table,
    words,
)
from evaldrop.report.tables.decisions import strong, undecided, why_open
from evaldrop.scorecard import figures
from evaldrop.scorecard.figures import count
from evaldrop.scorecard.model.scorecard import (
    Scorecard,
)


def perturbations(scorecard: Scorecard) -> Table:
    """Return what perturbing prompts does to scores: the copy's minus the record's."""
    rows = perturbed(scorecard)
    drops = [row.drop for row in rows]
    keys = [(row.perturbation, row.candidate, row.on) for row in rows]
    # A drop is shown as a change, so that its bounds change sign and places.
    family = [drop.reported_interval for drop in drops]
    bounds = [interval and (-interval[1], -interval[0]) for interval in family]
    changes = [None if drop.drop is None else -drop.drop for drop in drops]
    decided = [drop.decisive and ("worse" if (drop.drop or 0.0) > 0 else "better") for drop in drops]
    reasons = [undecided(why_open(drop)) for drop in drops]
    unanswered = [f"{count(row.missing)} of {count(row.copies)}" for row in rows]
    copied = [
        behind.perturbed(scorecard, row.candidate, row.on, row.perturbation, row.drop.n) for row in rows
    ]
    all_copies = [
        links.link(row.copies, "pairs", candidate=row.candidate, answer="evaluated", copies=row.perturbation)
        for row in rows
    ]
    return Table(
        title="Perturbed prompts",
        columns=[
            words("perturbed by", [row.perturbation for row in rows]),
            words("candidate", [row.candidate for row in rows]),
            words("on", [row.on for row in rows]),
            words("", list(map(strong, decided)), MARKDOWN),
            plot("", perturbed_axis(scorecard, rows), keys),
            Column("change", list(map(figures.signed, changes)), links=copied),
            Column("interval", list(map(figures.interval, bounds)), links=copied),
            Column("p (Holm)", [figures.p_value(drop.p_adjusted) for drop in drops], PAGE, links=copied),
            Column("pairs", [count(drop.n) for drop in drops], links=copied),
            Column("unanswered", unanswered, PAGE, links=all_copies),
            words("decision", list(map(strong, decided, reasons)), PAGE),
        ],
    )
