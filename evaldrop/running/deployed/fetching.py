"""A run's folder from S3 to this machine: verified, and gone on with where it was broken off."""

import hashlib
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from evaldrop import storage
from evaldrop.aws_errors import as_service_error, code_of
from evaldrop.errors import AwsError, StorageError

AT_A_TIME = 8
# Read piece by piece: a result file of a Map may be 5 GB.
_CHUNK = 1 << 20

Outcome = Literal["verified", "size", "there"]
"""Verified against S3's digest; by its size alone, where S3 gives no digest of the content; there already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remote:
    """An object of a run's folder. `name` is relative to the folder; `etag` is without quotes."""

    name: str
    key: str
    size: int
    etag: str
    modified: datetime


class Fetching:
    """Copies a run's folder from S3 to this machine, by boto3's client."""

    def __init__(self, folder: str, to: Path, s3: Any) -> None:
        self._bucket, self._prefix = storage.place(folder.rstrip("/") + "/")
        self._to = to
        self._s3 = s3

    def listing(self) -> list[Remote]:
        """
        Return what there is to copy.

        Raises:
            StorageError: A name would lead out of the folder.
        """
        with as_service_error(f"s3://{self._bucket}/{self._prefix} cannot be listed"):
            return list(self._listed())

    def fetch(self, files: list[Remote], *, copied: Callable[[int], None]) -> dict[Outcome, int]:
        """
        Copy what `listing` returned and is not there yet; return how many files there are of each outcome.

        `copied` is called with the number of bytes of each piece that has arrived, or was there.

        Raises:
            AwsError: S3 would not, or something else arrived than S3 has; what is whole stays.
        """
        counts: dict[Outcome, int] = {"verified": 0, "size": 0, "there": 0}
        with ThreadPoolExecutor(AT_A_TIME) as workers:
            try:
                for outcome in workers.map(lambda file: self._one(file, copied), files):
                    counts[outcome] += 1
            except BaseException:
                workers.shutdown(cancel_futures=True)
                raise
        return counts

    def _listed(self) -> Iterator[Remote]:
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=self._prefix)
        for page in pages:
            for entry in page.get("Contents", ()):
                name = entry["Key"].removeprefix(self._prefix)
                if not name or name.endswith("/"):
                    continue  # a marker that the console leaves for a folder
                # A key is any text: who may write to the bucket could otherwise write anywhere on this
                # machine.
                if ".." in PurePosixPath(name).parts or name.startswith("/") or "\\" in name:
                    raise StorageError(
                        f"s3://{self._bucket}/{entry['Key']}: its name leads out of the folder. Not fetched."
                    )
                yield Remote(
                    name=name,
                    key=entry["Key"],
                    size=entry["Size"],
                    etag=entry["ETag"].strip('"'),
                    modified=entry["LastModified"],
                )

    def _one(self, file: Remote, copied: Callable[[int], None]) -> Outcome:
        path = self._to / file.name
        if self._is_there(file, path):
            copied(file.size)
            return "there"
        with as_service_error(f"s3://{self._bucket}/{file.key} was not fetched"):
            return self._download(file, path, copied)

    def _is_there(self, file: Remote, path: Path) -> bool:
        if not path.is_file() or path.stat().st_size != file.size:
            return False
        # By whole seconds: not every file system keeps fractions.
        if int(path.stat().st_mtime) == int(file.modified.timestamp()):
            return True  # fetched before: then it was checked, and is dated as in S3
        with as_service_error(f"s3://{self._bucket}/{file.key} cannot be looked at"):
            return self._etag(file, path) == file.etag

    def _download(self, file: Remote, path: Path, copied: Callable[[int], None]) -> Outcome:
        path.parent.mkdir(parents=True, exist_ok=True)
        # The version that was listed: a report that is renewed meanwhile would mix two states of a run.
        try:
            answer = self._s3.get_object(Bucket=self._bucket, Key=file.key, IfMatch=file.etag)
        except self._s3.exceptions.ClientError as error:
            if code_of(error) == "PreconditionFailed":
                raise AwsError(f"{file.name} was written anew meanwhile. Fetch again.") from error
            raise
        # Beside its place, for a rename across file systems would be a copy; half a file never has the name.
        partial = storage.partial_beside(path)
        try:
            with partial.open("xb") as stream:
                for chunk in answer["Body"].iter_chunks(_CHUNK):
                    stream.write(chunk)
                    copied(len(chunk))
            outcome = self._check(file, partial, has_digest=_is_digest(answer))
            # Before the rename: a file that is there with this date counts as checked.
            os.utime(partial, (file.modified.timestamp(), file.modified.timestamp()))
            partial.replace(path)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise
        return outcome

    def _check(self, file: Remote, path: Path, *, has_digest: bool) -> Outcome:
        size = path.stat().st_size
        if size != file.size:
            raise AwsError(f"{file.name}: {size:,} of {file.size:,} bytes arrived. Fetch again.")
        if not has_digest:
            return "size"
        if self._etag(file, path) == file.etag:
            return "verified"
        if "-" in file.etag:
            return "size"  # its parts were of different sizes: the digest cannot be made anew
        raise AwsError(f"{file.name}: other bytes arrived than S3 has. Fetch again.")

    def _etag(self, file: Remote, path: Path) -> str:
        """Return the ETag that S3 would give a file that was uploaded in as many parts."""
        if "-" not in file.etag:
            return str(next(_md5s(path, file.size)).hexdigest())
        # The size of parts is the uploader's choice, and is in no listing: the first part tells it.
        head = self._s3.head_object(Bucket=self._bucket, Key=file.key, PartNumber=1)
        parts = [part.digest() for part in _md5s(path, head["ContentLength"])]
        return f"{hashlib.md5(b''.join(parts), usedforsecurity=False).hexdigest()}-{len(parts)}"


def _is_digest(answer: dict[str, Any]) -> bool:
    """Tell whether an object's ETag is made of its content; it is not where a key of one's own is used."""
    return answer.get("ServerSideEncryption") in {None, "AES256"} and "SSECustomerAlgorithm" not in answer


def _md5s(path: Path, part_bytes: int) -> Iterator[Any]:
    """Yield the digest of each part of a file; an empty file has one."""
    with path.open("rb") as stream:
        while True:
            digest, left = hashlib.md5(usedforsecurity=False), part_bytes
            while left and (chunk := stream.read(min(_CHUNK, left))):
                digest.update(chunk)
                left -= len(chunk)
            yield digest
            if left or not part_bytes or stream.tell() == path.stat().st_size:
                return
