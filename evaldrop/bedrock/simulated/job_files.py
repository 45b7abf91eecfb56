"""Where a simulated control plane keeps its jobs: one file each, so that a kill loses none."""

import hashlib
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from evaldrop import storage
from evaldrop.bedrock.protocol import ServiceError
from evaldrop.engine.invocation import ACCOUNT, REGION

Job = dict[str, Any]
"""A job as Get… answers it; beside it `looks`, how often it was it was looked at, and `mark`, its chance."""

_ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"


class JobFiles:
    """
    Jobs of one kind, by the last part of their ARN.

    Args:
        folder: Where their files are; it is made by the first.
        kind: As ARNs have it: model-invocation-job, evaluation-job.
        region: Of the ARNs.
        account: Of the ARNs.
    """

    def __init__(self, folder: Path, kind: str, *, region: str = REGION, account: str = ACCOUNT) -> None:
        self._folder = folder / f"{kind}s"
        self.prefix = f"arn:aws:bedrock:{region}:{account}:{kind}/"

    def new_id(self, token: str | None) -> str:
        """Return twelve letters and digits: the same for the same token, else by chance."""
        number = int.from_bytes(
            hashlib.blake2b(token.encode()).digest() if token else secrets.token_bytes(64)
        )
        return "".join(_ALPHABET[number // 36**place % 36] for place in range(12))

    def has(self, job_id: str) -> bool:
        """Tell whether there is such a job."""
        return self._path(job_id).is_file()

    def find(self, identifier: str) -> Job:
        """
        Return the job of an ARN, or of its last part.

        Raises:
            ServiceError: There is none, or this is not what names one.
        """
        job_id = identifier.removeprefix(self.prefix)
        if not job_id.isalnum() or not job_id.isascii():
            raise ServiceError("ValidationException", f"The provided job identifier is invalid: {identifier}")
        if not self.has(job_id):
            raise ServiceError("ResourceNotFoundException", f"Could not find the job {identifier}")
        job: Job = orjson.loads(self._path(job_id).read_bytes())
        return job

    def keep(self, job: Job) -> None:
        """Write a job down; a reader finds it as it was or as it is."""
        path = self._path(id_of(job))
        storage.write_bytes(str(path), orjson.dumps(job, option=orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z))

    def all(self) -> Iterator[Job]:
        """Yield every job, the newest first."""
        jobs = [orjson.loads(path.read_bytes()) for path in self._folder.glob("*.json")]
        yield from sorted(jobs, key=lambda job: (job["submitTime"], job["jobArn"]), reverse=True)

    def _path(self, job_id: str) -> Path:
        return self._folder / f"{job_id}.json"


def id_of(job: Job) -> str:
    """Return the last part of a job's ARN."""
    return str(job["jobArn"]).rpartition("/")[2]
