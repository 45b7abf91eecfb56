"""
A run that goes on: where it is now, what it was made from, who answers, and whose calls are made again.

Everything is refused here that would mix two things in one run, or pay for its calls a second time.
"""

import os
from collections.abc import Iterable
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from evaldrop import storage
from evaldrop.bedrock.journal import FINISHED_JOURNAL, JOURNAL, finished_journal_of, journal_of
from evaldrop.bedrock.region import region_of
from evaldrop.errors import InputError
from evaldrop.run.request import RunRequest, has_begun, out_of
from evaldrop.running.here import LocalRun

if TYPE_CHECKING:
    from evaldrop.run.definition import RunDefinition


def resumed_run(
    folder: str,
    *,
    dataset: str | None = None,
    evaluation: str | None = None,
    bedrock: str | None,
    max_in_flight: int | None,
    go_on: bool | None = None,
    force: bool = False,
    budget_usd: float | None = None,
) -> LocalRun:
    """
    Return a run that goes on in its folder, wherever that is now.

    Args:
        folder: The run's; it may have been moved or copied.
        dataset: Where the dataset is now; by default where it was, also beside a run that was moved with it.
        evaluation: Where the evaluation is now, likewise.
        bedrock: Who answers; by default as before, and no other kind.
        max_in_flight: Another number than before; it changes no result.
        go_on: Go on without who is refused; by default as before.
        budget_usd: What the whole run may cost, what it has cost already included; by default as before.
        force: Go on with another OpenAI-compatible server, or without the replies that were kept.

    Raises:
        InputError: It had not begun, something it needs is gone, or another runtime is to answer.
    """
    from evaldrop.run.definition import RunDefinition

    if not has_begun(folder):
        raise InputError(
            f"{folder}: no run.json there. Nothing had begun that could be gone on with; start a new run."
        )
    if storage.is_s3(folder):
        raise InputError(
            f"{folder}: a run in S3 goes on in its stack: `evaldrop run --resume {folder}`, with "
            "--budget and --go-on alone; see docs/resuming.md."
        )
    place = os.path.normpath(storage.local_path(folder))
    definition = RunDefinition.load(place)
    parent = definition.parent
    if parent and parent.how == "rescored":
        raise InputError(
            f"{folder}: this run reads another one's replies again and calls nothing. "
            f"`evaldrop report {folder} --rebuild` finishes it."
        )
    wanted = bedrock or definition.bedrock
    refuse_other_runtime(definition.bedrock, wanted, force=force)
    if parent:
        parent = parent.model_copy(update={"folder": _found(parent.folder, definition, place)})
    chosen = storage.absolute(dataset) if dataset else _found(definition.dataset.uri, definition, place)
    try:
        request = RunRequest(
            run_id=definition.run_id,
            dataset=chosen,
            dataset_version=definition.dataset.version,
            evaluation=evaluation or _found(definition.evaluation_uri, definition, place),
            out=out_of(place) or place,
            folder=place,
            bedrock=wanted,
            region=region_of(wanted),
            limit=definition.options.get("limit"),
            max_in_flight=max_in_flight or definition.options.get("max_in_flight"),
            # Absent in the run files of earlier versions.
            go_on=bool(definition.options.get("go_on")) if go_on is None else go_on,
            parent=parent.folder if parent else None,
            labels=definition.labels,
            budget_usd=budget_usd,
        )
    except ValidationError as error:
        # Written by another version, or by hand: such as a label that is not seen.
        wrong = "; ".join(f"{one['loc'][0]}: {one['msg']}" for one in error.errors(include_input=False))
        raise InputError(f"{place}/run.json: nothing can go on from it: {wrong}.") from error
    run = LocalRun(request, place)
    if not (force or journal_of(place).exists() or finished_journal_of(place).exists() or is_finished(run)):
        raise InputError(
            f"{folder}: {JOURNAL} is not there, and with it every reply of this run: all calls would be made "
            "and paid for again. Start a new run; or go on all the same with --force."
        )
    return run


def is_finished(run: LocalRun) -> bool:
    """Tell whether a run has come to its end: all its files are written."""
    # The journal is put away as the very last thing. What ended with failed calls waits for --retry-errors.
    return storage.exists(storage.join(run.folder, "scorecard.json")) and not journal_of(run.folder).exists()


def retrying(run: LocalRun, *, force: bool = False) -> LocalRun:
    """
    Return a finished run that calls again what failed.

    Raises:
        InputError: Its replies are not kept, so that everything would be called again.
    """
    if not (force or finished_journal_of(run.folder).exists()):
        raise InputError(
            f"{run.folder}: {FINISHED_JOURNAL} is not there, and with it the replies of this run: all calls "
            "would be made and paid for again. Start a new run; or do it all the same with --force."
        )
    return replace(run, retries_errors=True)


def copied_from(run: LocalRun) -> str | None:
    """Return the folder that a run was copied from, if that is still there; None where it was not."""
    from evaldrop.run.definition import RunDefinition

    first = RunDefinition.load(run.folder).written_to
    if storage.is_s3(first) or not has_begun(first) or storage.local_path(first).samefile(run.folder):
        return None
    return first if RunDefinition.load(first).run_id == run.request.run_id else None


def refuse_other_runtime(before: str, now: str, *, force: bool) -> None:
    """
    Refuse a runtime whose replies must not stand beside those of another.

    Raises:
        InputError: It is of another kind or, unless forced, another server, or answers otherwise.
    """
    if before == now:
        return
    kind, other = _kind(before), _kind(now)
    if kind == other == "simulated" and _answers(before) == _answers(now):
        return
    if kind == other == "openai" and (force or before.rstrip("/") == now.rstrip("/")):
        return
    way = f"Go on with --bedrock {before}, or start a new run."
    if kind == other == "openai":
        way += " Where it is the same server under another address: --force."
    raise InputError(
        f"--bedrock {now}: this run was begun with {before}, and replies of two would be mixed in it. {way}"
    )


def _kind(bedrock: str) -> str:
    return bedrock.replace("=", ":").partition(":")[0].strip()


def _answers(bedrock: str) -> object:
    """Return what a rehearsal's answers depend on; faults and waiting change none."""
    from evaldrop.bedrock.specification import parse_rehearsal

    rehearsal = parse_rehearsal(bedrock.partition(":")[2])
    # Rows that a job does not answer are called, and get the reply that they would have got.
    of_jobs = [field for field in fields(rehearsal) if field.name.startswith("job_")]
    faults: dict[str, Any] = {field.name: field.default for field in of_jobs}
    return replace(rehearsal, throttling=0.0, errors=0.0, latency=1.0, **faults)


def _found(uri: str | None, definition: "RunDefinition", folder: str) -> str:
    """
    Return where a file or run is now that a run was made from.

    Where it is gone, it is looked for as far from the run's folder as it was: both may have been moved.
    """
    if uri is None:
        raise InputError(f"{folder}: which evaluation it was is not known. Give it with --evaluation FILE.")
    tried = list(_places(uri, definition, folder))
    for each in tried:
        if storage.is_s3(each) or storage.local_path(each).exists():
            return each
    raise InputError(
        f"{' and '.join(tried)}: not there, and this run was made from it. If it was moved: "
        f"`evaldrop run DATASET --evaluation FILE --resume {folder}`"
    )


def _places(uri: str, definition: "RunDefinition", folder: str) -> Iterable[str]:
    yield uri
    first = definition.written_to
    if not (storage.is_s3(uri) or storage.is_s3(first) or first == folder):
        yield os.path.normpath(Path(folder) / os.path.relpath(uri, first))
