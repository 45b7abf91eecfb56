"""How tables say what was decided and what is open, a difference and its interval."""

from collections.abc import Iterator, Sequence
from typing import Literal

from evaldrop.report.columns import (
    Cell,
    Column,
    Tone,
    Words,
)
from evaldrop.report.links import Link
from evaldrop.scorecard import figures
from evaldrop.scorecard.figures import count
from evaldrop.scorecard.model.paired import PairedEstimate

DECISION_TONES: dict[str, Tone] = {"improved": "good", "regressed": "bad", "undecided": "muted"}
_OF_FAMILY = "wider than that of one comparison alone, for it holds for all that are decided together"


def strong(decision: str | Literal[False], otherwise: Cell = "not decided") -> Cell:
    """Return a decision as what is read first; of what is not decided `otherwise`."""
    return (Words(decision, "strong"),) if decision else otherwise


def undecided(reason: str | None, said: str = "not\u00a0decided") -> Cell:
    """Return that a difference is open, and the reason where one is known."""
    return (Words(f"{said}: {reason}" if reason else said, "muted"),)


def why_open(found: PairedEstimate) -> str | None:
    """Return why a difference is open, but for chance, which needs no words."""
    if found.open == "missing":
        return f"{count(found.n_missing)} records lack a verdict"
    return found.reason or ("few records differ" if found.open == "few_changed" else None)


def difference(found: Sequence[PairedEstimate], opens: Sequence[Link | None] = ()) -> Iterator[Column]:
    """Yield the columns of a difference and its interval."""
    yield Column("difference", [figures.signed(one.difference) for one in found], links=opens)
    bounds = [figures.interval(one.reported_interval) for one in found]
    yield Column("interval", bounds, note=_OF_FAMILY, links=opens)


def tested(found: Sequence[PairedEstimate], opens: Sequence[Link | None]) -> Iterator[Column]:
    """Yield the columns of a test's p-value and of the difference that it would have found."""
    yield Column("p (Holm)", [figures.p_value(one.p_adjusted) for one in found], links=opens)
    yield Column("detectable", [figures.number(one.minimum_detectable) for one in found], links=opens)
