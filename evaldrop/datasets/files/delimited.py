"""
Tables of text (CSV, TSV): which byte parts their cells, where their rows end, what their header names.

Rows are found by their quotes and line ends without being parsed, in bounded memory; the standard library's
csv then reads each one, strictly.
"""

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import NamedTuple

from evaldrop.datasets.drafts import PROMPT_KEYS, Fault
from evaldrop.datasets.files.cells import TableColumns
from evaldrop.datasets.files.json_text import bad_utf8
from evaldrop.datasets.files.rows import HeldBytes, OpenFile, ParsedRow, RawRow
from evaldrop.errors import DatasetError

MAX_COLUMNS = 10_000

_DELIMITERS = {b",": "commas", b";": "semicolons", b"\t": "tabs", b"|": "vertical bars"}
_SAMPLE_ROWS = 50
_QUOTE = ord('"')
# Excel's own first line, which says what parts the cells.
_SEP = re.compile(rb'"?sep=(.)"?\r?(?:\n|\Z)', re.IGNORECASE)
_ODD_CASES = {
    "unexpected end of data": Fault(
        "a quote is never closed", 'Close it with ", and double each " inside a cell in quotes.'
    ),
    "new-line character seen in unquoted field": Fault(
        "a carriage return stands outside quotes", "Put the cell that holds it in quotes."
    ),
}


class _Dialect(NamedTuple):
    delimiter: bytes
    newline: bytes = b"\n"


def open_table(
    chunks: Iterator[bytes], head: bytes, *, source: str, limit: int, offset: int, is_whole: bool
) -> OpenFile:
    """
    Read a table's header, and return its rows.

    Args:
        chunks: The text from its beginning, without a byte order mark.
        head: As much of the text as the cells' delimiter is told from.
        source: The file's name.
        limit: Bytes a row may have.
        offset: Where the text begins in the file.
        is_whole: Whether `head` is all of it.

    Raises:
        DatasetError: The header cannot be read, or names a column twice.
    """
    stated = _SEP.match(head)
    # A table of the classic Mac has no line feed at all.
    newline = b"\r" if b"\n" not in head and b"\r" in head else b"\n"
    if stated:
        dialect, skip = _Dialect(stated[1], newline), len(stated[0])
    else:
        usual = b"\t" if ".tsv" in source.lower() else b","
        dialect, skip = _dialect(head, newline, usual=usual, is_whole=is_whole), 0
    first, rest = next(chunks), chunks
    rows = scan_table(
        chain([first[skip:]], rest), dialect, limit=limit, offset=offset + skip, line=2 if skip else 1
    )
    # One cell may be as long as a row; 128 KiB is what csv takes otherwise.
    csv.field_size_limit(max(csv.field_size_limit(), limit))
    table = _Table(next(rows, None), dialect, source, limit)
    named = _DELIMITERS.get(dialect.delimiter, f'"{dialect.delimiter.decode("latin-1")}"')
    form = f"read as a table with {named} between its cells ({_counted(table.columns.n_named, 'column')})"
    return OpenFile(rows, "line", table.parse, form)


def table_ending(head: bytes) -> str | None:
    """Return what a file that is a table by its looks should be named, and None for one that is none."""
    line = head.lstrip().partition(b"\n")[0][:2000]
    for delimiter in _DELIMITERS:
        names = {cell.strip(b' "\r').lower() for cell in line.split(delimiter)}
        # Two names at least, one of which could be the prompt's: prose has commas as well.
        if len(names) > 1 and names & {name.encode() for name in (*PROMPT_KEYS, "messages", "instruction")}:
            return ".tsv" if delimiter == b"\t" else ".csv"
    return None


def _dialect(head: bytes, newline: bytes, *, usual: bytes, is_whole: bool) -> _Dialect:
    """Return the delimiter by which most rows have as many cells as the header, and more than one."""
    best, most = _Dialect(usual, newline), (0.0, 0, False)
    for delimiter in _DELIMITERS:
        dialect = _Dialect(delimiter, newline)
        rows = list(islice(scan_table([head], dialect, limit=len(head), offset=0), _SAMPLE_ROWS + 1))
        # The last row of a head may be cut in the middle; never the header, or nothing would be left.
        if not is_whole and len(rows) <= _SAMPLE_ROWS:
            rows = rows[:1] + rows[1:-1]
        widths = [len(_cells(row.raw.decode("latin-1"), delimiter) or ()) for row in rows]
        if widths and widths[0] > 1:
            score = (widths.count(widths[0]) / len(widths), widths[0], delimiter == usual)
            if score > most:
                best, most = dialect, score
    return best


def _cells(text: str, delimiter: bytes) -> list[str] | None:
    try:
        return next(_reader(text, delimiter), [])
    except csv.Error:
        return None


def _reader(text: str, delimiter: bytes) -> Iterator[list[str]]:
    return csv.reader([text], delimiter=delimiter.decode("latin-1"), strict=True)


_CELL, _PLAIN, _QUOTED, _CLOSED = range(4)


def scan_table(
    chunks: Iterable[bytes], dialect: _Dialect, *, limit: int, offset: int, line: int = 1
) -> Iterator[RawRow]:
    """Yield a table's rows that hold anything, by the line they begin on, in at most `limit` bytes each."""
    delimiter, newline = dialect
    ends = re.compile(b"[" + re.escape(delimiter) + newline + b"]")
    # Most rows hold no quote, and are found at once.
    bare_row = re.compile(rb'[^"' + newline + rb"]*" + newline)
    # Of a table with tabs the blanks at a row's ends are empty cells.
    held = HeldBytes(limit, around=b"\r\n", empty=b' "\t\r\n' + delimiter)
    held.clear(offset)
    state, first_line, quote_line = _CELL, line, line
    for chunk in chunks:
        start = position = 0
        while position < len(chunk):
            if state == _CELL:
                row = bare_row.match(chunk, position) if start == position and not held.size else None
                if row:
                    position = row.end() - 1
                is_quoted = not row and chunk[position] == _QUOTE
                state, quote_line = (_QUOTED, line) if is_quoted else (_PLAIN, quote_line)
                position += is_quoted
            elif state == _PLAIN:
                end = ends.search(chunk, position)
                position = end.end() if end else len(chunk)
                if end and end.group() == newline:
                    held.add(chunk[start : position - 1])
                    if not held.is_blank:
                        yield _as_row(held, first_line, quote_line if line > first_line else None, limit)
                    held.clear(offset + position)
                    start, line = position, line + 1
                    first_line = line
                state = _CELL if end else _PLAIN
            elif state == _QUOTED:
                end_of_text = chunk.find(b'"', position)
                state = _QUOTED if end_of_text < 0 else _CLOSED
                until = len(chunk) if end_of_text < 0 else end_of_text + 1
                line += chunk.count(newline, position, until)
                position = until
            else:
                # Twice is a quote inside the text. Anything but a cell's end is csv's to refuse.
                is_double = chunk[position] == _QUOTE
                state = _QUOTED if is_double else _PLAIN
                position += is_double
        held.add(chunk[start:])
        offset += len(chunk)
    if not held.is_blank:
        what = f"the quote that opens on line {quote_line} is never closed: all that follows it is one cell"
        fault = Fault(what, 'Close it with ", and double each " inside a cell in quotes.')
        yield held.as_row(first_line, None, fault if state == _QUOTED else None)


def _as_row(held: HeldBytes, first_line: int, quote_line: int | None, limit: int) -> RawRow:
    if held.size <= limit or quote_line is None:
        return held.as_row(first_line, None)
    what = (
        f"the row has {held.size:,} bytes, more than the {limit:,} a record may have; a quote that opens on "
        f"line {quote_line} may not be closed where it should be"
    )
    return held.as_row(first_line, None, Fault(what, "Close the quote, or shorten the row."))


class _Table:
    """A table's header, and how the cells below it become a row's value."""

    def __init__(self, header: RawRow | None, dialect: _Dialect, source: str, limit: int) -> None:
        self._delimiter = dialect.delimiter
        if header is None:
            raise DatasetError(f"{source} holds no records. Give a header and at least one row.")
        place = f"{source} line {header.number}"
        if header.fault:
            raise DatasetError(f"{place}: {header.fault.what}. {header.fault.do}")
        if header.size > limit:
            raise DatasetError(f"{place}: the header has {header.size:,} bytes. Is it a table of text?")
        cells = _parsed(header, self._delimiter)
        if isinstance(cells, Fault):
            raise DatasetError(f"{place}: {cells.what}. {cells.do}")
        if len(cells) > MAX_COLUMNS:
            what = f"the header has {len(cells):,} columns, more than the {MAX_COLUMNS:,} that are read"
            raise DatasetError(f"{place}: {what}. Is the table turned on its side?")
        # Some exports write the byte order mark once more, inside the first name's quotes.
        names = [cell.replace("\ufeff", "").strip() for cell in cells]
        # Columns that somebody once used are still there, without a name.
        while names and not names[-1]:
            names.pop()
        for name, n in Counter(filter(None, names)).items():
            if n > 1:
                columns = [str(place + 1) for place, other in enumerate(names) if other == name]
                which = f"{', '.join(columns[:-1])} and {columns[-1]}"
                raise DatasetError(
                    f'{place}: {n} columns are named "{name[:100]}" (columns {which}). Rename or remove one.'
                )
        self.columns = TableColumns(names)

    def parse(self, row: RawRow) -> ParsedRow:
        cells = _parsed(row, self._delimiter)
        if isinstance(cells, Fault):
            return ParsedRow(None, cells)
        return self._misfit(cells, row) or self.columns.row(cells)

    def _misfit(self, cells: list[str], row: RawRow) -> ParsedRow | None:
        """Refuse a row that has more or fewer cells than the header; spare empty ones at its end are none."""
        n = self.columns.n
        if len(cells) == n or (len(cells) > n and not any(cell.strip() for cell in cells[n:])):
            return None
        what = f"the row has {_counted(len(cells), 'cell')}, and the header {_counted(n, 'column')}"
        if re.search(re.escape(self._delimiter) + b' +"', row.raw):
            do = 'Remove the space before an opening quote: with it the " is part of the cell.'
        elif len(cells) > n:
            named = _DELIMITERS.get(self._delimiter, "delimiters").removesuffix("s")
            do = f'Put a cell that holds a {named} in quotes ("…").'
        else:
            do = 'Put a cell that holds a line break in quotes ("…"), and leave an empty cell empty.'
        return ParsedRow(None, Fault(what, do))


def _counted(n: int, what: str) -> str:
    return f"{n:,} {what}" if n == 1 else f"{n:,} {what}s"


def _parsed(row: RawRow, delimiter: bytes) -> list[str] | Fault:
    try:
        text = row.raw.decode("utf-8")
    except UnicodeDecodeError as error:
        return bad_utf8(error, row.offset)
    if "\0" in text:
        do = "Remove it; a file of another encoding may have been cut or joined."
        return Fault(f"a NUL character (U+0000) at character {text.index(chr(0)) + 1:,} of the row", do)
    try:
        return next(_reader(text, delimiter), [])
    except csv.Error as error:
        for known, fault in _ODD_CASES.items():
            if str(error).startswith(known):
                return fault
        do = 'Put the whole cell in quotes, and double each " inside it.'
        return Fault("text follows a cell's closing quote", do)
