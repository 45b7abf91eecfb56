"""
Where the items of a distributed Map come from: an object, or all that a listing gives; packed or not.

As AWS's guide has it (ItemReader): `.gz` and `.zst` or `.zstd` at the end of a key say how an object is
packed; `LOAD_AND_FLATTEN` reads what is in the objects below a prefix, one after the other by key, as one
sequence; without it, what a listing says of each object is an item. What ends in a slash is a folder, and
holds nothing.
"""

import gzip
import io
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, BinaryIO

from evaldrop.engine.errors import ITEM_READER_FAILED, StatesError
from evaldrop.engine.machine import ItemReader
from evaldrop.engine.map_runs.reader import count_items, read_items
from evaldrop.engine.surroundings import ListedObject, ObjectStore

_ZSTD = (".zst", ".zstd")


@dataclass(frozen=True, slots=True)
class ItemSource:
    """What an ItemReader reads: the object at a key, or the objects that begin with it."""

    reader: ItemReader
    store: ObjectStore
    bucket: str
    key: str

    def items(self) -> Iterator[Any]:
        """
        Give the items one by one.

        Raises:
            StatesError: States.ItemReaderFailed, whatever went wrong.
        """
        if self.reader.input_type is None:
            yield from map(_metadata, self._listed())
            return
        for key in self._keys():
            yield from read_items(self.reader, partial(self._open, key), self._name(key))

    def count(self) -> int:
        """
        Return how many items there are, reading them through once.

        Raises:
            StatesError: States.ItemReaderFailed, whatever went wrong.
        """
        if self.reader.input_type is None:
            return len(self._listed())
        return sum(
            count_items(self.reader, partial(self._open, key), self._name(key)) for key in self._keys()
        )

    def _keys(self) -> list[str]:
        if not self.reader.lists:
            return [self.key]
        return [each.key for each in self._listed() if not each.key.endswith("/")]

    def _listed(self) -> list[ListedObject]:
        try:
            return list(self.store.list_objects(self.bucket, self.key))
        except Exception as error:
            cause = f"{self._name(self.key)}: {type(error).__name__}: {error}"
            raise StatesError(ITEM_READER_FAILED, cause) from error

    def _name(self, key: str) -> str:
        return f"s3://{self.bucket}/{key}"

    def _open(self, key: str) -> BinaryIO:
        stream = self.store.open_read(self.bucket, key)
        if key.endswith(".gz"):
            return _unpacked(gzip.GzipFile(fileobj=stream), stream)
        if key.endswith(_ZSTD):
            # A tenth of a second, which no other object has to take.
            import pyarrow as pa

            return _unpacked(pa.CompressedInputStream(stream, "zstd"), stream)
        return stream


class _Unpacked(io.RawIOBase):
    """A packed object as its content; closing it closes the object, which what unpacks leaves open."""

    def __init__(self, content: Any, packed: BinaryIO) -> None:
        self._content = content
        self._packed = packed

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        piece = self._content.read(len(buffer))
        buffer[: len(piece)] = piece
        return len(piece)

    def close(self) -> None:
        self._packed.close()
        super().close()


def _unpacked(content: Any, packed: BinaryIO) -> BinaryIO:
    return io.BufferedReader(_Unpacked(content, packed))


def _metadata(listed: ListedObject) -> dict[str, Any]:
    """Return what a listing says of an object, as an item."""
    return {
        "Etag": f'"{listed.etag}"',
        "Key": listed.key,
        "LastModified": int(listed.modified),
        "Size": listed.size,
        "StorageClass": "STANDARD",
    }
