"""
Files by URI: `s3://bucket/key`, `file:///path` or a plain path. On one machine a bucket is a directory.

boto3 is imported once an `s3://` URI is met; tests/test_structure.py lists who else may import it.
"""

import errno
import os
import re
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import SEEK_CUR, SEEK_END, SEEK_SET, BufferedReader, RawIOBase
from pathlib import Path
from typing import IO, Any, NamedTuple
from urllib.parse import unquote, urlsplit

from evaldrop.aws_errors import explain, is_aws_fault
from evaldrop.errors import StorageError

# As `partial_beside` names files.
_PARTIAL = re.compile(r"\..+\.[0-9a-f]{16}")


class Place(NamedTuple):
    """A bucket (for `s3` its name, on one machine an absolute directory) and a key below it."""

    bucket: str
    key: str


class ObjectFacts(NamedTuple):
    """An object's size in bytes, and its newest version; None where versions are not kept."""

    size: int
    version: str | None


def is_s3(uri: str) -> bool:
    """Tell whether a URI names an object in S3."""
    return uri.startswith("s3://")


def local_path(uri: str) -> Path:
    """
    Return the absolute path that a `file://` URI or a plain path names.

    Raises:
        StorageError: It holds a NUL, which no path does.
    """
    if "\0" in uri or (uri.startswith("file://") and "%00" in uri):
        raise StorageError(f"{uri}: a path has no NUL in it")
    if uri.startswith("file://"):
        # A `file://` URI is percent-encoded; a plain path is not, and may hold a per cent sign of its own.
        return Path(unquote(urlsplit(uri).path))
    return Path(uri).expanduser().absolute()


def absolute(uri: str) -> str:
    """Return a URI that names the same from any folder: an S3 one as it is, else an absolute path."""
    return uri if is_s3(uri) else str(local_path(uri))


def join(uri: str, *names: str) -> str:
    """Return the URI of a name below a folder's URI."""
    return "/".join([uri.rstrip("/"), *names])


def parent(uri: str) -> str | None:
    """Return the folder that holds a URI, or None for a bucket or the root of the file system."""
    if is_s3(uri):
        bucket, key = place(uri.rstrip("/"))
        return None if not key else f"s3://{bucket}/{key.rpartition('/')[0]}".rstrip("/")
    path = local_path(uri)
    return None if path.parent == path else str(path.parent)


def place(uri: str, root: str | None = None) -> Place:
    """
    Return bucket and key of a URI.

    Args:
        uri: A file's or folder's URI.
        root: On one machine, the folder that plays the bucket; the file's own folder when not given.
    """
    if is_s3(uri):
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        return Place(bucket, key)
    path = local_path(uri)
    if root is None:
        return Place(str(path.parent), path.name)
    # Slashes on every system, as a key in S3 has them.
    return Place(str(local_path(root)), path.relative_to(local_path(root)).as_posix())


def uri_of(bucket: str, key: str) -> str:
    """Return the URI of a key in a bucket; a bucket that is an absolute path is a directory."""
    return str(Path(bucket) / key) if Path(bucket).is_absolute() else f"s3://{bucket}/{key}"


def exists(uri: str) -> bool:
    """
    Tell whether a file is there.

    Raises:
        StorageError: S3 or the file system would not say.
    """
    with _as_storage_error(uri):
        if not is_s3(uri):
            return local_path(uri).is_file()
        try:
            _head(uri)
        except _s3().exceptions.ClientError as error:
            # The answer to HEAD has no body to name the error in: botocore's code is then the status.
            if error.response["Error"]["Code"] in {"404", "NoSuchKey", "NotFound"}:
                return False
            raise
    return True


def modified_at(uri: str) -> float:
    """
    Return when a file was last written, in seconds since 1970.

    Raises:
        StorageError: There is no such file.
    """
    with _as_storage_error(uri):
        if not is_s3(uri):
            return local_path(uri).stat().st_mtime
        return float(_head(uri)["LastModified"].timestamp())


def describe(uri: str) -> ObjectFacts:
    """
    Return a file's size and newest version.

    Raises:
        StorageError: There is no such file.
    """
    with _as_storage_error(uri):
        if not is_s3(uri):
            return ObjectFacts(size=local_path(uri).stat().st_size, version=None)
        head = _head(uri)
        version = head.get("VersionId")
        # "null" is what S3 calls every object written while versioning is suspended.
        return ObjectFacts(size=head["ContentLength"], version=None if version == "null" else version)


def metadata(uri: str, version: str | None = None) -> dict[str, str]:
    """
    Return an object's user metadata, its keys without `x-amz-meta-`; on one machine a file has none.

    Raises:
        StorageError: There is no such object, or no such version of it.
    """
    if not is_s3(uri):
        return {}
    with _as_storage_error(uri):
        return dict(_head(uri, version)["Metadata"])


def read_bytes(uri: str, *, most: int = -1) -> bytes:
    """
    Return a whole file, or its first `most` bytes: a limit and one more tell that a file is above it.

    Raises:
        StorageError: There is no such file, or it may not be read.
    """
    with open_read(uri) as stream, _as_storage_error(uri):
        return stream.read(most)


def open_read(uri: str, version: str | None = None, *, start: int = 0) -> BufferedReader:
    """
    Open a file for reading, streamed; from a byte on, which it has.

    Raises:
        StorageError: There is no such file, or it may not be read.
    """
    with _as_storage_error(uri):
        if not is_s3(uri):
            path = local_path(uri)
            # Before it is opened: a pipe would wait for its writer, a device may never end.
            if path.exists() and not path.is_file():
                what = "a folder" if path.is_dir() else "a pipe or a device"
                raise StorageError(f"{uri}: {what}, and no file. Give a file.")
            stream = path.open("rb")
            stream.seek(start)
            return stream
        wanted = _object(uri, version)
        if start:
            wanted["Range"] = f"bytes={start}-"
        return _buffered(_s3().get_object(**wanted)["Body"])


def open_seekable(uri: str, size: int | None = None) -> BufferedReader:
    """
    Open a file that is read here and there, such as a Parquet file; from S3 only that is read.

    Args:
        uri: The file's.
        size: Its bytes, where they are known: S3 is asked for them otherwise.

    Raises:
        StorageError: There is no such file, or it may not be read.
    """
    if is_s3(uri):
        known = describe(uri).size if size is None else size
        return BufferedReader(_Ranges(uri, known), _SEEKABLE_BUFFER)
    return open_read(uri)


_SEEKABLE_BUFFER = 1 << 20
"""Columns of a row group are near one another: a request for each would take longer than this much more."""


class _Ranges(RawIOBase):
    """An object in S3, of which each read is a request."""

    def __init__(self, uri: str, size: int) -> None:
        self._uri, self._size, self._place = uri, size, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = SEEK_SET, /) -> int:
        self._place = offset + {SEEK_SET: 0, SEEK_CUR: self._place, SEEK_END: self._size}[whence]
        return self._place

    def tell(self) -> int:
        return self._place

    def readinto(self, into: Any, /) -> int:
        end = min(self._size, self._place + len(into))
        if end <= self._place:
            return 0
        wanted = _object(self._uri) | {"Range": f"bytes={self._place}-{end - 1}"}
        with _as_storage_error(self._uri):
            found = _s3().get_object(**wanted)["Body"].read()
        into[: len(found)] = found
        self._place += len(found)
        return len(found)


def _buffered(body: Any) -> BufferedReader:
    # botocore's own stream is no file: it iterates over chunks of 1 KiB instead of lines, and a read returns
    # what has come in, which may be less than was wanted though more follows.
    return BufferedReader(body, 1 << 20)


def write_bytes(uri: str, content: bytes) -> None:
    """Write a whole file; readers see the old one or the new one, never half."""
    with open_write(uri) as stream:
        stream.write(content)


@contextmanager
def open_write(uri: str) -> Iterator[IO[bytes]]:
    """
    Write a file that appears whole, or not at all when the block raises.

    On S3 it is gathered in a temporary file and uploaded, in parts when large.

    Raises:
        StorageError: It may not be written.
    """
    if is_s3(uri):
        bucket, key = place(uri)
        with tempfile.TemporaryFile() as stream:
            yield stream
            stream.seek(0)
            with _as_storage_error(uri):
                _s3().upload_fileobj(stream, bucket, key)
        return
    path = local_path(uri)
    with _as_storage_error(uri):
        path.parent.mkdir(parents=True, exist_ok=True)
        # In the same folder: only within one file system does a file take another's place at once.
        partial = partial_beside(path)
        opened = partial.open("xb")
    try:
        with opened as stream:
            yield stream
        with _as_storage_error(uri):
            partial.replace(path)
    # Ctrl-C as well must leave no partial file behind.
    except BaseException as error:
        partial.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StorageError(f"{uri}: {error.strerror}") from error
        raise


def partial_beside(path: Path) -> Path:
    """
    Return a name in a file's folder that no other writer takes, for what is to be renamed to it.

    To be opened with "x", so that it follows the umask: mkstemp makes files that nobody else can read, and
    who may read a run is for its owner to say.
    """
    return path.parent / f".{path.name}.{secrets.token_hex(8)}"


def remove_partial_files(folder: str) -> None:
    """Remove what writers that were killed have left in a local folder; nobody may be writing there."""
    for path in local_path(folder).iterdir():
        if _PARTIAL.fullmatch(path.name):
            path.unlink(missing_ok=True)


def copy(uri: str, to: str) -> None:
    """
    Copy a file as it is; on one machine without taking its place twice, where the disk can.

    Raises:
        StorageError: It cannot be read, or the copy not be written.
    """
    if is_s3(uri) or is_s3(to):
        with open_read(uri) as source, open_write(to) as target:
            shutil.copyfileobj(source, target, 1 << 20)
        return
    path = local_path(to)
    with _as_storage_error(uri):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            # Files are replaced and never written into, so that two names for one are safe.
            os.link(local_path(uri), path)
        except OSError:
            shutil.copy2(local_path(uri), path)


def list_files(uri: str) -> Iterator[str]:
    """
    Yield the URIs of all files below a folder, in the order of their names.

    Raises:
        StorageError: S3 would not say.
    """
    if is_s3(uri):
        # With the slash: the prefix `runs` alone would also list `runs-old/`.
        bucket, prefix = place(uri.rstrip("/") + "/")
        with _as_storage_error(uri):
            for page in _s3().get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
                for entry in page.get("Contents", []):
                    yield f"s3://{bucket}/{entry['Key']}"
        return
    folder = local_path(uri)
    # The file system's own order differs from machine to machine; S3 lists by name.
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield str(path)


def list_folders(uri: str) -> list[str]:
    """
    Return the names of the folders right below a folder, sorted; what is in them is not looked at.

    Raises:
        StorageError: S3 would not say.
    """
    if is_s3(uri):
        bucket, prefix = place(uri.rstrip("/") + "/")
        with _as_storage_error(uri):
            pages = _s3().get_paginator("list_objects_v2").paginate(
                # With a delimiter S3 names each folder once, however many objects it holds.
                Bucket=bucket, Prefix=prefix, Delimiter="/"
            )  # fmt: skip
            return sorted(
                entry["Prefix"][len(prefix) : -1]
                for page in pages
                for entry in page.get("CommonPrefixes", [])
            )
    folder = local_path(uri)
    with _as_storage_error(uri):
        return sorted(path.name for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []


@contextmanager
def _as_storage_error(uri: str) -> Iterator[None]:
    """Turn what the file system, boto3 and botocore raise into a StorageError that names the URI."""
    try:
        yield
    # Before OSError, of which it is one.
    except FileNotFoundError as error:
        raise StorageError(f"{uri}: no such file") from error
    except OSError as error:
        raise StorageError(f"{uri}: {error.strerror or error}") from error
    except Exception as error:
        if is_aws_fault(error):
            raise StorageError(f"{uri}: {explain(error)}") from error
        raise


def _object(uri: str, version: str | None = None) -> dict[str, str]:
    bucket, key = place(uri)
    return {"Bucket": bucket, "Key": key, **({"VersionId": version} if version else {})}


def _head(uri: str, version: str | None = None) -> Any:
    return _s3().head_object(**_object(uri, version))


_client: Any = None


def _s3() -> Any:
    global _client  # one client per process: a Lambda keeps it between calls
    if _client is None:
        import boto3

        _client = boto3.client("s3")
    return _client
