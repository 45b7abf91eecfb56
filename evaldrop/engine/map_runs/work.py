"""A Map Run: a bounded set of workers that pull inputs, run children, and stop when too many failed."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from evaldrop.engine.errors import EXCEED_TOLERATED_FAILURE_THRESHOLD, QueryError, StatesError
from evaldrop.engine.map_runs.children import Child, new_child, run_child
from evaldrop.engine.map_runs.inputs import ChildInput
from evaldrop.engine.map_runs.outputs import Outputs
from evaldrop.engine.runs import Visit


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerance:
    """How many items may fail: a count, a percentage of all items, or both; None does not limit."""

    count: float | None
    percentage: float | None

    def is_exceeded(self, failed: int, total: int | None) -> bool:
        """Tell whether more failed than is tolerated; without a total only the count decides."""
        if self.count is not None and failed > self.count:
            return True
        return self.percentage is not None and total is not None and failed * 100 > self.percentage * total


@dataclass(slots=True, kw_only=True)
class MapRun:
    """
    One pass over the items. Memory holds what the children at work need, not the items nor the results.

    `total` counts items, not children; None until the reader came to its end.
    """

    visit: Visit
    inputs: Iterator[ChildInput]
    outputs: Outputs
    tolerance: Tolerance
    total: int | None
    seen: int = 0
    failed: int = 0
    succeeded_children: int = 0
    failed_children: int = 0
    failure: StatesError | None = None
    workers: set[asyncio.Task[None]] = field(default_factory=set)

    async def work(self, limit: int) -> Any:
        """
        Run everything, at most `limit` children at a time, and return the Map's result.

        Raises:
            StatesError: Too many failed, or the reader or the writer did.
        """
        observer = self.visit.run.observer
        observer.map_started(self.total)
        try:
            await self._run_workers(limit)
        finally:
            close = getattr(self.inputs, "close", None)
            if close is not None:
                close()
        observer.map_finished(self.succeeded_children, self.failed_children)
        try:
            result = self.outputs.result()
        except StatesError as error:
            raise self.failure or error from error
        if self.failure is not None:
            raise self.failure
        return result

    async def _run_workers(self, limit: int) -> None:
        count = limit if self.total is None else min(limit, max(self.total, 1))
        self.workers = {asyncio.create_task(self._worker()) for _ in range(count)}
        try:
            await asyncio.gather(*self.workers, return_exceptions=True)
        except asyncio.CancelledError:
            for worker in self.workers:
                worker.cancel()
            await asyncio.gather(*self.workers, return_exceptions=True)
            raise
        for worker in self.workers:
            if not worker.cancelled() and (error := worker.exception()) is not None:
                raise error

    async def _worker(self) -> None:
        while self.failure is None:
            given = self._next_input()
            if given is None:
                return
            child = new_child(self.visit.run, self.visit.state, given)
            try:
                # Children that never wait would keep timers, signals and other workers from running.
                await asyncio.sleep(0)
                await self._run(child)
            except asyncio.CancelledError:
                if self.failure is None:
                    raise
                self._guard(lambda: self.outputs.add_pending(child))  # noqa: B023  # called at once
                return

    def _next_input(self) -> ChildInput | None:
        try:
            given = next(self.inputs, None)
        except QueryError as error:
            self._fail(error.inside(self.visit.state.name))
            return None
        except StatesError as error:
            self._fail(error)
            return None
        if given is not None:
            self.seen += given.items
        elif self.total != self.seen:
            self.total = self.seen
            self._check_tolerance()
        return given

    async def _run(self, child: Child) -> None:
        observer = self.visit.run.observer
        observer.child_started()
        await run_child(child, self.visit.state)
        self._guard(lambda: self.outputs.add(child))
        observer.child_finished(child.status)
        if child.status == "SUCCEEDED":
            self.succeeded_children += 1
            return
        self.failed_children += 1
        self.failed += child.given.items
        self._check_tolerance()

    def _check_tolerance(self) -> None:
        if self.tolerance.is_exceeded(self.failed, self.total):
            cause = f"{self.failed} items failed, more than the tolerated failure threshold allows"
            self._fail(StatesError(EXCEED_TOLERATED_FAILURE_THRESHOLD, cause))

    def _fail(self, error: StatesError) -> None:
        """Note the first failure of the Map Run and stop the other workers."""
        if self.failure is not None:
            return
        self.failure = error
        for worker in self.workers:
            if worker is not asyncio.current_task():
                worker.cancel()

    def _guard(self, write: Any) -> None:
        try:
            write()
        except StatesError as error:
            self._fail(error)
