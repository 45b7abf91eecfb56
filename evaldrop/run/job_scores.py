"""What evaluation jobs said of a run's responses, beside its results: a line a record, in their order."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from typing import Any

from evaldrop import storage
from evaldrop.json_text import loads

JSON = dict[str, Any]

EVALUATION_JOBS = "evaluation-jobs"
"""The folder of a run that its evaluation jobs' files are in."""
JUDGEMENTS_FILE = f"{EVALUATION_JOBS}/judgements.jsonl"
"""`{"record_id", "judgements": {candidate: […]}}`, of the records that jobs were asked about."""


class JobJudgements:
    """
    Finds the judgements of one record after another, in the order of `records.jsonl`.

    Args:
        folder: The run's; a run without evaluation jobs has no such file, and none of its records any.
        stack: Closes the file.
    """

    def __init__(self, folder: str, stack: ExitStack) -> None:
        uri = storage.join(folder, JUDGEMENTS_FILE)
        self._lines: Iterator[JSON] = iter(())
        if storage.exists(uri):
            lines = stack.enter_context(storage.open_read(uri))
            self._lines = (loads(line) for line in lines if line.strip())
        self._next = next(self._lines, None)

    def add_to(self, output: JSON | None, record_id: str) -> None:
        """Add a record's judgements to those of its child's output."""
        if self._next is None or self._next["record_id"] != record_id:
            return
        said: Mapping[str, Sequence[JSON]] = self._next["judgements"]
        self._next = next(self._lines, None)
        for response in (output or {}).get("responses") or ():
            if more := said.get(response.get("candidate")):
                response["judgements"] = [*(response.get("judgements") or ()), *more]
