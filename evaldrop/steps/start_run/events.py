"""
StartRun: events in, runs out; each run under a name that the same event always leads to.

Understood are EventBridge's "Object Created", S3's own notifications, `{"datasets": [...]}` from the schedule
or from a person, and the stack's own look at models that are leaving. What an upload wants of its run is in
the object's metadata: the event cannot carry it.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from evaldrop.datasets.files.formats import DATASET_ENDINGS, ENDINGS_IN_WORDS, stem_of
from evaldrop.errors import EvaldropError, InputError, StorageError
from evaldrop.model_lives import Lives
from evaldrop.run.request import Labels, RunRequest
from evaldrop.steps.account_lives import account_lives
from evaldrop.steps.lifecycle.events import RunStarted
from evaldrop.steps.lifecycle.failed import Ended, tell_failed
from evaldrop.steps.lifecycle.runs import requested_run
from evaldrop.steps.lifecycle.telling import NOWHERE, Lifecycle
from evaldrop.steps.report_failure.notices import refusal_notice
from evaldrop.steps.services import StackServices
from evaldrop.steps.start_run.leaving import leaving_runs
from evaldrop.steps.start_run.options import UploadOptions
from evaldrop.steps.start_run.prefixes import ANCHORS, API, DATASETS, EVALUATIONS, UPLOADS
from evaldrop.steps.start_run.uploads import Upload, is_of_the_api, run_name, run_of, uploads_in
from evaldrop.storage import ObjectFacts

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


class Wish(BaseModel):
    """A dataset that is to be evaluated now, as the schedule or a person names it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    dataset: str = Field(min_length=1, description="Key in the input bucket, or its URI.")
    evaluation: str | None = Field(default=None, description="Key in the input bucket, or its URI.")
    limit: int | None = Field(default=None, ge=1, description="Evaluate only the first so many records.")
    go_on: bool = Field(
        default=False, description="Go on without a candidate or judge whose first calls are refused."
    )
    budget_usd: float | None = Field(
        default=None, gt=0, allow_inf_nan=False, description="What the run may cost; held while it goes."
    )
    labels: Labels = Field(default=(), description="What the run is to be found by.")
    successors: dict[str, tuple[str, ...]] = Field(
        default_factory=dict, description="Model ID without geography: models that answer beside it."
    )


class IntakePlace(NamedTuple):
    """
    What a stack takes in, its services, and where it tells what becomes of it.

    Attributes:
        moment: When what the event tells of took place (ISO 8601), the same for each delivery; None where it
            does not say.
    """

    intake: Intake
    services: StackServices
    lifecycle: Lifecycle
    moment: str | None


def start_runs(
    event: Mapping[str, Any],
    intake: Intake,
    services: StackServices,
    *,
    delivery: str,
    lifecycle: Lifecycle = NOWHERE,
    look: Callable[[], Lives] = account_lives,
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
        lifecycle: The store and the bus of events.
        look: Returns which models are leaving, for events that ask for a look at them.

    Returns:
        URIs under `started`, `already_started`, `refused` and `ignored`.

    Raises:
        EvaldropError: A service failed, or the event is of no known kind.
    """
    outcome: dict[str, list[str]] = {"started": [], "already_started": [], "refused": [], "ignored": []}
    failures: list[EvaldropError] = []
    place = IntakePlace(intake, services, lifecycle, _moment_of(event))
    for settle in _wanted(event, delivery, look):
        try:
            uri, what = settle(place)
        except EvaldropError as failure:
            failures.append(failure)
        else:
            outcome[what].append(uri)
    if failures:
        raise failures[0]
    return outcome


def _wanted(
    event: Mapping[str, Any], delivery: str, look: Callable[[], Lives]
) -> Iterator[Callable[[IntakePlace], tuple[str, str]]]:
    """Yield what settles each dataset of an event, called with the place."""
    if "leaving" in event:
        for of_successors, name in leaving_runs(event, look):
            yield partial(_settle_wish, Wish.model_validate(of_successors), name)
        return
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


def _moment_of(event: Mapping[str, Any]) -> str | None:
    records = event.get("Records") or [{}]
    stated = event.get("time") or event.get("scheduled_time") or records[0].get("eventTime")
    try:
        return datetime.fromisoformat(str(stated)).isoformat(timespec="seconds")
    except ValueError:  # a person may call it anything
        return None


def _settle_upload(upload: Upload, place: IntakePlace) -> tuple[str, str]:
    intake, services = place.intake, place.services
    if _goes_along(upload, intake):
        return upload.uri, "ignored"
    run_id = run_of(upload)
    if _is_withdrawn(run_id, upload.uri, services):
        # Also of a delivery that started it, and got no further.
        services.stop(run_id)
        return upload.uri, "ignored"
    reason, options = refusal(upload, intake), UploadOptions()
    if not reason:
        try:
            options = UploadOptions.from_metadata(services.metadata(upload.uri, upload.version))
        except InputError as error:
            reason = str(error)
    evaluation = options.evaluation and _uri(options.evaluation, intake)
    request = RunRequest(
        run_id=run_id,
        dataset=upload.uri,
        dataset_version=upload.version,
        evaluation=evaluation,
        out=intake.out,
        limit=options.limit,
        go_on=options.go_on,
        budget_usd=options.budget_usd,
        labels=options.labels,
        owner=options.owner,
    )
    return _settle(request, reason or _evaluation_elsewhere(evaluation, intake), place)


def _goes_along(upload: Upload, intake: Intake) -> bool:
    """Tell whether it is no dataset but what goes with some: nobody waits for a run of it."""
    are_anchors = upload.key.rpartition("/")[2].startswith(ANCHORS)
    if _outside(upload.bucket, upload.key, intake):
        # And what waits for the API.
        return upload.key.startswith((EVALUATIONS, UPLOADS)) or are_anchors
    # A sidecar, a prompt, a folder's marker. In a folder of the API's one dataset alone starts its run.
    return upload.key.endswith((".yaml", ".yml", ".md", "/")) or (are_anchors and upload.key.startswith(API))


def _settle_wish(wish: Wish, moment: str, place: IntakePlace) -> tuple[str, str]:
    intake, services = place.intake, place.services
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
        budget_usd=wish.budget_usd,
        labels=wish.labels,
        successors=wish.successors,
    )
    reason = reason or refusal(Upload(bucket, key, facts.version, "", facts.size), intake)
    return _settle(request, reason or _evaluation_elsewhere(evaluation, intake), place)


def _settle(request: RunRequest, refused: str | None, place: IntakePlace) -> tuple[str, str]:
    """Start a run, or send why not; return the dataset's URI and what was done."""
    services, lifecycle = place.services, place.lifecycle
    if refused:
        services.notify(**refusal_notice(request.dataset, refused))
        # Whoever asked the API for it has the run's ID, and looks for it.
        if is_of_the_api(request.run_id):
            ended = Ended(request.model_dump(mode="json"), started_at=place.moment)
            tell_failed(lifecycle, ended, step="StartRun", error="InputError", why=refused)
        return request.dataset, "refused"
    is_new = services.start(request)
    # Whoever stopped it between the look before and this moment found no execution to stop. They take the
    # dataset away first, and look for an execution again: one of both sees the other.
    if _is_withdrawn(request.run_id, request.dataset, services):
        services.stop(request.run_id)
        return request.dataset, "ignored"
    # Also of one that was started before: the delivery that did may have got no further.
    lifecycle.begin(requested_run(request, started_at=place.moment))
    if is_new:
        lifecycle.send(
            RunStarted(
                stack=lifecycle.stack,
                run_id=request.run_id,
                dataset=request.dataset,
                customer=request.owner.customer,
                simulated=request.simulated,
                evaluation=request.evaluation,
                labels=request.labels,
            )
        )
    return request.dataset, "started" if is_new else "already_started"


def _is_withdrawn(run_id: str, uri: str, services: StackServices) -> bool:
    """Tell whether a run of the API's was stopped before it began: its dataset is gone, not its version."""
    return is_of_the_api(run_id) and not services.is_there(uri)


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
