"""Tables that fit a terminal: where columns are too many the least telling go, never the first."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

_GAP = 2
# A name is cut before it is shorter than this.
_SHORTEST_NAME = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """
    A column of a table; `cells` may hold rich's markup.

    Attributes:
        rank: 0 stays. Of the others the highest goes first when there is no room; those of one rank, which
            are read together, go together.
    """

    title: str
    cells: Sequence[str]
    justify: Literal["left", "right"] = "right"
    rank: int = 0

    @property
    def width(self) -> int:
        """Cells that the widest text takes."""
        return max(cell_len(Text.from_markup(text).plain) for text in (self.title, *self.cells))


def fitting(columns: Sequence[Column], width: int) -> list[Column]:
    """Return the columns that have room in `width` cells, in their order."""
    kept = list(columns)
    while taken(kept) > width and (most := max(column.rank for column in kept)):
        kept = [column for column in kept if column.rank != most]
    return kept


def taken(columns: Sequence[Column]) -> int:
    """Return the cells that columns take beside one another."""
    return sum(column.width for column in columns) + _GAP * (len(columns) - 1)


def table_of(columns: Sequence[Column], width: int) -> Table:
    """Return a table of columns as wide as their texts; where even they have no room the first is cut."""
    first = columns[0]
    room = max(_SHORTEST_NAME, first.width - max(0, taken(columns) - width))
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column(
        first.title, style="bold", no_wrap=True, min_width=min(room, first.width), max_width=room
    )
    for column in columns[1:]:
        table.add_column(column.title, justify=column.justify, no_wrap=True, min_width=column.width)
    for row in zip(*(column.cells for column in columns), strict=True):
        table.add_row(*row)
    return table
