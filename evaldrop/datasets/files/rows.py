"""A file's rows before they are read: their bytes and their places, whatever kind of file they are in."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple

from evaldrop.datasets.drafts import Fault
from evaldrop.datasets.records import Unit

BLANK = b" \t\r\n"
BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True, kw_only=True)
class RawRow:
    """
    One row's bytes, before parsing.

    `number` is its line, element or row (from 1); `text_line` the line an element begins on, None for others.
    `raw` is cut at the record limit while `size` and `offset` (bytes) tell the truth; `notes` is what its
    author should know of how it came to be.
    """

    number: int
    text_line: int | None
    raw: bytes
    size: int
    offset: int
    fault: Fault | None = None
    notes: tuple[str, ...] = ()


class ParsedRow(NamedTuple):
    """A row's value, or what is wrong with it; and what was done on the way that its author should know."""

    value: Any
    fault: Fault | None = None
    notes: tuple[str, ...] = ()


class OpenFile(NamedTuple):
    """
    Rows of a file, and how to read one of them.

    `unit` is what they are counted by; `form` says what kind of file it is where that is not plain. `around`
    are the members of an object around all rows, but those behind them in a long file.
    """

    rows: Iterator[RawRow]
    unit: Unit
    parse: Callable[[RawRow], ParsedRow]
    form: str = ""
    around: Mapping[str, Any] = MappingProxyType({})


class HeldBytes:
    """
    The bytes of the row being read: as many as the limit allows, and how many there were.

    Args:
        limit: Bytes that are kept.
        around: What is no part of a row at its two ends.
        empty: What a row may be made of and still hold nothing.
    """

    def __init__(self, limit: int, *, around: bytes = BLANK, empty: bytes = BLANK) -> None:
        self._limit = limit
        self._around = around
        self._empty = empty
        self.clear(0)

    def clear(self, offset: int) -> None:
        """Begin another row, at its place in the file."""
        self._kept = bytearray()
        self.is_blank = True
        self.size = 0
        self.offset = offset

    def add(self, piece: bytes) -> None:
        """Take up more of the row."""
        self.size += len(piece)
        # What is kept cannot tell: a row may begin with more blanks than the limit.
        self.is_blank = self.is_blank and not piece.strip(self._empty)
        # One byte over the limit is kept, so that an oversized row cannot pass for a whole one.
        room = self._limit + 1 - len(self._kept)
        if room > 0:
            self._kept += piece[:room]

    def as_row(self, number: int, text_line: int | None, fault: Fault | None = None) -> RawRow:
        """Return the row as it was read."""
        raw = bytes(self._kept).strip(self._around)
        # Blanks around a whole row are no part of its size; the end of a cut one is not known.
        size = len(raw) if self.size <= self._limit else self.size
        # Faults name bytes of the file, so the offset is of the row's first byte, not of its indentation.
        lead = len(self._kept) - len(self._kept.lstrip(self._around))
        return RawRow(
            number=number, text_line=text_line, raw=raw, size=size, offset=self.offset + lead, fault=fault
        )
