"""
Scores records as they end, while the calls of others are in flight.

Beside the calls of a run on one machine the functions' process has nothing to do: a thread of it follows the
result files as they grow, and makes the pass over the records, in the dataset's order, as far as it can. What
BuildScorecard is left with then is the end of it. When the files are whole, each row that was read is looked
for where a pass over whole files finds it; if one is elsewhere, or there twice, all that was done is thrown
away, and the pass is made anew.
"""

import hashlib
import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO, Final, NamedTuple

from evaldrop import storage
from evaldrop.errors import EvaldropError, StorageError
from evaldrop.evaluation.scorers import named_scorers
from evaldrop.report.rows import ReportRows
from evaldrop.run.definition import RunDefinition
from evaldrop.run.records import RECORDS_FILE, prepared_records
from evaldrop.run.request import RUN_FILE
from evaldrop.run.results import (
    NO_ROW,
    Found,
    ResultIndex,
    read_manifest,
    read_output,
    record_id_of,
)
from evaldrop.steps.build_scorecard.begun import note_begun
from evaldrop.steps.build_scorecard.build import RunTally, tally_records
from evaldrop.steps.build_scorecard.results import read_collected

_LOOKS_EVERY_S: Final = 0.05
_RESULTS: Final = "results"
_SUCCEEDED: Final = "SUCCEEDED_*.jsonl"
_BEHIND_THE_CALLS: Final = 10
"""How much nicer the thread is than those that make calls."""


class _AnewError(Exception):
    """What was read is not what the whole files say."""


class _Row(NamedTuple):
    path: Path
    offset: int
    length: int


class _GrowingFiles:
    """The rows of a run's result files, as far as they are written."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open: dict[Path, BinaryIO] = {}
        self._ends: dict[Path, int] = {}
        self._rows: dict[str, _Row] = {}

    def found(self, record_id: str) -> _Row | None:
        """Return where a record's row is, where it is there."""
        if record_id not in self._rows:
            self._look()
        return self._rows.get(record_id)

    def output(self, row: _Row) -> dict[str, Any]:
        """Return the child's output in a row."""
        stream = self._open[row.path]
        stream.seek(row.offset)
        return read_output(stream.read(row.length), str(row.path), row.offset)

    def close(self) -> None:
        """Close the files."""
        for stream in self._open.values():
            stream.close()

    def _look(self) -> None:
        for path in self._folder.glob(f"*/{_SUCCEEDED}"):
            if path not in self._open:
                self._open[path] = path.open("rb")
            stream, offset = self._open[path], self._ends.get(path, 0)
            stream.seek(offset)
            for line in stream:
                # The rest of it is not written yet.
                if not line.endswith(b"\n"):
                    break
                record_id = record_id_of(line, str(path), offset)
                if record_id is not None:
                    self._rows.setdefault(record_id, _Row(path, offset, len(line)))
                offset += len(line)
            self._ends[path] = offset


class ScoringAhead:
    """
    The pass over a run's records, begun while its calls are in flight.

    Args:
        run: The run, whose records are prepared.
    """

    def __init__(self, run: RunDefinition) -> None:
        self._run, self._digest = run, _digest(run)
        self._manifests: Sequence[str] = ()
        self._is_whole = threading.Event()
        self._made: tuple[RunTally, ReportRows] | None = None
        self._thread = threading.Thread(target=self._make, daemon=True)
        self._thread.start()

    def finish(self, run: RunDefinition, manifests: Sequence[str]) -> tuple[RunTally, ReportRows] | None:
        """Return what the whole pass gives, the tables written; None where it has to be made anew."""
        self._manifests = manifests
        self._is_whole.set()
        self._thread.join()
        # Whatever changed it: what was tallied is of another run.
        return self._made if _digest(run) == self._digest else None

    def _make(self) -> None:
        if hasattr(os, "setpriority"):  # Windows has none
            # On Linux a thread has its own.
            with suppress(OSError):
                os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _BEHIND_THE_CALLS)
        # The pass that is made anew meets it again, and says so. What is neither is a fault of ours: Python
        # shows it, and the run does not end by it.
        with suppress(_AnewError, EvaldropError, OSError):
            self._made = tally_records(self._run, read_collected(self._run, self._collected()))

    def _collected(self) -> Iterator[Found]:
        records = prepared_records(self._run.folder)
        read: dict[str, _Row] = {}
        files = _GrowingFiles(storage.local_path(self._run.folder) / _RESULTS)
        with ExitStack() as stack:
            stack.callback(files.close)
            waiting = None
            for record in records:
                row = self._waited_for(files, record.record_id)
                if row is None:
                    waiting = record
                    break
                read[record.record_id] = row
                yield Found(record, files.output(row), NO_ROW)
            self._is_whole.wait()
            index = ResultIndex([read_manifest(uri) for uri in self._manifests], stack)
            _refuse_what_differs(read, index)
            if waiting is not None:
                yield index.found(waiting)
            yield from map(index.found, records)

    def _waited_for(self, files: _GrowingFiles, record_id: str) -> _Row | None:
        """Return where a record's row is, once it is written; None where the files are whole before."""
        while (row := files.found(record_id)) is None:
            if self._is_whole.wait(_LOOKS_EVERY_S):
                return None
        return row


def score_ahead(folder: str) -> None:
    """
    Begin to score the records of the run in a folder, which has no earlier results, where that may be.

    Not of a run that is worked on in parts, and not where anything but the files of its Map runs says what
    came of a record.
    """
    try:
        run = RunDefinition.load(folder)
        if _may_be_scored_ahead(run):
            note_begun(folder, ScoringAhead(run))
    except StorageError:
        # The function that is called next says what is wrong.
        return


def _may_be_scored_ahead(run: RunDefinition) -> bool:
    in_jobs = "batch" in run.deliveries.values() or bool(run.evaluation.job_judges)
    is_scored_elsewhere = in_jobs or bool(named_scorers(run.evaluation))
    in_parts = not storage.exists(run.file(RECORDS_FILE))
    return not (is_scored_elsewhere or in_parts or run.parent or run.is_searching)


def _refuse_what_differs(read: dict[str, _Row], index: ResultIndex) -> None:
    # A run has few files, each of which has thousands of rows.
    real, local = cache(Path.resolve), cache(storage.local_path)
    for record_id, row in read.items():
        place = index.place_of(record_id)
        if place is None or index.repeats(record_id):
            raise _AnewError(record_id)
        if place[1] != row.offset or real(local(place[0])) != real(row.path):
            raise _AnewError(record_id)


def _digest(run: RunDefinition) -> str:
    return hashlib.sha256(storage.read_bytes(run.file(RUN_FILE))).hexdigest()
