"""What is in a dataset, found in one pass: its shape, its problems, what can be evaluated with it."""

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import BinaryIO, cast

from evaldrop.datasets.checks import did_you_mean
from evaldrop.datasets.fields import FieldMapping
from evaldrop.datasets.reading import MAX_RECORD_BYTES, RowReading, read_rows
from evaldrop.datasets.records import Problem, Record, Rejected
from evaldrop.datasets.shapes import BARE_SHAPES, CANONICAL, Shape

MAX_PROBLEMS_KEPT = 1_000
MAX_NAMES_KEPT = 10_000
MAX_HINTS = 100

_COUNTED = ("reference", "context", "category", "criteria", "responses")
_VARIABLES = ("prompt", "messages", "system", "context", "reference", "category", "group")


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """
    One pass over a dataset.

    Attributes:
        source: The file's name, as shown.
        sha256: Hexadecimal digest of the file's bytes.
        n_bytes: How many bytes it has.
        shape: Identifier of the shape most rows have; "none" when no row has one.
        recognised: A sentence on that shape, for logs and reports.
        shapes: Rows per shape; more than one means that rows are mixed.
        n_read, n_accepted, n_rejected: Rows.
        problems: The first 1,000 problems; `n_problems` counts them all.
        hints: What may be a mistake and refuses no row.
        with_field: Records that have a reference, context, category, criteria, responses.
        categories, candidates, criteria: Records per category, given response, criterion.
        criteria_by_name: Criteria named without a question, and the line that does so first.
        variables: Names a prompt template may use, and how many records have each.
    """

    source: str
    sha256: str
    n_bytes: int
    shape: str
    recognised: str
    shapes: Mapping[str, int]
    n_read: int
    n_accepted: int
    n_rejected: int
    problems: tuple[Problem, ...]
    n_problems: int
    hints: tuple[Problem, ...]
    with_field: Mapping[str, int]
    categories: Mapping[str, int]
    candidates: Mapping[str, int]
    criteria: Mapping[str, int]
    criteria_by_name: Mapping[str, int]
    variables: Mapping[str, int]

    @property
    def n_more_problems(self) -> int:
        """How many problems there are beyond those kept."""
        return self.n_problems - len(self.problems)

    @property
    def is_mixed(self) -> bool:
        """Whether rows have several shapes."""
        return len(self.shapes) > 1


def survey_dataset(
    open: Callable[[], BinaryIO],  # noqa: A002 -- the public name; nothing here opens a file
    *,
    source: str,
    fields: Mapping[str, str] | None = None,
    max_record_bytes: int = MAX_RECORD_BYTES,
) -> Survey:
    """
    Read a whole dataset once and tell what is in it, in memory that does not grow with it (but for ids).

    Raises:
        DatasetError: As `read_records`.
    """
    with open() as stream:
        hashed = _HashedStream(stream)
        tally = _Tally(source, fields)
        rows = read_rows(
            cast("BinaryIO", hashed), source=source, fields=fields, max_record_bytes=max_record_bytes
        )
        for reading in rows:
            tally.add(reading)
        hashed.drain()
    return tally.survey(hashed)


class _HashedStream:
    """A stream that knows the digest and the length of what was read from it."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.digest = hashlib.sha256()
        self.n_bytes = 0

    def read(self, size: int) -> bytes:
        piece = self._stream.read(size)
        self.digest.update(piece)
        self.n_bytes += len(piece)
        return piece

    def drain(self) -> None:
        while self.read(1 << 20):
            continue


@dataclass(slots=True, kw_only=True)
class _UnknownKey:
    """Where a key was first seen that its row's shape does not know, and what it may have been meant to be."""

    line: int
    meant: str | None
    n_rows: int = 1


class _Tally:
    """Counts of one pass. Every counter is bounded: names come from the data and may be a million."""

    def __init__(self, source: str, fields: Mapping[str, str] | None) -> None:
        self._source = source
        self._mapping = FieldMapping(fields)
        self._mapped: Counter[str] = Counter()
        self._shapes: Counter[str] = Counter()
        self._shape_of: dict[str, Shape] = {}
        self._keys: dict[str, set[str]] = {}
        self._unknown: dict[str, _UnknownKey] = {}
        self._notes: Counter[str] = Counter()
        self._problems: list[Problem] = []
        self._n_problems = self._n_read = self._n_rejected = 0
        self._with_field: Counter[str] = Counter()
        self._categories: Counter[str] = Counter()
        self._candidates: Counter[str] = Counter()
        self._criteria: Counter[str] = Counter()
        self._criteria_by_name: dict[str, int] = {}
        self._variables: Counter[str] = Counter()
        self._overflown: set[str] = set()

    def add(self, reading: RowReading) -> None:
        self._n_read += 1
        self._mapped.update(reading.mapped)
        self._notes.update(set(reading.notes))
        self._add_shape(reading)
        if isinstance(reading.outcome, Rejected):
            self._n_rejected += 1
            self._n_problems += len(reading.outcome.problems)
            self._problems += reading.outcome.problems[: MAX_PROBLEMS_KEPT - len(self._problems)]
        else:
            self._add_record(reading.outcome)

    def _add_shape(self, reading: RowReading) -> None:
        shape = reading.shape
        if shape is None:
            return
        self._shapes[shape.name] += 1
        self._shape_of[shape.name] = shape
        seen = self._keys.setdefault(shape.name, set())
        seen.update(key for key in reading.keys if key in shape.keys)
        for key in reading.keys:
            if key not in shape.keys and key not in self._mapping.paths.values():
                self._add_unknown(key, shape, reading.outcome.line)

    def _add_unknown(self, key: str, shape: Shape, line: int) -> None:
        """Note a key evaldrop's own rows should not have; another tool's rows may, unless it looks misspelt."""
        if key in self._unknown:
            self._unknown[key].n_rows += 1
        elif len(self._unknown) < MAX_NAMES_KEPT:
            meant = did_you_mean(key, tuple(shape.keys))
            if meant or shape is CANONICAL:
                self._unknown[key] = _UnknownKey(line=line, meant=meant)

    def _add_record(self, record: Record) -> None:
        given = [name for name in _VARIABLES if getattr(record, name)]
        for name in _COUNTED:
            self._with_field[name] += bool(getattr(record, name))
        for name in {*given, *record.metadata}:
            self._count("variables", self._variables, name)
        if record.category is not None:
            self._count("categories", self._categories, record.category)
        for candidate in record.responses:
            self._count("candidates", self._candidates, candidate)
        for name, question in record.criteria.items():
            self._count("criteria", self._criteria, name)
            if question is None and len(self._criteria_by_name) < MAX_NAMES_KEPT:
                self._criteria_by_name.setdefault(name, record.line)

    def _count(self, what: str, counter: Counter[str], name: str) -> None:
        if name in counter or len(counter) < MAX_NAMES_KEPT:
            counter[name] += 1
        else:
            self._overflown.add(what)

    def survey(self, hashed: _HashedStream) -> Survey:
        shapes = self._merged_shapes()
        problems, hints = self._file_problems(), self._hints()
        mixed = self._mixed(shapes)
        (problems if self._n_rejected else hints).extend(mixed)
        return Survey(
            source=self._source,
            sha256=hashed.digest.hexdigest(),
            n_bytes=hashed.n_bytes,
            shape=next(iter(shapes), "none"),
            recognised=self._recognised(shapes),
            shapes=shapes,
            n_read=self._n_read,
            n_accepted=self._n_read - self._n_rejected,
            n_rejected=self._n_rejected,
            problems=(*problems, *self._problems),
            n_problems=self._n_problems + len(problems),
            hints=tuple(hints),
            with_field=dict(self._with_field),
            categories=dict(self._categories.most_common()),
            candidates=dict(self._candidates.most_common()),
            criteria=dict(self._criteria.most_common()),
            criteria_by_name=self._criteria_by_name,
            variables=dict(self._variables.most_common()),
        )

    def _merged_shapes(self) -> dict[str, int]:
        """Count rows per shape, most first; bare rows count as the richer shape they are part of."""
        counts = Counter(self._shapes)
        for name in sorted(BARE_SHAPES & counts.keys()):
            richer = [
                other
                for other in counts
                if other not in BARE_SHAPES and self._keys[name] <= self._shape_of[other].keys.keys()
            ]
            if richer:
                counts[max(richer, key=lambda other: (self._shapes[other], other))] += counts.pop(name)
        return dict(counts.most_common())

    def _recognised(self, shapes: Mapping[str, int]) -> str:
        mapped = ", ".join(f"{target} from {source}" for target, source in self._mapping.paths.items())
        if not shapes:
            return f"read by the evaluation's fields: {mapped}" if mapped else "not recognised"
        shape = self._shape_of[next(iter(shapes))]
        keys = [key for key in shape.keys if key in self._keys[shape.name]]
        sentence = f"recognised as {shape.title} ({', '.join(keys)})"
        if shape is not CANONICAL:
            targets = dict.fromkeys(name for key in keys for name in shape.keys[key].split(", "))
            sentence += f"; mapped to {', '.join(targets)}"
        return f"{sentence}; by the evaluation's fields: {mapped}" if mapped else sentence

    def _file_problems(self) -> list[Problem]:
        return [
            self._of_file(
                f'fields: no row has "{path}", mapped to {target}', "Correct `fields` in the evaluation."
            )
            for target, path in self._mapping.paths.items()
            if not self._mapped[target]
        ]

    def _mixed(self, shapes: Mapping[str, int]) -> list[Problem]:
        if len(shapes) < 2:
            return []
        counted = ", ".join(f"{count:,} {self._shape_of[name].title}" for name, count in shapes.items())
        do = "Keep one shape in a file, unless this is meant; every row is read by its own."
        return [self._of_file(f"rows have {len(shapes)} shapes: {counted}", do)]

    def _hints(self) -> list[Problem]:
        hints = [self._unknown_key(key, unknown) for key, unknown in self._unknown.items()]
        for note, count in self._notes.items():
            hints.append(self._of_file(f"{note} ({count:,} rows)", "Nothing to do if that is what you want."))
        for what in sorted(self._overflown):
            hints.append(
                self._of_file(
                    f"more than {MAX_NAMES_KEPT:,} different {what}", "Only the first are counted by name."
                )
            )
        left_out = len(hints) - MAX_HINTS
        if left_out > 0:
            hints[MAX_HINTS:] = [self._of_file(f"{left_out:,} more hints", "Deal with the ones above first.")]
        return hints

    def _unknown_key(self, key: str, unknown: _UnknownKey) -> Problem:
        meant = unknown.meant
        return Problem(
            source=self._source,
            line=unknown.line,
            what=f'unknown key "{key[:100]}" ({unknown.n_rows:,} rows), kept in metadata',
            do=f'Did you mean "{meant}"?' if meant else "Put it inside metadata to say that it is meant.",
        )

    def _of_file(self, what: str, do: str) -> Problem:
        return Problem(source=self._source, line=None, what=what, do=do)
