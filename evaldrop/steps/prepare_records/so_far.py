"""
What the results of a run tell one that goes on in a stack: who was left out, and what is gone of its budget.

The counter in the table has reservations that nobody gave back: of children that failed, of those whose
settlement was not written. Here it is counted anew by what is known: an answered call at its price; a record
that may have been called, and does not tell what for, at the most that it may have cost.
"""

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson

from evaldrop import storage
from evaldrop.bedrock.billing import cost_of_reply
from evaldrop.evaluation.definition import GIVEN
from evaldrop.run.batch_files import JobsSoFar
from evaldrop.run.definition import RunDefinition
from evaldrop.run.paid_calls import CallsOfRun
from evaldrop.run.records import RECORDS_FILE
from evaldrop.run.results import (
    LEFT_OUT,
    SKIPPED_BY_BUDGET,
    Manifest,
    failed_record,
    open_lines,
    parse_row,
    row_output,
)
from evaldrop.steps.check_first_calls.check import Call, calls_of_record, left_out
from evaldrop.steps.check_first_calls.refusals import is_lasting

JSON = dict[str, Any]

NOT_CALLED = "BudgetUnknown"
"""The error of a child that ended before its first call, for the table did not answer."""
TURNED_AWAY = (
    "Throttl|TooManyRequests|ModelNotReady|Validation|AccessDenied|ResourceNotFound|ServiceQuotaExceeded"
    "|LeftOut|NoResponseGiven|UnrecognizedClient|ExpiredToken|InvalidSignature|Conflict"
)
"""Errors of calls that no model saw: the piece of that name in `infra/workflow.pieces.yaml`."""
_TURNED_AWAY = re.compile(TURNED_AWAY)
_MICROS = 1_000_000


class ResultsSoFar:
    """
    What children gave so far, of all executions of a run.

    Attributes:
        done: Records with a result.

    Args:
        run: The run.
        manifests: Of its Map runs.

    Raises:
        StorageError: A file cannot be read.
    """

    def __init__(self, run: RunDefinition, manifests: Sequence[Manifest]) -> None:
        self._run, self._map_runs, self._calls = run, len(manifests), CallsOfRun(run)
        self._named, self._at_high = set[str](), Counter[str]()
        self._is_whole, self._spent = True, 0
        self._answering, self._refused = set[tuple[str, str]](), dict[tuple[str, str], JSON]()
        done = set[str]()
        for output in _rows(manifests, "succeeded"):
            record = row_output(output).get("record_id")
            # Without an ID it is nobody's: its record was done before.
            if record is not None and self._take(record, row_output(output)):
                done.add(record)
        for kind in ("failed", "pending"):
            for row in _rows(manifests, kind):
                self._take_missing(kind, *failed_record(row))
        self.done = frozenset(done)

    def _take(self, record: str, output: Mapping[str, Any]) -> bool:
        """Take what a child gave; return whether it is a result."""
        self._named.add(record)
        if output.get("skipped") == SKIPPED_BY_BUDGET:
            return False
        for call in calls_of_record(output):
            self._note(call)
        micros = None if _has_unknown(output) else self._micros(output)
        if micros is None:
            self._at_high[record] += 1
        else:
            self._spent += micros
        return True

    def _take_missing(self, kind: str, record: str | None, failure: Any) -> None:
        if record is None:
            self._is_whole = False
        else:
            self._named.add(record)
            self._at_high[record] += kind == "failed" and failure.error != NOT_CALLED

    def _micros(self, output: Mapping[str, Any]) -> int | None:
        """Return what a record's calls cost that no job answered; None where a reply does not tell."""
        total = 0.0
        for model, reply, asked in self._calls.of(output):
            price = self._run.prices.get(model)
            if price is None or asked == "batch":
                continue
            usd = cost_of_reply(price, reply, asked)
            if usd is None:
                return None
            total += usd * _MICROS
        # As the workflow settles it; what is exact in decimals need not be in a float.
        return math.ceil(round(total, 6))

    def _note(self, call: Call) -> None:
        who = (call.kind, call.name)
        if call.error is None:
            self._answering.add(who)
        elif call.error.get("Error") == LEFT_OUT or is_lasting(call.error):
            self._refused.setdefault(who, call.error)

    def refused(self) -> JSON:
        """
        Return who is left out, as the workflow's state has it: who was, and has answered nothing.

        Nobody where it would be every candidate: who goes on has seen to them.
        """
        found = {who: error for who, error in self._refused.items() if who not in self._answering}
        by_kind = {
            kind: left_out({name: error for (of, name), error in found.items() if of == kind})
            for kind in ("candidate", "judge")
        }
        called = {each.name for each in self._run.candidates if each.model != GIVEN}
        if called <= by_kind["candidate"].keys():
            by_kind["candidate"] = {}
        return {f"{kind}s": names for kind, names in by_kind.items()}

    def counter(self, jobs: JobsSoFar) -> JSON | None:
        """
        Return what the budget's counter begins with, in micro-dollars; None where it stays as it is.

        It stays where a record is in no result file, for it may have been called, and where jobs of another
        kind have reserved. `map_runs` is how many there were: an execution that leaves no result counts from
        what the one before began with.
        """
        if not self._is_whole or self._run.evaluation.job_judges:
            return None
        unknown = 0
        with storage.open_read(self._run.file(RECORDS_FILE)) as lines:
            for line in map(orjson.loads, filter(bytes.strip, lines)):
                if line["record_id"] not in self._named:
                    return None
                times = self._at_high[line["record_id"]]
                unknown += times * line["calls"].get("reserve", {}).get("total", 0)
        spent = self._spent + jobs.micros
        return {"spent": spent, "reserved": spent + unknown, "map_runs": self._map_runs}


def _has_unknown(output: Mapping[str, Any]) -> bool:
    """Tell whether a call was lost that may be billed, or a reply is not at hand."""
    responses = output.get("responses") or ()
    answers = [*responses, *(output.get("comparisons") or ())]
    answers += [each for response in responses for each in response.get("judgements") or ()]
    # What a job did not answer is not billed, and what it did is counted with the job.
    called = [each for each in answers if each.get("delivery") != "batch"]
    errors = [each[name] for each in called for name in ("error", "again_error") if each.get(name)]
    is_lost = any(not _TURNED_AWAY.search(str(error.get("Error"))) for error in errors)
    return is_lost or any(response.get("unread") for response in responses)


def _rows(manifests: Sequence[Manifest], kind: str) -> Iterator[JSON]:
    for uri in (uri for each in manifests for uri in getattr(each, kind)):
        with open_lines(uri) as lines:
            yield from (parse_row(line) for line in lines if line.strip())
