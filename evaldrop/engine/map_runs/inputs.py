"""Make the children's inputs out of items: select, then batch."""

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import Any

from evaldrop.engine.actions.branching import select
from evaldrop.engine.payloads import LIMIT_BYTES, check_size, hold_to_limit, size_of
from evaldrop.engine.queries import Frame
from evaldrop.engine.runs import Visit
from evaldrop.engine.templates import whole_number_of


@dataclass(frozen=True, slots=True)
class ChildInput:
    """What one child gets, and how many items that is."""

    index: int
    value: Any
    items: int


def child_inputs(visit: Visit, items: Iterator[Any], frame: Frame) -> Generator[ChildInput, None, None]:
    """
    Evaluate the batch's settings, and return a generator of one input per child.

    It raises StatesError: States.DataLimitExceeded for an input over the quota.
    """
    selector, batcher = visit.state.item_selector, visit.state.batcher
    # What is read may be larger than a child's input may be: a selector can make it small.
    selected = (
        select(visit, selector, {"Index": index, "Value": value}) for index, value in enumerate(items)
    )
    if batcher is None:
        return _one_by_one(selected)
    max_bytes = whole_number_of(batcher.max_bytes, frame, minimum=1)
    max_items = whole_number_of(batcher.max_items, frame, minimum=1)
    batch_input = None if batcher.batch_input is None else batcher.batch_input.evaluate(frame)
    shared = {} if batch_input is None else {"BatchInput": batch_input}
    return _batches(selected, max_items, min(max_bytes or LIMIT_BYTES, LIMIT_BYTES), shared)


def _one_by_one(values: Iterator[Any]) -> Generator[ChildInput, None, None]:
    for index, value in enumerate(values):
        check_size(value, f"item {index}")
        yield ChildInput(index, value, 1)


def _batches(
    values: Iterator[Any], max_items: int | None, max_bytes: int, shared: dict[str, Any]
) -> Generator[ChildInput, None, None]:
    empty = size_of({**shared, "Items": []})
    batch: list[Any] = []
    index, size = 0, empty
    for position, value in enumerate(values):
        added = size_of(value) + (1 if batch else 0)
        if batch and (len(batch) == max_items or size + added > max_bytes):
            yield ChildInput(index, {**shared, "Items": batch}, len(batch))
            # Less one byte: the first of a batch has no comma before it.
            index, batch, size, added = index + 1, [], empty, added - 1
        # An item over MaxInputBytesPerBatch is a batch of its own; over the quota it is an error.
        hold_to_limit(size + added, f"item {position}")
        batch.append(value)
        size += added
    if batch:
        yield ChildInput(index, {**shared, "Items": batch}, len(batch))
