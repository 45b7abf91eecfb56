"""Reads what the report's voting mode saves: preferences and scores of responses that a reader picked."""

from typing import Any, NamedTuple

from evaldrop.json_text import loads
from evaldrop.report.review.answers import SheetAnswer, not_json
from evaldrop.report.review.preferences import PreferenceRow

KIND = "evaldrop-votes"
_PREFERENCE = ("record", "candidate", "baseline", "preferred")
_SCORE = ("record", "candidate", "criterion", "score")
_TYPES = {"score": (int, float)}
# The kind stands first in what the page writes.
_HEAD_CHARACTERS = 200


class ReadVotes(NamedTuple):
    """The votes of a file, who gave them when it says so, and what is wrong with it."""

    preferences: list[PreferenceRow]
    scores: list[SheetAnswer]
    rater: str | None
    problems: list[str]


def holds_votes(text: str) -> bool:
    """Return whether a file is one of the report's votes."""
    head = text.lstrip()[:_HEAD_CHARACTERS]
    return head.startswith("{") and f'"{KIND}"' in head


def read_votes(text: str, run_id: str) -> ReadVotes:
    """Read the votes on a run; those on another one are a problem."""
    try:
        saved = loads(text)
    except ValueError as error:
        return ReadVotes([], [], None, [not_json(error)])
    lists = [saved.get(name) for name in ("preferences", "scores")]
    if saved.get("kind") != KIND or not all(isinstance(rows, list) for rows in lists):
        return ReadVotes(
            [], [], None, [f'line 1: no saved votes; it has no "kind": "{KIND}" with both lists']
        )
    if saved.get("run_id") != run_id:
        return ReadVotes(
            [], [], None, [f"line 1: votes on run {str(saved.get('run_id'))[:80]!r}, not {run_id}"]
        )
    problems: list[str] = []
    preferences = [
        PreferenceRow(where, {name: row[name] for name in _PREFERENCE})
        for where, row in _whole(lists[0], "preference", _PREFERENCE, problems)
    ]
    scores = [
        SheetAnswer(where, None, None, row["record"], row["candidate"], row["criterion"], row["score"], None)
        for where, row in _whole(lists[1], "score", _SCORE, problems)
    ]
    rater = saved.get("rater")
    return ReadVotes(
        preferences, scores, rater if isinstance(rater, str) and rater.strip() else None, problems
    )


def _whole(
    rows: Any, what: str, names: tuple[str, ...], problems: list[str]
) -> list[tuple[str, dict[str, Any]]]:
    """Return the rows that have all they need, texts and a score that is a number, each with its place."""
    found = []
    for number, row in enumerate(rows, start=1):
        # By its very type: true is a number too.
        if isinstance(row, dict) and all(type(row.get(name)) in _TYPES.get(name, (str,)) for name in names):
            found.append((f"{what} {number}", row))
        else:
            problems.append(f"{what} {number}: needs {', '.join(names)}")
    return found
