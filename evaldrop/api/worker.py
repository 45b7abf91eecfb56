"""
A run of the local API, in a process of its own: `python -m evaldrop.api.worker`.

Its request comes as the first line of the input, and how it ended goes out as one line. The input's end is
the server's: the run then stops as by Ctrl-C, with its replies kept, and the next server goes on with it.
"""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

import orjson

from evaldrop.bedrock.metered import Meter
from evaldrop.engine import Observer
from evaldrop.errors import EvaldropError
from evaldrop.run.request import RunRequest
from evaldrop.running.here import LocalRun, execute_here
from evaldrop.running.stopping import as_ctrl_c


def main(source: IO[bytes], target: IO[bytes]) -> None:
    """Execute the run of the request that `source` begins with, and write how it ended."""
    given = orjson.loads(source.readline())
    run = LocalRun(RunRequest.model_validate(given["request"]), given["folder"])
    target.write(orjson.dumps(_executed(run, source)) + b"\n")
    target.flush()


def _executed(run: LocalRun, source: IO[bytes]) -> dict[str, str | None]:
    @contextmanager
    def watch(_: Meter) -> Iterator[Observer]:
        # Not before: what is forked until now must be the copy of a process of one thread.
        threading.Thread(target=_stop_with, args=(source,), daemon=True).start()
        yield Observer()

    try:
        with as_ctrl_c():
            execution = execute_here(run, watch, _say)
    except KeyboardInterrupt:
        return {"status": "STOPPED"}
    except EvaldropError as error:
        return {"status": "FAILED", "cause": str(error)}
    if execution is None:
        return {"status": "STOPPED"}
    return {"status": execution.status, "cause": execution.cause or execution.error}


def _say(sentence: str) -> None:
    sys.stderr.write(f"{sentence}\n")


def _stop_with(source: IO[bytes]) -> None:
    source.read()
    os.kill(os.getpid(), signal.SIGINT)


if __name__ == "__main__":
    main(sys.stdin.buffer, sys.stdout.buffer)
