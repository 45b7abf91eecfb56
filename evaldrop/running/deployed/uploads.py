"""The input bucket: what is at a key, and putting something there unless somebody else just did."""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, BinaryIO

from evaldrop import storage
from evaldrop.aws_errors import as_service_error, code_of
from evaldrop.errors import AwsError
from evaldrop.steps.start_run.uploads import Upload

_ABSENT = {"404", "NoSuchKey", "NotFound"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Present:
    """The newest version of an object; `sha256` is hexadecimal, None where S3 keeps no digest of it."""

    upload: Upload
    sha256: str | None
    metadata: Mapping[str, str] = field(default_factory=dict)
    modified: datetime


class InputBucket:
    """A bucket that datasets are uploaded to, by boto3's client of S3."""

    def __init__(self, name: str, s3: Any) -> None:
        self.name = name
        self._s3 = s3

    def newest(self, key: str) -> Present | None:
        """Return what is at a key, or None."""
        with as_service_error(f"s3://{self.name}/{key} cannot be looked at"):
            try:
                head = self._s3.head_object(Bucket=self.name, Key=key, ChecksumMode="ENABLED")
            except self._s3.exceptions.ClientError as error:
                if code_of(error) in _ABSENT:
                    return None
                raise
        return Present(
            upload=self._upload(key, head, head["ContentLength"]),
            sha256=_whole_digest(head.get("ChecksumSHA256")),
            metadata=head["Metadata"],
            modified=head["LastModified"],
        )

    def holds(self, present: Present | None, *, sha256: str, size: int) -> bool:
        """Tell whether an object has this content. It is read only where S3 keeps no digest of it."""
        if present is None or present.upload.size != size:
            return False
        # Uploaded by another tool, such as the AWS CLI with its own choice of checksum.
        if present.sha256 is None:
            with storage.open_read(present.upload.uri, present.upload.version) as stream:
                return hashlib.file_digest(stream, "sha256").hexdigest() == sha256
        return present.sha256 == sha256

    def put(
        self,
        key: str,
        content: bytes | BinaryIO,
        *,
        sha256: str,
        metadata: Mapping[str, str] | None = None,
        replacing: Present | None = None,
    ) -> Upload:
        """
        Upload an object in one piece, so that its version is known; S3 checks what arrives.

        Raises:
            AwsError: S3 would not, or there is something else than `replacing` at the key by now.
        """
        # By the ETag of what was looked at: a version ID cannot be a condition.
        condition = {"IfMatch": replacing.upload.etag} if replacing else {"IfNoneMatch": "*"}
        with as_service_error(f"s3://{self.name}/{key} was not uploaded"):
            try:
                answer = self._s3.put_object(
                    Bucket=self.name,
                    Key=key,
                    Body=content,
                    Metadata=dict(metadata or {}),
                    ChecksumAlgorithm="SHA256",
                    # The ETag would not do for comparing later: under a key of KMS it is no digest.
                    ChecksumSHA256=base64.b64encode(bytes.fromhex(sha256)).decode(),
                    **condition,
                )
            except self._s3.exceptions.ClientError as error:
                # A 404 here means that what was to be replaced has been deleted meanwhile.
                if code_of(error) in {"PreconditionFailed", "ConditionalRequestConflict", *_ABSENT}:
                    raise AwsError(
                        f"s3://{self.name}/{key} was changed by somebody else just now, and was left as it "
                        "is. Submit again."
                    ) from error
                raise
        return self._upload(key, answer, 0)

    def _upload(self, key: str, answer: Mapping[str, Any], size: int) -> Upload:
        version = answer.get("VersionId")
        return Upload(
            bucket=self.name,
            key=key,
            # S3's name for the only version of a bucket that keeps none.
            version=None if version == "null" else version,
            etag=answer["ETag"].strip('"'),
            size=size,
        )


def _whole_digest(checksum: str | None) -> str | None:
    # of an object that was uploaded in parts S3 keeps the digest of the parts' digests: "…-3"
    if not checksum or "-" in checksum:
        return None
    return base64.b64decode(checksum).hex()
