"""Tables of Markdown, narrow enough for a comment on a pull request: a wide one becomes several."""

import re
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from evaldrop.report.columns import MARKDOWN, Cell, Table, Words, text_of
from evaldrop.report.escape import markdown

# Pixels: a comment's column on GitHub, a character of its type, and a cell's padding and line.
_WIDTH, _CHARACTER, _PADDING = 880, 7.6, 27
# A table that is wider by less than this is scrolled a little, rather than read in two parts.
_TOLERANCE = 1.15
# Characters after which words are broken into lines; figures are not.
_LONGEST_LINE = 26
_ENTITY = re.compile(r"&#\d+;")


class Strip(NamedTuple):
    """A column as Markdown: its heading, ":--" or "--:", and its cells."""

    heading: str
    alignment: str
    cells: Sequence[str]

    @property
    def width(self) -> float:
        """Pixels that it takes about."""
        lines = [line for cell in (self.heading, *self.cells) for line in cell.split("<br>")]
        longest = max(len(_ENTITY.sub("x", line).replace("**", "")) for line in lines)
        if self.alignment == ":--":
            longest = min(longest, max(_LONGEST_LINE, *(_longest_word(line) for line in lines)))
        return longest * _CHARACTER + _PADDING


def drawn(table: Table, most: int | None = None) -> Iterator[Sequence[str]]:
    """Yield a table's lines, at most so many rows: a block, or several that repeat what names their rows."""
    # Figures are this package's own, and hold signs that would be escaped.
    strips = [
        Strip(
            markdown(column.heading),
            ":--" if column.kind == "words" else "--:",
            list(islice(map(_figure if column.kind == "number" else _words, column.cells), most)),
        )
        for column in table.columns_in(MARKDOWN)
    ]
    return in_strips(strips)


def in_strips(strips: Sequence[Strip]) -> Iterator[Sequence[str]]:
    """Yield the lines of a table of columns, of which the first name the rows."""
    names = 1 if len(set(strips[0].cells)) == len(strips[0].cells) else 2
    if is_narrow(strips, _TOLERANCE):
        yield _lines(strips)
        return
    keys, rest = strips[:names], strips[names:]
    room = _WIDTH - sum(strip.width for strip in keys)
    part: list[Strip] = []
    for strip in rest:
        if part and sum(one.width for one in (*part, strip)) > room:
            yield _lines([*keys, *part])
            part = []
        part.append(strip)
    yield _lines([*keys, *part])


def is_narrow(strips: Sequence[Strip], tolerance: float = 1) -> bool:
    """Tell whether columns fit beside one another."""
    return sum(strip.width for strip in strips) <= _WIDTH * tolerance


def transposed(strips: Sequence[Strip], heading: str) -> list[Strip]:
    """Return columns whose rows have become columns; the first names them, below a heading."""
    first, *others = strips
    names = Strip(heading, ":--", [strip.heading for strip in others])
    return [
        names,
        *(Strip(name, ":--", [strip.cells[row] for strip in others]) for row, name in enumerate(first.cells)),
    ]


def _lines(strips: Sequence[Strip]) -> list[str]:
    rows = zip(*(strip.cells for strip in strips), strict=True)
    return [
        f"| {' | '.join(strip.heading for strip in strips)} |",
        f"|{'|'.join(strip.alignment for strip in strips)}|",
        *(f"| {' | '.join(row)} |" for row in rows),
    ]


def _longest_word(line: str) -> int:
    return max(map(len, _ENTITY.sub("x", line).replace("**", "").split()), default=0)


def _figure(cell: Cell) -> str:
    text = text_of(cell)
    # GitHub sets what stands between two dollar signs as a formula.
    return text.replace("$", "&#36;") if text.count("$") > 1 else text


def _words(cell: Cell) -> str:
    parts = cell if isinstance(cell, tuple) else (Words(text_of(cell)),)
    return " ".join(
        f"**{markdown(part.text)}**" if part.tone == "strong" else markdown(part.text) for part in parts
    )
