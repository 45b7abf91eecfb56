"""An event loop whose time jumps to the next timer when nothing else is to be done."""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any

EPOCH = 1_767_225_600.0  # 2026-01-01T00:00:00Z


class _JumpingSelector(selectors.DefaultSelector):
    def __init__(self):
        super().__init__()
        self.now = 0.0

    def select(self, timeout=None):
        if timeout:
            self.now += timeout
            timeout = 0
        return super().select(timeout)


class VirtualLoop(asyncio.SelectorEventLoop):
    def __init__(self):
        self.selector = _JumpingSelector()
        super().__init__(self.selector)

    def time(self):
        return self.selector.now


class VirtualClock:
    """The engine's clock over a virtual loop; keeps every wait."""

    def __init__(self):
        self.waits: list[float] = []

    def now(self):
        return EPOCH + asyncio.get_running_loop().time()

    async def sleep(self, seconds):
        self.waits.append(round(seconds, 6))
        await asyncio.sleep(seconds)


def run_virtual(coroutine: Coroutine[Any, Any, Any]) -> Any:
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(coroutine)
