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
from typing import Final, NamedTuple

import orjson

from evaldrop.api.used import NOTHING, Used
from evaldrop.bedrock.metered import Meter
from evaldrop.engine import Observer
from evaldrop.errors import EvaldropError
from evaldrop.run.request import RunRequest
from evaldrop.running.here import LocalRun, execute_here
from evaldrop.running.stopping import as_ctrl_c

STOPPED: Final = "STOPPED"


class RunOutcome(NamedTuple):
    """How a process ended: `status` as an execution's, or STOPPED; why; and what its calls have used."""

    status: str
    cause: str | None
    used: Used


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
    ended.send(_executed(run, wanted))


def _executed(run: LocalRun, wanted: Connection) -> RunOutcome:
    meters: list[Meter] = []

    def with_used(status: str, cause: str | None = None) -> RunOutcome:
        return RunOutcome(status, cause, _used_by(meters[0]) if meters else NOTHING)

    @contextmanager
    def watch(meter: Meter) -> Iterator[Observer]:
        meters.append(meter)
        # Not before: what is forked until now must be the copy of a process of one thread.
        threading.Thread(target=_stop_with, args=(wanted,), daemon=True).start()
        yield Observer()

    # Readable without a word in it: it was stopped as it was begun.
    if wanted.poll():
        return with_used(STOPPED)
    try:
        with as_ctrl_c():
            execution = execute_here(run, watch, _say)
    except KeyboardInterrupt:
        return with_used(STOPPED)
    except EvaldropError as error:
        return with_used("FAILED", str(error))
    if execution is None:
        return with_used(STOPPED)
    return with_used(execution.status, execution.cause or execution.error)


def _say(sentence: str) -> None:
    sys.stderr.write(f"{sentence}\n")


def _stop_with(wanted: Connection) -> None:
    wanted.poll(None)
    os.kill(os.getpid(), signal.SIGINT)


def _used_by(meter: Meter) -> Used:
    """Return what a meter has counted."""
    cost = None if meter.unpriced else meter.cost_usd
    return Used(meter.input_tokens, meter.output_tokens, cost)
