"""Reading a dataset: a stream of bytes in, records and rejected rows out, one for every row."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, BinaryIO, NamedTuple

from evaldrop.datasets.advice import shown_key
from evaldrop.datasets.answers import IndexBase, settle_index
from evaldrop.datasets.checks import check
from evaldrop.datasets.choices import Choices
from evaldrop.datasets.drafts import Fault, kind_of
from evaldrop.datasets.fields import FieldMapping, Mapped
from evaldrop.datasets.files.formats import Readable
from evaldrop.datasets.files.opening import open_lines, open_rows
from evaldrop.datasets.files.ranges import LinesOfRange
from evaldrop.datasets.files.rows import OpenFile, ParsedRow, RawRow
from evaldrop.datasets.merging import AnswerMerger, Gathered
from evaldrop.datasets.records import Problem, Record, Rejected, Unit
from evaldrop.datasets.seen import SeenIds
from evaldrop.datasets.shapes.accompanying import around_rows
from evaldrop.datasets.shapes.nested import nested_rows
from evaldrop.datasets.shapes.shape import Shape
from evaldrop.errors import DatasetError

# No request of Bedrock is longer. What a record comes to as a request is measured when it is rendered.
MAX_RECORD_BYTES = 32 * 1024 * 1024
MAX_SHOWN_ROW = 10_000
# Rows that wait for one that says from where choices are counted: of ten, one nearly always does.
MAX_WAITING_ROWS = 1_000
MAX_WAITING_BYTES = 8 * 1024 * 1024


class Joined(NamedTuple):
    """A row whose answer joined the record of an earlier row."""

    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RowReading:
    """
    What became of one row.

    `keys` are the row's own; `shape` is None for a row that is not an object, or whose prompt is mapped or
    missing. `homes` says in words where each canonical field was found, `aside` which keys were not used.
    `mapped` are the targets of `fields` that the row has. `choices` are those its prompt shows.
    """

    outcome: Record | Rejected | Joined
    shape: Shape | None = None
    keys: tuple[str, ...] = ()
    homes: Mapping[str, str] = field(default_factory=dict)
    aside: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    mapped: frozenset[str] = frozenset()
    choices: Choices | None = None


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
    return (reading.outcome for reading in rows if not isinstance(reading.outcome, Joined))


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
    """
    Return what became of every row, as `read_records` does, with how it was read.

    Rows come in their order, but for those that wait for other models' answers to the same question.
    """
    mapping = FieldMapping(fields)
    opened = open_rows(stream, source=source, limit=max_record_bytes)
    reader = _RowReader(source, mapping, opened, max_record_bytes)
    return Readings(_readings(opened, reader), opened.unit, opened.form)


class NotInParts(Exception):  # noqa: N818 -- no fault: the file is read as a whole
    """A row of a part means what another row of the file says: such a file is read as a whole."""


def read_part(
    lines: LinesOfRange,
    *,
    first_line: int,
    source: str,
    fields: Mapping[str, str] | None = None,
    max_record_bytes: int = MAX_RECORD_BYTES,
    seen: SeenIds | None = None,
) -> Iterator[RowReading]:
    """
    Yield what became of every row of a part of a file of lines, as `read_rows` does of the whole.

    Args:
        lines: The part's.
        first_line: The number of its first line.
        source: The file's name.
        fields: As of `read_rows`.
        max_record_bytes: As of `read_rows`.
        seen: IDs that the parts before it have; this part's are added.

    Raises:
        NotInParts: A row cannot be read without others of the file.
    """
    opened = open_lines(lines, limit=max_record_bytes, offset=lines.offset, first_line=first_line)
    reader = _RowReader(source, FieldMapping(fields), opened, max_record_bytes, seen)
    for drafted in (each for row in opened.rows for each in reader.draft(row)):
        if drafted.mapped is not None:
            reader.refuse_in_parts(drafted.mapped)
        yield reader.finished(drafted)


def _readings(opened: OpenFile, reader: "_RowReader") -> Iterator[RowReading]:
    has_any = False
    for reading in reader.read(opened.rows):
        has_any = True
        yield reading
    if not has_any:
        raise DatasetError(f"{reader.source} holds no records. Give at least one.")


def _gathered(gathered: Gathered[RowReading]) -> RowReading:
    return replace(gathered.row, outcome=gathered.record)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Drafted:
    """A row on its way: drafted, or with the fault for which it cannot be. `place` is inside the row."""

    row: RawRow
    place: str = ""
    fault: Fault | None = None
    keys: tuple[str, ...] = ()
    mapped: Mapped | None = None


class _RowReader:
    """Reads the rows of one file; remembers nothing of them but their ids, and how choices are counted."""

    def __init__(
        self,
        source: str,
        mapping: FieldMapping,
        opened: OpenFile,
        limit: int,
        seen: SeenIds | None = None,
    ) -> None:
        self.source = source
        self._mapping = mapping
        self._unit = opened.unit
        self._parse_row = opened.parse
        self._around = around_rows(opened.around)
        self._limit = limit
        self._seen = seen or SeenIds()
        self._base = IndexBase()
        self._merger: AnswerMerger[RowReading] = AnswerMerger()

    def read(self, rows: Iterable[RawRow]) -> Iterator[RowReading]:
        """Yield what becomes of the rows."""
        for drafted in self._with_known_base(each for row in rows for each in self.draft(row)):
            yield from self._merged(drafted)
            yield from map(_gathered, self._merger.overflow())
        yield from map(_gathered, self._merger.rest())

    def refuse_in_parts(self, mapped: Mapped) -> None:
        """
        Refuse a row that is not read by itself.

        Raises:
            NotInParts: It counts its choices as other rows do, or is one of several answers to a question.
        """
        if mapped.draft.open_index is not None or (mapped.shape is not None and mapped.shape.is_answer):
            raise NotInParts

    def draft(self, row: RawRow) -> Iterator[_Drafted]:
        """Yield what a row holds: mostly itself."""
        value, fault, notes = self._parse(row)
        if fault is None and not isinstance(value, dict):
            fault = Fault(f"the row is {kind_of(value)}, not an object", 'Write it as {"prompt": …}.')
        if fault is not None:
            yield _Drafted(row=row, fault=fault)
            return
        for place, member in nested_rows(value, line=row.number):
            mapped = self._mapping.read({**self._around, **member} if self._around else member)
            mapped.draft.notes[:0] = notes
            yield _Drafted(row=row, place=place, keys=tuple(member), mapped=mapped)

    def _with_known_base(self, rows: Iterable[_Drafted]) -> Iterator[_Drafted]:
        """Hold rows back until one says whether answers count the choices from 0 or from 1."""
        waiting: list[_Drafted] = []
        n_bytes = 0
        for drafted in rows:
            draft = drafted.mapped.draft if drafted.mapped else None
            if draft is not None:
                self._base.see(draft)
            waiting.append(drafted)
            n_bytes += drafted.row.size
            is_open = len(waiting) > 1 or (draft is not None and draft.open_index is not None)
            if self._base.is_sought and is_open:
                if len(waiting) < MAX_WAITING_ROWS and n_bytes < MAX_WAITING_BYTES:
                    continue
                self._base.is_sought = False
            yield from waiting
            waiting, n_bytes = [], 0
        yield from waiting

    def _merged(self, drafted: _Drafted) -> Iterator[RowReading]:
        reading = self.finished(drafted)
        record = reading.outcome
        if not isinstance(record, Record) or reading.shape is None or not reading.shape.is_answer:
            yield reading
            return
        if self._merger.join(record):
            yield replace(reading, outcome=Joined(record.line))
            return
        faults = self._duplicates(record.id, record.line)
        if (line := self._merger.gone_line(record)) is not None:
            what = f"another answer to the question of {self._unit} {line}, too far below it"
            faults.append(Fault(what, "Put the answers to one question next to each other."))
        if faults:
            yield replace(reading, outcome=self._rejected(drafted, faults))
        else:
            self._merger.begin(record, reading)

    def finished(self, drafted: _Drafted) -> RowReading:
        """Return what became of a row; of one of several answers, before it joins the others."""
        if drafted.mapped is None:
            faults = [drafted.fault] if drafted.fault else []
            return RowReading(outcome=self._rejected(drafted, faults))
        draft, shape = drafted.mapped.draft, drafted.mapped.shape
        settle_index(draft, self._base)
        record, faults = check(draft, line=drafted.row.number)
        given = record.id if record is not None else draft.values.get("id")
        # Several models' answers to one question may all have its id.
        if record is None or shape is None or not shape.is_answer:
            faults = [*faults, *self._duplicates(given, drafted.row.number)]
        return RowReading(
            outcome=record if record is not None and not faults else self._rejected(drafted, faults),
            shape=shape,
            keys=drafted.keys,
            homes=draft.told,
            aside=tuple(draft.aside),
            notes=tuple(draft.notes),
            mapped=drafted.mapped.found,
            choices=draft.choices,
        )

    def _parse(self, row: RawRow) -> ParsedRow:
        if row.fault is not None:
            return ParsedRow(None, row.fault)
        if row.size > self._limit:
            what = f"the row has {row.size:,} bytes, more than the {self._limit:,} a record may have"
            return ParsedRow(None, Fault(what, "Shorten or split it."))
        return self._parse_row(row)

    def _duplicates(self, given: Any, line: int) -> list[Fault]:
        """Look an id up, also of a refused row: once mended, it would be the next problem."""
        if isinstance(given, bool) or not isinstance(given, str | int) or not str(given).strip():
            return []
        first = self._seen.first_line(str(given), line)
        if first is None:
            return []
        what = f'the id "{shown_key(str(given))}" was already used on {self._unit} {first}'
        return [Fault(what, "Make ids unique.")]

    def _rejected(self, drafted: _Drafted, faults: list[Fault]) -> Rejected:
        row = drafted.row
        problems = tuple(
            Problem(
                source=self.source,
                line=row.number,
                what=f"{drafted.place}: {fault.what}" if drafted.place else fault.what,
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
