"""From a file's bytes to rows' bytes: what kind of file it is, and what makes it unreadable as a whole."""

import json
import re
from collections.abc import Iterator
from typing import Any, BinaryIO, Literal, NamedTuple

from evaldrop.datasets.drafts import Fault
from evaldrop.datasets.scanning import ElementScanner, RawRow, scan_lines
from evaldrop.errors import DatasetError

CHUNK_BYTES = 64 * 1024
HEAD_BYTES = 256 * 1024
WRAPPERS = ("records", "data")

_BOM = b"\xef\xbb\xbf"
_NOTHING = object()
_DECODER = json.JSONDecoder(strict=False)
_SPACE = re.compile(r"[ \t\r\n]*")
# An object with one of these is a row, even when it also holds a list called `data`.
_ROW_KEYS = frozenset({
    "conversationTurns", "input", "inputs", "instruction", "messages", "modelInput", "prompt", "question",
    "text_prompt", "vars",
})  # fmt: skip

_FORMATS = (
    (b"PK\x03\x04", "a zip file, such as an Excel workbook", "Export the sheet as JSON Lines."),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook", "Export the sheet as JSON Lines."),
    (
        b"PAR1",
        "a Parquet file",
        "Convert it with pandas.read_parquet(…).to_json(…, orient='records', lines=True).",
    ),
    (b"ARROW1", "an Arrow file", "Convert it to JSON Lines."),
    (b"Obj\x01", "an Avro file", "Convert it to JSON Lines."),
    (b"ORC", "an ORC file", "Convert it to JSON Lines."),
    (b"SQLite format 3\x00", "an SQLite database", "Export the table as JSON Lines."),
    (b"%PDF-", "a PDF", "Give JSON Lines: one JSON object a line."),
    (b"\x1f\x8b", "compressed with gzip", "Decompress it with gunzip."),
    (b"BZh", "compressed with bzip2", "Decompress it with bunzip2."),
    (b"\xfd7zXZ\x00", "compressed with xz", "Decompress it with unxz."),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd", "Decompress it with unzstd."),
    # Before UTF-16, whose little-endian mark is the beginning of this one.
    (b"\xff\xfe\x00\x00", "encoded as UTF-32, not UTF-8", "Save it as UTF-8."),
    (b"\x00\x00\xfe\xff", "encoded as UTF-32, not UTF-8", "Save it as UTF-8."),
    (b"\xff\xfe", "encoded as UTF-16, not UTF-8", "Save it as UTF-8."),
    (b"\xfe\xff", "encoded as UTF-16, not UTF-8", "Save it as UTF-8."),
)


class OpenFile(NamedTuple):
    """Rows of a file, and what they are counted by: lines, or elements of an array."""

    rows: Iterator[RawRow]
    unit: Literal["line", "element"]


def open_rows(stream: BinaryIO, *, source: str, limit: int) -> OpenFile:
    """
    Split a dataset into rows of at most `limit` bytes, holding a few hundred kilobytes beside one row.

    Raises:
        DatasetError: The file is empty, or is something else than JSON.
    """
    head = _read_head(stream)
    _refuse_other_formats(head, source)
    text = head.removeprefix(_BOM)
    is_whole = len(head) < HEAD_BYTES
    if is_whole and not text.strip():
        raise DatasetError(f"{source} is empty. Give at least one record.")
    _refuse_text(text, source)
    chunks = _chunks(text, stream)
    offset = len(head) - len(text)
    # Latin-1 makes a character of every byte, so that places in the text are places in the file.
    start = _array_start(text.decode("latin-1"), is_whole=is_whole)
    if start is None:
        return OpenFile(scan_lines(chunks, limit=limit, offset=offset), "line")
    scanner = ElementScanner(
        limit=limit,
        line=text.count(b"\n", 0, start.place) + 1,
        offset=offset + start.place,
        documents=start.is_documents,
    )
    return OpenFile(_scan_elements(chunks, scanner, start, text[: start.place]), "element")


class _Start(NamedTuple):
    place: int
    is_documents: bool


def _read_head(stream: BinaryIO) -> bytes:
    head = bytearray()
    # A stream may give less than it is asked for, and that is not its end.
    while len(head) < HEAD_BYTES and (piece := stream.read(HEAD_BYTES - len(head))):
        head += piece
    return bytes(head)


def _chunks(head: bytes, stream: BinaryIO) -> Iterator[bytes]:
    yield head
    while piece := stream.read(CHUNK_BYTES):
        yield piece


def _refuse_other_formats(head: bytes, source: str) -> None:
    for magic, what, do in _FORMATS:
        if head.startswith(magic):
            raise DatasetError(f"{source} is {what}. {do}")
    # Every second byte of English in UTF-16 is zero, byte order mark or not.
    if len(head) >= 4 and (
        head[1:8:2].count(0) == len(head[1:8:2]) or head[0:8:2].count(0) == len(head[0:8:2])
    ):
        raise DatasetError(f"{source} is encoded as UTF-16, not UTF-8. Save it as UTF-8.")


def _refuse_text(head: bytes, source: str) -> None:
    """Refuse a file that is not even meant to be JSON: by its name, when no line begins as JSON does."""
    if not head.strip() or re.search(rb"^[ \t]*[\[{]", head, re.MULTILINE):
        return
    shown = head.strip()[:30].decode("utf-8", errors="replace").splitlines()[0]
    # A .jsonl is not refused as a whole: each line that is no JSON is told by its number.
    name = source.lower()
    do = "Give JSON Lines: one JSON object a line."
    if name.endswith((".csv", ".tsv")):
        raise DatasetError(f"{source} is a table of text, not JSON. Convert it to JSON Lines.")
    if name.endswith((".json", ".yaml", ".yml", ".txt", ".md")):
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
    return wrapped or (_Start(first, True) if "\n" in text[first:end] else None)


def _is_line_of_many(text: str, first: int) -> bool:
    """Tell a line that happens to hold a list from an array of rows."""
    value, end = _value_at(text, first)
    following = re.compile(r"[ \t\r]*\n\s*[\[{]").match(text, end)
    return value is not _NOTHING and "\n" not in text[first:end] and following is not None


def _wrapped_start(text: str, first: int) -> _Start | None:
    """Find `"records": [` or `"data": [` among an object's members, if no member before it makes it a row."""
    place = _skip_space(text, first + 1)
    while True:
        key, place = _value_at(text, place)
        place = _skip_space(text, place)
        if not isinstance(key, str) or key in _ROW_KEYS or text[place : place + 1] != ":":
            return None
        place = _skip_space(text, place + 1)
        # Of objects, or empty: a list of words or numbers called `data` is a row's own value.
        if key in WRAPPERS and re.compile(r"\[\s*[{\]]").match(text, place):
            return _Start(place + 1, False)
        value, place = _value_at(text, place)
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
