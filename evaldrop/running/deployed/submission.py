"""A dataset on its way to a stack: checked here, placed there, uploaded when it says something new."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evaldrop import storage
from evaldrop.bedrock.region import region_of
from evaldrop.datasets import survey_dataset
from evaldrop.errors import DatasetError, InputError
from evaldrop.evaluation import find_evaluation
from evaldrop.run.request import RunRequest, new_run_id
from evaldrop.running.deployed import clients
from evaldrop.running.deployed.bundle import (
    File,
    chosen_key,
    dataset_key,
    found_there,
    read_bundle,
    sidecar_key,
)
from evaldrop.running.deployed.following import RunAddress
from evaldrop.running.deployed.stack import Stack, deployed_stack
from evaldrop.running.deployed.uploads import InputBucket, Present
from evaldrop.steps.start_run.events import refusal
from evaldrop.steps.start_run.options import PREFIX, UploadOptions
from evaldrop.steps.start_run.uploads import Upload, run_of
from evaldrop.steps.validate_dataset.caps import Caps
from evaldrop.steps.validate_dataset.plan import refuse_above_budget
from evaldrop.steps.validate_dataset.validate import DatasetCheck, check_dataset


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """
    What is to be submitted, as it was given.

    The dataset is a path on this machine, which also chooses the key when none is given. An evaluation is for
    this run alone; without one it is found beside the dataset.
    """

    dataset: str
    evaluation: str | None = None
    limit: int | None = None
    key: str | None = None
    go_on: bool = False
    budget_usd: float | None = None
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Companion:
    """A small file that goes up before the dataset, and what is at its key now."""

    file: File
    present: Present | None
    is_there: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """
    A dataset that has been found right, and what its upload would be.

    Attributes:
        key: The dataset's, in the input bucket.
        check: What was found, with the plan; None where only the stack knows the evaluation.
        options: What its metadata will say.
        present: What is at its key now.
        same: Whether everything is there already, and has not changed since the dataset was uploaded.
    """

    wanted: Wanted
    stack: Stack
    bucket: InputBucket
    key: str
    sha256: str
    check: DatasetCheck | None
    companions: tuple[Companion, ...]
    options: UploadOptions
    present: Present | None
    same: bool

    @property
    def uri(self) -> str:
        """Where the dataset goes."""
        return f"s3://{self.stack.input_bucket}/{self.key}"

    @property
    def known_run(self) -> str | None:
        """ID of the run that this very content led to; None when it is new."""
        return run_of(self.present.upload) if self.same and self.present else None

    def address(self, run_id: str) -> RunAddress:
        """Return where a run of this dataset is to be found."""
        arn = self.stack.execution_arn(run_id)
        return RunAddress(run_id=run_id, execution_arn=arn, out=self.stack.out)

    def to_json(self) -> dict[str, Any]:
        """Return what would be uploaded, and what it would cost, for scripts."""
        plan = self.check.plan if self.check else None
        return {
            "stack": self.stack.name,
            "started": False,
            "dataset": self.uri,
            "uploads": [*(each.file.key for each in self.companions if not each.is_there), self.key],
            "metadata": self.options.to_metadata(),
            "plan": plan and plan.to_json(),
        }

    def send(self, *, sent: Callable[[str], None]) -> tuple[RunAddress, Upload]:
        """
        Upload what is missing, the dataset last: its event finds all it needs. Return its run, too.

        Raises:
            AwsError: S3 would not; nothing has been started then.
        """
        for companion in self.companions:
            if not companion.is_there:
                content = companion.file.content
                digest = hashlib.sha256(content).hexdigest()
                self.bucket.put(companion.file.key, content, sha256=digest, replacing=companion.present)
                sent(companion.file.key)
        with Path(self.wanted.dataset).open("rb") as stream:
            upload = self.bucket.put(
                self.key,
                stream,
                sha256=self.sha256,
                metadata=self.options.to_metadata(),
                # What was checked must still be there: of two who submit at once one is refused, and one run
                # starts.
                replacing=self.present,
            )
        sent(self.key)
        return self.address(run_of(upload)), upload


def prepare_here(wanted: Wanted, stack: str) -> Submission:
    """
    Return a submission to the stack of a name. The dataset is checked before AWS is called at all.

    Raises:
        InputError: Something is wrong with the dataset or the evaluation, or there is no such stack.
    """
    # First: who has a broken dataset need not have credentials to be told so.
    check = check_here(wanted)
    found = deployed_stack(stack)
    return prepare(wanted, check, found, InputBucket(found.input_bucket, clients.client("s3")))


def check_here(wanted: Wanted) -> DatasetCheck | None:
    """
    Return what there is to say about a dataset on this machine; None when it has no evaluation here.

    Raises:
        InputError: Something is wrong: the message has all of it.
    """
    if storage.is_s3(wanted.dataset):
        raise InputError(
            f"{wanted.dataset}: submit takes a file on this machine. For a dataset in the bucket start a run "
            "on demand (docs/deploying.md)."
        )
    if not storage.exists(wanted.dataset):
        raise DatasetError(f"{wanted.dataset}: no such file.")
    evaluation = wanted.evaluation or find_evaluation(wanted.dataset)
    return None if evaluation is None else _checked(wanted, evaluation)


def prepare(wanted: Wanted, check: DatasetCheck | None, stack: Stack, bucket: InputBucket) -> Submission:
    """
    Return a submission that `check_here` has checked: where all goes, and whether it is there already.

    Raises:
        InputError: The stack would refuse it, or its evaluation cannot go with it.
    """
    path = storage.local_path(wanted.dataset)
    key = chosen_key(wanted.key) if wanted.key else dataset_key(path, here=Path.cwd())
    upload = Upload(stack.input_bucket, key, None, "", path.stat().st_size)
    # By StartRun's own rule: after the upload it could tell by a message alone.
    if reason := refusal(upload, stack.intake):
        raise DatasetError(f"{wanted.dataset}: {reason}")
    if check is None:
        check = _check_by_the_stacks(wanted, upload.uri)
    if check:
        _hold_to(stack.caps, check, wanted.budget_usd)
    files, there, options = _bundled(wanted, check, upload)
    companions = tuple(_companion(file, bucket) for file in files)
    with path.open("rb") as stream:
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    present = bucket.newest(key)
    same = (
        present is not None
        and bucket.holds(present, sha256=sha256, size=upload.size)
        and _wishes(present.metadata) == _wishes(options.to_metadata())
        and all(companion.is_there for companion in companions)
        and not _changed_since(present, [*(file.key for file in files), *there], bucket)
    )
    return Submission(
        wanted=wanted,
        stack=stack,
        bucket=bucket,
        key=key,
        sha256=sha256,
        check=check,
        companions=companions,
        options=options,
        present=present,
        same=same,
    )


def _wishes(metadata: Mapping[str, str]) -> dict[str, str]:
    # Another label is no reason to pay for the same run again.
    return {
        name: value
        for name, value in metadata.items()
        if name.startswith(PREFIX) and name != f"{PREFIX}labels"
    }


def _checked(wanted: Wanted, evaluation: str) -> DatasetCheck:
    request = RunRequest(
        run_id=new_run_id(),
        dataset=wanted.dataset,
        evaluation=evaluation,
        out="runs",
        limit=wanted.limit,
        # The stack is looked for where boto3 looks, and calls models from there.
        region=region_of("aws"),
    )
    check = check_dataset(request)
    if check.problems or check.plan is None or check.definition is None:
        raise DatasetError("\n".join(check.problems))
    # What this run is given instead is held while it goes.
    refuse_above_budget(check.plan, None if wanted.budget_usd else check.definition.evaluation.budget_usd)
    return check


def _hold_to(caps: Caps, check: DatasetCheck, budget_usd: float | None) -> None:
    """Refuse here what the stack would refuse; of a large dataset the stack counts what is a sample here."""
    assert check.plan
    assert check.definition
    evaluation = check.definition.evaluation
    # No models: which ones it allows the stack alone knows.
    if problems := list(caps.problems(evaluation, arn=None)):
        raise DatasetError("\n".join(problems))
    caps.refuse(check.plan, evaluation, budget_usd=budget_usd)


def _check_by_the_stacks(wanted: Wanted, uri: str) -> DatasetCheck | None:
    """Check by the evaluation in the bucket; without one check the rows alone, and return None."""
    if evaluation := find_evaluation(uri):
        return _checked(wanted, evaluation)
    survey = survey_dataset(lambda: storage.open_read(wanted.dataset), source=Path(wanted.dataset).name)
    if survey.problems:
        raise DatasetError("\n".join(map(str, survey.problems)))
    return None


def _bundled(
    wanted: Wanted, check: DatasetCheck | None, upload: Upload
) -> tuple[tuple[File, ...], tuple[str, ...], UploadOptions]:
    """Return the files that go up before the dataset, the keys of what is there instead, and the options."""
    evaluation = check.evaluation_uri if check else None
    if check is None or evaluation is None or evaluation.startswith(f"s3://{upload.bucket}/"):
        # The stack finds it by itself, or by the key in the options.
        given = evaluation if wanted.evaluation else None
        keys = (storage.place(evaluation).key,) if evaluation else ()
        return (), keys, _options(wanted, given)
    assert check.definition
    bundle = read_bundle(check.definition, evaluation)
    # At a key of its own, outside datasets/: neither the next upload's evaluation nor a second run.
    if wanted.evaluation or bundle.starts_a_run:
        pinned = bundle.pinned_key
        return bundle.at(pinned), (), _options(wanted, pinned)
    options = _options(wanted, None)
    if (there := found_there(bundle, upload.uri)) is not None:
        return (), there, options
    return bundle.at(sidecar_key(upload.key)), (), options


def _options(wanted: Wanted, evaluation: str | None) -> UploadOptions:
    return UploadOptions(
        evaluation=evaluation,
        limit=wanted.limit,
        go_on=wanted.go_on,
        budget_usd=wanted.budget_usd,
        labels=wanted.labels,
    )


def _companion(file: File, bucket: InputBucket) -> Companion:
    present, digest = bucket.newest(file.key), hashlib.sha256(file.content).hexdigest()
    is_there = bucket.holds(present, sha256=digest, size=len(file.content))
    return Companion(file=file, present=present, is_there=is_there)


def _changed_since(present: Present, keys: list[str], bucket: InputBucket) -> bool:
    """Tell whether the dataset's run may have seen another evaluation or prompt than there is now."""
    read = (bucket.newest(key) for key in keys)
    # What is newer than the dataset its run may not have seen: it read what there was when it began.
    return any(each is None or each.modified > present.modified for each in read)
