"""
What a stage's jobs gave, read from their output by the rows' IDs: its order is none.

Output is looked for, not named: a job's own folder is called by the ID that Bedrock gave it.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from typing import Any, BinaryIO, NamedTuple

from evaldrop import storage
from evaldrop.json_text import loads
from evaldrop.run.results import open_lines
from evaldrop.steps.prepare_jobs.casing import as_result
from evaldrop.steps.prepare_jobs.jobs import out_uri, rows_uri
from evaldrop.steps.prepare_jobs.row_ids import RowKey, packed, row_id

JSON = dict[str, Any]

NOT_DELIVERED = "NotDelivered"
"""The error of a call whose row a job did not answer, where `batch.missing` says report."""

NO_BUDGET = "NoBudget"
"""The status of a job that was not created: what is left of the budget would not do for it."""

_MOST_LINES = 200
"""Lines that a row may be over: a body with a line break in it, which JSON does not have."""
_MOST_SAID = 500
_ENDS = ".jsonl.out"


class JobResult(NamedTuple):
    """
    How a job ended: as the workflow tells it, or that it was not created.

    Attributes:
        place: Its folder, below the run's `batch`.
        status: Bedrock's, NotCreated, or NoBudget.
        message: What was said of it.
        limit: Of a job without budget: the budget that refused it first, in micro-dollars.
        micros: What its replies cost, where the run has a budget.
    """

    place: str
    status: str
    message: str = ""
    limit: int | None = None
    micros: int | None = None

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> "JobResult":
        """Return what the workflow's `RunJobs` tells of a job."""
        return cls(str(told["place"]), str(told.get("status")), str(told.get("message") or ""))


class _RowPlace(NamedTuple):
    job: int
    file: int
    offset: int
    length: int


class JobAnswers:
    """
    Finds the answer to each row of a stage.

    Args:
        folder: The run's.
        results: The stage's jobs.
        stack: Closes the files.
        with_missing: Whether rows without an answer are to be known, too: their input is read again.
    """

    def __init__(
        self, folder: str, results: Iterable[JobResult], stack: ExitStack, *, with_missing: bool
    ) -> None:
        self._results = list(results)
        self._files: list[BinaryIO] = []
        self._places: dict[int, _RowPlace] = {}
        self._sent: dict[int, int] = {}
        for job, result in enumerate(self._results):
            for uri in outputs_of(out_uri(folder, result.place)):
                self._note(job, stack.enter_context(open_lines(uri)))
            if with_missing:
                self._note_sent(job, rows_uri(folder, result.place))

    def answer(self, key: RowKey, api: str) -> JSON | None:
        """
        Return `{"reply"}` as a call of the workflow's would have given it, or `{"error"}`.

        None where the row was no job's, or is to be called on demand.
        """
        number = packed(row_id(key))
        assert number is not None
        if (place := self._places.get(number)) is not None:
            row = _parsed(self._read(place)) or {}
            if (reply := _reply_in(row, api)) is not None:
                return {"reply": reply}
            if number in self._sent:
                return {"error": _error(self._results[place.job], row)}
            return None
        if number not in self._sent or self.refusing_limit(key) is not None:
            return None
        return {"error": _error(self._results[self._sent[number]], None)}

    def refusing_limit(self, key: RowKey) -> int | None:
        """
        Return the budget, in micro-dollars, that had no room for a row's job.

        None where it had, and where rows without an answer are not to be known.
        """
        job = self._sent.get(packed(row_id(key)) or 0)
        return None if job is None else self._results[job].limit

    def _read(self, place: _RowPlace) -> bytes:
        file = self._files[place.file]
        file.seek(place.offset)
        return file.read(place.length)

    def _note(self, job: int, lines: BinaryIO) -> None:
        file = len(self._files)
        self._files.append(lines)
        for offset, text, row in _rows(lines):
            number = packed(row.get("recordId"))
            if number is None:
                continue
            place = _RowPlace(job, file, offset, text)
            # A row that is there twice was answered once at least.
            if number not in self._places or "modelOutput" in row:
                self._places[number] = place

    def _note_sent(self, job: int, uri: str) -> None:
        with storage.open_read(uri) as lines:
            for line in lines:
                number = packed(loads(line).get("recordId"))
                if number is not None:
                    self._sent[number] = job


def outputs_of(folder: str) -> Iterator[str]:
    """Yield the files with answers below a job's output folder."""
    for uri in storage.list_files(folder):
        if uri.endswith(_ENDS):
            yield uri


def replies_in(lines: BinaryIO, api: str) -> Iterator[tuple[int, JSON]]:
    """Yield each reply in a file of answers, with the number of its row; a row may be there twice."""
    for _, _, row in _rows(lines):
        number = packed(row.get("recordId"))
        if number is not None and (reply := _reply_in(row, api)) is not None:
            yield number, reply


def _rows(lines: BinaryIO) -> Iterator[tuple[int, int, JSON]]:
    """Yield where each row begins, how long it is, and the row; what cannot be read is left out."""
    start, waiting, n = 0, b"", 0
    for line in lines:
        waiting, n = waiting + line, n + 1
        row = _parsed(waiting)
        if row is None and n > 1 and (alone := _parsed(line)) is not None:
            # What came before was broken for good.
            start, waiting, row = start + len(waiting) - len(line), line, alone
        if row is not None:
            yield start, len(waiting), row
        if row is not None or n == _MOST_LINES or not waiting.strip():
            start, waiting, n = start + len(waiting), b"", 0


def _parsed(text: bytes) -> JSON | None:
    try:
        row = loads(text)
    except ValueError:
        return None
    return row if isinstance(row, dict) else None


def _reply_in(row: JSON, api: str) -> JSON | None:
    output = row.get("modelOutput")
    if not isinstance(output, dict) or row.get("error"):
        return None
    if api == "invoke_model":
        return {"Body": output, "ContentType": "application/json"}
    return as_result(output)


def _error(result: JobResult, row: JSON | None) -> JSON:
    told = (row or {}).get("error")
    if isinstance(told, dict):
        why = f"the job answered this row with {told.get('errorCode')}: {told.get('errorMessage')}"
    elif row is not None:
        why = "the job's output has this row without an answer"
    else:
        said = f": {result.message}" if result.message else ""
        why = f"the job ended as {result.status} without this row{said}"
    return {"Error": NOT_DELIVERED, "Cause": why[:_MOST_SAID]}
