"""`review import` of preferences: which of two responses people found better. CSV or JSON lines in."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, NamedTuple

from evaldrop.errors import InputError
from evaldrop.json_text import loads
from evaldrop.report.review.answers import not_json, sheet_of
from evaldrop.run.definition import RunDefinition
from evaldrop.run.tables import read_rows
from evaldrop.scorecard.calibration.labels import response_digest
from evaldrop.scorecard.calibration.preferences import PeoplesPreference, write_preferences

_COLUMNS = {"candidate", "baseline", "preferred"}
_RECORD = ("record", "record_id")
_TIES = frozenset({"tie", "draw", "equal", "both", "neither", "same"})
_MOST_PROBLEMS = 50


class ImportedPreferences(NamedTuple):
    """What was stored: where, whose, and how many."""

    preferences: str
    raters: tuple[str, ...]
    answered: int
    unanswered: int
    is_random: bool


class PreferenceRow(NamedTuple):
    """A row of a file, its cells by column, with its place for messages."""

    where: str
    cells: Mapping[str, str]


def holds_preferences(text: str) -> bool:
    """Return whether a file is one of preferences, by its columns or its first line's keys."""
    first = text.lstrip().partition("\n")[0].casefold()
    return all(f'"{name}"' in first for name in _COLUMNS) if first.startswith("{") else _has_columns(first)


def import_preferences(
    uri: str, text: str, run: RunDefinition, *, rater: str, imported_at: str, drawn_at_random: bool
) -> ImportedPreferences:
    """
    Store the preferences of a file with the evaluation of a run; all of them or none.

    A row names a record, two candidates (candidate and baseline) and which of them is preferred: its name,
    "candidate", "baseline" or "tie"; and perhaps the rater.

    Raises:
        InputError: Something in the file is wrong; the message tells every problem with its line.
        StorageError: A file cannot be read or written.
    """
    problems: list[str] = []
    rows = list(_rows(text, problems))
    found = read_preferences(
        rows, problems, run, rater=rater, imported_at=imported_at, drawn_at_random=drawn_at_random
    )
    if problems or not found:
        told = [f"{uri} {problem}" for problem in problems[:_MOST_PROBLEMS]]
        raise InputError("\n".join(told) or f"{uri}: no row says which response is preferred.")
    return ImportedPreferences(
        write_preferences(run.folder, found),
        tuple(dict.fromkeys(one.rater for one in found)),
        len(found),
        len(rows) - len(found),
        drawn_at_random,
    )


def read_preferences(
    rows: Sequence[PreferenceRow],
    problems: list[str],
    run: RunDefinition,
    *,
    rater: str,
    imported_at: str,
    drawn_at_random: bool = False,
    by_hand: bool = False,
) -> list[PeoplesPreference]:
    """
    Return what rows say of a run's responses; what is wrong with one is added to `problems`.

    Raises:
        StorageError: The run's responses cannot be read.
    """
    wanted = {
        (_record(row.cells), row.cells.get(side, "")) for row in rows for side in ("candidate", "baseline")
    }
    digests = {
        (record, candidate): response_digest(response)
        for record, candidate, response in read_rows(
            run.file("responses.parquet"), ("record_id", "candidate", "response")
        )
        if response is not None and (record, candidate) in wanted
    }
    found: list[PeoplesPreference] = []
    for row in rows:
        cells = row.cells
        pair = (cells.get("candidate", ""), cells.get("baseline", ""))
        if not cells.get("preferred"):
            continue
        said = _preferred(cells["preferred"], pair)
        absent = [name for name in pair if (_record(cells), name) not in digests]
        if absent or said is None or pair[0] == pair[1]:
            problems.append(f"{row.where}: {_problem(cells, absent, pair)}")
            continue
        found.append(
            PeoplesPreference(
                run_id=run.run_id,
                record_id=_record(cells),
                candidate=pair[0],
                baseline=pair[1],
                candidate_sha256=digests[_record(cells), pair[0]],
                baseline_sha256=digests[_record(cells), pair[1]],
                preferred=said,
                rater=cells.get("rater") or rater,
                drawn_at_random=drawn_at_random,
                imported_at=imported_at,
                by_hand=by_hand,
            )
        )
    return found


def _has_columns(header: str) -> bool:
    names = {name.strip(' "\r\ufeff') for name in header.replace(";", ",").replace("\t", ",").split(",")}
    return names >= _COLUMNS and bool(names & set(_RECORD))


def _rows(text: str, problems: list[str]) -> Iterator[PreferenceRow]:
    if text.lstrip().startswith("{"):
        # By "\n" alone: a text in JSON may hold what else ends a line.
        for number, line in enumerate(text.split("\n"), start=1):
            if line.strip():
                try:
                    row = loads(line)
                except ValueError as error:
                    problems.append(not_json(error, line=number))
                    continue
                if isinstance(row, dict):
                    yield PreferenceRow(
                        f"line {number}", {key: str(value or "").strip() for key, value in row.items()}
                    )
                else:
                    problems.append(
                        f"line {number}: not an object with record, candidate, baseline, preferred"
                    )
        return
    _, rows = sheet_of(text, problems)
    for where, row in rows:
        yield PreferenceRow(where, {key: value.strip() for key, value in row.items()})


def _record(cells: Mapping[str, str]) -> str:
    return next((cells[name] for name in _RECORD if cells.get(name)), "")


def _preferred(said: str, pair: tuple[str, str]) -> Literal["candidate", "baseline", "tie"] | None:
    # Names first: a candidate may be called "tie".
    if said in pair:
        return "candidate" if said == pair[0] else "baseline"
    match said.casefold():
        case "candidate":
            return "candidate"
        case "baseline":
            return "baseline"
        case word if word in _TIES:
            return "tie"
    return None


def _problem(cells: Mapping[str, str], absent: list[str], pair: tuple[str, str]) -> str:
    if absent:
        return f'the run has no response of candidate "{absent[0]}" to record "{_record(cells)}"'
    if pair[0] == pair[1]:
        return f'"{pair[0]}" is on both sides'
    return f"{cells['preferred'][:60]!r} is none of {pair[0]}, {pair[1]} and tie"
