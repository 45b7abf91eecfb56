"""What is in a dataset, found in one pass: its shape, its problems, what can be evaluated with it."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import BinaryIO, NamedTuple, Self

from evaldrop.checks import Check, check_from_config
from evaldrop.datasets.doctor import Doctor
from evaldrop.datasets.fields import FieldMapping
from evaldrop.datasets.reading import MAX_RECORD_BYTES, RowReading, read_rows
from evaldrop.datasets.records import Problem, Record, Rejected, Unit
from evaldrop.datasets.seen import digest_of
from evaldrop.datasets.shape_tally import ShapeTally

MAX_PROBLEMS_KEPT = 1_000
MAX_NAMES_KEPT = 10_000

_COUNTED = ("reference", "context", "category", "criteria", "checks", "responses")
_NAMED = ("variables", "categories", "candidates", "criteria")
_VARIABLES = ("prompt", "messages", "system", "context", "reference", "category", "group")


class CheckSeen(NamedTuple):
    """A name that records give checks: kinds, the first one's weight and line, and in how many records."""

    kinds: tuple[str, ...]
    weight: float
    line: int
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """
    One pass over a dataset.

    Attributes:
        source: The file's name, as shown.
        sha256: Hexadecimal digest of the file's bytes.
        shape: Identifier of the shape most rows have; "none" when no row has one.
        recognised: A sentence on each shape, most rows first, for logs and reports: where every field was
            found, and what was left aside.
        shapes: Rows per shape; more than one means that rows are mixed.
        n_read, n_rejected: Rows.
        n_accepted: Records; fewer than rows where several rows are one record.
        problems: The first 1,000 problems; `n_problems` counts them all.
        hints: What may be a mistake and refuses no row, `findings` included.
        findings: What a reader of the numbers should know: rows not taken as they stand, repeated prompts ….
        with_field: Records that have a reference, context, category, criteria, checks, responses, choices.
        categories, candidates, criteria, checks: Records per category, given response, criterion, check.
        criteria_by_name: Criteria named without a question, and the line that does so first.
        variables: Names a prompt template may use, and how many records have each.
        unit: What rows are counted by.
        n_clusters: What is independent: different groups, and records without one.
    """

    source: str
    sha256: str
    shape: str
    recognised: tuple[str, ...]
    shapes: Mapping[str, int]
    n_read: int
    n_accepted: int
    n_rejected: int
    problems: tuple[Problem, ...]
    n_problems: int
    hints: tuple[Problem, ...]
    findings: tuple[Problem, ...]
    with_field: Mapping[str, int]
    categories: Mapping[str, int]
    candidates: Mapping[str, int]
    criteria: Mapping[str, int]
    criteria_by_name: Mapping[str, int]
    variables: Mapping[str, int]
    checks: Mapping[str, CheckSeen] = field(default_factory=dict)
    n_clusters: int = 0
    unit: Unit = "line"

    @property
    def n_more_problems(self) -> int:
        """How many problems there are beyond those kept."""
        return self.n_problems - len(self.problems)


def survey_dataset(
    open: Callable[[], BinaryIO],  # noqa: A002 -- the public name; nothing here opens a file
    *,
    source: str,
    fields: Mapping[str, str] | None = None,
    max_record_bytes: int = MAX_RECORD_BYTES,
) -> Survey:
    """
    Read a whole dataset once and say what is in it, in memory that does not grow with it (but for ids).

    Raises:
        DatasetError: As `read_records`.
    """
    with open() as stream:
        hashed = _HashedStream(stream)
        tally = SurveyTally(source, FieldMapping(fields))
        readings = read_rows(hashed, source=source, fields=fields, max_record_bytes=max_record_bytes)
        for reading in readings.rows:
            tally.add(reading)
        # What follows the last row is part of the file, and of its digest.
        while hashed.read(1 << 20):
            continue
    return tally.survey(hashed.digest.hexdigest(), unit=readings.unit, form=readings.form)


class _HashedStream:
    """A stream that knows the digest of what was read from it."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.digest = hashlib.sha256()

    def read(self, size: int, /) -> bytes:
        piece = self._stream.read(size)
        self.digest.update(piece)
        return piece


class _NameCounter:
    """Counts names that come from the data: the first 10,000 different ones, since there may be a million."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self.has_overflown = False

    def add(self, name: str) -> None:
        if name in self._counts or len(self._counts) < MAX_NAMES_KEPT:
            self._counts[name] += 1
        else:
            self.has_overflown = True

    def merge(self, other: Self) -> None:
        self.has_overflown = self.has_overflown or other.has_overflown
        for name, n in other._counts.items():
            if name in self._counts or len(self._counts) < MAX_NAMES_KEPT:
                self._counts[name] += n
            else:
                self.has_overflown = True

    def by_count(self) -> dict[str, int]:
        return dict(self._counts.most_common())


class SurveyTally:
    """What one pass counts; those of a file's parts are merged in the file's order."""

    def __init__(self, source: str, mapping: FieldMapping) -> None:
        self._source = source
        self._shapes = ShapeTally(source, mapping)
        self._problems: list[Problem] = []
        self._n_problems = self._n_read = self._n_accepted = self._n_rejected = 0
        self._doctor = Doctor(source)
        self._with_field: Counter[str] = Counter()
        self._names = {name: _NameCounter() for name in _NAMED}
        self._criteria_by_name: dict[str, int] = {}
        self._checks: dict[str, CheckSeen] = {}
        # Digests: groups may be long, and as many as records.
        self._groups: set[int] = set()
        self._n_ungrouped = 0

    def add(self, reading: RowReading) -> None:
        """Count a row."""
        self._n_read += 1
        self._shapes.add(reading)
        if isinstance(reading.outcome, Rejected):
            self._n_rejected += 1
            self._n_problems += len(reading.outcome.problems)
            self._problems += reading.outcome.problems[: MAX_PROBLEMS_KEPT - len(self._problems)]
        elif isinstance(reading.outcome, Record):
            self._n_accepted += 1
            self._doctor.add(reading.outcome, reading.choices)
            self._with_field["choices"] += reading.choices is not None
            self._add_record(reading.outcome)

    def _add_record(self, record: Record) -> None:
        for name in _COUNTED:
            self._with_field[name] += bool(getattr(record, name))
        for name in {*(name for name in _VARIABLES if getattr(record, name)), *record.metadata}:
            self._names["variables"].add(name)
        if record.group is None:
            self._n_ungrouped += 1
        else:
            self._groups.add(digest_of(record.group))
        if record.category is not None:
            self._names["categories"].add(record.category)
        for candidate in record.responses:
            self._names["candidates"].add(candidate)
        named: dict[str, list[Check]] = {}
        for config in record.checks:
            check = check_from_config(config, path="checks")
            named.setdefault(check.name, []).append(check)
        for name, checks in named.items():
            self._add_checks(name, checks, record.line)
        for name, question in record.criteria.items():
            self._names["criteria"].add(name)
            if question is None and len(self._criteria_by_name) < MAX_NAMES_KEPT:
                self._criteria_by_name.setdefault(name, record.line)

    def _add_checks(self, name: str, checks: Sequence[Check], line: int) -> None:
        seen = self._checks.get(name)
        if seen is None:
            if len(self._checks) >= MAX_NAMES_KEPT:
                return
            seen = CheckSeen((), checks[0].weight, line, 0)
        kinds = dict.fromkeys([*seen.kinds, *(each.kind.name for each in checks)])
        self._checks[name] = seen._replace(kinds=tuple(kinds), n=seen.n + 1)

    def merge(self, other: Self) -> None:
        """Add what was counted in the part that follows."""
        self._n_read += other._n_read
        self._n_accepted += other._n_accepted
        self._n_rejected += other._n_rejected
        self._n_problems += other._n_problems
        self._problems += other._problems[: MAX_PROBLEMS_KEPT - len(self._problems)]
        self._n_ungrouped += other._n_ungrouped
        self._groups |= other._groups
        self._with_field.update(other._with_field)
        self._shapes.merge(other._shapes)
        self._doctor.merge(other._doctor)
        for name, counter in self._names.items():
            counter.merge(other._names[name])
        for name, line in other._criteria_by_name.items():
            if len(self._criteria_by_name) < MAX_NAMES_KEPT:
                self._criteria_by_name.setdefault(name, line)
        for name, seen in other._checks.items():
            self._merge_check(name, seen)

    def _merge_check(self, name: str, theirs: CheckSeen) -> None:
        mine = self._checks.get(name)
        if mine is None:
            if len(self._checks) < MAX_NAMES_KEPT:
                self._checks[name] = theirs
            return
        kinds = tuple(dict.fromkeys((*mine.kinds, *theirs.kinds)))
        self._checks[name] = mine._replace(kinds=kinds, n=mine.n + theirs.n)

    @property
    def n_accepted(self) -> int:
        """How many records there are so far."""
        return self._n_accepted

    def survey(self, sha256: str, *, unit: Unit, form: str) -> Survey:
        """Return what is in the whole file."""
        shapes = self._shapes.shapes()
        findings = (*self._shapes.notes(), *self._doctor.findings(unit))
        problems = self._shapes.unmapped()
        hints = [*self._shapes.hints(), *findings, *self._overflown()]
        hints = [hint if hint.line is None else replace(hint, unit=unit) for hint in hints]
        # Mixed shapes may be meant; where rows fail they are a likely reason.
        (problems if self._n_rejected else hints).extend(self._shapes.mixed(shapes))
        return Survey(
            source=self._source,
            sha256=sha256,
            shape=next(iter(shapes), "none"),
            recognised=tuple(filter(None, (form, *self._shapes.sentences(shapes)))),
            shapes=shapes,
            n_read=self._n_read,
            n_accepted=self._n_accepted,
            n_rejected=self._n_rejected,
            # Those of the file first, or a thousand rows' would push them out.
            problems=(*problems, *self._problems)[:MAX_PROBLEMS_KEPT],
            n_problems=self._n_problems + len(problems),
            hints=tuple(hints),
            findings=findings,
            with_field={name: self._with_field[name] for name in (*_COUNTED, "choices")},
            categories=self._names["categories"].by_count(),
            candidates=self._names["candidates"].by_count(),
            criteria=self._names["criteria"].by_count(),
            criteria_by_name=self._criteria_by_name,
            variables=self._names["variables"].by_count(),
            checks=self._checks,
            n_clusters=len(self._groups) + self._n_ungrouped,
            unit=unit,
        )

    def _overflown(self) -> Iterator[Problem]:
        for names, counter in self._names.items():
            if counter.has_overflown:
                what = f"more than {MAX_NAMES_KEPT:,} different {names}"
                do = "Only the first are counted by name."
                yield Problem(source=self._source, line=None, what=what, do=do)
