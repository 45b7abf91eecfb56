"""Reads what people send back: the page's JSON, or a sheet saved as CSV. Nothing is stored here."""

import csv
import io
import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from itertools import zip_longest
from typing import Any, Final, NamedTuple

from evaldrop.evaluation.criteria import Criterion
from evaldrop.json_text import loads
from evaldrop.report.escape import csv_original
from evaldrop.scorecard.calibration.label import NoScore
from evaldrop.scorecard.calibration.matching import holds_mean

KIND = "evaldrop-review"
# A response may be long, and a sheet repeats it.
_LONGEST_CELL = 64 << 20
_WRONG_COLUMNS = (
    "line 1: the columns must be those of the exported sheet (review, item, criterion, score, …), or "
    "record_id, candidate, criterion, score and perhaps rater for labels of your own"
)
_PASSED: Final[Mapping[str, NoScore]] = {
    "?": "cannot_tell",
    "cannot tell": "cannot_tell",
    "n/a": "not_applicable",
    "na": "not_applicable",
    "not applicable": "not_applicable",
}


class SheetAnswer(NamedTuple):
    """
    One cell or one line of a file, its score not yet read. `where` is for messages.

    Either `item` is there (of a review) or `record_id` and `candidate` are (labels of one's own).
    """

    where: str
    review_id: str | None
    item: str | None
    record_id: str | None
    candidate: str | None
    criterion: str
    said: object
    rater: str | None


class Score(NamedTuple):
    """A score, or the reason why there is none."""

    score: float | None
    reason: NoScore | None


class ReadFile(NamedTuple):
    """The answers of a file, who gave them when it says so, and what is wrong with it as a whole."""

    answers: list[SheetAnswer]
    rater: str | None
    problems: list[str]


def read_answers(content: bytes) -> ReadFile:
    """Read a file as people send it; what it is, is told by how it begins."""
    text = decoded(content)
    return _read_json(text) if text.lstrip().startswith("{") else _read_sheet(text)


def decoded(content: bytes) -> str:
    """Return a file's text, whatever spreadsheet wrote it."""
    try:
        # The exported sheet begins with a byte order mark, which would become part of the first column's
        # name.
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        # What Excel writes on Windows; every byte has a meaning in it or its superset.
        return content.decode("cp1252", errors="replace")


def read_score(said: object, criterion: Criterion) -> Score | None:
    """
    Return what an answer says, None when it is no answer on this scale.

    An empty one is `unanswered`; `?` passes. Labels count in any case, and yes and no on a yes/no scale.
    """
    scale = criterion.scale
    if isinstance(said, int | float) and not isinstance(said, bool):
        # The page sends what an answer is worth, on a menu too.
        score = scale.nearest(said)
        return None if score is None else Score(score, None)
    if said is not None and not isinstance(said, str):
        return None
    # An apostrophe before a cell is the spreadsheet's.
    text = (said or "").strip().removeprefix("'").strip()
    if not text:
        return Score(None, "unanswered")
    reason = _PASSED.get(text.casefold())
    if reason is not None:
        return Score(None, reason) if reason == "cannot_tell" or scale.not_applicable else None
    worth = scale.value_of(text)
    if worth is None and scale.kind != "choices":
        with suppress(ValueError):
            # Some countries write a comma for a point.
            worth = scale.nearest(float(text.replace(",", ".")))
    return None if worth is None else Score(worth, None)


def read_mean(said: object, criterion: Criterion) -> Score | None:
    """
    Return what an answer says, as `read_score` does; it may also be the mean of what several people gave.

    On points 2.33, on yes/no 0.67; names on a menu have no mean.
    """
    score = read_score(said, criterion)
    if score is not None or isinstance(said, bool) or not isinstance(said, str | int | float):
        return score
    text = str(said).strip().removeprefix("'").strip()
    with suppress(ValueError):
        mean = float(text.replace(",", "."))
        return Score(mean, None) if holds_mean(criterion, mean) else None
    return None


def _read_json(text: str) -> ReadFile:
    try:
        saved = loads(text)
    except ValueError as error:
        return ReadFile([], None, [not_json(error)])
    if saved.get("kind") != KIND or not isinstance(saved.get("answers"), list):
        return ReadFile([], None, [f'line 1: not a saved review; it has no "kind": "{KIND}" with "answers"'])
    review, rater = saved.get("review_id"), saved.get("rater")
    answers, problems = [], []
    for number, row in enumerate(saved["answers"], start=1):
        where = f"answer {number}{_line_of(text, row)}"
        if not isinstance(row, dict) or not isinstance(row.get("criterion"), str) or "item" not in row:
            problems.append(f"{where}: an answer needs item and criterion")
            continue
        said = row.get("score")
        if said is None:
            said = {"cannot_tell": "?", "not_applicable": "n/a"}.get(str(row.get("reason")), "")
        answers.append(
            SheetAnswer(where, str(review), str(row["item"]), None, None, row["criterion"], said, None)
        )
    return ReadFile(answers, rater if isinstance(rater, str) and rater.strip() else None, problems)


def not_json(error: ValueError, *, line: int = 1) -> str:
    """Say what is wrong with JSON that begins on a line, and where."""
    if isinstance(error, json.JSONDecodeError):
        return f"line {line + error.lineno - 1}: not JSON ({error.msg})"
    return f"line {line}: not JSON ({error})"


def _line_of(text: str, row: Any) -> str:
    # The page writes an answer a line; a file that was written anew may not.
    at = text.find(json.dumps(row, separators=(",", ":"), ensure_ascii=False))
    return "" if at < 0 else f" (line {text.count(chr(10), 0, at) + 1})"


def _read_sheet(text: str) -> ReadFile:
    problems: list[str] = []
    header, rows = sheet_of(text, problems)
    if problems:
        return ReadFile([], None, problems)
    of_review = {"review", "item", "criterion", "score"} <= set(header)
    if not of_review and not {"record_id", "candidate", "criterion", "score"} <= set(header):
        return ReadFile([], None, [_WRONG_COLUMNS])
    answers = [
        SheetAnswer(
            where,
            row["review"].strip() if of_review else None,
            row["item"].strip() if of_review else None,
            row.get("record_id"),
            row.get("candidate"),
            csv_original(row["criterion"].strip()),
            row["score"],
            row.get("rater", "").strip() or None,
        )
        for where, row in rows
    ]
    return ReadFile(answers, None, problems)


def sheet_of(text: str, problems: list[str]) -> tuple[list[str], Iterator[tuple[str, Mapping[str, str]]]]:
    """
    Return the columns of a sheet that was saved as CSV, and its rows, each with its place.

    What is wrong is added to `problems`, while the rows are read.
    """
    # By default Python refuses cells of more than 131,072 characters.
    csv.field_size_limit(_LONGEST_CELL)
    first = text.partition("\n")[0]
    # Spreadsheets of some countries write semicolons.
    delimiter = max(",;\t", key=first.count)
    # newline="": line breaks inside cells are the reader's to interpret, not the stream's.
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        header = [name.strip().casefold() for name in next(reader, [])]
    except csv.Error as error:
        problems.append(f"line 1: not CSV ({error})")
        return [], iter(())
    return header, _rows(reader, header, problems)


def _rows(reader: Any, header: list[str], problems: list[str]) -> Iterator[tuple[str, Mapping[str, str]]]:
    number, line = 2, reader.line_num + 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                # A spreadsheet may drop empty cells at a row's end.
                row = zip_longest(header, cells[: len(header)], fillvalue="")
                yield _place(number, line), dict(row)
            number, line = number + 1, reader.line_num + 1
    except csv.Error as error:
        problems.append(f"{_place(number, line)}: not CSV ({error})")


def _place(number: int, line: int) -> str:
    return f"line {line}" if line == number else f"row {number} (line {line})"
