"""When a schedule is due: `at()`, `rate()` and `cron()` expressions, in their time zone."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from aws_croniter import AwsCroniter
from aws_croniter.occurrence import Occurrence

_RATE = re.compile(r"rate\((\d+) (minute|hour|day)s?\)")
_AT = re.compile(r"at\((.+)\)")
_CRON = re.compile(r"cron\((.+)\)")


def next_due(expression: str, time_zone: str, *, after: datetime, since: datetime) -> datetime | None:
    """
    Return when a schedule is due next.

    A local time that a change of clocks skips counts as the hour before it, once; one that comes twice is due
    the first time.

    Args:
        expression: As EventBridge Scheduler takes it.
        time_zone: IANA name; for `at` and `cron`.
        after: The moment is later than this.
        since: When the schedule was made: what `rate` counts from.

    Returns:
        The moment in UTC, or None when there is none any more.

    Raises:
        ValueError: It is no such expression.
    """
    zone = ZoneInfo(time_zone)
    if found := _RATE.fullmatch(expression):
        step = timedelta(**{f"{found[2]}s": int(found[1])})
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
        if due > after:
            return due
    return None
