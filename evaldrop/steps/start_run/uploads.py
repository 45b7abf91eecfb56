"""The objects that events of S3 say were created, and the names of the runs that they start."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import unquote_plus

from evaldrop.errors import InputError
from evaldrop.steps.start_run.prefixes import API

_API_RUN = re.compile(r"api-[0-9a-f]{32}")
_OF_THE_API = re.compile(rf"{API}({_API_RUN.pattern})/[^/]+")


class Upload(NamedTuple):
    """An object that was created. `version` is None in a bucket without versions."""

    bucket: str
    key: str
    version: str | None
    etag: str
    size: int

    @property
    def uri(self) -> str:
        """The object's URI."""
        return f"s3://{self.bucket}/{self.key}"


def uploads_in(event: Mapping[str, Any]) -> Iterator[Upload]:
    """
    Yield the objects an event says were created.

    Raises:
        InputError: It is no event of S3.
    """
    if event.get("source") == "aws.s3" and "detail" in event:
        detail = event["detail"]
        # The key as it is: EventBridge does not encode keys, and notifications do.
        yield _upload(detail, key=detail["object"]["key"], version="version-id", etag="etag")
    elif "Records" in event:
        for record in event["Records"]:
            if record.get("eventName", "").startswith(("ObjectCreated:", "s3:ObjectCreated:")):
                key = unquote_plus(record["s3"]["object"]["key"])
                yield _upload(record["s3"], key=key, version="versionId", etag="eTag")
    elif event.get("Event") != "s3:TestEvent":  # sent by S3 when a notification is set up
        raise InputError(
            f"no event that starts a run; its keys are {', '.join(sorted(event)) or 'none'}. "
            'Send {"datasets": ["datasets/NAME.jsonl"]}.'
        )


def is_of_the_api(run_id: str) -> bool:
    """Tell whether a run's ID was drawn by the API."""
    return _API_RUN.fullmatch(run_id) is not None


def _upload(facts: Mapping[str, Any], *, key: str, version: str, etag: str) -> Upload:
    created = facts["object"]
    # "null" is what S3 calls every object written while versioning is suspended.
    named = created.get(version) not in {None, "", "null"}
    return Upload(
        bucket=facts["bucket"]["name"],
        key=key,
        version=created[version] if named else None,
        etag=created.get(etag, ""),
        size=created.get("size", 0),
    )


def run_name(*parts: str | None) -> str:
    """Return the name of the run that these parts, and no others, lead to."""
    # A digest: an execution's name has at most 80 characters, and not all that a key may have.
    # With something between them: ("ab", "c") and ("a", "bc") are two runs.
    text = "\0".join(part or "" for part in parts)
    return f"ds-{hashlib.sha256(text.encode()).hexdigest()[:40]}"


def run_of(upload: Upload) -> str:
    """Return the ID of the run that an upload starts: its folder's name where the API put it, or a digest."""
    if named := _OF_THE_API.fullmatch(upload.key):
        return named[1]
    # Without versions only the ETag tells new content from the same event delivered again.
    return run_name(upload.bucket, upload.key, upload.version or upload.etag)
