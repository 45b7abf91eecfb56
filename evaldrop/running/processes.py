"""
A process for a local run's functions, as they have on AWS, beside the one that keeps the calls in flight.

Two things then happen at once that one interpreter does in turn: the dataset is checked while the client is
made ready, and numpy, pyarrow and the report's templates are imported while calls wait for their answers.
"""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager, suppress
from multiprocessing.connection import wait
from multiprocessing.context import SpawnProcess
from typing import ParamSpec, TypeVar

from evaldrop.bedrock.other_process import begin_copy, may_fork
from evaldrop.run.part_sizes import (
    EACH_PART,
    LOCAL_PART_BYTES,
    LOCAL_PARTS_ABOVE_BYTES,
    PARTS_ABOVE,
)
from evaldrop.running.handlers import begin_alone

P = ParamSpec("P")
T = TypeVar("T")


@contextmanager
def function_process() -> Iterator[Executor | None]:
    """
    Give an executor of one process; None where forking one would not be safe.

    The process is forked at once, and begins to import what the first functions need.
    """
    if not may_fork():
        yield None
        return
    # By fork, which costs milliseconds: spawn would import everything anew.
    pool = ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("fork"), initializer=_begin)
    # A pool starts its process with the first task: this one is for that alone.
    worker = pool.submit(os.getpid)
    try:
        yield pool
    except BaseException:
        # What it is at is written anew when the run goes on: a scorecard must not be waited for.
        with suppress(ProcessLookupError, BrokenExecutor):
            os.kill(worker.result(), signal.SIGKILL)
        raise
    finally:
        pool.shutdown(cancel_futures=True)


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


def _begin() -> None:
    begin_copy()
    if processors() > 1:
        os.environ.setdefault(PARTS_ABOVE, str(LOCAL_PARTS_ABOVE_BYTES))
        os.environ.setdefault(EACH_PART, str(LOCAL_PART_BYTES))
    threading.Thread(target=_end_with_parent, daemon=True).start()
    begin_alone()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        # A killed parent shuts no pool down: without this its process would stay behind.
        wait([parent.sentinel])
        # Not sys.exit, which in a thread ends the thread alone.
        os._exit(1)
