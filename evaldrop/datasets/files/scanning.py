"""
From bytes to rows' bytes, in bounded memory: lines of a JSONL file, elements of a JSON array.

Nothing here parses JSON. Elements are found by their brackets and quotes, which in UTF-8 are never part of
another character; a broken element is found broken when it is parsed.
"""

import re
from collections.abc import Iterable, Iterator

from evaldrop.datasets.drafts import Fault
from evaldrop.datasets.files.rows import BLANK, HeldBytes, RawRow

_OUTSIDE_TEXT = re.compile(rb'["\[\]{},\n]')
_INSIDE_TEXT = re.compile(rb'["\\\n]')
_OPENING, _CLOSING = b"[{", b"]}"


def scan_lines(chunks: Iterable[bytes], *, limit: int, offset: int, first_line: int = 1) -> Iterator[RawRow]:
    """
    Yield the lines that are not blank, each holding at most `limit` bytes (plus one) in memory.

    `offset` and `first_line` are the first byte's place in the file, and its line.
    """
    held = HeldBytes(limit)
    held.clear(offset)
    number = first_line
    for chunk in chunks:
        start = 0
        while (end := chunk.find(b"\n", start)) >= 0:
            held.add(chunk[start:end])
            offset += end + 1 - start
            if not held.is_blank:
                yield held.as_row(number, None)
            held.clear(offset)
            # Blank lines are passed over and still counted: numbers are those an editor shows.
            start, number = end + 1, number + 1
        held.add(chunk[start:])
        offset += len(chunk) - start
    if not held.is_blank:
        yield held.as_row(number, None)


class ElementScanner:
    """
    Split what follows an opening `[` into elements, fed chunk by chunk.

    With `documents`, split instead a series of whole JSON objects, each over several lines.
    `rest` collects what follows the array's end, at most `limit` bytes of it.
    """

    def __init__(self, *, limit: int, line: int, offset: int, documents: bool) -> None:
        self._held = HeldBytes(limit)
        self._held.clear(offset)
        self._documents = documents
        self._depth = 0
        self._in_text = self._escaped = False
        self._line = self._first_line = line
        self._number = 1
        self._offset = offset
        self._fault: Fault | None = None
        self._after_comma = False
        self.is_closed = False
        self.rest = b""
        self._limit = limit

    def feed(self, chunk: bytes) -> Iterator[RawRow]:
        """Yield the elements that end in this chunk."""
        start = position = 0
        # The last chunk ended in a backslash: what it escapes is the first byte of this one.
        if self._escaped and chunk:
            self._escaped, position = False, 1
        while not self.is_closed:
            pattern = _INSIDE_TEXT if self._in_text else _OUTSIDE_TEXT
            match = pattern.search(chunk, position)
            if match is None:
                break
            position = match.end()
            token = match.group()
            if self._in_text:
                position = self._text_token(token, position, len(chunk))
            elif self._ends_element(token):
                # A document's closing bracket is part of it; an array's comma or bracket is no part of an
                # element.
                keep = position if self._documents else position - 1
                self._held.add(chunk[start:keep])
                yield from self._take(token)
                start = position
                self._held.clear(self._offset + position)
                self._first_line = self._line
            elif token == b"\n":
                start = self._new_line(chunk, start, position)
        self._finish_chunk(chunk, start)

    def finish(self) -> Iterator[RawRow]:
        """Yield what is left when the file ends: nothing, or an element that was never closed."""
        if self.is_closed:
            return
        if not self._held.is_blank:
            yield self._row(self._fault)
        # An element that was never closed is found broken when it is parsed; this is about a cut between two.
        is_between_elements = not self._depth and not self._in_text and self._fault is None
        if is_between_elements and not self._documents:
            what = "the file ends before the array's closing ]"
            yield self._row(Fault(what, "Close the array; the file may have been cut off."))

    @property
    def rest_is_cut(self) -> bool:
        """Whether more than `limit` bytes follow the array, so that `rest` is not all of them."""
        return len(self.rest) >= self._limit

    def trailing(self, fault: Fault) -> RawRow:
        """Make a row of what follows the array's end."""
        self._held.clear(self._offset - len(self.rest))
        self._held.add(self.rest)
        return self._row(fault)

    def _text_token(self, token: bytes, position: int, length: int) -> int:
        if token == b'"':
            self._in_text = False
        elif token == b"\n":
            # JSON text holds no raw line break: taking one for the text's end finds the next element.
            self._in_text = False
            what = f"text on line {self._line} has no closing quote on that line"
            self._fault = self._fault or Fault(what, 'Close it with ", and write a line break as \\n.')
            self._line += 1
        elif position < length:
            position += 1
        else:
            self._escaped = True
        return position

    def _ends_element(self, token: bytes) -> bool:
        if token == b'"':
            self._in_text = True
        elif token in _OPENING:
            self._depth += 1
        elif token in _CLOSING:
            # A spare } must not take the depth below 0, or every element after it would be lost too.
            if self._depth == 0:
                return token == b"]" and not self._documents
            self._depth -= 1
            return self._documents and self._depth == 0
        return token == b"," and self._depth == 0 and not self._documents

    def _take(self, token: bytes) -> Iterator[RawRow]:
        closing = token == b"]" and not self._documents
        self.is_closed = closing
        if self._held.is_blank:
            # `[]` holds no element, but `[1,]` and `[,1]` hold an empty one.
            if not closing or self._after_comma:
                yield self._row(Fault("nothing between two commas", "Remove the spare comma."))
        else:
            yield self._row(self._fault)
        self._fault = None
        self._after_comma = token == b","

    def _row(self, fault: Fault | None) -> RawRow:
        row = self._held.as_row(self._number, self._first_line, fault)
        self._number += 1
        return row

    def _new_line(self, chunk: bytes, start: int, position: int) -> int:
        self._line += 1
        # Line breaks before an element are dropped, so that its line is the one it begins on.
        if self._depth or not self._held.is_blank or chunk[start:position].strip(BLANK):
            return start
        self._first_line = self._line
        self._held.clear(self._offset + position)
        return position

    def _finish_chunk(self, chunk: bytes, start: int) -> None:
        self._offset += len(chunk)
        if self.is_closed:
            self.rest += chunk[start:][: self._limit - len(self.rest)]
        else:
            self._held.add(chunk[start:])
