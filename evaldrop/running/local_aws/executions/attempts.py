"""Attempts at executions: the first one, its redrives, and what stops them. All on the loop."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from evaldrop.engine import Clock, Execution, Integration, ObjectStore, execute
from evaldrop.running.local_aws.executions.records import ExecutionRecord
from evaldrop.running.local_aws.executions.requests import ApiError

TOKEN_FOR_S = 900
TOKENS = 10
CANCEL_EVERY_S = 0.05


class Attempts:
    """
    Runs executions, which are recorded by ARN.

    `on_ended` is called at each end of an execution, with the detail of its event. It must return at once.
    """

    def __init__(
        self,
        records: dict[str, ExecutionRecord],
        store: ObjectStore,
        clock: Clock,
        on_ended: Callable[[dict[str, Any]], None],
    ) -> None:
        self._records = records
        self._store = store
        self._clock = clock
        self._on_ended = on_ended
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, record: ExecutionRecord, integrations: Mapping[str, Integration]) -> dict[str, Any]:
        """StartExecution, which the same name and input do not do twice while the first one runs."""
        earlier = self._records.get(record.arn)
        if earlier is None:
            self._records[record.arn] = record
            self._begin(record, integrations)
            return {"executionArn": record.arn, "startDate": record.started}
        # Names stay taken after the end (90 days on AWS): by this an upload's second event starts nothing.
        if earlier.status != "RUNNING" or earlier.input_text != record.input_text:
            raise ApiError("ExecutionAlreadyExists", f"Execution Already Exists: {record.arn!r}")
        return {"executionArn": earlier.arn, "startDate": earlier.started}

    def redrive(
        self, record: ExecutionRecord, integrations: Mapping[str, Integration], token: str | None
    ) -> dict[str, Any]:
        """RedriveExecution, which the same token does not do twice."""
        now = self._clock.now()
        if token is not None and now - record.tokens.get(token, float("-inf")) <= TOKEN_FOR_S:
            return {"redriveDate": record.tokens[token]}
        reason = record.why_not_redrivable(now)
        if reason is not None:
            message = f"Execution Not Redrivable: {record.arn!r}. {reason}"
            raise ApiError("ExecutionNotRedrivable", message)
        record.begin_redrive(now)
        if token is not None:
            record.tokens[token] = now
            # As many as the service keeps; older ones redrive again.
            record.tokens = dict(list(record.tokens.items())[-TOKENS:])
        self._begin(record, integrations)
        return {"redriveDate": now}

    def stop(self, record: ExecutionRecord, error: str | None, cause: str | None) -> dict[str, Any]:
        """StopExecution: it is aborted at once, while a Map Run of Express children comes to its end."""
        if record.status == "RUNNING":
            # Before the cancelling: what the attempt still does must not overwrite ABORTED.
            self._end(record, Execution(status="ABORTED", error=error, cause=cause))
            assert record.task is not None
            record.task.cancel()
        return {"stopDate": record.stopped}

    async def cancel_all(self) -> None:
        """End every attempt. The first cancelling lets Express children end, the next ones do not."""
        while at_work := [task for task in self._tasks if not task.done()]:
            for task in at_work:
                task.cancel()
            await asyncio.wait(at_work, timeout=CANCEL_EVERY_S)

    def _begin(self, record: ExecutionRecord, integrations: Mapping[str, Integration]) -> None:
        record.log.begin()
        if record.redrives:
            record.log.add("ExecutionRedriven", {"redriveCount": record.redrives})
        else:
            record.log.add("ExecutionStarted", {"input": record.input, "roleArn": record.machine.role_arn})
        record.task = asyncio.create_task(self._run(record, integrations))
        self._tasks.add(record.task)
        record.task.add_done_callback(self._tasks.discard)

    async def _run(self, record: ExecutionRecord, integrations: Mapping[str, Integration]) -> None:
        attempt = asyncio.current_task()
        # An attempt that was stopped may still have Express children at work.
        async with record.at_work:
            ended = record.late or await self._attempt(record, integrations)
        # A redrive may have put its own attempt in the place of this one.
        if record.task is attempt and record.status == "RUNNING":
            self._end(record, ended)
        elif ended.status == "SUCCEEDED":
            record.late = ended

    def _end(self, record: ExecutionRecord, ended: Execution) -> None:
        record.end(ended, self._clock.now())
        self._on_ended(record.as_status_change())

    async def _attempt(self, record: ExecutionRecord, integrations: Mapping[str, Integration]) -> Execution:
        try:
            return await execute(
                record.definition,
                record.input,
                integrations=integrations,
                name=record.name,
                store=self._store,
                clock=self._clock,
                arns=record.machine.arns,
                history=record.log,
                progress=record.progress,
            )
        except Exception as error:  # noqa: BLE001 - an execution must end, whatever is wrong with us
            cause = f"{type(error).__name__}: {error}"
            return Execution(status="FAILED", error="States.Runtime", cause=cause)
