"""
A run on this machine that goes on, followed by what it leaves in its folder; by whatever process looks.

The workflow writes each record's result to a file as the record ends. Nothing more is written to be followed,
nothing is locked, and each result is read once. A run in S3 is not followed: its results appear when it ends.
"""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from evaldrop import storage
from evaldrop.bedrock.journal import journal_of
from evaldrop.errors import EvaldropError, first_line
from evaldrop.prompt_search.kept import search_in_words
from evaldrop.report.live import EVERY_S, Look, State
from evaldrop.run.definition import RunDefinition
from evaldrop.run.lock import is_written_to
from evaldrop.run.place import RUN_FILE, has_begun
from evaldrop.run.records import PreparedRecord, has_records, read_prepared, record_files
from evaldrop.run.results import ChildFailure, Found, failed_record, parse_row, record_id_of, row_output
from evaldrop.running.jobs_so_far import waited_for, waited_for_scores
from evaldrop.scorecard.figures import time_left
from evaldrop.steps.build_scorecard.so_far import SoFar
from evaldrop.steps.prepare_jobs.jobs import latest_jobs

READING_S: Final = 0.2
"""Seconds of reading in a look: of a run that is far on, the page fills in steps."""

_NO_FAILURE = ChildFailure("", "")


@dataclass(slots=True)
class GrowingFile:
    """A file of lines that another process appends to."""

    path: Path
    offset: int = 0

    def new_lines(self) -> Iterator[bytes]:
        """Yield the whole lines that have not been read; one that is being written waits."""
        with self.path.open("rb") as file:
            file.seek(self.offset)
            for line in file:
                if not line.endswith(b"\n"):
                    return
                self.offset += len(line)
                yield line


class PreparedIndex:
    """Finds prepared records by their ID, in one file or several; about 300 bytes a record."""

    def __init__(self, *paths: Path) -> None:
        self._places: dict[str, tuple[Path, int]] = {}
        for path in paths:
            offset = 0
            with path.open("rb") as lines:
                for line in lines:
                    if name := record_id_of(line, str(path), offset):
                        self._places[name] = path, offset
                    offset += len(line)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._places)

    def get(self, record_id: str) -> PreparedRecord | None:
        """Return a record, None where there is none of this ID."""
        if (place := self._places.get(record_id)) is None:
            return None
        path, offset = place
        with path.open("rb") as lines:
            lines.seek(offset)
            return read_prepared(lines.readline())


@dataclass(slots=True)
class _Attempt:
    """
    What has been read since the records were prepared; a run that goes on prepares them again.

    The first records have a Map run of their own, so that there are two: `since`, in nanoseconds, tells them
    from those of an earlier attempt, which hold the same records. `defined_at` is when run.json was written:
    the first calls restate the run's cost in it.
    """

    folder: Path
    since: int
    records: PreparedIndex
    so_far: SoFar
    defined_at: int = 0
    files: dict[Path, GrowingFile] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)

    def new(self) -> Iterator[Found]:
        """Yield the records that have ended since."""
        for path in self._result_files():
            is_success = path.name.startswith("SUCCEEDED")
            for line in self.files.setdefault(path, GrowingFile(path)).new_lines():
                found = self._found(line, is_success=is_success)
                if found is not None and found.record.record_id not in self.seen:
                    self.seen.add(found.record.record_id)
                    yield found

    def _result_files(self) -> list[Path]:
        folders = [each for each in self.folder.glob("results/*") if each.is_dir()]
        ours = [each for each in folders if each.stat().st_mtime_ns >= self.since]
        # Successes first: one counts before a failure of the same record.
        return [
            path for name in ("SUCCEEDED", "FAILED") for each in ours for path in each.glob(f"{name}_*.jsonl")
        ]

    def _found(self, line: bytes, *, is_success: bool) -> Found | None:
        row = parse_row(line)
        if is_success:
            output = row_output(row)
            name, failure = output.get("record_id"), _NO_FAILURE
        else:
            output = None
            name, failure = failed_record(row)
        # The first records come once more, with those that follow, and name none then.
        record = self.records.get(name) if isinstance(name, str) else None
        return None if record is None else Found(record, output, failure)


class LiveRun:
    """
    A run in a folder, looked at again and again; by several threads at a time.

    Args:
        folder: The run's, which need not be there yet.
        clock: Seconds, from any start.
        now: Seconds since 1970, by which files are dated.
    """

    def __init__(
        self,
        folder: str,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._folder = storage.local_path(folder)
        self._clock = clock
        self._now = now
        self._lock = threading.Lock()
        self._attempt: _Attempt | None = None
        self._looked_at = float("-inf")
        self._look = Look(state="starting")

    def look(self) -> Look:
        """Return how the run is, not older than `EVERY_S`."""
        with self._lock:
            if self._clock() - self._looked_at >= EVERY_S:
                try:
                    self._look = self._new_look()
                # ValueError and its like: of files that are none of a run.
                except (OSError, EvaldropError, ValueError, KeyError, TypeError) as error:
                    self._look = replace(self._look, state=self._state(), trouble=first_line(error))
                self._looked_at = self._clock()
            return self._look

    def _new_look(self) -> Look:
        # First: what ends while it is read must be read to its end.
        state = self._state()
        self._begin_anew()
        attempt = self._attempt
        if attempt is None:
            doing = search_in_words(str(self._folder)) if state == "running" else ""
            left = f"prompts: {doing}" if doing else None
            return replace(self._look, state=state, trouble=None, time_left=left)
        is_at_end, is_changed = self._read(attempt)
        is_changed |= self._take_restated(attempt)
        # Not before all is read: it is the last look.
        state = state if is_at_end or state != "ended" else "running"
        # Of what is not read yet the pace is unknown.
        left = self._time_left(attempt) if is_at_end else self._look.time_left
        left = left if state == "running" else None
        if not is_changed and self._look.run_id:
            return replace(self._look, state=state, trouble=None, time_left=left)
        return attempt.so_far.look(state=state, total=len(attempt.records), time_left=left)

    def _time_left(self, attempt: _Attempt) -> str | None:
        since = attempt.since
        if (told := latest_jobs(str(self._folder))) is not None:
            if not told.are_over:
                return waited_for(str(self._folder), told, attempt.so_far.prices)
            since = max(since, told.since)
        if attempt.so_far.records >= len(attempt.records):
            return waited_for_scores(str(self._folder), attempt.since)
        # The terminal reckons from there too: checking and preparing would spoil the pace.
        elapsed_s = self._now() - since / 1e9
        return time_left(attempt.so_far.records, len(attempt.records), elapsed_s)

    def _state(self) -> State:
        folder = str(self._folder)
        if is_written_to(folder):
            return "running" if has_begun(folder) else "starting"
        is_scored = (self._folder / "scorecard.json").exists() and not journal_of(folder).exists()
        return "ended" if is_scored else "stopped"

    def _begin_anew(self) -> None:
        """Begin with the records that were prepared, where that has happened since."""
        # Each appears whole.
        if not has_records(str(self._folder)):
            return
        records = [*map(Path, record_files(str(self._folder)))]
        since = max(each.stat().st_mtime_ns for each in records)
        if self._attempt and self._attempt.since == since:
            return
        run = RunDefinition.load(str(self._folder))
        self._attempt = _Attempt(self._folder, since, PreparedIndex(*records), SoFar(run))
        self._look = Look(state="running")

    def _take_restated(self, attempt: _Attempt) -> bool:
        """Take over what the first calls said of the run's cost; return whether that is new."""
        written_at = (self._folder / RUN_FILE).stat().st_mtime_ns
        if written_at == attempt.defined_at:
            return False
        attempt.defined_at = written_at
        before = attempt.so_far.estimate
        attempt.so_far.estimate = RunDefinition.load(str(self._folder)).estimate
        return attempt.so_far.estimate != before

    def _read(self, attempt: _Attempt) -> tuple[bool, bool]:
        """Read what is new; return whether that was all, and whether there was any."""
        until, is_changed = self._clock() + READING_S, False
        for found in attempt.new():
            attempt.so_far.add(found)
            is_changed = True
            if self._clock() >= until:
                return False, True
        return True, is_changed
