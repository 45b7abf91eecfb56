"""
The time of day, which only goes forward.

A clock that is set while a run goes on, by hand or by the network, would make a call end before it began, or
last for hours: what the workflow takes for a latency is the difference of two times of day.
"""

import time

# Counts on while the machine sleeps, where there is such a clock (Linux).
_STEADY = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC) if hasattr(time, "clock_gettime_ns") else None


def _steady_ns() -> int:
    return time.monotonic_ns() if _STEADY is None else time.clock_gettime_ns(_STEADY)


_OFFSET_NS = time.time_ns() - _steady_ns()


def now_ns() -> int:
    """Return the nanoseconds since 1970, UTC, by the clock as it was when this process began."""
    return _OFFSET_NS + _steady_ns()
