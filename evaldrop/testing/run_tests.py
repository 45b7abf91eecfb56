"""The tests that a finished run is made of: a rule of its gate each, then a record and candidate each."""

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Literal, NamedTuple

from evaldrop import storage
from evaldrop.datasets.texts import visible
from evaldrop.errors import InputError
from evaldrop.run.definition import RunDefinition
from evaldrop.run.naming import find_run
from evaldrop.run.place import DEFAULT_OUT
from evaldrop.run.tables import VerdictRow, read_rows
from evaldrop.scorecard.model.scorecard import NO_GATE, GateCheck
from evaldrop.scorecard.read import read_scorecard
from evaldrop.scorecard.scores import NOT_APPLICABLE, RecordScore, record_scores

_MOST_RATIONALE = 400


class RunTest(NamedTuple):
    """A test: its name, what came of it and why, and the run's folder."""

    name: str
    outcome: Literal["pass", "fail", "skip"]
    why: str
    where: str


def run_tests(name: str, out: str | None, *, records: bool, strict: bool) -> Iterator[RunTest]:
    """
    Yield the tests of a run.

    A record's test fails where one of its criteria does, or where there is no response, and is skipped where
    nothing could be said.

    Args:
        name: The run, as commands take it.
        out: Where runs are kept.
        records: Whether records are tests too.
        strict: Whether an inconclusive rule fails.

    Raises:
        InputError: There is no such run, or it has not ended.
        StorageError: A file of it cannot be read.
    """
    folder = find_run(name, out or DEFAULT_OUT)
    if not storage.exists(storage.join(folder, "scorecard.json")):
        raise InputError(f"{folder}: no scorecard.json there: this run has not ended")
    yield from _gate_tests(folder, strict=strict)
    if records:
        yield from _record_tests(folder)


def _gate_tests(folder: str, *, strict: bool) -> Iterator[RunTest]:
    gate = read_scorecard(folder).gate
    if not gate.checks:
        # What has no rules passes nothing, and may be inconclusive for want of answers all the same.
        said = " ".join(gate.reasons) or NO_GATE
        outcome: Literal["fail", "skip"] = "fail" if strict and gate.decision == "inconclusive" else "skip"
        yield RunTest("gate", outcome, visible(said), folder)
    for check in gate.checks:
        yield RunTest(
            f"gate[{visible(_title(check))}]", _outcome(check, strict=strict), visible(check.sentence), folder
        )


def _title(check: GateCheck) -> str:
    return " · ".join(filter(None, (check.expression, check.candidate or check.judge, check.criterion)))


def _outcome(check: GateCheck, *, strict: bool) -> Literal["pass", "fail", "skip"]:
    if check.decision == "inconclusive":
        return "fail" if strict else "skip"
    return check.decision


def _record_tests(folder: str) -> Iterator[RunTest]:
    run = RunDefinition.load(folder)
    failed = _failed_calls(folder)
    rows = map(VerdictRow._make, read_rows(storage.join(folder, "verdicts.parquet"), VerdictRow._fields))
    judged = set()
    for (record_id, candidate), verdicts in groupby(rows, key=lambda row: (row.record_id, row.candidate)):
        kept = list(verdicts)
        judged.add((record_id, candidate))
        error = failed.get((record_id, candidate))
        scores = record_scores(kept, run.criteria, run.evaluation.unscored)
        yield _record_test(record_id, candidate, kept, scores, error, folder)
    for (record_id, candidate), error in failed.items():
        if (record_id, candidate) not in judged:
            yield _record_test(record_id, candidate, [], {}, error, folder)


def _failed_calls(folder: str) -> dict[tuple[str, str], str]:
    columns = ("record_id", "candidate", "error")
    rows = read_rows(storage.join(folder, "responses.parquet"), columns)
    return {(record_id, candidate): error for record_id, candidate, error in rows if error is not None}


def _record_test(
    record_id: str,
    candidate: str,
    verdicts: Iterable[VerdictRow],
    scores: dict[str, RecordScore],
    error: str | None,
    folder: str,
) -> RunTest:
    name = f"record[{visible(record_id)}-{visible(candidate)}]"
    if error is not None:
        return RunTest(name, "fail", f"no response: {visible(error)}", folder)
    below = [
        criterion for criterion, score in scores.items() if score.passed is not None and score.passed < 0.5
    ]
    if below:
        return RunTest(name, "fail", "\n".join(_why(each, scores[each], verdicts) for each in below), folder)
    if any(score.passed is not None for score in scores.values()):
        return RunTest(name, "pass", "", folder)
    reasons = sorted({score.reason or NOT_APPLICABLE for score in scores.values()})
    return RunTest(name, "skip", f"nothing was scored: {', '.join(reasons) or 'no criteria'}", folder)


def _why(criterion: str, score: RecordScore, verdicts: Iterable[VerdictRow]) -> str:
    said = (row.rationale for row in verdicts if row.criterion == criterion and row.rationale)
    rationale = visible(next(said, "")[:_MOST_RATIONALE])
    shown = "unscored, counted as the worst" if score.score is None or score.reason else f"{score.score:g}"
    return f"{criterion}: {shown}{': ' + rationale if rationale else ''}"
