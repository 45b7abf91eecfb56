"""Parallel and inline Map: flows inside this execution, each in a scope of its own."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from evaldrop.engine.actions.handlers import handled
from evaldrop.engine.errors import QueryError, StatesError
from evaldrop.engine.machine import Flow, InlineMap, Map, Parallel
from evaldrop.engine.payloads import check_result, check_size
from evaldrop.engine.progress import Branches, FlowProgress, Tolerance
from evaldrop.engine.queries import Frame, is_array
from evaldrop.engine.runs import StateOutcome, VariableScope, Visit
from evaldrop.engine.templates import Template, number_of, shown, typed, whole_number_of

# Iterations of an inline Map that AWS runs at once (quotas).
INLINE_LIMIT = 40
Job = Callable[[int], Awaitable[Any]]


@handled
async def run_parallel(visit: Visit) -> StateOutcome:
    """Run every branch on the same input; the result is the array of their outputs."""
    state: Parallel = visit.state
    data = visit.input
    if state.arguments is not None:
        data = state.arguments.evaluate(visit.frame())
        check_size(data, f"the arguments of the state {state.name!r}")
    kept = visit.branches()
    visit.tell("ParallelStateStarted")

    async def branch(index: int) -> Any:
        return await _run_inside(visit, state.branches[index], data, visit.item, kept, index)

    return await _run_branches(visit, "Parallel", len(state.branches), len(state.branches), branch)


@handled
async def run_inline_map(visit: Visit) -> StateOutcome:
    """Run the processor on each item; the result is the array of its outputs."""
    state: InlineMap = visit.state
    frame = visit.frame()
    items = map_items(state.items, frame, visit.input)
    limit = concurrency(state.max_concurrency, frame, INLINE_LIMIT)
    # Taken and checked as on AWS, where an inline Map fails with its first iteration all the same.
    tolerance_of(state, frame)
    kept = visit.branches()
    visit.tell("MapStateStarted", length=len(items))

    async def iterate(index: int) -> Any:
        item = {"Index": index, "Value": items[index]}
        data = select(visit, state.item_selector, item)
        if state.item_selector is not None:
            check_size(data, f"an item of the state {state.name!r}")
        if visit.run.history is None or (kept is not None and index in kept.results):
            return await _run_inside(visit, state.processor, data, item, kept, index)
        what = {"name": state.name, "index": index}
        visit.tell("MapIterationStarted", **what)
        try:
            result = await _run_inside(visit, state.processor, data, item, kept, index)
        except BaseException as error:
            is_failure = isinstance(error, StatesError)
            visit.tell("MapIterationFailed" if is_failure else "MapIterationAborted", **what)
            raise
        visit.tell("MapIterationSucceeded", **what)
        return result

    return await _run_branches(visit, "Map", len(items), limit, iterate)


async def _run_branches(visit: Visit, kind: str, count: int, limit: int, job: Job) -> StateOutcome:
    result = await run_all(count, limit, job)
    check_result(result, visit.state.name)
    visit.has_worked = True
    visit.tell(f"{kind}StateSucceeded")
    return visit.leave_with(result)


async def _run_inside(
    visit: Visit, flow: Flow, data: Any, item: dict[str, Any] | None, kept: Branches | None, index: int
) -> Any:
    """Run a branch or an iteration, unless it is `kept` that it succeeded; it goes on where it stopped."""
    if kept is None:
        place = None
    elif index in kept.results:
        return kept.results[index]
    else:
        place = kept.places.setdefault(index, FlowProgress())
    scope = VariableScope(visit.scope)
    try:
        result = await visit.run.flow(visit.run, flow, scope, data, item, place)
    finally:
        scope.close()
    if kept is not None:
        kept.results[index] = result
        del kept.places[index]
    return result


async def run_all(count: int, limit: int, job: Job) -> list[Any]:
    """
    Return the results of job(0) … job(count - 1), at most `limit` at a time.

    The first failure cancels the rest and is raised.
    """
    # One at a time needs no tasks.
    if count == 1 or limit == 1:
        return [await job(index) for index in range(count)]
    results: list[Any] = [None] * count
    indexes = iter(range(count))

    async def work() -> None:
        for index in indexes:
            results[index] = await job(index)

    workers = [asyncio.create_task(work()) for _ in range(min(limit, count))]
    try:
        await asyncio.gather(*workers)
    finally:
        # Waited for, not only cancelled: none may go on behind a state that has failed.
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
    return results


def map_items(items: Template | None, frame: Frame, data: Any) -> list[Any]:
    """
    Return the array a Map runs over: its Items, else the input.

    Raises:
        QueryError: It is not an array.
    """
    if items is not None:
        array: list[Any] = typed(items, frame, is_array, "array")
        return array
    if not isinstance(data, list):
        raise QueryError(f"Map state input must be an array but was: {shown(data)}")
    return data


def tolerance_of(state: Map, frame: Frame) -> Tolerance:
    """Return how many failures a Map says it tolerates; without a word, none."""
    count = whole_number_of(state.tolerated_count, frame)
    percentage = number_of(state.tolerated_percentage, frame, maximum=100)
    return Tolerance(count=0 if count is None and percentage is None else count, percentage=percentage)


def concurrency(template: Template | None, frame: Frame, most: int) -> int:
    """Return how many items may run at once; 0 or absent is as many as allowed."""
    return min(whole_number_of(template, frame) or most, most)


def select(visit: Visit, selector: Template | None, item: dict[str, Any]) -> Any:
    """Return the input for an item: the ItemSelector's value, or the item itself."""
    if selector is None:
        return item["Value"]
    states = {"input": visit.input, "context": {**visit.context(), "Map": {"Item": item}}}
    return selector.evaluate(Frame({"states": states}, visit.scope))
