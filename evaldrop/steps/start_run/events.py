"""
StartRun: events in, runs out; each run under a name that the same event always leads to.

Understood are EventBridge's "Object Created", S3's own notifications, and `{"datasets": [...]}` from the
schedule or from a person. What an upload wants of its run is in the object's metadata: the event cannot carry
it.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple
from urllib.parse import quote, unquote, unquote_plus

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from evaldrop.datasets.files.formats import DATASET_ENDINGS, ENDINGS_IN_WORDS, stem_of
from evaldrop.errors import EvaldropError, InputError, StorageError
from evaldrop.run.request import Labels, RunRequest
from evaldrop.steps.report_failure.notices import refusal_notice
from evaldrop.steps.services import StackServices
from evaldrop.storage import ObjectFacts

PREFIX = "evaldrop-"
"""How the keys of user metadata begin that StartRun reads, such as `x-amz-meta-evaldrop-limit`."""


_PLAIN_IN_A_HEADER = " !#()*+/:;=?@"


class UploadOptions(BaseModel):
    """How the run that an upload starts is to differ from what is found beside the dataset."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    evaluation: str | None = Field(
        default=None, min_length=1, description="Key in the input bucket, or its URI."
    )
    limit: int | None = Field(default=None, ge=1, description="Evaluate only the first so many records.")
    go_on: bool = Field(
        default=False, description="Go on without a candidate or judge whose first calls are refused."
    )
    labels: Labels = Field(default=(), description="What the run is to be found by; commas between them.")

    @field_validator("labels", mode="before")
    @classmethod
    def _from_a_header(cls, value: object) -> object:
        # A header holds ASCII alone, and a comma ends a label: both travel as in addresses.
        return tuple(unquote(part.strip()) for part in value.split(",")) if isinstance(value, str) else value

    def to_metadata(self) -> dict[str, str]:
        """Return the user metadata that says so; empty without options."""
        stated = self.model_dump(mode="json", exclude_defaults=True)
        if self.labels:
            stated["labels"] = ",".join(quote(label, safe=_PLAIN_IN_A_HEADER) for label in self.labels)
        return {
            _key(key): str(value).lower() if value is True else str(value) for key, value in stated.items()
        }

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, str]) -> "UploadOptions":
        """
        Return the options that an object's user metadata holds.

        Raises:
            InputError: A key that begins with `evaldrop-` is unknown, or its value is no such option.
        """
        ours = {
            key.lower().removeprefix(PREFIX).replace("-", "_"): value
            for key, value in metadata.items()
            if key.lower().startswith(PREFIX)
        }
        try:
            # A misspelt option must not be passed over: without its limit a run pays for the whole dataset.
            return cls.model_validate(ours)
        except ValidationError as error:
            faults = [f"{_key(str(problem['loc'][0]))}: {problem['msg']}" for problem in error.errors()]
            *others, last = map(_key, cls.model_fields)
            known = f"{', '.join(others)} and {last}"
            raise InputError(
                f"its metadata cannot be followed ({'; '.join(faults)}). Known are {known}. Upload it again."
            ) from error


def _key(option: str) -> str:
    # With hyphens as in other headers: a proxy may drop a header whose name has an underscore.
    return PREFIX + option.replace("_", "-")


DATASETS = "datasets/"
"""Where uploads start runs; sidecars and prompts are kept below it too, and start none."""

EVALUATIONS = "evaluations/"
"""Where evaluation files are that belong to no single dataset."""

RUNS = "runs"
"""The folder of the output bucket that runs are kept in."""

MISTAKEN_ENDINGS = (
    ".xlsx",
    ".xls",
    ".ods",
    ".txt",
    ".zip",
    ".tar",
    ".bz2",
    ".xz",
    ".zst",
    ".arrow",
    ".feather",
    ".avro",
    ".orc",
)
"""What people upload for a dataset, and then wait for a run: they get a message instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """What a stack takes in: from which bucket, datasets of what size; and the URI of the folder for runs."""

    bucket: str
    out: str
    max_bytes: int

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Intake":
        """Return the intake that the stack wrote into its function's environment."""
        return cls(
            bucket=environment["EVALDROP_INPUT_BUCKET"],
            out=environment["EVALDROP_OUT"],
            max_bytes=int(environment["EVALDROP_MAX_DATASET_BYTES"]),
        )


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


class Wish(BaseModel):
    """A dataset that is to be evaluated now, as the schedule or a person names it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    dataset: str = Field(min_length=1, description="Key in the input bucket, or its URI.")
    evaluation: str | None = Field(default=None, description="Key in the input bucket, or its URI.")
    limit: int | None = Field(default=None, ge=1, description="Evaluate only the first so many records.")
    go_on: bool = Field(
        default=False, description="Go on without a candidate or judge whose first calls are refused."
    )
    labels: Labels = Field(default=(), description="What the run is to be found by.")


def start_runs(
    event: Mapping[str, Any], intake: Intake, services: StackServices, *, delivery: str
) -> dict[str, list[str]]:
    """
    Start a run for each dataset an event names; refuse what is none, with a message.

    All of an event's datasets are gone through before the first error is raised: one that fails does not keep
    the others, and a repeated delivery starts only what is missing.

    Args:
        event: As the Lambda got it.
        intake: What the stack takes in.
        services: Its Step Functions, SNS and S3.
        delivery: Used as the time where an event states none; the same for each attempt at it.

    Returns:
        URIs under `started`, `already_started`, `refused` and `ignored`.

    Raises:
        EvaldropError: A service failed, or the event is of no known kind.
    """
    outcome: dict[str, list[str]] = {"started": [], "already_started": [], "refused": [], "ignored": []}
    failures: list[EvaldropError] = []
    for settle in _wanted(event, delivery):
        try:
            uri, what = settle(intake, services)
        except EvaldropError as failure:
            failures.append(failure)
        else:
            outcome[what].append(uri)
    if failures:
        raise failures[0]
    return outcome


def _wanted(event: Mapping[str, Any], delivery: str) -> Iterator[Callable[..., tuple[str, str]]]:
    """Yield what settles each dataset of an event, called with the intake and the services."""
    if "datasets" not in event:
        for upload in uploads_in(event):
            yield partial(_settle_upload, upload)
        return
    for entry in event["datasets"]:
        try:
            wish = Wish.model_validate({"dataset": entry} if isinstance(entry, str) else entry)
        except ValidationError as error:
            raise InputError(
                f"datasets: {entry!r} is neither a key nor an object with one. {error}"
            ) from error
        # The schedule's own time is the same for each attempt at its event; a person's request states none.
        yield partial(_settle_wish, wish, str(event.get("scheduled_time") or delivery))


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
    """Return the ID of the run that an upload starts."""
    # Without versions only the ETag tells new content from the same event delivered again.
    return run_name(upload.bucket, upload.key, upload.version or upload.etag)


def _settle_upload(upload: Upload, intake: Intake, services: StackServices) -> tuple[str, str]:
    if _goes_along(upload, intake):
        return upload.uri, "ignored"
    reason, options = refusal(upload, intake), UploadOptions()
    if not reason:
        try:
            options = UploadOptions.from_metadata(services.metadata(upload.uri, upload.version))
        except InputError as error:
            reason = str(error)
    evaluation = options.evaluation and _uri(options.evaluation, intake)
    request = RunRequest(
        run_id=run_of(upload),
        dataset=upload.uri,
        dataset_version=upload.version,
        evaluation=evaluation,
        out=intake.out,
        limit=options.limit,
        go_on=options.go_on,
        labels=options.labels,
    )
    return _settle(request, reason or _evaluation_elsewhere(evaluation, intake), services)


def _goes_along(upload: Upload, intake: Intake) -> bool:
    """Tell whether it is no dataset but what goes with some: nobody waits for a run of it."""
    if _outside(upload.bucket, upload.key, intake):
        # What evaluations read: their anchors have the endings of datasets.
        name = upload.key.rpartition("/")[2]
        return upload.key.startswith(EVALUATIONS) or name.startswith("anchors.")
    # A sidecar, a prompt, a folder's marker.
    return upload.key.endswith((".yaml", ".yml", ".md", "/"))


def _settle_wish(wish: Wish, moment: str, intake: Intake, services: StackServices) -> tuple[str, str]:
    uri, evaluation = _uri(wish.dataset, intake), wish.evaluation and _uri(wish.evaluation, intake)
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    reason = _outside(bucket, key, intake)
    facts = ObjectFacts(size=0, version=None)
    if not reason:
        try:
            facts = services.describe(uri)
        except StorageError as error:
            reason = f"{error}. Upload it, or take it out of the schedule."
    request = RunRequest(
        # Not by the version: an event that is delivered again may find a newer one, and must not start a
        # second run.
        run_id=run_name(bucket, key, moment, evaluation, str(wish.limit or "")),
        dataset=uri,
        dataset_version=facts.version,
        evaluation=evaluation,
        out=intake.out,
        limit=wish.limit,
        go_on=wish.go_on,
        labels=wish.labels,
    )
    reason = reason or refusal(Upload(bucket, key, facts.version, "", facts.size), intake)
    return _settle(request, reason or _evaluation_elsewhere(evaluation, intake), services)


def _settle(request: RunRequest, refused: str | None, services: StackServices) -> tuple[str, str]:
    """Start a run, or send why not; return the dataset's URI and what was done."""
    if refused:
        services.notify(**refusal_notice(request.dataset, refused))
        return request.dataset, "refused"
    return request.dataset, "started" if services.start(request) else "already_started"


def _uri(key: str, intake: Intake) -> str:
    # To S3 a key with a slash in front is another object.
    return key if key.startswith("s3://") else f"s3://{intake.bucket}/{key.lstrip('/')}"


def refusal(upload: Upload, intake: Intake) -> str | None:
    """Return why no run is started for an upload, or None."""
    if outside := _outside(upload.bucket, upload.key, intake):
        return outside
    if not upload.key.endswith(DATASET_ENDINGS):
        name = _name_for(upload.key)
        do = f"Rename it to {name}" if name.endswith(DATASET_ENDINGS) else "Convert it (docs/datasets.md)"
        return f"the name of a dataset ends in {ENDINGS_IN_WORDS}. {do}, and upload it again."
    if upload.size > intake.max_bytes:
        return (
            f"it has {upload.size:,} bytes; this stack takes {intake.max_bytes:,} "
            "(max_dataset_mb in cdk.json). Split it, or raise the limit with the functions' memory."
        )
    if not upload.size:
        return "it is empty. Upload at least one record."
    return None


def _evaluation_elsewhere(uri: str | None, intake: Intake) -> str | None:
    """Return why an evaluation is not followed: of another bucket the stack reads, and trusts, nothing."""
    if uri is None or uri.startswith(f"s3://{intake.bucket}/"):
        return None
    return f"its evaluation {uri} is not in s3://{intake.bucket}/. Upload it there."


def _outside(bucket: str, key: str, intake: Intake) -> str | None:
    if bucket == intake.bucket and key.startswith(DATASETS):
        return None
    below = f"s3://{intake.bucket}/{DATASETS}"
    return f"it does not lie below {below}. Upload it as {below}{_name_for(key)}."


def _name_for(key: str) -> str:
    """Return a dataset's name as it is to be: to S3 .CSV is another ending than .csv."""
    stem = stem_of(key)
    return stem.rpartition("/")[2] + key[len(stem) :].lower()
