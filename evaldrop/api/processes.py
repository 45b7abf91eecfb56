"""Runs of the local API in processes of their own: a few at once, in the order in which they were put."""

import os
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import orjson

from evaldrop.api.run_process import RunProcess, prepare
from evaldrop.api.used import UNKNOWN
from evaldrop.api.worker import Job, RunOutcome
from evaldrop.errors import EvaldropError
from evaldrop.json_text import loads


class RunProcesses:
    """
    Executes jobs by `evaldrop.api.worker`.

    Args:
        at_once: How many at a time; others wait.
        environment: What is added to this process's own.
        begins: Asked before a job begins, with its run's ID: whether it is still wanted.
        ends: Told how a job ended.
    """

    def __init__(
        self,
        *,
        at_once: int,
        environment: Mapping[str, str],
        begins: Callable[[str], bool],
        ends: Callable[[str, RunOutcome], None],
    ) -> None:
        self._environment, self._begins, self._ends = {**os.environ, **environment}, begins, ends
        self._threads = ThreadPoolExecutor(at_once, thread_name_prefix="run")
        self._lock = threading.Lock()
        self._known: set[str] = set()
        self._unwanted: set[str] = set()
        self._under_way: dict[str, RunProcess] = {}
        self._is_closing = False
        prepare()

    def put(self, run_id: str, job: Path) -> None:
        """Have a job executed; one that is known already is not begun twice."""
        with self._lock:
            if self._is_closing or run_id in self._known:
                return
            self._known.add(run_id)
        self._threads.submit(self._execute, run_id, job)

    def stop(self, run_id: str) -> bool:
        """Stop a job; return whether it is under way: it then ends in a while, and is told as STOPPED."""
        with self._lock:
            process = self._under_way.get(run_id)
            if process is None:
                # One that waits does not begin when its turn comes.
                if run_id in self._known:
                    self._unwanted.add(run_id)
                return False
            process.stop()
            return True

    def close(self) -> None:
        """Stop all that is under way, and wait until its calls have ended; nothing that waits begins."""
        with self._lock:
            self._is_closing = True
            under_way = list(self._under_way.values())
        for process in under_way:
            process.stop()
        try:
            self._threads.shutdown(cancel_futures=True)
        except BaseException:
            # Ctrl-C once more: what is under way is not waited for.
            for process in under_way:
                process.kill()
            raise

    @property
    def is_closing(self) -> bool:
        """Whether what stops is to go on later."""
        return self._is_closing

    def _execute(self, run_id: str, job: Path) -> None:
        try:
            process = self._begun(run_id, job) if self._begins(run_id) else None
            if process is not None:
                self._ends(run_id, process.outcome())
        except (OSError, EvaldropError) as error:
            # No process could be had, or the store not be asked: nobody waits for this thread's own error.
            self._ends(run_id, RunOutcome("FAILED", str(error), UNKNOWN))
        finally:
            with self._lock:
                self._under_way.pop(run_id, None)
                self._known.discard(run_id)
                self._unwanted.discard(run_id)

    def _begun(self, run_id: str, job: Path) -> RunProcess | None:
        content = orjson.dumps(loads(job.read_bytes()))
        log = str(job.with_name("log.txt"))
        with self._lock:
            if self._is_closing or run_id in self._unwanted:
                return None
        # Not with the lock held: it may be waited for until the first process has imported what it needs.
        process = RunProcess(Job(content, log, self._environment))
        with self._lock:
            self._under_way[run_id] = process
            if self._is_closing or run_id in self._unwanted:
                process.stop()
        return process
