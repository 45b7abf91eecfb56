"""
How a run is stopped: by Ctrl-C, a plain kill or a terminal that is closed.

The first lets the calls under way end, for they are paid for; the second does not wait for them.
"""

import asyncio
import signal
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final

from evaldrop.bedrock.draining import DrainingRuntime

if TYPE_CHECKING:
    from evaldrop.engine import Execution

DRAIN_S: Final = 60.0
"""How long calls under way are waited for, in seconds."""

_SIGNALS: Final = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


@contextmanager
def as_ctrl_c() -> Iterator[None]:
    """Let a plain kill and the end of a terminal raise KeyboardInterrupt, as Ctrl-C does, in the block."""
    before = {}
    # In another thread no handler may be set, and no signal arrives.
    with suppress(ValueError):
        for number in _heeded():
            before[number] = signal.signal(number, signal.default_int_handler)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _heeded() -> list[signal.Signals]:
    # nohup and a shell's background jobs ignore some on purpose.
    return [each for each in _SIGNALS if signal.getsignal(each) is not signal.SIG_IGN]


async def until_stopped(
    workflow: Callable[[], Coroutine[Any, Any, "Execution"]],
    runtime: DrainingRuntime,
    say: Callable[[str], None],
    *,
    drain_s: float = DRAIN_S,
) -> "Execution | None":
    """
    Execute a workflow to its end, or until it is to stop.

    Args:
        workflow: Begins it. It is cancelled when it is to stop, once its calls have ended.
        runtime: What its calls go through.
        say: Gets what is waited for, in words.
        drain_s: How long they are waited for, in seconds.

    Returns:
        Its execution; None when it was stopped.

    Raises:
        EvaldropError: It was stopped for a fault of the runtime.
    """
    execution = asyncio.ensure_future(workflow())

    def stop() -> None:
        if runtime.is_draining:
            execution.cancel()
            return
        if runtime.in_flight:
            say(
                f"stopping: {_calls(runtime.in_flight)} under way may end, within {drain_s:.0f} s, and will "
                "be kept. Once more (Ctrl-C) stops at once."
            )
        runtime.drain()

    async def cancel_when_drained() -> None:
        await runtime.drained(drain_s)
        execution.cancel()

    drained = asyncio.ensure_future(cancel_when_drained())
    with _handled_by(stop):
        try:
            return await execution
        except asyncio.CancelledError:
            if runtime.fault is not None:
                raise runtime.fault from None
            if runtime.is_draining:
                return None
            raise
        finally:
            drained.cancel()


@contextmanager
def _handled_by(stop: Callable[[], None]) -> Iterator[None]:
    loop = asyncio.get_running_loop()
    before: dict[signal.Signals, Any] = {}
    # Windows' loops handle no signals, and in another thread none arrives.
    with suppress(NotImplementedError, ValueError, RuntimeError):
        for number in _heeded():
            before[number] = signal.getsignal(number)
            loop.add_signal_handler(number, stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            loop.remove_signal_handler(number)
            signal.signal(number, handler)


def _calls(number: int) -> str:
    return "1 call" if number == 1 else f"{number:,} calls"
