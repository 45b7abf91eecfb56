"""
Scorers on one machine, each in processes of its own.

A process is asked of one response after another. One that takes too long, or ends, costs the response it was
at; the next one gets a new process. Processes are started anew rather than forked, for who asks has threads;
each is asked from a thread, whatever the event loop.
"""

import asyncio
import json
import os
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import IO, Any, Final

from evaldrop.json_text import loads
from evaldrop.scorers.scoring import CRASHED, Result, failure, timed_out

START_S: Final = 60
"""How long the import of a scorer may take, in seconds."""
_GRACE_S: Final = 1.0
"""A process holds the limit itself; this much later it is killed."""


def import_problem(reference: str, folders: Sequence[str]) -> str | None:
    """Return why a scorer cannot be imported, None where it can: in a process of its own."""
    try:
        ran = subprocess.run(  # noqa: S603 - no shell, and this interpreter
            _command(reference, 1, folders),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=START_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"its import takes more than {START_S} s"
    try:
        said = loads(ran.stdout)
    except ValueError:
        return f"its import ended the process (exit status {ran.returncode})"
    problem: str | None = said.get("problem")
    return problem


def _command(reference: str, limit_s: float, folders: Sequence[str]) -> list[str]:
    return [sys.executable, "-m", "evaldrop.scorers.worker", reference, str(limit_s), *folders]


class _UnusableError(Exception):
    """A scorer's process did not begin."""


class _Worker:
    """One process of one scorer."""

    def __init__(self, reference: str, folders: Sequence[str], limit_s: float, log: IO[bytes] | None) -> None:
        self._limit_s = limit_s
        self._process = subprocess.Popen(  # noqa: S603 - no shell, and this interpreter
            _command(reference, limit_s, folders),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL if log is None else log,
        )

    def begin(self) -> None:
        """
        Wait until the scorer is imported.

        Raises:
            _UnusableError: It cannot be.
        """
        said, is_late = self._exchange(None, START_S)
        if said is None or "problem" in said:
            self.end()
            late = f"its import takes more than {START_S} s" if is_late else "its import ended the process"
            raise _UnusableError(late if said is None else str(said["problem"]))

    def ask(self, response: Mapping[str, Any]) -> tuple[Result, bool]:
        """Return the result of a response, and whether the process can be asked again."""
        asked = json.dumps(response).encode() + b"\n"
        said, is_late = self._exchange(asked, self._limit_s + _GRACE_S)
        if said is not None:
            return said, True
        status = self.end()
        if is_late:
            return timed_out(self._limit_s), False
        return failure(CRASHED, f"its process ended (exit status {status})"), False

    def _exchange(self, line: bytes | None, within_s: float) -> tuple[Result | None, bool]:
        """Write a line and return the next one, None where none came, and whether time was up."""
        out, back = self._process.stdin, self._process.stdout
        assert out is not None
        assert back is not None
        up = threading.Event()
        # A killed process closes its pipes: whichever end is waited for goes on.
        timer = threading.Timer(within_s, self._stop, [up])
        timer.start()
        try:
            if line is not None:
                out.write(line)
                out.flush()
            said = back.readline()
            return (loads(said) if said.endswith(b"\n") else None), up.is_set()
        except (OSError, ValueError):  # it ended as it was written to, or wrote past its own protocol
            return None, up.is_set()
        finally:
            timer.cancel()

    def _stop(self, up: threading.Event) -> None:
        up.set()
        self.kill()

    def kill(self) -> None:
        """Let the process end now; whoever waits for it goes on."""
        self._process.kill()

    def end(self) -> int:
        """End the process, and return its exit status."""
        try:
            # It may be about to end by itself, and its status says how.
            self._process.wait(0.05)
        except subprocess.TimeoutExpired:
            self._process.kill()
        status = self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()
        return status


class ScorerProcesses:
    """
    Asks scorers, in as many processes as there are processors.

    Args:
        folders: Where their modules are looked for first.
        log: What they print goes there; nowhere by default.
    """

    def __init__(self, folders: Sequence[str], log: IO[bytes] | None = None) -> None:
        self._folders, self._log = folders, log
        self._threads = ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix="scorer")
        self._idle: dict[tuple[str, float], list[_Worker]] = {}
        self._live: set[_Worker] = set()
        self._is_closed = False

    async def results(
        self, reference: str, responses: Sequence[Mapping[str, Any]], *, limit_s: float
    ) -> list[Result]:
        """Return a result for each response."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self._results, reference, responses, limit_s)

    def _results(
        self, reference: str, responses: Sequence[Mapping[str, Any]], limit_s: float
    ) -> list[Result]:
        idle = self._idle.setdefault((reference, limit_s), [])
        worker: _Worker | None = None
        # Not `if idle`: between the question and pop another thread may take the last.
        with suppress(IndexError):
            worker = idle.pop()
        results: list[Result] = []
        for response in responses:
            if self._is_closed:
                break
            try:
                worker = worker or self._begun(reference, limit_s)
            except _UnusableError as problem:
                results.append(failure(CRASHED, str(problem)))
                continue
            result, is_usable = worker.ask(response)
            results.append(result)
            if not is_usable:
                self._live.discard(worker)
                worker = None
        if worker is not None:
            idle.append(worker)
        return results

    def _begun(self, reference: str, limit_s: float) -> _Worker:
        worker = _Worker(reference, self._folders, limit_s, self._log)
        self._live.add(worker)
        try:
            worker.begin()
        except _UnusableError:
            self._live.discard(worker)
            raise
        return worker

    async def close(self) -> None:
        """End all processes, whatever they are at."""
        self._is_closed = True
        for worker in [*self._live]:
            worker.kill()
        await asyncio.to_thread(self._threads.shutdown, cancel_futures=True)
        for worker in (each for idle in self._idle.values() for each in idle):
            worker.end()
        self._idle.clear()
