"""
Time that a call or child may take, and waits that do not count: who holds a call back has not begun it.

Step Functions knows no such wait. On one machine a call that waits for its turn would run into limits that
are meant for the service that answers it.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from types import TracebackType

_around: ContextVar[tuple["Allowance", ...]] = ContextVar("allowances", default=())
"""What limits the code that runs, from the outside in. Tasks that it starts are within the same."""


class Allowance:
    """
    A limit on the time that a block takes, waits that do not count left out.

    Attributes:
        uncounted_s: How long the block has waited so.

    Raises:
        TimeoutError: The block took longer.
    """

    def __init__(self, seconds: float | None) -> None:
        self._limit = asyncio.timeout(seconds)
        self._waits = 0
        self._since = 0.0
        self._left_s: float | None = None
        self.uncounted_s = 0.0

    async def __aenter__(self) -> "Allowance":
        """Begin to count."""
        await self._limit.__aenter__()
        self._token = _around.set((*_around.get(), self))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End; a block that was cut short by this limit ends with TimeoutError."""
        _around.reset(self._token)
        await self._limit.__aexit__(kind, fault, trace)

    def hold(self) -> None:
        """Stop counting; parts of the block that run side by side may each hold it."""
        self._waits += 1
        when = self._limit.when()
        # One that is over is on its way to be cancelled, which nothing takes back.
        if self._waits > 1 or self._limit.expired():
            return
        self._since = asyncio.get_running_loop().time()
        self._left_s = None if when is None else when - self._since
        self._limit.reschedule(None)

    def go_on(self) -> None:
        """Count again, once nobody holds it any more."""
        self._waits -= 1
        if self._waits or self._limit.expired():
            return
        now = asyncio.get_running_loop().time()
        self.uncounted_s += now - self._since
        if self._left_s is not None:
            self._limit.reschedule(now + self._left_s)


@contextmanager
def uncounted() -> Iterator[None]:
    """Have a block's time count against no limit around it."""
    around = _around.get()
    for each in around:
        each.hold()
    try:
        yield
    finally:
        for each in around:
            each.go_on()
