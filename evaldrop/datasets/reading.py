"""Reading a dataset: a stream of bytes in, records and rejected rows out, one for every row."""

from array import array
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import BinaryIO, NamedTuple

from evaldrop.datasets.checks import check
from evaldrop.datasets.drafts import Draft, Fault, kind_of
from evaldrop.datasets.fields import FieldMapping
from evaldrop.datasets.formats import Readable
from evaldrop.datasets.opening import open_rows
from evaldrop.datasets.records import Problem, Record, Rejected, Unit
from evaldrop.datasets.rows import OpenFile, ParsedRow, RawRow
from evaldrop.datasets.shapes import Shape
from evaldrop.errors import DatasetError

# No request of Bedrock is longer. What a record comes to as a request is measured when it is rendered.
MAX_RECORD_BYTES = 32 * 1024 * 1024
MAX_SHOWN_ROW = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RowReading:
    """
    What became of one row.

    `keys` are the row's own; `shape` is None for a row that is not an object, or whose prompt is mapped or
    missing. `mapped` are the targets of `fields` that the row has.
    """

    outcome: Record | Rejected
    shape: Shape | None
    keys: tuple[str, ...]
    notes: tuple[str, ...]
    mapped: frozenset[str]


def read_records(
    stream: BinaryIO,
    *,
    source: str,
    fields: Mapping[str, str] | None = None,
    max_record_bytes: int = MAX_RECORD_BYTES,
) -> Iterator[Record | Rejected]:
    """
    Yield a record or a rejection for every row, in order, without ever holding the dataset.

    Args:
        stream: The file, at its beginning; it need not be seekable.
        source: The file's name, as problems show it.
        fields: Canonical field -> key or dotted path, for shapes that are not recognised.
        max_record_bytes: Longer rows are rejected.

    Raises:
        DatasetError: The whole file cannot be read (empty, damaged, a workbook …), or `fields` is wrong.
    """
    rows = read_rows(stream, source=source, fields=fields, max_record_bytes=max_record_bytes).rows
    return (reading.outcome for reading in rows)


class Readings(NamedTuple):
    """What became of a file's rows; what they are counted by; the kind of file, where that is not plain."""

    rows: Iterator[RowReading]
    unit: Unit
    form: str


def read_rows(
    stream: Readable,
    *,
    source: str,
    fields: Mapping[str, str] | None = None,
    max_record_bytes: int = MAX_RECORD_BYTES,
) -> Readings:
    """Return what became of every row, as `read_records` does, with how it was read."""
    mapping = FieldMapping(fields)
    opened = open_rows(stream, source=source, limit=max_record_bytes)
    rows = _readings(opened, _RowReader(source, mapping, opened, max_record_bytes))
    return Readings(rows, opened.unit, opened.form)


def _readings(opened: OpenFile, reader: "_RowReader") -> Iterator[RowReading]:
    row = None
    for row in opened.rows:
        yield reader.read(row)
    if row is None:
        raise DatasetError(f"{reader.source} holds no records. Give at least one.")


class _RowReader:
    """Reads the rows of one file; remembers nothing of them but their ids."""

    def __init__(self, source: str, mapping: FieldMapping, opened: OpenFile, limit: int) -> None:
        self.source = source
        self._mapping = mapping
        self._unit = opened.unit
        self._parse_row = opened.parse
        self._limit = limit
        self._seen = SeenIds()

    def read(self, row: RawRow) -> RowReading:
        value, fault, notes = self._parse(row)
        if fault is None and not isinstance(value, dict):
            fault = Fault(f"the row is {kind_of(value)}, not an object", 'Write it as {"prompt": …}.')
        if fault is not None:
            outcome = self._rejected(row, [fault])
            return RowReading(outcome=outcome, shape=None, keys=(), notes=(), mapped=frozenset())
        mapped = self._mapping.read(value)
        record, faults = check(mapped.draft, line=row.number)
        faults = [*faults, *self._duplicates(record, mapped.draft, row.number)]
        return RowReading(
            outcome=record if record is not None and not faults else self._rejected(row, faults),
            shape=mapped.shape,
            keys=tuple(value),
            notes=(*notes, *mapped.draft.notes),
            mapped=mapped.found,
        )

    def _parse(self, row: RawRow) -> ParsedRow:
        if row.fault is not None:
            return ParsedRow(None, row.fault)
        if row.size > self._limit:
            what = f"the row has {row.size:,} bytes, more than the {self._limit:,} a record may have"
            return ParsedRow(None, Fault(what, "Shorten or split it."))
        return self._parse_row(row)

    def _duplicates(self, record: Record | None, draft: Draft, line: int) -> list[Fault]:
        """Look the id up, also of a refused row: once mended, it would be the next problem."""
        given = record.id if record is not None else draft.values.get("id")
        if isinstance(given, bool) or not isinstance(given, str | int) or not str(given).strip():
            return []
        first = self._seen.first_line(str(given), line)
        if first is None:
            return []
        what = f'the id "{str(given)[:100]}" was already used on {self._unit} {first}'
        return [Fault(what, "Make ids unique.")]

    def _rejected(self, row: RawRow, faults: list[Fault]) -> Rejected:
        problems = tuple(
            Problem(
                source=self.source,
                line=row.number,
                what=fault.what,
                do=fault.do,
                unit=self._unit,
                text_line=row.text_line,
            )
            for fault in faults
        )
        # A character has at most four bytes in UTF-8: not all of 32 MB is decoded to show a beginning.
        text = row.raw[: 4 * MAX_SHOWN_ROW].decode("utf-8", errors="replace")
        shown = text if len(text) <= MAX_SHOWN_ROW else text[:MAX_SHOWN_ROW] + " …"
        return Rejected(line=row.number, problems=problems, row=shown)


_FREE = 0


class SeenIds:
    """
    First lines by id, in an open-addressing table of 64-bit digests.

    24 to 48 bytes an id, so that a million of them fit in a Lambda. Two different ids of a million share a
    digest with a probability of 3e-8.
    """

    def __init__(self) -> None:
        self._count = 0
        self._make_room(1024)

    def first_line(self, identifier: str, line: int) -> int | None:
        """Note the line of an id; return the line that had it before, None when none had."""
        # 0 marks a free slot.
        digest = int.from_bytes(blake2b(identifier.encode(), digest_size=8).digest(), "little") or 1
        slot = self._slot(digest)
        if self._digests[slot] != _FREE:
            return self._lines[slot]
        self._digests[slot], self._lines[slot] = digest, line
        self._count += 1
        # Never more than half full, or the search for a free slot becomes long.
        if self._count * 2 > len(self._digests):
            self._grow()
        return None

    def _slot(self, digest: int) -> int:
        digests, mask = self._digests, len(self._digests) - 1
        slot = digest & mask
        while digests[slot] not in (_FREE, digest):
            slot = (slot + 1) & mask
        return slot

    def _grow(self) -> None:
        digests, lines = self._digests, self._lines
        self._make_room(len(digests) * 2)
        for digest, line in zip(digests, lines, strict=True):
            if digest != _FREE:
                slot = self._slot(digest)
                self._digests[slot], self._lines[slot] = digest, line

    def _make_room(self, slots: int) -> None:
        self._digests = array("Q", bytes(8 * slots))
        self._lines = array("I", bytes(array("I").itemsize * slots))
