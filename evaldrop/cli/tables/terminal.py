"""
Draws a table on a terminal.

Where there are too many columns the least telling go, never the first; sentences break between words.
"""

from collections.abc import Iterable, Sequence
from typing import Literal

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table

from evaldrop.cli.output import plain, shown
from evaldrop.cli.prose import print_prose
from evaldrop.cli.tables.layout import GAP, fitting, folded, rooms
from evaldrop.report.columns import Cell, Column, Words, text_of

_STYLES = {"good": "green", "bad": "red", "doubtful": "yellow", "busy": "cyan", "muted": "dim"}


def print_title(console: Console, name: str, about: str, *, simulated: bool) -> None:
    """Print an evaluation's name and what follows is about."""
    mark = "[bold yellow]SIMULATED[/bold yellow]  " if simulated else ""
    print_prose(console, f"\n{mark}[bold]{shown(name)}[/bold]  {shown(about)}")


def print_fitting(console: Console, columns: Sequence[Column], *, least: int = 0) -> list[Column]:
    """Print those columns that have room, the first at least so wide; return them."""
    kept = fitting(columns, console.width, least=least)
    print_table(console, kept, least=least)
    return kept


def print_table(console: Console, columns: Sequence[Column], *, least: int = 0, style: str = "bold") -> None:
    """Print all columns: numbers whole, names and sentences on several lines where they have no room."""
    wide = rooms(columns, console.width, least=least)
    # Of its own width: where even the numbers have no room rich would cut them.
    table = Table(box=None, pad_edge=False, header_style="dim", width=sum(wide) + GAP * (len(wide) - 1))
    for place, (column, room) in enumerate(zip(columns, wide, strict=True)):
        heading = "\n".join(map(shown, folded(plain(column.heading), room)))
        table.add_column(
            heading,
            style="" if place else style,
            justify=_justify(column),
            vertical="top",
            no_wrap=True,
            width=room,
        )
    for row in zip(*(column.cells for column in columns), strict=True):
        table.add_row(*(_marked(cell, room) for cell, room in zip(row, wide, strict=True)))
    console.print(table, crop=False, no_wrap=True, overflow="ignore")


def print_hidden(console: Console, headings: Iterable[str]) -> None:
    """Say which columns had no room; nothing where all had."""
    # Headings have commas of their own.
    if hidden := "; ".join(dict.fromkeys(headings)):
        print_prose(
            console, f"[dim]no room here for: {shown(hidden)}. A wider terminal has it, and the report.[/dim]"
        )


def print_models(console: Console, names: Sequence[str], models: Sequence[str]) -> None:
    """Print whose model is which, for a table that had no room for them."""
    for name, model in zip(names, models, strict=True):
        print_prose(console, f"[dim]{shown(name)} is {shown(model)}[/dim]")


def _justify(column: Column) -> Literal["left", "right"]:
    return "right" if column.kind == "number" else "left"


def _marked(cell: Cell, room: int) -> str:
    parts = cell if isinstance(cell, tuple) else (Words(text_of(cell)),)
    lines = [folded(plain(part.text), room) for part in parts]
    is_one_line = sum(map(len, lines)) == len(parts) and cell_len(plain(text_of(cell))) <= room
    styled = (
        (_STYLES.get(part.tone), "\n".join(map(shown, line))) for part, line in zip(parts, lines, strict=True)
    )
    marked = (f"[{style}]{text}[/]" if style else text for style, text in styled)
    return (" " if is_one_line else "\n").join(marked)


def draw_interval(
    value: float | None,
    bounds: tuple[float, float] | None,
    width: int,
    *,
    low: float = 0.0,
    high: float = 1.0,
    level: float | None = None,
) -> str:
    """Draw a value with its interval on a line between two ends, such as `   ├──●───┤  │  `; │ is `level`."""

    def place(at: float) -> int:
        return round((at - low) / (high - low) * (width - 1))

    cells = [" "] * width
    if level is not None and low <= level <= high:
        cells[place(level)] = "│"
    if value is not None:
        first, last = map(place, bounds or (value, value))
        cells[first : last + 1] = "─" * (last - first + 1)
        # The value last: where it is at an end of its interval it must be seen.
        cells[first], cells[last], cells[place(value)] = "├", "┤", "●"
    return "".join(cells)
