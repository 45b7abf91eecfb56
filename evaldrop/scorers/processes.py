"""
Scorers on one machine, each in processes of its own.

A process is asked of one response after another. One that takes too long, or ends, costs the response it was
at; the next one gets a new process. Processes are started anew rather than forked, for who asks has threads.
"""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import IO, Any, Final

from evaldrop.json_text import loads
from evaldrop.scorers.scoring import CRASHED, Result, failure, timed_out

START_S: Final = 60
"""How long the import of a scorer may take, in seconds."""
_GRACE_S: Final = 1.0
"""A process holds the limit itself; this much later it is killed."""
_MAX_LINE_BYTES: Final = 64 << 20


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

    def __init__(self, process: asyncio.subprocess.Process, limit_s: float) -> None:
        self._process, self._limit_s = process, limit_s

    @classmethod
    async def start(
        cls, reference: str, folders: Sequence[str], limit_s: float, log: IO[bytes] | None
    ) -> "_Worker":
        process = await asyncio.create_subprocess_exec(
            *_command(reference, limit_s, folders),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL if log is None else log,
            limit=_MAX_LINE_BYTES,
        )
        worker = cls(process, limit_s)
        try:
            said = await worker.read(START_S)
        except TimeoutError:
            said = {"problem": f"its import takes more than {START_S} s"}
        except BaseException:
            await worker.end()
            raise
        if said is None or "problem" in said:
            await worker.end()
            raise _UnusableError(str((said or {}).get("problem") or "its import ended the process"))
        return worker

    async def read(self, within_s: float) -> Result | None:
        """
        Return the next line; None where the process has ended.

        Raises:
            TimeoutError: There is none yet.
        """
        assert self._process.stdout is not None
        line = await asyncio.wait_for(self._process.stdout.readline(), within_s)
        if not line.endswith(b"\n"):
            return None
        said: Result = loads(line)
        return said

    async def ask(self, response: Mapping[str, Any]) -> tuple[Result, bool]:
        """Return the result of a response, and whether the process can be asked again."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(response).encode() + b"\n")
            await self._process.stdin.drain()
            said = await self.read(self._limit_s + _GRACE_S)
        except TimeoutError:
            return timed_out(self._limit_s), False
        except ConnectionError:
            said = None
        if said is None:
            status = await self.end()
            return failure(CRASHED, f"its process ended (exit status {status})"), False
        return said, True

    async def end(self) -> int | None:
        """End the process, and return its exit status."""
        if self._process.returncode is None:
            try:
                # It may be about to end by itself, and its status says how.
                await asyncio.wait_for(self._process.wait(), 0.05)
            except TimeoutError:
                self._process.kill()
        await self._process.wait()
        # Else the transport of its pipes is there until the collector finds it, with a warning.
        self._process._transport.close()  # type: ignore[attr-defined] # noqa: SLF001 - there is no other way
        return self._process.returncode


class ScorerProcesses:
    """
    Asks scorers, in as many processes as there are processors.

    Args:
        folders: Where their modules are looked for first.
        log: What they print goes there; nowhere by default.
    """

    def __init__(self, folders: Sequence[str], log: IO[bytes] | None = None) -> None:
        self._folders, self._log = folders, log
        self._room = asyncio.Semaphore(os.cpu_count() or 1)
        self._idle: dict[tuple[str, float], list[_Worker]] = {}

    async def results(
        self, reference: str, responses: Sequence[Mapping[str, Any]], *, limit_s: float
    ) -> list[Result]:
        """Return a result for each response."""
        async with self._room:
            return await self._results(reference, responses, limit_s)

    async def _results(
        self, reference: str, responses: Sequence[Mapping[str, Any]], limit_s: float
    ) -> list[Result]:
        idle = self._idle.setdefault((reference, limit_s), [])
        worker = idle.pop() if idle else None
        results: list[Result] = []
        try:
            for response in responses:
                try:
                    worker = worker or await _Worker.start(reference, self._folders, limit_s, self._log)
                except _UnusableError as problem:
                    results.append(failure(CRASHED, str(problem)))
                    continue
                result, is_usable = await worker.ask(response)
                results.append(result)
                if not is_usable:
                    await worker.end()
                    worker = None
        except BaseException:
            if worker is not None:
                await worker.end()
            raise
        if worker is not None:
            idle.append(worker)
        return results

    async def close(self) -> None:
        """End all processes."""
        for worker in (each for idle in self._idle.values() for each in idle):
            await worker.end()
        self._idle.clear()
