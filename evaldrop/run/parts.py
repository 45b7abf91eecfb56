"""
A run whose dataset is worked on in parts: what its state, its folder and its functions call them.

The state names the stage that is due and the numbers of its parts (`parts`); the workflow calls a function
for each, with the stage and one number (`part`), and then the one that follows. What a part's function found
lies in the run's folder below `parts/<stage>/`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, BinaryIO, Final, Literal, NamedTuple

import orjson

from evaldrop import storage
from evaldrop.datasets import Joined, Record, Rejected
from evaldrop.datasets.files.ranges import ByteRange, parts_of
from evaldrop.datasets.parts import FilePart, Repeated, rows_of_part
from evaldrop.errors import StorageError
from evaldrop.run.definition import RunDefinition
from evaldrop.run.part_sizes import PARTS

JSON = dict[str, Any]

Stage = Literal["lines", "survey", "look", "prepare", "index", "tally"]

CUT: Final = "cut"
FIRST_LINES: Final = "records"
DIGEST: Final = -1
"""The number of what is no part of the file but all of it: its digest, which has to be read in one piece."""


class PartTask(NamedTuple):
    """What a function is asked to do with one part."""

    stage: Stage
    number: int

    @classmethod
    def read(cls, event: Mapping[str, Any]) -> "PartTask":
        """Return the task of an event that has one."""
        return cls(event["part"]["stage"], int(event["part"]["number"]))


class PartFiles:
    """
    The files of a run's parts.

    Args:
        folder: The run's.
    """

    def __init__(self, folder: str) -> None:
        self._folder = storage.join(folder, PARTS)

    def uri(self, stage: str, number: int, ending: str = "json") -> str:
        """Return where what a part's function found lies."""
        name = "whole" if number == DIGEST else f"{number:05d}"
        return storage.join(self._folder, stage, f"{name}.{ending}")

    def write(self, stage: str, number: int, content: bytes) -> None:
        """Write what a part's function found."""
        storage.write_bytes(self.uri(stage, number), content)

    def read(self, stage: str, number: int) -> bytes:
        """
        Return what a part's function wrote.

        Raises:
            StorageError: It is not there.
        """
        return storage.read_bytes(self.uri(stage, number))

    def write_json(self, name: str, content: Any) -> None:
        """Write what all parts share."""
        storage.write_bytes(self._shared(name), orjson.dumps(content))

    def read_json(self, name: str) -> JSON:
        """
        Return what all parts share.

        Raises:
            StorageError: It is not there, or is no JSON object.
        """
        uri = self._shared(name)
        try:
            content = orjson.loads(storage.read_bytes(uri))
        except orjson.JSONDecodeError as error:
            raise StorageError(f"{uri}: not JSON ({error})") from error
        if not isinstance(content, dict):
            raise StorageError(f"{uri}: not a JSON object")
        return content

    def has(self, name: str) -> bool:
        """Tell whether something that all parts share is there."""
        return storage.exists(self._shared(name))

    def _shared(self, name: str) -> str:
        return storage.join(self._folder, f"{name}.json")


class Cut(NamedTuple):
    """How a dataset is cut: its size and that of a part in bytes; the number of each part's first line."""

    size: int
    part_bytes: int
    first_lines: Sequence[int] = ()

    @property
    def ranges(self) -> Sequence[ByteRange]:
        """The parts' bytes."""
        return parts_of(self.size, self.part_bytes)

    def part(self, number: int) -> FilePart:
        """Return a part."""
        start = number * self.part_bytes
        wanted = ByteRange(start, min(start + self.part_bytes, self.size))
        return FilePart(number, wanted, self.first_lines[number])


class CutDataset:
    """
    A dataset that is read in parts.

    Args:
        folder: The run's, which says how it is cut.
        uri: The dataset's.
        version: The version of it in S3.
        fields: The evaluation's, by which rows are read.
    """

    def __init__(self, folder: str, uri: str, version: str | None, fields: Mapping[str, str] | None) -> None:
        self._files = PartFiles(folder)
        self._uri = uri
        self._version = version
        self.fields = fields or None
        self.source = uri.rstrip("/").rpartition("/")[2]

    def begin(self, cut: Cut, started_at: str) -> None:
        """Note how it is cut, and when that was."""
        self._files.write_json(CUT, {"cut": [*cut], "started_at": started_at})

    def note(self, *, first_lines: Sequence[int] | None = None, **facts: Any) -> None:
        """Note what has become known of it."""
        known = self.facts
        if first_lines is not None:
            known["cut"] = [*Cut(*known["cut"])._replace(first_lines=first_lines)]
        self._files.write_json(CUT, known | facts)

    @property
    def facts(self) -> JSON:
        """What is known of it."""
        return self._files.read_json(CUT)

    @property
    def cut(self) -> Cut:
        """How it is cut."""
        return Cut(*self.facts["cut"])

    @property
    def count(self) -> int:
        """How many parts it has."""
        return len(self.cut.ranges)

    def part(self, number: int) -> tuple[FilePart, Repeated]:
        """Return a part, and the IDs in it that an earlier one has, as far as those are known."""
        facts = self.facts
        part = Cut(*facts["cut"]).part(number)
        if number not in (facts.get("repeated") or ()):
            return part, Repeated()
        return part, Repeated(*orjson.loads(self._files.read("repeated", number)))

    def outcomes(self, number: int) -> Iterator[Record | Rejected | Joined]:
        """Yield what became of a part's rows, as one pass over the file has it."""
        part, repeated = self.part(number)
        rows = rows_of_part(self.open_from, part, source=self.source, fields=self.fields, repeated=repeated)
        return (reading.outcome for reading in rows)

    def open_from(self, start: int, /) -> BinaryIO:
        """Open the file at a byte."""
        return storage.open_read(self._uri, self._version, start=start)


def cut_dataset(definition: RunDefinition) -> CutDataset:
    """Return the dataset of a run that is read in parts."""
    dataset = definition.dataset
    return CutDataset(definition.folder, dataset.uri, dataset.version, definition.evaluation.fields)


def due(stage: Stage, numbers: Iterable[int]) -> JSON:
    """Return what the state has under `parts` while a stage is due."""
    return {"stage": stage, "numbers": list(numbers)}
