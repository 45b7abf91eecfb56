"""
What a table is: columns of cells. A terminal, Markdown and a page each draw the columns that are theirs.

Where they differ in a heading, a place or a cell, a table has a column for each of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Flag, auto
from typing import TYPE_CHECKING, Literal, Union

from evaldrop.report.links import Link
from evaldrop.scorecard import figures

if TYPE_CHECKING:
    # A command that prints a plan must not wait for the scorecard's types.
    from evaldrop.report.charts import Dot, Tick


class Medium(Flag):
    """Where a column is shown."""

    TERMINAL = auto()
    MARKDOWN = auto()
    PAGE = auto()


TERMINAL, MARKDOWN, PAGE = Medium.TERMINAL, Medium.MARKDOWN, Medium.PAGE
EVERYWHERE = TERMINAL | MARKDOWN | PAGE

Tone = Literal["plain", "strong", "muted", "small", "record", "good", "bad", "doubtful", "busy"]
Wrap = Literal["never", "words", "anywhere"]


@dataclass(frozen=True, slots=True)
class Words:
    """
    A part of a cell, what it means, and on a page what it opens.

    A medium that has no look for that shows the text alone.
    """

    text: str
    tone: Tone = "plain"
    to: Link | None = None


# A figure or a name is a plain text; the parts of a longer cell are one blank apart. A dot is for a plot.
Cell = Union[str, tuple[Words, ...], "Dot", None]


@dataclass(frozen=True, slots=True)
class Column:
    """
    A column of a table, of numbers unless `kind` says otherwise.

    Attributes:
        rank: Where a terminal is too narrow the highest goes first; 0 stays. Those of one rank, which are
            read together, go together.
        wrap: How a terminal breaks its cells, in tables of which no column may go.
        note: What a page says over the heading.
        ticks: Of a plot's axis.
        classes: Of a page's cells, where they are not the column's.
        links: What a page's cells open, as a whole; None for one that opens nothing.
    """

    heading: str
    cells: Sequence[Cell]
    media: Medium = EVERYWHERE
    kind: Literal["number", "words", "plot"] = "number"
    rank: int = 0
    wrap: Wrap = "never"
    note: str = ""
    ticks: Sequence["Tick"] = ()
    classes: Sequence[str] = ()
    links: Sequence[Link | None] = ()


def words(
    heading: str, cells: Sequence[Cell], media: Medium = EVERYWHERE, *, rank: int = 0, wrap: Wrap = "words"
) -> Column:
    """Return a column of names or sentences: aligned left, and escaped."""
    return Column(heading, cells, media, "words", rank, wrap)


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table: the first column names its rows. `caption`, `classes` and `row_classes` are for pages."""

    title: str
    columns: Sequence[Column]
    caption: str = ""
    classes: str = "numbers"
    row_classes: Sequence[str] = ()

    def columns_in(self, medium: Medium) -> list[Column]:
        """Return the columns that a medium shows."""
        return [column for column in self.columns if medium in column.media]

    def __len__(self) -> int:
        return len(self.columns[0].cells)


def with_interval(value: str, bounds: str) -> Cell:
    """Return a value and, below its own tone, its interval where there is one."""
    return value if bounds == figures.ABSENT else (Words(value), Words(bounds, "muted"))


def text_of(cell: Cell) -> str:
    """Return a cell without its tones."""
    return " ".join(part.text for part in cell) if isinstance(cell, tuple) else str(cell or "")
