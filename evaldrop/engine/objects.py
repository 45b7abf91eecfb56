"""Where a distributed Map reads and writes: objects in buckets."""

from typing import BinaryIO, Protocol


class ObjectStore(Protocol):
    """Objects by bucket and key. On one machine a bucket may be a directory."""

    def open_read(self, bucket: str, key: str) -> BinaryIO:
        """Open an object for reading; any exception fails the Map with States.ItemReaderFailed."""
        ...

    def create(self, bucket: str, key: str) -> BinaryIO:
        """Open a new object to write as a stream; any exception fails the Map, States.ResultWriterFailed."""
        ...
