"""
Runs of the API in a stack: what is put into its bucket starts them, as every upload does.

A run's dataset is at `datasets/api/<run_id>/`, from which StartRun takes the run's ID: the same request puts
the same key, and starts nothing twice.
"""

import hashlib
import re
import secrets
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from evaldrop import storage
from evaldrop.api.access import Caller
from evaldrop.api.answers import ProgressAnswer, UploadAnswer
from evaldrop.api.place import LINK_LASTS_S, Start
from evaldrop.api.used import NOTHING, UNKNOWN, Used
from evaldrop.aws_errors import as_service_error, code_of
from evaldrop.errors import AwsError
from evaldrop.evaluation.finding import EVALUATIONS, FILE_NAME
from evaldrop.report.serving import KINDS
from evaldrop.running.deployed.following import look
from evaldrop.steps.start_run.options import UploadOptions
from evaldrop.steps.start_run.prefixes import API, UPLOADS
from evaldrop.steps.validate_dataset.caps import Caps
from evaldrop.store.model import StoredRun

UPLOAD_S: Final = 900
_PLAIN = re.compile(r"[A-Za-z0-9-]{1,64}")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_UPLOAD = re.compile(r"([A-Za-z0-9-]+)/[0-9a-f]{32}/[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")
_THERE = {"PreconditionFailed", "ConditionalRequestConflict"}
_NO_EXECUTION = {"ExecutionDoesNotExist"}


class StackPlace:
    """
    See `evaldrop.api.place.RunsPlace`.

    Args:
        bucket: The input bucket.
        out: URI of the folder that runs are kept in.
        machine_arn: Of the state machine.
        caps: What the stack lets a run ask.
        function_arn: Of the API's own function.
        simulated: Whether a local AWS answers for Bedrock.
        s3: boto3's client.
        states: boto3's client of Step Functions.
    """

    def __init__(
        self,
        *,
        bucket: str,
        out: str,
        machine_arn: str,
        caps: Caps,
        function_arn: str | None,
        simulated: bool,
        s3: Any,
        states: Any,
    ) -> None:
        self.out, self.caps, self.function_arn, self.simulated = out, caps, function_arn, simulated
        self.region: str | None = machine_arn.split(":")[3]
        self._bucket, self._machine_arn, self._s3, self._states = bucket, machine_arn, s3, states

    def dataset_uri(self, run_id: str, name: str) -> str:
        """Return where a run's dataset will be."""
        return f"s3://{self._bucket}/{API}{run_id}/{name}"

    def evaluations(self) -> tuple[str, ...]:
        """Return the names of the evaluations in the bucket."""
        prefix = f"{EVALUATIONS}/"
        with as_service_error(f"s3://{self._bucket}/{prefix} cannot be listed"):
            pages = self._s3.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket, Prefix=prefix, Delimiter="/"
            )
            folders = [each["Prefix"] for page in pages for each in page.get("CommonPrefixes", ())]
        names = [folder.removeprefix(prefix).rstrip("/") for folder in folders]
        return tuple(name for name in names if self.evaluation(name))

    def evaluation(self, name: str) -> str | None:
        """Return the URI of an evaluation; None where there is none of this name."""
        uri = f"s3://{self._bucket}/{EVALUATIONS}/{name}/{FILE_NAME}"
        return uri if _NAME.fullmatch(name) and storage.exists(uri) else None

    def uploaded(self, uri: str, caller: Caller) -> str | None:
        """Return the URI of a dataset that the caller has uploaded; of nobody else's."""
        found = _UPLOAD.fullmatch(uri.removeprefix(f"s3://{self._bucket}/{UPLOADS}"))
        return uri if found and found[1] == folder_of(caller) and storage.exists(uri) else None

    def upload(self, name: str, caller: Caller) -> UploadAnswer:
        """Return a URL at which a dataset can be put for a quarter of an hour."""
        key = f"{UPLOADS}{folder_of(caller)}/{secrets.token_hex(16)}/{name}"
        with as_service_error("no upload can be begun"):
            url = self._s3.generate_presigned_url(
                "put_object", Params={"Bucket": self._bucket, "Key": key}, ExpiresIn=UPLOAD_S
            )
        return UploadAnswer(url=url, dataset=f"s3://{self._bucket}/{key}", expires_in_s=UPLOAD_S, headers={})

    @property
    def uploads_to(self) -> str:
        """The origin that uploads are put to."""
        parts = urlsplit(
            self._s3.generate_presigned_url("put_object", Params={"Bucket": self._bucket, "Key": "x"})
        )
        return f"{parts.scheme}://{parts.netloc}"

    def is_put(self, run_id: str, dataset: str) -> bool:
        """Tell whether a run's dataset is there."""
        return storage.exists(self.dataset_uri(run_id, dataset))

    def put(self, start: Start) -> None:
        """Put a run's files, the dataset last: its event starts the run."""
        folder = f"{API}{start.run_id}"
        metadata = UploadOptions(
            evaluation=start.evaluation,
            limit=start.limit,
            budget_usd=start.budget_usd,
            labels=start.labels,
            user=start.owner.user,
            customer=start.owner.customer,
            key_id=start.owner.key_id,
        ).to_metadata()
        with as_service_error(f"run {start.run_id} was not started"):
            for path, content in start.files.items():
                self._s3.put_object(Bucket=self._bucket, Key=f"{folder}/{path}", Body=content)
            self._put_dataset(start, f"{folder}/{start.dataset}", metadata)

    def _put_dataset(self, start: Start, key: str, metadata: Mapping[str, str]) -> None:
        if start.content is None:
            source = storage.place(str(start.copied_from))
            self._s3.copy_object(
                Bucket=self._bucket,
                Key=key,
                CopySource={"Bucket": source.bucket, "Key": source.key},
                Metadata=metadata,
                MetadataDirective="REPLACE",
            )
            return
        try:
            self._s3.put_object(
                Bucket=self._bucket, Key=key, Body=start.content, Metadata=metadata, IfNoneMatch="*"
            )
        except self._s3.exceptions.ClientError as error:
            # The same request, sent twice at once, has put it.
            if code_of(error) not in _THERE:
                raise

    def progress(self, run: StoredRun) -> ProgressAnswer | None:
        """Return the counts of a run's Map Run; what it has cost so far nobody counts before its end."""
        try:
            counts = look(self._execution(run.run_id), self._states).counts
        except AwsError:
            # Throttled, for one: what the store knows is told all the same.
            return None
        if counts is None:
            return None
        return ProgressAnswer(done=counts.done, total=counts.total, failed=counts.failed)

    def stop(self, run: StoredRun) -> Used:
        """Stop a run's execution; where there is none yet, take its dataset away, so that none begins."""
        with as_service_error(f"run {run.run_id} was not stopped"):
            if self._is_stopped(run.run_id):
                return UNKNOWN
            place = storage.place(run.dataset)
            self._s3.delete_object(Bucket=place.bucket, Key=place.key)
            # StartRun may have looked for the dataset before; or the execution is forgotten by now.
            has_begun = self._is_stopped(run.run_id) or run.state != "admitted"
        return UNKNOWN if has_begun else NOTHING

    def _is_stopped(self, run_id: str) -> bool:
        """Stop an execution; return whether there is one."""
        try:
            self._states.stop_execution(
                executionArn=self._execution(run_id), cause="Stopped by a request to the API."
            )
        except self._states.exceptions.ClientError as error:
            if code_of(error) not in _NO_EXECUTION:
                raise
            return False
        return True

    def report_link(self, _: StoredRun, uri: str) -> str:
        """Return a URL of the bucket's, at which a report can be opened for five minutes."""
        return self.link(uri)

    def link(self, uri: str) -> str:
        """Return a URL at which a page can be read for five minutes."""
        place = storage.place(uri)
        # Files are put without a type: a browser would save them, and not show them.
        asked = {"Bucket": place.bucket, "Key": place.key, "ResponseContentType": KINDS["html"]}
        with as_service_error(f"{uri} cannot be linked to"):
            url: str = self._s3.generate_presigned_url("get_object", Params=asked, ExpiresIn=LINK_LASTS_S)
        return url

    def _execution(self, run_id: str) -> str:
        return f"{self._machine_arn.replace(':stateMachine:', ':execution:')}:{run_id}"


def folder_of(caller: Caller) -> str:
    """Return the name of a caller's own folder of uploads: their account's, or a digest where it is long."""
    account = caller.owner.key_id or str(caller.owner.user)
    if _PLAIN.fullmatch(account):
        return account
    return hashlib.sha256(account.encode()).hexdigest()[:32]
