"""
A dataset surveyed in parts, which may be in any process, and the parts' surveys made one.

What comes of it is what comes of one pass, to the letter: line numbers are known before a part is read, IDs
of earlier parts that a part repeats are told to it when it is read once more, and tallies merge in the
file's order.
"""

import heapq
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from evaldrop.datasets.doctor import Sightings
from evaldrop.datasets.fields import FieldMapping
from evaldrop.datasets.files.ranges import ByteRange, LinesOfRange, OpenFrom
from evaldrop.datasets.reading import NotInParts, RowReading, read_part
from evaldrop.datasets.records import Problem
from evaldrop.datasets.seen import SeenIds
from evaldrop.datasets.shape_tally import UnknownKey
from evaldrop.datasets.survey import CheckSeen, Survey, SurveyTally
from evaldrop.plain_state import PlainState, from_json, to_json

_STATE = PlainState(Problem, CheckSeen, Sightings, UnknownKey)


Ids: TypeAlias = "tuple[array[int], array[int]]"
"""Digests of IDs, ascending, and the line of each."""


class FilePart(NamedTuple):
    """A part of a file: its number, from 0; its bytes; the number of its first line."""

    number: int
    bytes: ByteRange
    first_line: int


class Repeated(NamedTuple):
    """IDs, as digests, that an earlier part has, and the lines on which it has them."""

    digests: Sequence[int] = ()
    lines: Sequence[int] = ()


class PartSurvey(NamedTuple):
    """
    What is in a part.

    `tally` is None where the file cannot be read in parts.
    """

    tally: SurveyTally | None
    ids: Ids


def rows_of_part(
    open_from: OpenFrom,
    part: FilePart,
    *,
    source: str,
    fields: Mapping[str, str] | None,
    repeated: Repeated = Repeated(),  # noqa: B008 -- a named tuple, which nobody changes
) -> Iterator[RowReading]:
    """
    Yield what became of a part's rows, as one pass over the file would have it.

    Raises:
        NotInParts: A row cannot be read without others of the file.
    """
    seen = SeenIds()
    for digest, line in zip(repeated.digests, repeated.lines, strict=True):
        seen.note(digest, line)
    yield from _rows(open_from, part, source, fields, seen)


def _rows(
    open_from: OpenFrom, part: FilePart, source: str, fields: Mapping[str, str] | None, seen: SeenIds
) -> Iterator[RowReading]:
    with LinesOfRange(open_from, part.bytes) as lines:
        yield from read_part(lines, first_line=part.first_line, source=source, fields=fields, seen=seen)


def survey_part(
    open_from: OpenFrom,
    part: FilePart,
    *,
    source: str,
    fields: Mapping[str, str] | None,
    repeated: Repeated = Repeated(),  # noqa: B008 -- as above
) -> PartSurvey:
    """Survey a part."""
    tally, seen = SurveyTally(source, FieldMapping(fields)), SeenIds()
    for digest, line in zip(repeated.digests, repeated.lines, strict=True):
        seen.note(digest, line)
    try:
        for reading in _rows(open_from, part, source, fields, seen):
            tally.add(reading)
    except NotInParts:
        return PartSurvey(None, (array("Q"), array("I")))
    return PartSurvey(tally, seen.in_order())


def repeated_ids(ids: Sequence[Ids]) -> dict[int, Repeated]:
    """
    Return the IDs that parts repeat, by the number of the later part.

    Args:
        ids: Of every part, in the file's order: digests, ascending, and their first lines.
    """
    found: dict[int, tuple[list[int], list[int]]] = {}
    known, first_line = -1, 0
    for digest, number, line in heapq.merge(*(_numbered(number, each) for number, each in enumerate(ids))):
        if digest != known:
            known, first_line = digest, line
            continue
        digests, lines = found.setdefault(number, ([], []))
        digests.append(digest)
        lines.append(first_line)
    return {number: Repeated(*pairs) for number, pairs in found.items()}


def _numbered(number: int, ids: Ids) -> Iterator[tuple[int, int, int]]:
    return ((digest, number, line) for digest, line in zip(*ids, strict=True))


def merged_survey(
    tallies: Iterable[SurveyTally], *, source: str, fields: Mapping[str, str] | None, sha256: str
) -> Survey:
    """Return what is in a file whose parts' tallies come in the file's order."""
    whole = SurveyTally(source, FieldMapping(fields))
    for tally in tallies:
        whole.merge(tally)
    return whole.survey(sha256, unit="line", form="")


def tally_to_json(tally: SurveyTally, *, source: str, fields: Mapping[str, str] | None) -> bytes:
    """Return a tally of a file's part as JSON."""
    return to_json(_STATE.freeze(tally, SurveyTally(source, FieldMapping(fields))))


def tally_from_json(content: bytes, *, source: str, fields: Mapping[str, str] | None) -> SurveyTally:
    """
    Read a tally.

    Raises:
        ValueError: It is none.
    """
    tally = SurveyTally(source, FieldMapping(fields))
    _STATE.thaw(tally, from_json(content))
    return tally
