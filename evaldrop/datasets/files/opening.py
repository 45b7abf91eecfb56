"""From a file's bytes to rows' bytes: what kind of file it is, and what makes it unreadable as a whole."""

import json
import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from evaldrop.datasets.drafts import Fault
from evaldrop.datasets.files.delimited import open_table, table_ending
from evaldrop.datasets.files.formats import (
    GZIP,
    PARQUET,
    TABLE_ENDINGS,
    Readable,
    Rewound,
    Unpacked,
    has_ending,
    refuse_other_formats,
)
from evaldrop.datasets.files.json_text import parse_row
from evaldrop.datasets.files.rows import BLANK, BOM, OpenFile, ParsedRow, RawRow
from evaldrop.datasets.files.scanning import ElementScanner, scan_lines
from evaldrop.errors import DatasetError

CHUNK_BYTES = 64 * 1024
HEAD_BYTES = 256 * 1024
WRAPPERS = ("records", "data")
# What an Inspect log calls its rows, beside the task that they are of.
_SAMPLES, _TASK = "samples", "eval"

_NOTHING = object()
_DECODER = json.JSONDecoder(strict=False)
_SPACE = re.compile(r"[ \t\r\n]*")
# An object with one of these is a row, even when it also holds a list called `data`.
_ROW_KEYS = frozenset({
    "conversationTurns", "input", "inputs", "instruction", "messages", "modelInput", "prompt", "question",
    "text_prompt", "vars",
})  # fmt: skip


def open_rows(stream: Readable, *, source: str, limit: int) -> OpenFile:
    """
    Split a dataset into rows of at most `limit` bytes, holding a few hundred kilobytes beside one row.

    Raises:
        DatasetError: The file is empty, damaged, or of a kind that is not read.
    """
    content: Readable = stream
    head = _read_head(content)
    # By its content: a file may have lost its .gz, or a browser may have unpacked it and left the name.
    if head.startswith(GZIP):
        content = Unpacked(Rewound(head, stream), source)
        head = _read_head(content)
    if head.startswith(PARQUET):
        # It takes pyarrow, which takes a third of a second to import.
        from evaldrop.datasets.files.parquet import open_parquet

        return open_parquet(Rewound(head, content), source=source, limit=limit)
    refuse_other_formats(head, source)
    text = head.removeprefix(BOM)
    is_whole = len(head) < HEAD_BYTES
    if is_whole and not text.strip():
        raise DatasetError(f"{source} is empty. Give at least one record.")
    chunks, offset = _chunks(text, content), len(head) - len(text)
    if has_ending(source, TABLE_ENDINGS) and text.lstrip()[:1] not in (b"{", b"["):
        return open_table(chunks, text, source=source, limit=limit, offset=offset, is_whole=is_whole)
    _refuse_text(text, source)
    # Latin-1 makes a character of every byte, so that places in the text are places in the file.
    start = _array_start(text.decode("latin-1"), is_whole=is_whole)
    if start is None:
        return OpenFile(scan_lines(chunks, limit=limit, offset=offset), "line", _parse_json)
    scanner = ElementScanner(
        limit=limit,
        line=text.count(b"\n", 0, start.place) + 1,
        offset=offset + start.place,
        documents=start.is_documents,
    )
    rows = _scan_elements(chunks, scanner, start, text[: start.place])
    return OpenFile(rows, "element", _parse_json, around=start.around)


def is_of_lines(head: bytes) -> bool:
    """
    Tell whether a file is one of lines that are read one by one, so that it can be read in parts.

    Args:
        head: Its first `HEAD_BYTES`, as they are in the file.
    """
    text = head.removeprefix(BOM)
    # What is no JSON, or not even text, is refused as a whole, by whoever reads the whole.
    if text.lstrip(BLANK)[:1] != b"{":
        return False
    return _array_start(text.decode("latin-1"), is_whole=len(head) < HEAD_BYTES) is None


def open_lines(stream: Readable, *, limit: int, offset: int, first_line: int) -> OpenFile:
    """Split a part of such a file into rows; `offset` and `first_line` say where in the file it begins."""
    first = stream.read(CHUNK_BYTES)
    text = first.removeprefix(BOM) if offset == 0 else first
    place = offset + len(first) - len(text)
    rows = scan_lines(_chunks(text, stream), limit=limit, offset=place, first_line=first_line)
    return OpenFile(rows, "line", _parse_json)


def _parse_json(row: RawRow) -> ParsedRow:
    return ParsedRow(*parse_row(row.raw, first_line=row.text_line, offset=row.offset))


class _Start(NamedTuple):
    place: int
    is_documents: bool
    around: Mapping[str, Any] = MappingProxyType({})


def _read_head(stream: Readable) -> bytes:
    head = bytearray()
    # A stream may give less than it is asked for, and that is not its end.
    while len(head) < HEAD_BYTES and (piece := stream.read(HEAD_BYTES - len(head))):
        head += piece
    return bytes(head)


def _chunks(head: bytes, stream: Readable) -> Iterator[bytes]:
    yield head
    while piece := stream.read(CHUNK_BYTES):
        yield piece


def _refuse_text(head: bytes, source: str) -> None:
    """Refuse a file that is not even meant to be JSON: by its name, when no line begins as JSON does."""
    if not head.strip() or re.search(rb"^[ \t]*[\[{]", head, re.MULTILINE):
        return
    do = "Give JSON Lines: one JSON object a line."
    if ending := table_ending(head):
        raise DatasetError(f"{source} is a table of text, not JSON. Give it a name that ends in {ending}.")
    if has_ending(source, (".parquet",)):
        raise DatasetError(f"{source} is no Parquet file: it does not begin as one. Write it again.")
    shown = head.strip()[:30].decode("utf-8", errors="replace").splitlines()[0]
    # A .jsonl is not refused as a whole: each line that is no JSON is told by its number.
    if has_ending(source, (".json", ".yaml", ".yml", ".txt", ".md")):
        raise DatasetError(f'{source} is not JSON: it begins with "{shown}". {do}')


def _array_start(text: str, *, is_whole: bool) -> _Start | None:
    """Find where the elements of an array begin; None for a file of lines."""
    first = _skip_space(text, 0)
    if text[first : first + 1] == "[":
        return None if _is_line_of_many(text, first) else _Start(first + 1, False)
    if text[first : first + 1] != "{":
        return None
    value, end = _value_at(text, first)
    # No whole object in the head: it may be one around all records, longer than the head.
    if not isinstance(value, dict):
        return _wrapped_start(text, first)
    # With more lines after it, {"data": [...]} on the first line is a row like the others.
    is_alone = is_whole and _skip_space(text, end) == len(text)
    wrapped = _wrapped_start(text, first) if is_alone and not _ROW_KEYS & value.keys() else None
    if wrapped is not None:
        # Also what is behind the rows, since all of the file is known.
        return wrapped._replace(around={key: each for key, each in value.items() if key not in WRAPPERS})
    return _Start(first, True) if "\n" in text[first:end] else None


def _is_line_of_many(text: str, first: int) -> bool:
    """Tell a line that happens to hold a list from an array of rows."""
    value, end = _value_at(text, first)
    following = re.compile(r"[ \t\r]*\n\s*[\[{]").match(text, end)
    return value is not _NOTHING and "\n" not in text[first:end] and following is not None


def _wrapped_start(text: str, first: int) -> _Start | None:
    """Find `"records": [` or `"data": [` among an object's members, if no member before it makes it a row."""
    around: dict[str, Any] = {}
    place = _skip_space(text, first + 1)
    while True:
        key, place = _value_at(text, place)
        place = _skip_space(text, place)
        if not isinstance(key, str) or key in _ROW_KEYS or text[place : place + 1] != ":":
            return None
        place = _skip_space(text, place + 1)
        # Of objects, or empty: a list of words or numbers called `data` is a row's own value.
        is_wrapper = key in WRAPPERS or (key == _SAMPLES and _TASK in around)
        if is_wrapper and re.compile(r"\[\s*[{\]]").match(text, place):
            return _Start(place + 1, False, around)
        value, place = _value_at(text, place)
        around[key] = value
        place = _skip_space(text, place)
        if value is _NOTHING or text[place : place + 1] != ",":
            return None
        place = _skip_space(text, place + 1)


def _value_at(text: str, place: int) -> tuple[Any, int]:
    """Parse the JSON value at a place: the value and its end, or `_NOTHING` when there is no whole value."""
    try:
        # RecursionError as well: thousands of opening brackets exhaust the stack before any fault is found.
        return _DECODER.raw_decode(text, place)
    except (ValueError, RecursionError):
        return _NOTHING, place


def _skip_space(text: str, place: int) -> int:
    match = _SPACE.match(text, place)
    return match.end() if match else place


def _scan_elements(
    chunks: Iterator[bytes], scanner: ElementScanner, start: _Start, before: bytes
) -> Iterator[RawRow]:
    skip = start.place
    for chunk in chunks:
        yield from scanner.feed(chunk[skip:])
        skip = 0
    yield from scanner.finish()
    if not start.is_documents and scanner.is_closed:
        yield from _check_rest(before.strip() + b"]", scanner)


def _check_rest(before: bytes, scanner: ElementScanner) -> Iterator[RawRow]:
    """Refuse text after the array, or after the object around it."""
    # What was not kept whole cannot be told from broken JSON.
    if scanner.rest_is_cut:
        return
    # Without its elements the array is [], so that what is around it can be parsed by itself.
    opening = before.decode("utf-8", errors="replace")
    rest = scanner.rest.decode("utf-8", errors="replace")
    try:
        json.loads(opening + rest)
    except (ValueError, RecursionError):
        fault = Fault("the text after the array's closing ] is not JSON", "Remove it, or close the object.")
        yield scanner.trailing(fault)
