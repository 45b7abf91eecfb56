"""S3 as the engine's object store, and as the files of long records."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO, cast

from botocore.exceptions import ClientError

from evaldrop import storage
from evaldrop.engine import ListedObject, ServiceError
from evaldrop.running.local_aws.clients import Clients


@contextmanager
def refused() -> Iterator[None]:
    """Turn a service's refusal into the error that an execution gets."""
    try:
        yield
    except ClientError as error:
        fault, told = error.response["Error"], error.response.get("ResponseMetadata", {})
        raise ServiceError(
            fault["Code"],
            fault["Message"],
            status=told.get("HTTPStatusCode"),
            request_id=told.get("RequestId"),
            extended_request_id=told.get("HostId"),
        ) from error


class S3Objects:
    """
    The local AWS's objects, read and written with a role's keys.

    By URI for the bodies of models' calls (`evaldrop.running.stored_bodies.Files`), by bucket and key for
    distributed Maps (`evaldrop.engine.ObjectStore`).
    """

    def __init__(self, clients: Clients) -> None:
        self._clients = clients

    def read_bytes(self, uri: str) -> bytes:
        """Return a whole object."""
        bucket, key = storage.place(uri)
        with refused():
            content: bytes = self._clients("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
        return content

    def write_bytes(self, uri: str, content: bytes) -> None:
        """Write a whole object."""
        bucket, key = storage.place(uri)
        with refused():
            self._clients("s3").put_object(Bucket=bucket, Key=key, Body=content)

    def list_objects(self, bucket: str, prefix: str) -> Iterator[ListedObject]:
        """List the objects whose keys begin with a prefix."""
        pages = self._clients("s3").get_paginator("list_objects_v2")
        with refused():
            for page in pages.paginate(Bucket=bucket, Prefix=prefix):
                for each in page.get("Contents", ()):
                    modified, etag = each["LastModified"].timestamp(), each["ETag"].strip('"')
                    yield ListedObject(each["Key"], each["Size"], modified, etag)

    def open_read(self, bucket: str, key: str) -> BinaryIO:
        """Open an object for reading; it is fetched into a temporary file first."""
        stream = tempfile.TemporaryFile()  # noqa: SIM115 - the reader closes it
        try:
            self._clients("s3").download_fileobj(bucket, key, stream)
        except BaseException:
            stream.close()
            raise
        stream.seek(0)
        return cast("BinaryIO", stream)

    def create(self, bucket: str, key: str) -> BinaryIO:
        """Open a new object for writing; it is uploaded, whole, when it is closed."""
        return cast("BinaryIO", _Upload(self._clients, bucket, key))


class _Upload:
    """A file that becomes an object once it is closed."""

    def __init__(self, clients: Clients, bucket: str, key: str) -> None:
        self._clients = clients
        self._place = (bucket, key)
        self._stream = tempfile.TemporaryFile()  # noqa: SIM115 - closed in close

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def __enter__(self) -> "_Upload":
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is not None:
            self._stream.close()  # what was broken off does not become an object
        self.close()

    def close(self) -> None:
        if self._stream.closed:
            return
        with self._stream:
            self._stream.seek(0)
            self._clients("s3").put_object(Bucket=self._place[0], Key=self._place[1], Body=self._stream)
