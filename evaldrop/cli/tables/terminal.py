"""
Draws a table on a terminal.

Of a table that fits, the least telling columns go where there are too many, never the first.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Literal

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from evaldrop.cli.output import plain, shown
from evaldrop.report.columns import Cell, Column, Words, text_of

_STYLES = {"good": "green", "bad": "red", "doubtful": "yellow", "busy": "cyan", "muted": "dim"}
GAP = 2
# A name is cut before it is shorter than this.
_SHORTEST_NAME = 12


def print_title(console: Console, name: str, about: str, *, simulated: bool) -> None:
    """Print an evaluation's name and what follows is about."""
    mark = "[bold yellow]SIMULATED[/bold yellow]  " if simulated else ""
    console.print(f"\n{mark}[bold]{shown(name)}[/bold]  {shown(about)}")


def print_fitting(console: Console, columns: Sequence[Column], *, least: int = 0) -> list[Column]:
    """Print those columns that have room, the first at least so wide; return them."""
    kept = fitting(columns, console.width, least=least)
    console.print(fitted_table(kept, console.width, least=least))
    return kept


def print_prose(console: Console, sentences: str, *, indent: int = 0) -> None:
    """Print sentences in rich's markup, broken between words; in a file or a log each is one line."""
    if console.soft_wrap or not indent:
        console.print(" " * indent + sentences)
        return
    # What follows is indented too: reasons below one another could not be told apart.
    for line in console.render_str(sentences).wrap(console, console.width - indent):
        line.rstrip()
        console.print(Text(" " * indent).append_text(line))


def print_hidden(console: Console, headings: Iterable[str]) -> None:
    """Say which columns had no room; nothing where all had."""
    if hidden := ", ".join(dict.fromkeys(headings)):
        print_prose(
            console, f"[dim]no room here for: {shown(hidden)}. A wider terminal has it, and the report.[/dim]"
        )


def print_models(console: Console, names: Sequence[str], models: Sequence[str]) -> None:
    """Print whose model is which, for a table that had no room for them."""
    for name, model in zip(names, models, strict=True):
        print_prose(console, f"[dim]{shown(name)} is {shown(model)}[/dim]")


def fitting(columns: Sequence[Column], width: int, *, least: int = 0) -> list[Column]:
    """Return the columns that have room in `width` cells, in their order."""
    kept = list(columns)
    # Rank 0 never goes, which also ends the loop where nothing more can.
    while taken(kept, least=least) > width and (most := max(column.rank for column in kept)):
        kept = [column for column in kept if column.rank != most]
    return kept


def taken(columns: Sequence[Column], *, least: int = 0) -> int:
    """Return the cells that columns take beside one another."""
    first, *others = map(width_of, columns)
    return max(least, first) + sum(others) + GAP * len(others)


def width_of(column: Column) -> int:
    """Return the cells that a column's widest text takes."""
    # In cells and not characters: a Chinese one takes two, a combining one none.
    return max(cell_len(plain(text)) for text in (column.heading, *map(text_of, column.cells)))


def fitted_table(columns: Sequence[Column], width: int, *, least: int = 0) -> Table:
    """Return a table of columns as wide as their texts; where even they have no room the first is cut."""
    first = max(least, width_of(columns[0]))
    room = max(_SHORTEST_NAME, first - max(0, taken(columns, least=least) - width))
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column(
        shown(columns[0].heading), style="bold", no_wrap=True, min_width=min(room, first), max_width=room
    )
    for column in columns[1:]:
        table.add_column(
            shown(column.heading), justify=_justify(column), no_wrap=True, min_width=width_of(column)
        )
    names = replace(columns[0], cells=[_cut(cell, room) for cell in columns[0].cells])
    return _with_rows(table, [names, *columns[1:]])


def _cut(cell: Cell, room: int) -> Cell:
    """Return a name that fits: names of one family differ at their ends, which rich would cut off."""
    parts = cell if isinstance(cell, tuple) else (Words(text_of(cell)),)
    name = plain(parts[0].text)
    if len(parts) > 1 or len(name) <= room or not name.isascii():
        return cell
    end = room // 3
    return (replace(parts[0], text=f"{name[: room - end - 1]}…{name[-end:]}"),)


def wrapped_table(columns: Sequence[Column], *, style: str = "bold", least: int = 12) -> Table:
    """Return a table of all columns, which wraps what has no room; `style` is the first column's."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    for place, column in enumerate(columns):
        table.add_column(
            shown(column.heading),
            style="" if place else style,
            justify=_justify(column),
            min_width=None if place else least,
            no_wrap=column.wrap == "never",
            # A URI or a key has no blank to break at; folded it can still be copied.
            overflow="fold" if column.wrap == "anywhere" else "ellipsis",
        )
    return _with_rows(table, columns)


def _justify(column: Column) -> Literal["left", "right"]:
    return "right" if column.kind == "number" else "left"


def _with_rows(table: Table, columns: Sequence[Column]) -> Table:
    for row in zip(*(column.cells for column in columns), strict=True):
        table.add_row(*map(_marked, row))
    return table


def _marked(cell: Cell) -> str:
    parts = cell if isinstance(cell, tuple) else (Words(text_of(cell)),)
    styled = ((_STYLES.get(part.tone), shown(part.text)) for part in parts)
    return " ".join(f"[{style}]{text}[/]" if style else text for style, text in styled)


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
