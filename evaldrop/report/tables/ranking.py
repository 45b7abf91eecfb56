"""The candidates as the recommendation ranks them."""

from collections.abc import Sequence

from evaldrop.report import behind
from evaldrop.report.columns import (
    Cell,
    Column,
    Table,
    Tone,
    Words,
    text_of,
    words,
)
from evaldrop.report.links import Link
from evaldrop.report.tables.decisions import DECISION_TONES
from evaldrop.report.tables.operations import per_1000
from evaldrop.scorecard import figures
from evaldrop.scorecard.model.part import OVERALL
from evaldrop.scorecard.model.recommendation import RankedCandidate, Recommendation, SinceBaseline
from evaldrop.scorecard.model.scorecard import (
    NO_GATE,
    Scorecard,
)
from evaldrop.scorecard.recommendation import recommendation_of
from evaldrop.scorecard.recommendation.leads import WIN_RATE

_GATE_TONES: dict[str, Tone] = {"pass": "good", "fail": "bad", "inconclusive": "doubtful"}
_CHANGE_WORDS = {"improved": "better", "regressed": "worse", "undecided": "open"}
_WITH_MISSING = "Wider than elsewhere where verdicts are missing: it holds whatever they would have been"


def ranking(scorecard: Scorecard) -> Table:
    """Return the candidates as the recommendation ranks them: quality, price, latency, gate, change."""
    found = recommendation_of(scorecard)
    rows = found.ranking
    level = figures.percent(scorecard.confidence)
    decides = "win rate" if found.quantity == WIN_RATE else found.quantity or "quality"
    missing = "no rule" if scorecard.gate.decision != NO_GATE else NO_GATE
    changes = [_changed(row.change) for row in rows] if any(row.change for row in rows) else []
    names = [row.candidate for row in rows]
    gates = [NO_GATE if missing == NO_GATE else missing if row.gate == "none" else row.gate for row in rows]
    return Table(
        title="Candidates, the best first",
        classes="numbers ranking stacked",
        columns=[
            words("candidate", [_ranked(row, found.choice) for row in rows]),
            Column(
                f"{figures.label(decides, 14)} ({level})",
                list(map(_quality, rows)),
                note=_WITH_MISSING,
                links=[behind.quality(scorecard, name, found.quantity) for name in names],
            ),
            Column(
                "USD/1,000",
                [_price(row, scorecard) for row in rows],
                links=[behind.price(scorecard, name) for name in names],
            ),
            Column(
                "p90",
                [figures.milliseconds(row.latency_ms_p90) for row in rows],
                links=[behind.latency(scorecard.candidates[name], name) for name in names],
            ),
            words("gate", [(Words(word, _GATE_TONES.get(word, "muted")),) for word in gates], wrap="never"),
            *([Column("since baseline", changes, links=_since(scorecard, names, found))] if changes else []),
        ],
    )


def _since(scorecard: Scorecard, names: Sequence[str], found: Recommendation) -> list[Link | None]:
    baseline, decides = scorecard.baseline, found.quantity or OVERALL
    cards = baseline.candidates if baseline else {}
    known = {name: cards[name].criteria.get(decides) for name in names if name in cards}
    return [
        behind.moved(baseline, name, decides, estimate, "paired")
        if baseline and (estimate := known.get(name))
        else None
        for name in names
    ]


def ranking_in_lines(scorecard: Scorecard) -> list[str]:
    """Return the ranking as plain lines, for a message that has neither columns nor a fixed width."""
    names, *others = ranking(scorecard).columns
    return [
        f"{place}. {figures.one_line(text_of(name))}: {'; '.join(_said(column, place) for column in others)}"
        for place, name in enumerate(names.cells, 1)
    ]


def _said(column: Column, place: int) -> str:
    cell = text_of(column.cells[place - 1])
    # "no gate" and "no rule" say by themselves what is absent.
    return cell if cell.startswith("no ") else f"{column.heading} {cell}"


def _ranked(row: RankedCandidate, choice: str | None) -> Cell:
    return (Words(row.candidate, "strong"),) if row.candidate == choice else row.candidate


def _quality(row: RankedCandidate) -> str:
    if row.interval is None:
        return figures.number(row.quality)
    low, high = (figures.number(bound) for bound in row.interval)
    # A dash before a minus sign would read as an arrow.
    between = f"{low} to {high}" if min(row.interval) < 0 else f"{low}–{high}"
    return f"{figures.number(row.quality)} ({between})"


def _price(row: RankedCandidate, scorecard: Scorecard) -> str:
    return per_1000(scorecard.candidates[row.candidate])


def _changed(change: SinceBaseline | None) -> Cell:
    if change is None:
        return figures.ABSENT
    word = f"{figures.signed(change.difference)} {_CHANGE_WORDS[change.decision]}"
    return (Words(word, DECISION_TONES[change.decision]),)
