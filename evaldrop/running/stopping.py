"""
How a run is stopped: by Ctrl-C, a plain kill, a terminal that is closed, or a request in its folder.

The first lets the calls under way end, for they are paid for; the second does not wait for them.
"""

import asyncio
import signal
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final

from evaldrop.bedrock.draining import DrainingRuntime
from evaldrop.run.lock import is_written_to
from evaldrop.run.stop_request import ask_to_stop, forget_request

if TYPE_CHECKING:
    from evaldrop.engine import Execution

DRAIN_S: Final = 60.0
"""How long calls under way are waited for, in seconds."""

LOOK_EVERY_S: Final = 0.5
"""How often a run looks whether it is asked to stop, in seconds."""

ENDS_WITHIN_S: Final = DRAIN_S + 30.0
"""How long a process may take to stop: its calls, and a busy machine."""

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
    asked: Callable[[], bool],
    drain_s: float = DRAIN_S,
) -> "Execution | None":
    """
    Execute a workflow to its end, or until it is to stop.

    Args:
        workflow: Begins it. It is cancelled when it is to stop, once its calls have ended.
        runtime: What its calls go through.
        say: Gets what is waited for, in words.
        asked: Tells whether somebody asked it to stop.
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

    async def stop_when_asked() -> None:
        while not asked():  # noqa: ASYNC110 - a file of another process sets no event
            await asyncio.sleep(LOOK_EVERY_S)
        # Ctrl-C and a request are one wish: together they are not "at once".
        if not runtime.is_draining:
            stop()

    beside = [asyncio.ensure_future(each()) for each in (cancel_when_drained, stop_when_asked)]
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
            for each in beside:
                each.cancel()


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


def stop_here(folder: str, *, within_s: float = ENDS_WITHIN_S) -> bool:
    """
    Ask the process that writes to a run's folder to stop, and wait; return whether nobody writes there now.

    Raises:
        InputError: The folder cannot be written.
    """
    ask_to_stop(folder)
    patience = time.monotonic() + within_s
    try:
        while is_written_to(folder):
            if time.monotonic() > patience:
                return False
            time.sleep(0.1)
        return True
    finally:
        # It may have ended by itself a moment before it was asked. What still works is to find the request.
        if not is_written_to(folder):
            forget_request(folder)
