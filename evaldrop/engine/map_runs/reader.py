"""Read the items of a distributed Map as a stream: JSON Lines, a JSON array, or CSV."""

import codecs
import contextlib
import csv
import io
import json
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

import orjson

from evaldrop.engine.errors import ITEM_READER_FAILED, StatesError
from evaldrop.engine.machine import ItemReader
from evaldrop.engine.payloads import LIMIT_BYTES

CHUNK_BYTES = 1 << 16
# Spreadsheets write it before UTF-8.
BOM = b"\xef\xbb\xbf"


class ReadError(Exception):
    """An object does not hold items in the form its ItemReader says. The message names the place."""


def read_items(reader: ItemReader, open_object: Callable[[], BinaryIO], what: str) -> Iterator[Any]:
    """
    Give the items of an object one by one; the object is closed at the end, or when the iterator is.

    Raises:
        StatesError: States.ItemReaderFailed, whatever went wrong.
    """
    with reading(open_object, what) as stream:
        yield from READERS[reader.input_type or "JSONL"](reader, stream)


def count_items(reader: ItemReader, open_object: Callable[[], BinaryIO], what: str) -> int:
    """Return how many items an object holds, reading it through once."""
    if reader.input_type != "JSONL":
        return sum(1 for _ in read_items(reader, open_object, what))
    # Lines can be counted without parsing them: the dataset of a large run is read twice.
    with reading(open_object, what) as stream:
        return sum(1 for line in stream if line.strip(b" \t\r\n") not in (b"", BOM))


@contextlib.contextmanager
def reading(open_object: Callable[[], BinaryIO], what: str) -> Iterator[BinaryIO]:
    """
    Open an object for the time of a block.

    Raises:
        StatesError: States.ItemReaderFailed, for whatever goes wrong in it.
    """
    try:
        with open_object() as stream:
            yield stream
    except StatesError:
        raise
    except Exception as error:
        reason = error if isinstance(error, ReadError) else f"{type(error).__name__}: {error}"
        raise StatesError(ITEM_READER_FAILED, f"{what}: {reason}") from error


def _jsonl(_reader: ItemReader, stream: BinaryIO) -> Iterator[Any]:
    for number, line in enumerate(stream, start=1):
        text = line.removeprefix(BOM) if number == 1 else line
        if not text.strip():
            continue
        try:
            yield orjson.loads(text)
        except orjson.JSONDecodeError as error:
            raise ReadError(f"line {number} is not JSON: {error}") from error


def _json(reader: ItemReader, stream: BinaryIO) -> Iterator[Any]:
    if reader.items_pointer:
        yield from _pointed(reader.items_pointer, orjson.loads(stream.read().removeprefix(BOM)))
    else:
        yield from _ArrayScanner(stream).elements()


def _pointed(pointer: str, document: Any) -> list[Any]:
    value = document
    for token in pointer.split("/")[1:]:
        key = token.replace("~1", "/").replace("~0", "~")
        try:
            value = value[int(key)] if isinstance(value, list) else value[key]
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise ReadError(f"the ItemsPointer {pointer} leads nowhere: there is no {key!r}") from error
    if not isinstance(value, list):
        raise ReadError(f"the ItemsPointer {pointer} does not lead to an array")
    return value


class _ArrayScanner:
    """
    Takes one element after another out of a JSON array that is never whole in memory.

    ijson does much the same, but refuses integers over 64 bits and a byte order mark, replaces lone
    surrogates, and takes {"item": [1]} for an array.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self.stream = stream
        self.decoder = codecs.getincrementaldecoder("utf-8-sig")()
        self.json = json.JSONDecoder()
        self.text = ""
        self.at = 0
        self.ended = False

    def elements(self) -> Iterator[Any]:
        if self._next_mark() != "[":
            raise ReadError("the object must hold a JSON array")
        self.at += 1
        if self._next_mark() == "]":
            return
        while True:
            yield self._element()
            mark = self._next_mark()
            self.at += 1
            if mark == "]":
                return
            if mark != ",":
                raise ReadError(f"expected , or ] between items, not {mark or 'the end'!r}")

    def _more(self) -> bool:
        if self.ended:
            return False
        chunk = self.stream.read(CHUNK_BYTES)
        self.ended = not chunk
        self.text = self.text[self.at :] + self.decoder.decode(chunk, final=self.ended)
        self.at = 0
        return True

    def _next_mark(self) -> str:
        """Skip white space; return the character there, "" at the end."""
        while True:
            while self.at < len(self.text):
                if self.text[self.at] not in " \t\r\n":
                    return self.text[self.at]
                self.at += 1
            if not self._more():
                return ""

    def _element(self) -> Any:
        self._next_mark()
        while True:
            try:
                value, end = self.json.raw_decode(self.text, self.at)
            except json.JSONDecodeError as error:
                # Broken, or not whole yet: only the end of the object tells.
                if not self._more():
                    raise ReadError(f"an item is not JSON: {error.msg}") from error
                continue
            # A number at the end of what was read may go on in the next chunk.
            if end < len(self.text) or not self._more():
                self.at = end
                return value


def _csv(reader: ItemReader, stream: BinaryIO) -> Iterator[Any]:
    # Python's own limit on a value is half of what a child may be given.
    csv.field_size_limit(max(csv.field_size_limit(), LIMIT_BYTES))
    # newline="": csv itself reads the line breaks, those inside quotes included.
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")
    rows = csv.reader(text, delimiter=reader.csv_delimiter, strict=True)
    headers = list(reader.csv_headers) if reader.csv_headers is not None else next(rows, [])
    if len(set(headers)) < len(headers):
        raise ReadError("CSV headers cannot contain duplicates.")
    for row in rows:
        # As on AWS: values without a header are left out, headers without a value get an empty one.
        if row:
            yield dict(zip(headers, row + [""] * (len(headers) - len(row)), strict=False))


READERS: dict[str, Callable[[ItemReader, BinaryIO], Iterator[Any]]] = {
    "JSONL": _jsonl,
    "JSON": _json,
    "CSV": _csv,
}
