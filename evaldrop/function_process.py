"""
A process for a local run's functions, as they have on AWS, beside the one that keeps the calls in flight.

Two things then happen at once that one interpreter does in turn: the dataset is checked while the client is
made ready, and numpy, pyarrow and the report's templates are imported while calls wait for their answers.
"""

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing.connection import wait
from pathlib import Path

from evaldrop.handlers import import_first_handlers


@contextmanager
def function_process() -> Iterator[Executor | None]:
    """
    Give an executor of one process; None where forking one would not be safe.

    The process is forked at once, and begins to import what the first functions need.
    """
    if not _may_fork():
        yield None
        return
    pool = ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("fork"), initializer=_begin)
    pool.submit(os.getpid)
    try:
        yield pool
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _may_fork() -> bool:
    """Tell whether this is Linux and no other thread could hold a lock that its copy would wait for."""
    return sys.platform == "linux" and len(list(Path("/proc/self/task").iterdir())) == 1


def _begin() -> None:
    # Ctrl-C reaches every process of a terminal; the parent decides what to do about it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    import_first_handlers()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
