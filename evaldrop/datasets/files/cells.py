"""
What the cells of a table's row mean: text, nothing, or JSON where a field is a list or an object.

A cell has no type: numbers stay the text they are, so that an ID such as 007 is kept.
"""

import ast
import json
import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from evaldrop.datasets.drafts import PROMPT_KEYS, Fault
from evaldrop.datasets.files.json_text import parse_row
from evaldrop.datasets.files.rows import ParsedRow
from evaldrop.datasets.texts import is_messages

# Text whatever it looks like: a prompt, an answer or a response may itself be JSON.
_TEXTS = frozenset({
    "id", "recordId", "prompt", "system", "category", "group", "question", "query", "instruction",
    "text_prompt", "golden_answer", "response", "answer", "output", "submission", "prediction",
    "actual_output", "expected_output", "completion", "generator", "dataset",
})  # fmt: skip
# Never text: a cell of these that begins as JSON and is broken is a mistake in the cell.
_STRUCTURES = frozenset({
    "messages", "metadata", "responses", "conversationTurns", "conversations", "modelInput", "modelOutput",
    "modelResponses", "vars", "assert", "checks", "expectations", "turns", "additional_metadata",
})  # fmt: skip
# `metadata.topic` is a member of an object; other names with a dot are names.
_PARENTS = frozenset({
    "metadata", "responses", "criteria", "inputs", "outputs", "expectations", "vars", "reference_outputs",
    "additional_metadata",
})  # fmt: skip
_TEXT_PARENTS = frozenset({"responses", "criteria", "outputs"})
# Of these a list means several texts, and an object is somebody's text.
_LISTS_OF_TEXTS = frozenset({"reference", "context", "target", "ideal", "expected", "referenceResponse"})
_BOOLEANS = {"true": True, "false": False}
# What programs write for no value, and spreadsheets for a formula that failed.
_NO_VALUE = re.compile(r"nan|null|none|n/a|#n/a|<na>|#(?:name|ref|value|div/0|null|num)[?!]", re.IGNORECASE)
# What Python's own lists look like where a program wrote them into a cell.
_PYTHON = re.compile(r"""\[\s*['"{\[]|\{\s*['"]""")
_MAX_PYTHON_CHARACTERS = 1_000_000
_NOT_JSON = object()


class _Column(NamedTuple):
    name: str
    parent: str | None
    key: str


class TableColumns:
    """
    The columns of a table by their names.

    Args:
        names: Theirs; an empty one is none.
        is_typed: Whether cells have types, and an empty text is told from no value.

    Attributes:
        n, n_named: How many there are, and how many have a name.
    """

    def __init__(self, names: Sequence[str], *, is_typed: bool = False) -> None:
        self._columns = [_column(name) for name in names]
        self._is_typed = is_typed
        self.n = len(names)
        self.n_named = sum(map(bool, names))

    def row(self, cells: Sequence[Any]) -> ParsedRow:
        """Return a row as the object its cells make; None is no value, nor is the empty cell of a text."""
        made: dict[str, Any] = {}
        notes: list[str] = []
        for place, (column, cell) in enumerate(zip(self._columns, cells, strict=False), start=1):
            if cell is None or (not self._is_typed and not cell.strip()):
                continue
            if not column.name:
                notes.append(f"column {place} has no name, and is left aside")
                continue
            value, fault, note = _value(column, cell) if isinstance(cell, str) else (cell, None, None)
            fault = fault or _put(made, column, value)
            if fault:
                return ParsedRow(None, fault)
            if note:
                notes.append(f'"{column.name[:100]}" {note}')
        return ParsedRow(made, None, tuple(notes))


def _column(name: str) -> _Column:
    parent, dot, key = name.partition(".")
    return _Column(name, parent, key) if dot and key and parent in _PARENTS else _Column(name, None, name)


def _put(made: dict[str, Any], column: _Column, value: Any) -> Fault | None:
    if column.parent is None:
        # Columns such as metadata.topic may stand before the object's own.
        members = made.get(column.name)
        if members is None or not isinstance(value, dict):
            twice = column.name if members is not None else None
            made[column.name] = value
        else:
            twice = next((f"{column.name}.{key}" for key in value if key in members), None)
            made[column.name] = {**members, **value}
    else:
        members = made.setdefault(column.parent, {})
        twice = column.parent if not isinstance(members, dict) else None
        if twice is None:
            twice = column.name if column.key in members else None
            members[column.key] = value
    if twice is None:
        return None
    return Fault(f'"{twice[:100]}" is given by two columns', "Keep one of them.")


def _value(column: _Column, cell: str) -> tuple[Any, Fault | None, str | None]:
    """Return a cell's value, what is wrong with it, and what to say of it."""
    name = column.key
    is_text = column.parent in _TEXT_PARENTS or (column.parent is None and name in _TEXTS)
    if name == "expected_blocked":
        return _BOOLEANS.get(cell.strip().lower(), cell), None, None
    if not is_text and cell.lstrip()[:1] in ("[", "{"):
        value, fault = _structure(cell)
        if value is _NOT_JSON:
            is_broken = name in _STRUCTURES and column.parent is None
            # Not a column of the table, of which there are others.
            what = f'"{name}": {fault.what}'.replace(" at column ", " at character ")
            return cell, Fault(what, fault.do) if is_broken else None, None
        if name in _LISTS_OF_TEXTS:
            is_list = isinstance(value, list) and all(isinstance(each, str | int | float) for each in value)
            return (
                (value, None, "is read as a list, not as the text of its cells")
                if is_list
                else (cell, None, None)
            )
        # Beside an instruction, and in general, an input is text; these two are how others than text look.
        if name == "input" and not (is_messages(value) or isinstance(value, dict)):
            return cell, None, None
        kind = "a list" if isinstance(value, list) else "an object"
        return (
            value,
            None,
            None if name in _STRUCTURES else f"is read as {kind}, not as the text of its cells",
        )
    if is_text and name in PROMPT_KEYS and _PYTHON.match(cell.lstrip()):
        value, _ = _structure(cell)
        if is_messages(value):
            return cell, None, 'holds a conversation, and is sent as its text; call the column "messages"'
        if isinstance(value, list):
            return cell, None, "holds a list, and is sent as its text"
    if _NO_VALUE.fullmatch(cell.strip()):
        said = cell.strip()
        return cell, None, f'says "{said}", which is taken for text; an empty cell is no value'
    return cell, None, None


def _structure(cell: str) -> tuple[Any, Fault]:
    """Return the list or object that a cell holds, as JSON or as Python writes it; else what is wrong."""
    value, fault = parse_row(cell.encode(), first_line=None, offset=0)
    if fault is None:
        return value, Fault("", "")
    if len(cell) <= _MAX_PYTHON_CHARACTERS and _PYTHON.match(cell.lstrip()):
        try:
            # Tuples, sets and bytes are no JSON: writing it tells.
            written = json.dumps(ast.literal_eval(cell.strip()), allow_nan=False)
        except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
            return _NOT_JSON, fault
        # Read as any row is: no deeper, for one.
        value, refused = parse_row(written.encode(), first_line=None, offset=0)
        return (value, fault) if refused is None else (_NOT_JSON, refused)
    return _NOT_JSON, fault
