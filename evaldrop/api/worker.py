"""
A run of the local API, in a process of its own.

How it ended goes out by one connection. The other is the server's: when it ends, the run stops as by Ctrl-C,
with its replies kept, and the next server goes on with it.
"""

import os
import signal
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple

import orjson

from evaldrop.bedrock.metered import Meter
from evaldrop.engine import Observer
from evaldrop.errors import EvaldropError
from evaldrop.run.request import RunRequest
from evaldrop.running.here import LocalRun, execute_here
from evaldrop.running.stopping import as_ctrl_c

Ended = Mapping[str, str | None]
"""How a process ended: `status` as an execution's, or STOPPED; and why."""

STOPPED: Ended = {"status": "STOPPED"}


class Job(NamedTuple):
    """
    What a run's process is told.

    Attributes:
        content: JSON: the run's request, and its folder.
        log: Path of the file that gets what the process says.
    """

    content: bytes
    log: str
    environment: Mapping[str, str]


def work(job: Job, wanted: Connection, ended: Connection) -> None:
    """Execute a job while `wanted` is open, and send how it ended."""
    # Ctrl-C in the terminal is the server's, which stops its runs in its own way.
    os.setsid()
    os.environ.clear()
    os.environ.update(job.environment)
    with Path(job.log).open("ab", buffering=0) as log:
        for stream in (sys.stdout, sys.stderr):
            os.dup2(log.fileno(), stream.fileno())
    given = orjson.loads(job.content)
    run = LocalRun(RunRequest.model_validate(given["request"]), given["folder"])
    ended.send_bytes(orjson.dumps(_executed(run, wanted)))


def _executed(run: LocalRun, wanted: Connection) -> Ended:
    @contextmanager
    def watch(_: Meter) -> Iterator[Observer]:
        # Not before: what is forked until now must be the copy of a process of one thread.
        threading.Thread(target=_stop_with, args=(wanted,), daemon=True).start()
        yield Observer()

    # Readable without a word in it: it was stopped as it was begun.
    if wanted.poll():
        return STOPPED
    try:
        with as_ctrl_c():
            execution = execute_here(run, watch, _say)
    except KeyboardInterrupt:
        return STOPPED
    except EvaldropError as error:
        return {"status": "FAILED", "cause": str(error)}
    if execution is None:
        return STOPPED
    return {"status": execution.status, "cause": execution.cause or execution.error}


def _say(sentence: str) -> None:
    sys.stderr.write(f"{sentence}\n")


def _stop_with(wanted: Connection) -> None:
    wanted.poll(None)
    os.kill(os.getpid(), signal.SIGINT)
