"""Write what children return: result files and their manifest, byte for byte in Step Functions' form."""

import contextlib
from typing import Any, BinaryIO

import orjson

from evaldrop.engine.surroundings import ObjectStore

STATUSES = ("FAILED", "PENDING", "SUCCEEDED")


class ResultFile:
    """One result file being written: JSON Lines, or one JSON array."""

    def __init__(self, stream: BinaryIO, *, lines: bool) -> None:
        self.stream = stream
        self.lines = lines
        self.rows = 0
        self.size = 0

    def write(self, rows: list[bytes]) -> None:
        """Append rows and hand them to the operating system."""
        text = b"".join(map(self._framed, rows))
        self.stream.write(text)
        # A run that is killed leaves a row for every child that had ended.
        self.stream.flush()
        self.size += len(text)

    def _framed(self, row: bytes) -> bytes:
        self.rows += 1
        if self.lines:
            return row + b"\n"
        return (b"[" if self.rows == 1 else b",") + row

    def close(self) -> None:
        """End the array and close the object."""
        if not self.stream.closed:
            if not self.lines:
                self.stream.write(b"]")
                self.size += 1
            self.stream.close()


class ResultFiles:
    """
    The result files of one Map Run, opened when they get their first row and rolled over at a size.

    Whatever the object store raises comes through.
    """

    def __init__(
        self, store: ObjectStore, bucket: str, prefix: str, *, lines: bool, max_file_bytes: int
    ) -> None:
        self.store = store
        self.bucket = bucket
        self.prefix = prefix
        self.lines = lines
        self.max_file_bytes = max_file_bytes
        self.open: dict[str, tuple[str, ResultFile]] = {}
        self.closed: dict[str, list[dict[str, Any]]] = {status: [] for status in STATUSES}
        self.numbers = dict.fromkeys(STATUSES, 0)

    def write(self, status: str, rows: list[bytes]) -> None:
        """Append rows to the file of a status: SUCCEEDED, FAILED or PENDING."""
        if not rows:
            return
        current = self.open.get(status)
        if current is not None and current[1].size + sum(map(len, rows)) > self.max_file_bytes:
            self._close(status)
            current = None
        if current is None:
            current = self.open[status] = self._create(status)
        current[1].write(rows)

    def _create(self, status: str) -> tuple[str, ResultFile]:
        # AWS does not document the ending for JSON Lines: a reader has to follow the manifest's keys.
        extension = "jsonl" if self.lines else "json"
        key = f"{self.prefix}{status}_{self.numbers[status]}.{extension}"
        self.numbers[status] += 1
        return key, ResultFile(self.store.create(self.bucket, key), lines=self.lines)

    def _close(self, status: str) -> None:
        key, file = self.open.pop(status)
        file.close()
        self.closed[status].append({"Key": key, "Size": file.size})

    def forget(self, *statuses: str) -> None:
        """Leave the files of some statuses out of the next manifest; they are not written over."""
        for status in statuses:
            self.closed[status] = []

    def abandon(self) -> None:
        """Close every file that is open, whatever the object store says: there is another error to report."""
        for status in list(self.open):
            with contextlib.suppress(Exception):
                self._close(status)

    def write_manifest(self, map_run_arn: str) -> str:
        """Close the files, write the manifest that lists them, and return its key."""
        for status in list(self.open):
            self._close(status)
        key = f"{self.prefix}manifest.json"
        manifest = {"DestinationBucket": self.bucket, "MapRunArn": map_run_arn, "ResultFiles": self.closed}
        with self.store.create(self.bucket, key) as stream:
            stream.write(orjson.dumps(manifest))
        return key


def compact_rows(output: Any, *, flatten: bool) -> list[Any]:
    """Return the rows a child's output makes: itself, or its elements when an array is to be flattened."""
    return output if flatten and isinstance(output, list) else [output]
