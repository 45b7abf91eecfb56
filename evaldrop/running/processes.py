"""
A process for a local run's functions, as they have on AWS, beside the one that keeps the calls in flight.

Two things then happen at once that one interpreter does in turn: the dataset is checked while the client is
made ready, and numpy, pyarrow and the report's templates are imported while calls wait for their answers.
"""

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import BrokenExecutor, Executor, ProcessPoolExecutor
from contextlib import contextmanager, suppress
from multiprocessing.connection import wait

from evaldrop.bedrock.other_process import begin_copy, may_fork
from evaldrop.running.handlers import import_first_handlers


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


def _begin() -> None:
    begin_copy()
    threading.Thread(target=_end_with_parent, daemon=True).start()
    import_first_handlers()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        # A killed parent shuts no pool down: without this its process would stay behind.
        wait([parent.sentinel])
        # Not sys.exit, which in a thread ends the thread alone.
        os._exit(1)
