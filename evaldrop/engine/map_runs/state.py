"""The distributed Map state: evaluate its settings, do a Map Run, give its result."""

import uuid
from collections.abc import Iterator
from itertools import islice
from typing import Any

from evaldrop.engine.actions.branching import concurrency, map_items, tolerance_of
from evaldrop.engine.actions.handlers import handled
from evaldrop.engine.errors import (
    ITEM_READER_FAILED,
    RESULT_WRITER_FAILED,
    RUNTIME,
    QueryError,
    StatesError,
)
from evaldrop.engine.machine import DistributedMap, ResultWriter
from evaldrop.engine.map_runs.inputs import child_inputs
from evaldrop.engine.map_runs.outputs import Outputs, ResultFiles
from evaldrop.engine.map_runs.sources import ItemSource
from evaldrop.engine.map_runs.work import MapRun
from evaldrop.engine.progress import MapRunProgress
from evaldrop.engine.queries import Frame
from evaldrop.engine.runs import StateOutcome, Visit
from evaldrop.engine.templates import Template, whole_number_of

# Children of a Map Run at work at once, and redrives of one: AWS's limits.
MAX_CHILDREN = 10_000
MAX_REDRIVES = 1_000


@handled
async def run_distributed_map(visit: Visit) -> StateOutcome:
    """Run the processor on each item or batch as a child execution of its own."""
    state: DistributedMap = visit.state
    frame = visit.frame()
    # All that can fail comes before `_progress`, which begins a Map Run or counts a redrive.
    tolerance = tolerance_of(state, frame)
    items, total = _items(visit, frame)
    progress = _progress(visit, frame)
    most = MAX_CHILDREN if visit.run.max_children is None else min(visit.run.max_children, MAX_CHILDREN)
    map_run = MapRun(
        visit=visit,
        inputs=child_inputs(visit, items, frame),
        progress=progress,
        tolerance=progress.tolerance or tolerance,
        limit=progress.limit or concurrency(state.max_concurrency, frame, most),
        total=total,
    )
    try:
        result = await map_run.work()
    finally:
        progress.outputs.close()
    return visit.leave_with(result)


def _progress(visit: Visit, frame: Frame) -> MapRunProgress:
    """Return the progress of an earlier attempt that is redriven, or that of a new Map Run."""
    place = visit.place
    # A retry of the state is a new Map Run: only a redrive's first attempt goes on with an earlier one.
    if place is not None and not visit.retry_count and isinstance(place.inside, MapRunProgress):
        return _redriven(place.inside, visit.run.clock.now())
    run_id = str(uuid.uuid4())
    arn = visit.run.arns.states("mapRun", f"{visit.run.machine['Name']}/{visit.state.label}:{run_id}")
    progress = MapRunProgress(
        run_id=run_id,
        arn=arn,
        outputs=_outputs(visit, frame, arn, run_id),
        started=visit.run.clock.now(),
    )
    if place is not None:
        place.inside = progress
    return progress


def _redriven(progress: MapRunProgress, now: float) -> MapRunProgress:
    if progress.redrives >= MAX_REDRIVES:
        raise StatesError(RUNTIME, f"the Map Run was redriven {MAX_REDRIVES} times, the most there is")
    progress.redrives += 1
    progress.redriven = now
    # What did not succeed runs again, and is counted when it has.
    for counts in (progress.children, progress.items):
        for status in set(counts) - {"SUCCEEDED"}:
            del counts[status]
    progress.outputs.begin_redrive()
    return progress


def _items(visit: Visit, frame: Frame) -> tuple[Iterator[Any], int | None]:
    """Return the items and how many they are; None when counting would mean parsing everything twice."""
    state: DistributedMap = visit.state
    reader = state.reader
    if reader is None:
        items = map_items(state.items, frame, visit.input)
        return iter(items), len(items)
    # 0 is no limit, as in MaxConcurrency.
    most = whole_number_of(reader.max_items, frame) or None
    bucket, key = _strings(reader.arguments, frame, "Bucket", "Prefix" if reader.lists else "Key")
    store = visit.run.store
    if store is None:
        raise StatesError(ITEM_READER_FAILED, "there is no object store to read from")
    source = ItemSource(reader, store, bucket, key)
    total = None
    if reader.input_type != "JSON" or state.tolerated_percentage is not None:
        total = source.count()
        total = total if most is None else min(total, most)
    return islice(source.items(), most), total


def _strings(template: Template, frame: Frame, *names: str) -> list[str]:
    arguments = template.evaluate(frame)
    if not isinstance(arguments, dict):
        raise QueryError(f"{template.field} must be an object", template.field)
    values = [arguments.get(name, "") for name in names]
    for name, value in zip(names, values, strict=True):
        if not isinstance(value, str):
            raise QueryError(f"{template.field}/{name} must be a string", f"{template.field}/{name}")
    return values


def _outputs(visit: Visit, frame: Frame, arn: str, run_id: str) -> Outputs:
    writer: ResultWriter | None = visit.state.writer
    if writer is None or writer.arguments is None:
        return Outputs("COMPACT" if writer is None else writer.transformation)
    bucket, prefix = _strings(writer.arguments, frame, "Bucket", "Prefix")
    if visit.run.store is None:
        raise StatesError(RESULT_WRITER_FAILED, "there is no object store to write to")
    return ResultFiles(
        visit.run.store,
        bucket,
        f"{prefix}/{run_id}/" if prefix and not prefix.endswith("/") else f"{prefix}{run_id}/",
        transformation=writer.transformation,
        arn=arn,
        lines=writer.output_type == "JSONL",
        max_file_bytes=visit.run.max_file_bytes,
    )
