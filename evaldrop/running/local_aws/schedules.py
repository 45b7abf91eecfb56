"""
EventBridge Scheduler's clock: fires the schedules of the local AWS, the stack's own and later ones.

moto keeps schedules and never fires one.
"""

import json
import logging
import re
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from aws_croniter import AwsCroniter
from aws_croniter.occurrence import Occurrence

from evaldrop.running.local_aws.clients import Clients
from evaldrop.running.local_aws.functions import Functions, NoSuchFunctionError

TICK_S = 1.0

_log = logging.getLogger(__name__)


class Schedules:
    """
    Fires schedules that are due; functions are called asynchronously, and time is in UTC.

    A flexible window is not waited for: a schedule fires at the window's begin.
    """

    def __init__(
        self,
        clients: Clients,
        functions: Functions,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._clients = clients
        self._functions = functions
        self._now = now
        self._seen_until = now()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="schedules", daemon=True)

    def start(self) -> None:
        """Look every second from now on."""
        self._thread.start()

    def close(self) -> None:
        """Stop looking."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join()

    def tick(self) -> None:
        """Fire what became due since the last tick, each moment once."""
        # From the last look and not "now": a tick may come late, and a moment between two must not be lost.
        since, self._seen_until = self._seen_until, self._now()
        for schedule in self._enabled():
            for due in _moments(schedule, since, self._seen_until):
                self.fire(schedule, due)
            if schedule.get("ActionAfterCompletion") == "DELETE" and _is_over(schedule, self._seen_until):
                self._clients("scheduler").delete_schedule(
                    Name=schedule["Name"], GroupName=schedule["GroupName"]
                )

    def fire(self, schedule: Mapping[str, Any], due: datetime) -> None:
        """Do what a schedule is for, as at a moment."""
        target = schedule["Target"]
        arn, text = target["Arn"], _filled(target.get("Input") or "{}", schedule, due)
        if ":function:" in arn:
            try:
                self._functions.invoke_async(arn, json.loads(text))
            except NoSuchFunctionError:
                _log.warning(
                    "schedule %s: %s is no function of the stack, and is not called", schedule["Name"], arn
                )
        elif ":stateMachine:" in arn:
            self._clients("stepfunctions").start_execution(stateMachineArn=arn, input=text)
        else:
            _log.warning(
                "schedule %s: evaldrop local fires functions and state machines, not %s",
                schedule["Name"],
                arn,
            )

    def _run(self) -> None:
        while not self._stopped.wait(TICK_S):
            try:
                self.tick()
            except Exception:  # noqa: BLE001 - it is in the log: one schedule must not end the others
                _log.exception("a schedule was not fired")

    def _enabled(self) -> Iterator[dict[str, Any]]:
        client = self._clients("scheduler")
        for page in client.get_paginator("list_schedules").paginate(State="ENABLED"):
            for entry in page["Schedules"]:
                yield client.get_schedule(Name=entry["Name"], GroupName=entry["GroupName"])


def _moments(schedule: Mapping[str, Any], since: datetime, until: datetime) -> Iterator[datetime]:
    after = since
    while (due := _next(schedule, after)) is not None and due <= until:
        if _within(schedule, due):
            yield due
        after = due


def _next(schedule: Mapping[str, Any], after: datetime) -> datetime | None:
    return next_due(
        schedule["ScheduleExpression"],
        schedule.get("ScheduleExpressionTimezone") or "UTC",
        after=after,
        since=schedule["CreationDate"].astimezone(UTC),
    )


def _within(schedule: Mapping[str, Any], due: datetime) -> bool:
    start, end = schedule.get("StartDate"), schedule.get("EndDate")
    return not (start and due < start) and not (end and due > end)


def _is_over(schedule: Mapping[str, Any], now: datetime) -> bool:
    due = _next(schedule, now)
    end = schedule.get("EndDate")
    return due is None or bool(end and due > end)


def _filled(text: str, schedule: Mapping[str, Any], due: datetime) -> str:
    """Fill in the Scheduler's context attributes."""
    for name, value in (
        ("schedule-arn", schedule["Arn"]),
        ("scheduled-time", f"{due.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"),
        ("execution-id", str(uuid.uuid4())),
        ("attempt-number", "1"),
    ):
        text = text.replace(f"<aws.scheduler.{name}>", value)
    return text


_RATE = re.compile(r"rate\((\d+) (minute|hour|day)s?\)")
_AT = re.compile(r"at\((.+)\)")
_CRON = re.compile(r"cron\((.+)\)")


def next_due(expression: str, time_zone: str, *, after: datetime, since: datetime) -> datetime | None:
    """
    Return when a schedule is due next, in UTC; None when it is not any more.

    A local time that a change of clocks skips counts as the hour before it, once; one that comes twice is due
    the first time.

    Args:
        expression: As EventBridge Scheduler takes it.
        time_zone: IANA name; for `at` and `cron`.
        after: The moment is later than this.
        since: When the schedule was made: what `rate` counts from.

    Raises:
        ValueError: It is no such expression.
    """
    zone = ZoneInfo(time_zone)
    if found := _RATE.fullmatch(expression):
        step = timedelta(**{f"{found[2]}s": int(found[1])})
        # Counted from when it was made, as AWS does, and not from midnight.
        return since + step * ((after - since) // step + 1)
    if found := _AT.fullmatch(expression):
        due = datetime.fromisoformat(found[1]).replace(tzinfo=zone).astimezone(UTC)
        return due if due > after else None
    if found := _CRON.fullmatch(expression):
        return _next_of_cron(found[1], zone, after)
    raise ValueError(f"{expression}: neither at(), rate() nor cron()")


def _next_of_cron(fields: str, zone: ZoneInfo, after: datetime) -> datetime | None:
    # The library reckons in UTC alone: it is given the clock on the wall as if that were UTC.
    wall: datetime | None = after.astimezone(zone).replace(tzinfo=UTC)
    cron = AwsCroniter(fields)
    while (wall := Occurrence(cron, wall).next()) is not None:
        due: datetime = wall.replace(tzinfo=zone).astimezone(UTC)
        # Where clocks go back a wall time comes twice, and its first moment may be over already.
        if due > after:
            return due
    return None
