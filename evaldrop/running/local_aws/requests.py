"""What a request to the local AWS is: whose, to which service, and which object it writes."""

import io
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qs, unquote

from evaldrop.running.local_aws.events import Created

Environ = dict[str, Any]


class Signer(NamedTuple):
    """Who signed a request, for which service, and the ARN of the role behind the key, None for a person."""

    access_key: str
    service: str
    role: str | None = None


def path_of(environ: Mapping[str, Any]) -> str:
    """Return a request's path, decoded."""
    path: str = environ.get("PATH_INFO", "")
    return path.encode("latin-1").decode("utf-8", errors="replace")  # as WSGI hands it over


def object_of(environ: Mapping[str, Any]) -> tuple[str, str]:
    """Return bucket and key of a request to S3, by its path or, where the bucket is in it, by its host."""
    path = path_of(environ).lstrip("/")
    host = environ.get("HTTP_HOST", "").partition(":")[0]
    for suffix in (".localhost", ".s3.amazonaws.com"):
        if host.endswith(suffix):
            return host.removesuffix(suffix), path
    bucket, _, key = path.partition("/")
    return bucket, key


def body_of(environ: Environ) -> bytes:
    """Return a request's body, and leave it there to be read again."""
    # Of a stream that does not end by itself no more may be read than it says; -1 is all.
    length = int(environ.get("CONTENT_LENGTH") or (-1 if environ.get("wsgi.input_terminated") else 0))
    content: bytes = environ["wsgi.input"].read(length)
    environ["wsgi.input"] = io.BytesIO(content)
    return content


# What is written with a query of these is no object, but something about one or a part of one.
_ABOUT_OBJECTS = frozenset(
    {"acl", "legal-hold", "object-lock", "retention", "tagging", "torrent", "restore", "renameObject"}
)


def written_by(environ: Mapping[str, Any], status: int, headers: Mapping[str, str]) -> Created | None:
    """Return the object that a request to S3 has created, if any; the answer's headers are in lower case."""
    if status not in {200, 201, 204} or not (reason := _reason(environ)):
        return None
    bucket, key = object_of(environ)
    if reason == "POST Object":
        key = unquote(headers.get("location", "")).partition(f"{bucket}/")[2] or key
    if not key or (key.endswith("/") and reason == "POST Object"):
        return None
    version = headers.get("x-amz-version-id")
    return Created(bucket=bucket, key=key, version=None if version == "null" else version, reason=reason)


def _reason(environ: Mapping[str, Any]) -> str | None:
    query = parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True)
    method = environ["REQUEST_METHOD"]
    if method == "PUT" and not (_ABOUT_OBJECTS | {"partNumber"}) & query.keys():
        return "CopyObject" if "HTTP_X_AMZ_COPY_SOURCE" in environ else "PutObject"
    if method == "POST" and "uploadId" in query:
        return "CompleteMultipartUpload"
    if method == "POST" and environ.get("CONTENT_TYPE", "").startswith("multipart/form-data"):
        return "POST Object"
    return None
