"""
A process for a local run's functions, as they have on AWS, beside the one that keeps the calls in flight.

Two things then happen at once that one interpreter does in turn: the dataset is checked while the client is
made ready, and numpy, pyarrow and the report's templates are imported while calls wait for their answers.
"""

import multiprocessing
import os
import threading
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from multiprocessing.util import Finalize
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from evaldrop.bedrock.forking import begin_copy, may_fork
from evaldrop.run.part_sizes import (
    EACH_PART,
    LOCAL_PART_BYTES,
    LOCAL_PARTS_ABOVE_BYTES,
    PARTS_ABOVE,
)
from evaldrop.running.handlers import begin_alone

# The functions' process begins before anything else: it does not wait for what it does not need.
if TYPE_CHECKING:
    from concurrent.futures import ProcessPoolExecutor

    from evaldrop.bedrock.other_process import OtherProcess

_GONE = "The process of the run's functions has ended."

P = ParamSpec("P")
T = TypeVar("T")


class FunctionProcess(Executor):
    """
    A process for a run's functions, one call after another: a copy of this one, begun at once.

    What the first functions need is imported there meanwhile. It makes no thread here before the first call,
    so that this process can be copied once more until then. Not a pool: its threads begin with its process.
    """

    def __init__(self) -> None:
        context = multiprocessing.get_context("fork")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs,), daemon=True)
        self._process.start()
        theirs.close()
        # For one that nobody ends: at its end Python asks a process politely, which this one does not hear,
        # and waits.
        Finalize(None, self._process.kill, exitpriority=0)
        self._turns = ThreadPoolExecutor(1)

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> "Future[T]":
        """Have the process call something."""
        return self._turns.submit(self._called, fn, args, kwargs)

    def ask(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Callable[[], T]:
        """Have the process call something before any other; return what waits for it, without a thread."""
        self._connection.send((function, args, kwargs))
        return self._answered

    def kill(self) -> None:
        """End the process at once: what it is at is done anew when the run goes on."""
        self._process.kill()

    def end(self) -> None:
        """End the process when it has done what it is at."""
        self._turns.shutdown(cancel_futures=True)
        # Said, and not by closing: copies of this process have the connection, too.
        with suppress(OSError):
            self._connection.send(None)
        self._connection.close()
        self._process.join()

    def _called(self, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        try:
            self._connection.send((function, args, kwargs))
        except OSError as error:
            raise BrokenExecutor(_GONE) from error
        return self._answered()

    def _answered(self) -> Any:
        try:
            is_fine, answer = self._connection.recv()
        except (EOFError, OSError) as error:
            raise BrokenExecutor(_GONE) from error
        if not is_fine:
            raise answer
        return answer


_early: FunctionProcess | None = None


def begin_function_process() -> None:
    """
    Begin the process that `function_process` gives, before there is a run.

    A command that is to execute one gains what it imports itself meanwhile; one that does not ends it.
    """
    global _early
    # What every process of a run needs is imported once, before there are several.
    import evaldrop.evaluation.delivery
    import evaldrop.run.request  # noqa: F401 - imported for the import's sake

    # Where no process can be had, whoever needs one is told so then; ended here, the command would end with
    # Python's own exit code, which is that of a failed gate.
    with suppress(OSError):
        if may_fork():
            _early = FunctionProcess()


def asked_early(function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Callable[[], T]:
    """
    Have the process that was begun early call something; return what waits for its answer.

    What it has imported need not be imported here, too. Without such a process it is called here.
    """
    return partial(function, *args, **kwargs) if _early is None else _early.ask(function, *args, **kwargs)


_early_calls: "OtherProcess | None" = None


def begin_calls_process() -> None:
    """Begin the process that `calls_process` gives, before there is a run, for one that calls AWS."""
    global _early_calls
    from evaldrop.bedrock.opening import import_for_aws
    from evaldrop.bedrock.other_process import OtherProcess

    with suppress(OSError):
        if may_fork():
            _early_calls = OtherProcess(import_for_aws)


def calls_process() -> "OtherProcess | None":
    """Return the process that was begun early, once."""
    global _early_calls
    process, _early_calls = _early_calls, None
    return process


@contextmanager
def function_process() -> Iterator[Executor | None]:
    """
    Give an executor of one process; None where forking one would not be safe.

    The process is forked at once, if it was not before, and begins to import what the first functions need.
    """
    global _early
    process, _early = _early, None
    if process is None:
        if not may_fork():
            yield None
            return
        process = FunctionProcess()
    try:
        yield process
    except BaseException:
        # A scorecard must not be waited for.
        process.kill()
        raise
    finally:
        process.end()


class PartProcesses(Executor):
    """
    Processes for the parts of a large dataset, as many as there are processors; none before the first part.

    Begun anew and not forked: the process of the run has threads by then.
    """

    def __init__(self) -> None:
        self._pool: ProcessPoolExecutor | None = None

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> "Future[T]":
        """Have a process do something."""
        if self._pool is None:
            from concurrent.futures import ProcessPoolExecutor

            context = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(processors(), mp_context=context, initializer=_begin_part)
        return self._pool.submit(fn, *args, **kwargs)

    def end(self) -> None:
        """End the processes at once: what one may be at is done anew when the run goes on."""
        if self._pool is not None:
            for process in multiprocessing.active_children():
                if isinstance(process, SpawnProcess):
                    process.kill()
            self._pool.shutdown(cancel_futures=True)


def processors() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _begin_part() -> None:
    begin_copy()
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _serve(calls: Connection) -> None:
    begin_copy()
    if processors() > 1:
        os.environ.setdefault(PARTS_ABOVE, str(LOCAL_PARTS_ABOVE_BYTES))
        os.environ.setdefault(EACH_PART, str(LOCAL_PART_BYTES))
    threading.Thread(target=_end_with_parent, daemon=True).start()
    begin_alone()
    with suppress(EOFError):  # the run has ended
        while (call := calls.recv()) is not None:
            calls.send(_outcome(*call))


def _outcome(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[bool, Any]:
    """Return whether a function returned something, and what it returned or raised."""
    try:
        return True, function(*args, **kwargs)
    except Exception as error:  # noqa: BLE001 - whoever called it is to have it
        # Where it was is not sent with it otherwise.
        error.add_note(traceback.format_exc())
        return False, error


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        # A killed parent shuts no pool down: without this its process would stay behind.
        wait([parent.sentinel])
        # Not sys.exit, which in a thread ends the thread alone.
        os._exit(1)
