"""What a RUN on the command line names: a run's ID, its execution's ARN, or its folder in S3."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from evaldrop import storage
from evaldrop.aws_errors import as_service_error
from evaldrop.errors import InputError
from evaldrop.run.request import has_begun
from evaldrop.running.deployed.stack import Stack

_ARN = re.compile(r"arn:[\w-]+:states:(?P<region>[\w-]+):\d+:execution:[^:]+:(?P<run_id>[0-9A-Za-z_-]{1,80})")
_RUN_ID = re.compile(r"[0-9A-Za-z_-]{1,80}")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunAddress:
    """
    Where a run is to be found.

    Attributes:
        run_id: Its ID, which is the execution's name.
        execution_arn: None for a folder in S3 that holds a finished run: no execution is asked then.
        folder: URI of its folder, where that is known.
        out: URI of the folder that runs are kept in, where that is known.
    """

    run_id: str
    execution_arn: str | None = None
    folder: str | None = None
    out: str | None = None

    @property
    def region(self) -> str | None:
        """The Region that the execution is in."""
        return self.execution_arn.split(":")[3] if self.execution_arn else None


def find_run(run: str, stack: Callable[[], Stack]) -> RunAddress:
    """
    Return where a run is to be found.

    Args:
        run: As it was given.
        stack: Looks the stack up; an ARN and the folder of a finished run need none.

    Raises:
        InputError: It is none of the three.
    """
    if storage.is_s3(run):
        return _in_folder(run, stack)
    if found := _ARN.fullmatch(run):
        return RunAddress(run_id=found["run_id"], execution_arn=run)
    if not _RUN_ID.fullmatch(run):
        raise InputError(
            f"{run}: give a run's ID, its execution's ARN (arn:aws:states:…), or its folder's s3:// URI. "
            "evaldrop runs lists them."
        )
    known = stack()
    return RunAddress(run_id=run, execution_arn=known.execution_arn(run), out=known.out)


def _in_folder(uri: str, stack: Callable[[], Stack]) -> RunAddress:
    folder = uri.rstrip("/")
    if not has_begun(folder):
        above = storage.parent(folder)  # of a file in it, such as the report that a message names
        if above is None or not has_begun(above):
            raise InputError(f"{uri}: no run's folder: there is no run.json. evaldrop runs lists the runs.")
        folder = above
    run_id = folder.rpartition("/")[2]
    if storage.exists(storage.join(folder, "scorecard.json")):
        return RunAddress(run_id=run_id, folder=folder)
    return RunAddress(run_id=run_id, execution_arn=stack().execution_arn(run_id), folder=folder)


def find_folder(out: str, run_id: str, s3: Any) -> str | None:
    """
    Return the URI of a run's folder, or None when it has none (yet).

    Args:
        out: URI of the folder that runs are kept in.
        run_id: The run's ID; the evaluation is not known from it, so each is looked into.
        s3: boto3's client.

    Raises:
        AwsError: S3 would not say.
    """
    bucket, prefix = storage.place(out.rstrip("/") + "/")
    with as_service_error(f"{out} cannot be listed"):
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix, Delimiter="/")
        evaluations = [each["Prefix"] for page in pages for each in page.get("CommonPrefixes", ())]
    for evaluation in evaluations:
        folder = f"s3://{bucket}/{evaluation}{run_id}"
        if has_begun(folder):
            return folder
    return None
