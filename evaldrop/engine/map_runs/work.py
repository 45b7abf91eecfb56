"""A Map Run: a bounded set of workers that pull inputs, run children, and stop when too many failed."""

import asyncio
import contextlib
from collections.abc import Generator
from dataclasses import dataclass, field, replace
from typing import Any

from evaldrop.engine.errors import EXCEED_TOLERATED_FAILURE_THRESHOLD, StatesError
from evaldrop.engine.map_runs.children import Child, new_child, run_child
from evaldrop.engine.map_runs.inputs import ChildInput
from evaldrop.engine.payloads import check_result
from evaldrop.engine.progress import FlowProgress, MapRunProgress, Tolerance, UnfinishedChild
from evaldrop.engine.runs import RunningExecution, Visit

# Records of children that were not started, and workers that start, before others get a turn.
PENDING_PER_TURN = 100
STARTED_PER_TURN = 4


@dataclass(slots=True, kw_only=True)
class MapRun:
    """
    One pass over the items. Memory holds what the children at work need, not the items nor the results.

    `total` counts items, not children; None until the reader came to its end, which `is_at_end` tells.
    `running` are the items of each child at work, `waiting` those of children that a redrive has yet to
    start. `status` is RUNNING, SUCCEEDED, FAILED or ABORTED.
    """

    visit: Visit
    inputs: Generator[ChildInput, None, None]
    progress: MapRunProgress
    tolerance: Tolerance
    limit: int
    total: int | None
    status: str = "RUNNING"
    seen: int = 0
    is_at_end: bool = False
    at_work: int = 0
    running: dict[int, int] = field(default_factory=dict)
    waiting: dict[int, int] = field(default_factory=dict)
    stopped: float | None = None
    failure: StatesError | None = None
    workers: set[asyncio.Task[None]] = field(default_factory=set)
    children: RunningExecution = field(init=False)

    def __post_init__(self) -> None:
        # A child's events are not its parent's.
        self.children = replace(self.visit.run, history=None)
        self.waiting = {index: child.items for index, child in self.progress.unfinished.items()}

    async def work(self) -> Any:
        """
        Run everything that is due, at most `limit` children at a time, and return the Map's result.

        Raises:
            StatesError: Too many failed, or the reader or the writer did.
        """
        self._tell_started()
        try:
            await self._run_workers()
            result = await self._written()
        except BaseException as error:
            self._tell_failed(error)
            raise
        finally:
            self.waiting.clear()
            self.stopped = self.visit.run.clock.now()
            self.inputs.close()
        self.status = "SUCCEEDED"
        self.visit.has_worked = True
        self.visit.tell("MapRunSucceeded")
        self.visit.tell("MapStateSucceeded")
        return result

    def set_limit(self, limit: int) -> None:
        """Run more or fewer children at a time, from now on and when redriven."""
        self.limit = self.progress.limit = limit
        self._staff()

    def set_tolerance(self, tolerance: Tolerance) -> None:
        """Tolerate more or fewer failures, from now on and when redriven."""
        self.tolerance = self.progress.tolerance = tolerance
        self._check_tolerance()

    @property
    def _remembers(self) -> bool:
        return self.visit.place is not None

    async def _written(self) -> Any:
        if self.failure is not None:
            await self._write_pending()
        succeeded = self.progress.children["SUCCEEDED"]
        self.visit.run.observer.map_finished(succeeded, self.progress.children.total() - succeeded)
        try:
            result = self._result()
        except StatesError as error:
            self._forget()
            # The first failure is the reason: that its files could not be written came of it, or after it.
            raise self.failure or error from error
        if self.failure is not None:
            raise self.failure
        check_result(result, self.visit.state.name)
        return result

    async def _run_workers(self) -> None:
        self._staff()
        try:
            await self._all_ended()
        except asyncio.CancelledError:
            await self._stop()
            raise
        # That a child failed is in its status. What a worker raises is something else, and may not be lost.
        for worker in self.workers:
            if not worker.cancelled() and (error := worker.exception()) is not None:
                raise error

    def _staff(self) -> None:
        """See to it that there are as many workers as there may be, or as there are inputs."""
        self.workers.add(asyncio.create_task(self._add_workers()))

    async def _add_workers(self) -> None:
        # A few at a time: the calls of the first children are on their way before the last children begin.
        # Of most files it is not known how many items they hold, and the limit is ten thousand.
        while self._wants_worker():
            for _ in range(STARTED_PER_TURN):
                if self._wants_worker():
                    self.workers.add(asyncio.create_task(self._worker()))
                    self.at_work += 1
            await asyncio.sleep(0)

    def _wants_worker(self) -> bool:
        wanted = self.limit if self.total is None else min(self.limit, max(self.total, 1))
        is_going_on = self.status == "RUNNING" and self.failure is None and not self.is_at_end
        return is_going_on and self.at_work < wanted

    async def _all_ended(self) -> None:
        # A limit that is raised adds workers while these are waited for.
        while at_work := [worker for worker in self.workers if not worker.done()]:
            await asyncio.wait(at_work)

    async def _stop(self) -> None:
        """End the workers because the execution ends, and write what there is; all of it for a redrive."""
        self.status = "ABORTED"
        try:
            if not (self._remembers and self.visit.state.express):
                self._cancel_workers()
            await self._all_ended()
            if self._remembers:
                await self._write_pending()
            # What had succeeded is in the files: the manifest names them to whoever reads them.
            self._result()
        except asyncio.CancelledError:
            self._cancel_workers()
            await self._all_ended()
        except StatesError:
            self._forget()

    def _result(self) -> Any:
        result = self.progress.outputs.result()
        self.progress.written = (self.progress.children.total(), self.progress.items.total())
        return result

    def _forget(self) -> None:
        """Have nothing that could be gone on with: what was written may be lost."""
        if self.visit.place is not None:
            self.visit.place.inside = None

    def _cancel_workers(self) -> None:
        for worker in self.workers:
            if worker is not asyncio.current_task():
                worker.cancel()

    async def _worker(self) -> None:
        try:
            # A limit that is lowered ends workers between two children, never a child.
            while self.failure is None and self.status == "RUNNING" and self.at_work <= self.limit:
                given = self._next_due()
                if given is None:
                    return
                await self._run(self._begin(given))
        finally:
            self.at_work -= 1

    def _begin(self, given: ChildInput) -> Child:
        progress = self.progress
        child = new_child(self.children, self.visit.state, given, progress)
        child.status = "RUNNING"
        if self._remembers:
            if child.place is None and not self.visit.state.express:
                child.place = FlowProgress()
            progress.unfinished[given.index] = UnfinishedChild(
                started=child.started, items=given.items, redrives=child.redrives, place=child.place
            )
            self.waiting.pop(given.index, None)
        progress.begun = max(progress.begun, given.index + 1)
        self.running[given.index] = given.items
        return child

    def _next_due(self) -> ChildInput | None:
        while (given := self._next_input()) is not None:
            if self.progress.is_due(given.index):
                return given
        return None

    def _next_input(self) -> ChildInput | None:
        try:
            given = next(self.inputs, None)
        except StatesError as error:
            self._fail(self.visit.reported(error))
            return None
        if given is not None:
            self.seen += given.items
            return given
        self.is_at_end = True
        if self.total != self.seen:
            # At the reader's end all items are known, and a percentage of them can be judged.
            self.total = self.seen
            self._check_tolerance()
        return None

    async def _run(self, child: Child) -> None:
        observer = self.visit.run.observer
        try:
            # Children that never wait would keep timers, signals and other workers from running.
            await asyncio.sleep(0)
            observer.child_started()
            self._tell_child(child)
            await run_child(child, self.visit.state)
        except asyncio.CancelledError:
            self._end_aborted(child)
            raise
        finally:
            del self.running[child.given.index]
        self._end(child)
        observer.child_finished(child.status)
        if child.status != "SUCCEEDED":
            self._check_tolerance()

    def _end_aborted(self, child: Child) -> None:
        child.status, child.stopped = "ABORTED", self.visit.run.clock.now()
        # Else the whole execution is being cancelled for good: that is no failure of this child.
        if self._remembers or self.failure is not None:
            self._end(child)

    def _end(self, child: Child) -> None:
        given, progress = child.given, self.progress
        progress.children[child.status] += 1
        progress.items[child.status] += given.items
        # Forgotten only when its rows are written: a redrive runs again what could not be.
        try:
            progress.outputs.add(child)
            if child.status == "SUCCEEDED":
                progress.unfinished.pop(given.index, None)
        except StatesError as error:
            self._fail(error)
        self._tell_child(child)

    async def _write_pending(self) -> None:
        """Write the children that were not started. What the reader says now was said, or matters no more."""
        count = 0
        with contextlib.suppress(StatesError):
            while (given := self._next_due()) is not None:
                child = new_child(self.children, self.visit.state, given, self.progress)
                self.progress.outputs.add_pending(child)
                count += 1
                if count % PENDING_PER_TURN == 0:
                    await asyncio.sleep(0)

    def _check_tolerance(self) -> None:
        failed = self.progress.items["FAILED"] + self.progress.items["TIMED_OUT"]
        if self.tolerance.is_exceeded(failed, self.total):
            cause = "The specified tolerated failure threshold was exceeded"
            self._fail(StatesError(EXCEED_TOLERATED_FAILURE_THRESHOLD, cause))

    def _fail(self, error: StatesError) -> None:
        """Note the first failure. No child starts any more; Express children at work run to their end."""
        if self.failure is not None:
            return
        self.failure = error
        if not self.visit.state.express:
            self._cancel_workers()

    def _tell_started(self) -> None:
        visit, progress = self.visit, self.progress
        visit.run.observer.map_started(self.total)
        if visit.run.history is not None:
            visit.run.history.map_run_started(self)
        if progress.redrives:
            visit.tell("MapRunRedriven", mapRunArn=progress.arn, redriveCount=progress.redrives)
        else:
            visit.tell("MapStateStarted", length=self.total or 0)
            visit.tell("MapRunStarted", mapRunArn=progress.arn)

    def _tell_failed(self, error: BaseException) -> None:
        if isinstance(error, StatesError):
            self.status = "FAILED"
            self.visit.tell("MapRunFailed", error=error.error, cause=error.cause)
        else:
            self.status = "ABORTED"
            self.visit.tell("MapRunAborted")

    def _tell_child(self, child: Child) -> None:
        if self.visit.run.history is not None:
            self.visit.run.history.child_changed(self, child)
