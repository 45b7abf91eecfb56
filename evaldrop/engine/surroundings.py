"""
What an execution finds around it: time, objects in buckets, its ARNs, and who hears what happens.

All of it is the caller's to bring. Nothing here knows how an execution is done.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, BinaryIO, NamedTuple, Protocol

from evaldrop.engine.invocation import ACCOUNT, REGION
from evaldrop.engine.steady import now_ns


class Clock:
    """Where the time comes from: the machine's own, or an override's. Timeouts follow the event loop's."""

    def now(self) -> float:
        """Return the seconds since 1970, UTC. A later call never returns less."""
        return now_ns() / 1e9

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)


def timestamp(seconds: float) -> str:
    """Write a time as Step Functions does, in milliseconds: 2026-01-31T12:00:00.000Z."""
    milliseconds = int(seconds * 1000)
    return f"{_second(milliseconds // 1000)}.{milliseconds % 1000:03d}Z"


@lru_cache(maxsize=16)
def _second(seconds: int) -> str:
    # Many states are entered within one second, and strftime is slow.
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")


class ListedObject(NamedTuple):
    """An object as a listing has it; `modified` in seconds since 1970, `etag` without quotes."""

    key: str
    size: int
    modified: float = 0.0
    etag: str = ""


class ObjectStore(Protocol):
    """Objects by bucket and key, for distributed Maps. On one machine a bucket may be a directory."""

    def list_objects(self, bucket: str, prefix: str) -> Iterable[ListedObject]:
        """List what begins with a prefix, by key; any exception fails the Map, States.ItemReaderFailed."""
        ...

    def open_read(self, bucket: str, key: str) -> BinaryIO:
        """Open an object for reading; any exception fails the Map with States.ItemReaderFailed."""
        ...

    def create(self, bucket: str, key: str) -> BinaryIO:
        """Open a new object to write as a stream; any exception fails the Map, States.ResultWriterFailed."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ArnParts:
    """Where an execution says it runs. `role` is the state machine's role; None makes one of its name."""

    partition: str = "aws"
    region: str = REGION
    account: str = ACCOUNT
    role: str | None = None

    def states(self, kind: str, name: str) -> str:
        """Return the ARN of something in Step Functions: an execution, a mapRun, a stateMachine …"""
        return f"arn:{self.partition}:states:{self.region}:{self.account}:{kind}:{name}"

    def role_of(self, machine: str) -> str:
        """Return the ARN of the role that a state machine runs under."""
        return self.role or f"arn:{self.partition}:iam::{self.account}:role/{machine}"


class Observer:
    """A progress display. Every method does nothing here; override those of interest, and return quickly."""

    def execution_started(self, name: str) -> None:
        """Hear that the execution began."""

    def execution_finished(self, status: str) -> None:
        """Hear how the execution ended: SUCCEEDED, FAILED, TIMED_OUT or ABORTED."""

    def state_entered(self, name: str) -> None:
        """Hear that a state was entered, in whatever child."""

    def task_started(self, resource: str) -> None:
        """Hear that an integration is called."""

    def task_finished(self, resource: str, error: str | None, will_retry: bool) -> None:
        """Hear that a call ended: None, or its error's name (or "Cancelled") and whether it is retried."""

    def map_started(self, total: int | None) -> None:
        """Hear that a distributed Map began, and how many items it has, where that is known."""

    def child_started(self) -> None:
        """Hear that a child execution began."""

    def child_finished(self, status: str) -> None:
        """Hear how a child execution ended: SUCCEEDED, FAILED or TIMED_OUT."""

    def map_finished(self, succeeded: int, failed: int) -> None:
        """Hear that a distributed Map ended, with its numbers of children."""


class EventHistory:
    """
    A record of an execution's events as Step Functions keeps it, and of its Map Runs. Does nothing here.

    The events of a Map's children are not in it. An execution without one does not make them: a run on one
    machine pays nothing.

    Map Runs and children are `map_runs.work.MapRun` and `map_runs.children.Child`, which an override may
    say. Here they are Any: naming them would close a circle of imports.
    """

    def add(self, kind: str, details: dict[str, Any]) -> None:
        """Hear an event of a kind, "TaskFailed". Payloads in its details are JSON values, not texts."""

    def map_run_started(self, map_run: Any) -> None:
        """Hear that a Map Run begins, or is redriven. Its counts can be read as long as it runs."""

    def child_changed(self, map_run: Any, child: Any) -> None:
        """Hear that a child execution began or ended: its status says which."""
