"""promptfoo's tests as a table: a column a variable, and columns that begin with __ for what is asserted."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from evaldrop.datasets.drafts import Draft, put_variables
from evaldrop.datasets.shapes.promptfoo import carry_over
from evaldrop.datasets.shapes.promptfoo_checks import KNOWN_TYPES
from evaldrop.datasets.shapes.shape import SHARED_KEYS
from evaldrop.datasets.texts import scalar_text

EXPECTED_KEYS = ("__expected", *(f"__expected{number}" for number in range(1, 51)))
_EXPECTED = re.compile(r"__expected\d*")
_TYPES = "|".join(re.escape(name) for name in sorted(KNOWN_TYPES, key=len, reverse=True))
_COMPACT = re.compile(rf"(not-)?({_TYPES})(?:\((\d+(?:\.\d+)?)\))?(?::(.*))?", re.DOTALL)
_PREFIXES = {
    "javascript:": "javascript", "fn:": "javascript", "eval:": "javascript", "python:": "python",
    "grade:": "llm-rubric", "llm-rubric:": "llm-rubric", "file://": "javascript",
}  # fmt: skip
# Where a cell names no threshold, promptfoo's tables have these; elsewhere the assertion's own holds.
_CELL_THRESHOLDS = {"similar": 0.8, **dict.fromkeys(("cost", "latency", "levenshtein", "rouge-n"), 0.75)}
_METADATA = "__metadata:"
_CONFIG = re.compile(r"__config:(__expected\d*):(threshold|metric)")


def read_table_row(draft: Draft, row: Mapping[str, Any]) -> Iterable[str]:
    """Read a row of such a table; return the keys it used."""
    special = {key for key in row if key.startswith("__")}
    variables = {key: value for key, value in row.items() if key not in special and key not in SHARED_KEYS}
    put_variables(draft, variables, "vars")
    _surround(draft, row)
    for key in special:
        if key.startswith(_METADATA):
            name, value = key.removeprefix(_METADATA), row[key]
            is_list = name.endswith("[]") and isinstance(value, str)
            draft.keep(name.removesuffix("[]"), value.split(",") if is_list else value)
    assertions = [
        _assertion(row, key) for key in row if _EXPECTED.fullmatch(key) and row[key] not in (None, "")
    ]
    carry_over(draft, assertions, "__expected", variables)
    if row.get("__threshold") is not None:
        draft.notes.append(
            'promptfoo\'s "__threshold" of a test is not carried over: each check stands for itself'
        )
    used = {key for key in special if key.startswith((_METADATA, "__expected", "__config:__expected"))}
    return {*variables, *used, *("__prefix", "__suffix", "__metric", "__threshold")} & row.keys()


def _surround(draft: Draft, row: Mapping[str, Any]) -> None:
    """Put a row's prefix and suffix around its prompt."""
    prompt = draft.values.get("prompt")
    if isinstance(prompt, str):
        around = (scalar_text(row.get(key)) or "" for key in ("__prefix", "__suffix"))
        before, behind = around
        draft.values["prompt"] = f"{before}{prompt}{behind}"


def _assertion(row: Mapping[str, Any], key: str) -> dict[str, Any]:
    assertion = assertion_of(scalar_text(row[key]) or "")
    if row.get("__metric") is not None:
        assertion["metric"] = row["__metric"]
    for name, value in row.items():
        config = _CONFIG.fullmatch(name)
        if config and value is not None and (config[1] == key or key == f"{config[1]}1"):
            assertion[config[2]] = value
    return assertion


def assertion_of(cell: str) -> dict[str, Any]:
    """Return the assertion that a cell writes in short: `contains:Paris`, `similar(0.9):Bonjour`, `Paris`."""
    for prefix, kind in _PREFIXES.items():
        if cell.startswith(prefix):
            return {"type": kind, "value": cell.removeprefix(prefix)}
    compact = _COMPACT.fullmatch(cell)
    if compact is None:
        return {"type": "equals", "value": cell}
    negation, base, threshold, value = compact.groups()
    assertion: dict[str, Any] = {"type": f"{negation or ''}{base}"}
    if value:
        assertion["value"] = value
    if threshold is not None or base in _CELL_THRESHOLDS:
        assertion["threshold"] = float(threshold) if threshold else _CELL_THRESHOLDS[base]
    return assertion
