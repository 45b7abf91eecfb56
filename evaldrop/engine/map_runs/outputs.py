"""Where the outputs of children go: into result files, or into the Map's own result."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from evaldrop.engine.errors import RESULT_WRITER_FAILED, StatesError
from evaldrop.engine.map_runs.children import Child
from evaldrop.engine.map_runs.results import ResultFiles, compact_rows
from evaldrop.engine.payloads import to_json


class Outputs(Protocol):
    """Takes children as they end, in any order, and gives the Map's result at the end."""

    def add(self, child: Child) -> None:
        """Take a child that ended."""
        ...

    def add_pending(self, child: Child) -> None:
        """Take a child that was not started because the Map Run failed or was stopped."""
        ...

    def begin_redrive(self) -> None:
        """Keep what succeeded; failed and pending children are those of the redrive alone."""
        ...

    def result(self) -> Any:
        """Return the Map's result."""
        ...

    def close(self) -> None:
        """Leave nothing open, whatever happened."""
        ...


def rows_of(child: Child, transformation: str) -> list[Any]:
    """Return the rows that a child makes; its record unless it succeeded and outputs alone are wanted."""
    # AWS writes whole records of children that failed, whatever the transformation is.
    if child.status != "SUCCEEDED" or transformation == "NONE":
        return [child.record()]
    return compact_rows(child.output, flatten=transformation == "FLATTEN")


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """Outputs become the Map's result, in the order of the items; a child that failed leaves none."""

    transformation: str
    rows: dict[int, list[Any]] = field(default_factory=dict)

    def add(self, child: Child) -> None:
        """Keep the rows of a child that succeeded."""
        if child.status == "SUCCEEDED":
            self.rows[child.given.index] = rows_of(child, self.transformation)

    def add_pending(self, child: Child) -> None:
        """Forget a child that was not started."""

    def begin_redrive(self) -> None:
        """Keep the rows, which are of children that succeeded."""

    def result(self) -> Any:
        """Return every row, in the order of the items."""
        return [row for index in sorted(self.rows) for row in self.rows[index]]

    def close(self) -> None:
        """Have nothing to close."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """Outputs become result files; the Map's result says where the manifest is."""

    files: ResultFiles
    transformation: str
    arn: str
    bucket: str

    def add(self, child: Child) -> None:
        """Write a child's rows to the file of its status."""
        status = "SUCCEEDED" if child.status == "SUCCEEDED" else "FAILED"
        rows = [to_json(row) for row in rows_of(child, self.transformation)]
        _guarded(lambda: self.files.write(status, rows))

    def add_pending(self, child: Child) -> None:
        """Write the record of a child that was not started."""
        _guarded(lambda: self.files.write("PENDING", [to_json(child.record())]))

    def begin_redrive(self) -> None:
        """Let the next manifest name the files of all successes, and of the redrive's failures."""
        self.files.forget("FAILED", "PENDING")

    def result(self) -> Any:
        """Write the manifest, and return where it is."""
        key = _guarded(lambda: self.files.write_manifest(self.arn))
        return {"MapRunArn": self.arn, "ResultWriterDetails": {"Bucket": self.bucket, "Key": key}}

    def close(self) -> None:
        """Close the files that an earlier failure or a cancelling left open."""
        self.files.abandon()


def _guarded(write: Callable[[], Any]) -> Any:
    try:
        return write()
    except Exception as error:
        raise StatesError(RESULT_WRITER_FAILED, f"{type(error).__name__}: {error}") from error
