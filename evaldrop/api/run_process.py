"""
A process for a run of the local API: forked from one that has imported all of it, as the server cannot be.

The server has threads, and a copy of it could wait for a lock that one of them holds. What a run imports
takes a second and more of processor time, which it would otherwise pay each time.
"""

import multiprocessing
import signal
import sys
import threading
from contextlib import suppress
from multiprocessing import forkserver
from multiprocessing.connection import wait
from typing import Any, Final

from evaldrop.api.used import UNKNOWN
from evaldrop.api.worker import Job, RunOutcome, work

_IS_FORKED: Final = sys.platform == "linux"
_bookkeeping = threading.Lock()
"""multiprocessing keeps its children in a set, and asks all of them at once how they are."""


def prepare() -> None:
    """Begin the process that runs are forked from: it imports meanwhile. Where it has begun, do nothing."""
    if _IS_FORKED:
        multiprocessing.set_forkserver_preload(["evaldrop.api.warm"])
        forkserver.ensure_running()


class RunProcess:
    """A process that executes a job. It begins at once."""

    def __init__(self, job: Job) -> None:
        # Elsewhere than on Linux a system's own libraries do not stand a fork.
        kind = "forkserver" if _IS_FORKED else "spawn"
        context: Any = multiprocessing.get_context(kind)
        self._stopping = threading.Lock()
        wanted, self._wanted = context.Pipe(duplex=False)
        self._ended, ended = context.Pipe(duplex=False)
        self._process = context.Process(target=work, args=(job, wanted, ended))
        try:
            with _bookkeeping:
                self._process.start()
        finally:
            # While this process held them, neither side would notice that the other is gone.
            wanted.close()
            ended.close()

    def stop(self) -> None:
        """Have it stop as by Ctrl-C; again, it does nothing."""
        # By two threads at once its number would be closed twice, which may be another's by then.
        with self._stopping:
            self._wanted.close()

    def kill(self) -> None:
        """End it at once."""
        # It may have ended meanwhile, and been put away.
        with _bookkeeping, suppress(ValueError):
            self._process.kill()

    def outcome(self) -> RunOutcome:
        """Wait until it has ended, and return how."""
        said: RunOutcome | None = None
        with suppress(EOFError):
            said = self._ended.recv()
        wait([self._process.sentinel])
        with _bookkeeping:
            self._process.join()
            code = self._process.exitcode
            self._process.close()
        self.stop()
        self._ended.close()
        if said is not None:
            return said
        how = f"by {signal.Signals(-code).name}" if code and code < 0 else f"with exit code {code}"
        return RunOutcome("FAILED", f"Its process ended {how}.", UNKNOWN)
