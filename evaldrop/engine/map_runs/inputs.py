"""Make the children's inputs out of items: select, then batch."""

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import Any

from evaldrop.engine.actions.branching import select
from evaldrop.engine.errors import DATA_LIMIT_EXCEEDED, StatesError
from evaldrop.engine.payloads import LIMIT_BYTES, size_of
from evaldrop.engine.runs import Visit


@dataclass(frozen=True, slots=True)
class ChildInput:
    """What one child gets, and how many items that is."""

    index: int
    value: Any
    items: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Batching:
    """The limits of a batch, and what every batch carries beside its items."""

    max_items: int | None
    max_bytes: int
    batch_input: Any


def child_inputs(
    visit: Visit, items: Iterator[Any], batching: Batching | None
) -> Generator[ChildInput, None, None]:
    """
    Give one input per child.

    Raises:
        StatesError: States.DataLimitExceeded, an input is over the quota.
    """
    selector = visit.state.item_selector
    # What is read may be larger than a child's input may be: a selector can make it small.
    selected = (
        select(visit, selector, {"Index": index, "Value": value}) for index, value in enumerate(items)
    )
    if batching is not None:
        yield from _batches(selected, batching)
        return
    for index, value in enumerate(selected):
        size = size_of(value)
        if size > LIMIT_BYTES:
            raise _too_large(index, size)
        yield ChildInput(index, value, 1)


def _too_large(index: int, size: int) -> StatesError:
    return StatesError(
        DATA_LIMIT_EXCEEDED, f"item {index} is {size} bytes; the maximum number of bytes is {LIMIT_BYTES}"
    )


def _batches(values: Iterator[Any], batching: Batching) -> Iterator[ChildInput]:
    shared = {} if batching.batch_input is None else {"BatchInput": batching.batch_input}
    empty = size_of({**shared, "Items": []})
    batch: list[Any] = []
    index, size = 0, empty
    for position, value in enumerate(values):
        added = size_of(value) + (1 if batch else 0)
        if batch and (len(batch) == batching.max_items or size + added > batching.max_bytes):
            yield ChildInput(index, {**shared, "Items": batch}, len(batch))
            # Less one byte: the first of a batch has no comma before it.
            index, batch, size, added = index + 1, [], empty, added - 1
        # An item over MaxInputBytesPerBatch is a batch of its own; over the quota it is an error.
        if size + added > LIMIT_BYTES:
            raise _too_large(position, size + added)
        batch.append(value)
        size += added
    if batch:
        yield ChildInput(index, {**shared, "Items": batch}, len(batch))
