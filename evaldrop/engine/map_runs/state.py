"""The distributed Map state: evaluate its settings, do a Map Run, give its result."""

import uuid
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

from evaldrop.engine.actions.branching import concurrency, map_items
from evaldrop.engine.actions.handlers import with_handlers
from evaldrop.engine.errors import (
    ITEM_READER_FAILED,
    RESULT_WRITER_FAILED,
    RUNTIME,
    QueryError,
    StatesError,
)
from evaldrop.engine.machine import DistributedMap, ItemBatcher, ResultWriter
from evaldrop.engine.map_runs.inputs import Batching, child_inputs
from evaldrop.engine.map_runs.outputs import Collected, Outputs, Written
from evaldrop.engine.map_runs.reader import count_items, limited, read_items
from evaldrop.engine.map_runs.results import ResultFiles
from evaldrop.engine.map_runs.work import MapRun
from evaldrop.engine.payloads import LIMIT_BYTES, check_size
from evaldrop.engine.progress import MapRunProgress, Tolerance
from evaldrop.engine.queries import Frame, is_number
from evaldrop.engine.runs import Outcome, Visit
from evaldrop.engine.templates import Template, typed

# Children of a Map Run at work at once, and redrives of one: AWS's limits.
MAX_CHILDREN = 10_000
MAX_REDRIVES = 1_000


async def run_distributed_map(visit: Visit) -> Outcome:
    """Run the processor on each item or batch as a child execution of its own."""
    return await with_handlers(visit, _attempt)


async def _attempt(visit: Visit) -> Outcome:
    state: DistributedMap = visit.state
    frame = visit.frame()
    # All that can fail comes before `_progress`, which begins a Map Run or counts a redrive.
    tolerance = _tolerance(state, frame)
    items, total = _items(visit, frame)
    progress = _progress(visit, frame)
    map_run = MapRun(
        visit=visit,
        inputs=child_inputs(visit, items, _batching(state.batcher, frame)),
        progress=progress,
        tolerance=progress.tolerance or tolerance,
        limit=_limit(visit, frame) if progress.limit is None else progress.limit,
        total=total,
    )
    try:
        result = await map_run.work()
    finally:
        progress.outputs.close()
    check_size(result, f"the result of the state {state.name!r}")
    return visit.leave(state.exit, visit.frame(result=result), result)


def _limit(visit: Visit, frame: Frame) -> int:
    most = concurrency(visit.state.max_concurrency, frame, MAX_CHILDREN)
    return most if visit.run.max_children is None else min(most, visit.run.max_children)


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


def _tolerance(state: DistributedMap, frame: Frame) -> Tolerance:
    count = _number(state.tolerated_count, frame, lambda value: value >= 0 and value == int(value))
    percentage = _number(state.tolerated_percentage, frame, lambda value: 0 <= value <= 100)
    if count is None and percentage is None:
        count = 0
    return Tolerance(count=count, percentage=percentage)


def _number(template: Template | None, frame: Frame, holds: Callable[[float], bool]) -> float | None:
    if template is None:
        return None

    def is_fit(value: Any) -> bool:
        return is_number(value) and holds(value)

    number: float = typed(template, frame, is_fit, "number")
    return number


def _whole(template: Template | None, frame: Frame, minimum: int) -> int | None:
    number = _number(template, frame, lambda value: value >= minimum and value == int(value))
    return None if number is None else int(number)


def _batching(batcher: ItemBatcher | None, frame: Frame) -> Batching | None:
    if batcher is None:
        return None
    max_bytes = _whole(batcher.max_bytes, frame, 1)
    return Batching(
        max_items=_whole(batcher.max_items, frame, 1),
        max_bytes=LIMIT_BYTES if max_bytes is None else min(max_bytes, LIMIT_BYTES),
        batch_input=None if batcher.batch_input is None else batcher.batch_input.evaluate(frame),
    )


def _items(visit: Visit, frame: Frame) -> tuple[Iterator[Any], int | None]:
    """Return the items and how many they are; None when counting would mean parsing everything twice."""
    state: DistributedMap = visit.state
    reader = state.reader
    if reader is None:
        items = map_items(state.items, frame, visit.input)
        return iter(items), len(items)
    most = _whole(reader.max_items, frame, 1)
    bucket, key = _strings(reader.arguments, frame, "Bucket", "Key")
    store = visit.run.store
    if store is None:
        raise StatesError(ITEM_READER_FAILED, "there is no object store to read from")

    def open_object() -> BinaryIO:
        return store.open_read(bucket, key)

    what = f"s3://{bucket}/{key}"
    total = None
    if reader.input_type != "JSON" or state.tolerated_percentage is not None:
        total = count_items(reader, open_object, what)
        total = total if most is None else min(total, most)
    return limited(read_items(reader, open_object, what), most), total


def _strings(template: Template, frame: Frame, *names: str) -> list[str]:
    arguments = template.evaluate(frame)
    if not isinstance(arguments, dict):
        raise QueryError(f"{template.field} must be an object")
    values = [arguments.get(name, "") for name in names]
    for name, value in zip(names, values, strict=True):
        if not isinstance(value, str):
            raise QueryError(f"{template.field}/{name} must be a string")
    return values


def _outputs(visit: Visit, frame: Frame, arn: str, run_id: str) -> Outputs:
    writer: ResultWriter | None = visit.state.writer
    if writer is None:
        return Collected(transformation="COMPACT")
    if writer.arguments is None:
        return Collected(transformation=writer.transformation)
    bucket, prefix = _strings(writer.arguments, frame, "Bucket", "Prefix")
    if visit.run.store is None:
        raise StatesError(RESULT_WRITER_FAILED, "there is no object store to write to")
    folder = f"{prefix}/{run_id}/" if prefix and not prefix.endswith("/") else f"{prefix}{run_id}/"
    files = ResultFiles(
        visit.run.store,
        bucket,
        folder,
        lines=writer.output_type == "JSONL",
        max_file_bytes=visit.run.max_file_bytes,
    )
    return Written(files=files, transformation=writer.transformation, arn=arn, bucket=bucket)
