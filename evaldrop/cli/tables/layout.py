"""
How texts share a terminal's cells: which columns stay, how wide each is, where a line or a name breaks.

Widths are cells and not characters: a Chinese character takes two, a combining one none.
"""

import re
from collections.abc import Sequence
from itertools import pairwise

from rich.cells import cell_len, chop_cells

from evaldrop.cli.output import plain
from evaldrop.cli.prose import breaks
from evaldrop.report.columns import Column, text_of

GAP = 2
# Names and sentences give way to numbers down to here.
LEAST_ROOM = 10
_MOST_WANTED = 24

# Never at a point within a number.
_SEPARATOR = re.compile(r"[-_/:|·](?=.)|\.(?=\D)")


def fitting(columns: Sequence[Column], width: int, *, least: int = 0) -> list[Column]:
    """Return the columns that have room in `width` cells, in their order; `least` of them for the first."""
    kept = list(columns)
    # Rank 0 never goes, which also ends the loop where nothing more can.
    while taken(kept, least=least) > width and (most := max(column.rank for column in kept)):
        kept = [column for column in kept if column.rank != most]
    return kept


def taken(columns: Sequence[Column], *, least: int = 0) -> int:
    """Return the cells that columns take beside one another."""
    first, *others = map(_wanted, columns)
    return max(least, first) + sum(others) + GAP * len(others)


def _wanted(column: Column) -> int:
    # A path or a key can be read on several lines: other columns are not to go for it.
    return min(width_of(column), _MOST_WANTED) if column.wrap == "anywhere" else width_of(column)


def width_of(column: Column) -> int:
    """Return the cells that a column's widest text takes."""
    texts = (column.heading, *map(text_of, column.cells))
    return max(cell_len(line) for text in texts for line in plain(text).split("\n"))


def rooms(columns: Sequence[Column], width: int, *, least: int = 0) -> list[int]:
    """
    Return the cells of each column: numbers get theirs, of names and sentences the widest gives way first.

    Together they are wider than `width` only where the numbers alone have no room.
    """
    wide = [*map(width_of, columns)]
    wide[0] = max(least, wide[0])
    give = [place for place, column in enumerate(columns) if column.wrap != "never"]
    for _ in range(sum(wide) + GAP * (len(wide) - 1) - width):
        widest = max(give, key=wide.__getitem__, default=0)
        if widest not in give or wide[widest] <= LEAST_ROOM:
            break
        wide[widest] -= 1
    return wide


def folded(text: str, room: int) -> list[str]:
    """Return the lines of a text in a column: broken between words, a longer word behind a separator."""
    lines = []
    for line in text.split("\n"):
        places = [0, *breaks(line, room), len(line)]
        for start, end in pairwise(places):
            lines += _pieces(line[start:end].rstrip(" "), room)
    return lines


def _pieces(word: str, room: int) -> list[str]:
    pieces = []
    while cell_len(word) > room:
        head = chop_cells(word, room)[0]
        # A piece of a few letters would tell nothing.
        ends = [found.end() for found in _SEPARATOR.finditer(head) if found.end() > len(head) // 3]
        if not _SEPARATOR.match(word, len(head) - 1) and ends:
            head = head[: ends[-1]]
        pieces.append(head)
        word = word[len(head) :]
    return [*pieces, word]


def cut_apart(names: Sequence[str], room: int) -> list[str] | None:
    """
    Return names cut to `room` cells, each still unlike every other; None where no cut tells them apart.

    Names of one family are alike at their beginnings: their ends are kept, by as much as it takes.
    """
    if not all(name.isascii() for name in names):
        return None
    for end in (*range(room // 3, room - 1), *range(room // 3 - 1, 0, -1)):
        cut = [name if len(name) <= room else f"{name[: room - end - 1]}…{name[-end:]}" for name in names]
        if len(set(cut)) == len(set(names)):
            return cut
    return None
