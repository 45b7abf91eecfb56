"""What promptfoo's assertions become: a reference, criteria, or metadata with a remark; what is faithful."""

import re
from collections.abc import Mapping
from typing import Any

from evaldrop.datasets.drafts import Draft, put_variables, wrong_type
from evaldrop.datasets.texts import scalar_text

# Compared with a text as a whole, so the text is a reference; best first.
_WHOLE = (
    "equals",
    "iequals",
    "factuality",
    "model-graded-factuality",
    "similar",
    "rouge-n",
    "bleu",
    "levenshtein",
)
# Looked for inside the response: a reference for the metric `contains`, when the row asks nothing else of it.
_PART = ("contains", "icontains", "contains-any", "icontains-any")
_RUBRICS = {"llm-rubric": "llm_rubric", "model-graded-closedqa": "closedqa", "g-eval": "g_eval"}
_VARIABLE = re.compile(r"\{\{-?\s*(\w+)\s*-?\}\}")


def read_vars(draft: Draft, value: Any, key: str, _row: Mapping[str, Any]) -> None:
    """Make a prompt of a test's variables."""
    if not isinstance(value, dict):
        draft.blame_prompt(wrong_type(key, value, "an object"))
        return
    put_variables(draft, value, key)
    if any(isinstance(member, list) for member in value.values()):
        draft.notes.append(
            "promptfoo runs a test once per value of a list variable; here the list is one value"
        )


def read_assert(draft: Draft, value: Any, key: str, row: Mapping[str, Any]) -> None:
    """Turn a test's assertions into its reference and criteria; keep the others in metadata."""
    if not isinstance(value, list) or not all(isinstance(member, dict) for member in value):
        draft.refuse_type(key, value, "a list of objects")
        return
    raw_vars = row.get("vars")
    variables = raw_vars if isinstance(raw_vars, dict) else {}
    reference = _reference_of(value)
    kept = []
    for assertion in value:
        kind, wanted = assertion.get("type"), _filled(assertion.get("value"), variables)
        if assertion is reference:
            draft.put("reference", wanted, f"{key}.{kind}")
        elif kind in _RUBRICS and wanted:
            name = assertion.get("metric") or _RUBRICS[kind]
            question = "\n".join(map(str, _members(wanted)))
            draft.add_criterion(str(name), question, f"{key}.{kind}")
        else:
            kept.append(assertion)
            draft.notes.append(f'promptfoo assertion "{kind}" is not carried over; it is kept in metadata')
    if kept:
        draft.keep(key, kept)


def _reference_of(assertions: list[dict[str, Any]]) -> dict[str, Any] | None:
    """
    Choose the one assertion whose value can be the reference.

    A reference of several texts means any of them, while promptfoo wants all its assertions to hold: two
    assertions never become one reference.
    """
    whole = [a for a in assertions if a.get("type") in _WHOLE and _is_text(a.get("value"))]
    if whole:
        return min(whole, key=lambda assertion: _WHOLE.index(assertion["type"]))
    part = [a for a in assertions if a.get("type") in _PART and _is_text(a.get("value"))]
    return part[0] if len(part) == 1 else None


def _is_text(value: Any) -> bool:
    values = _members(value)
    return bool(values) and all(scalar_text(member) is not None for member in values)


def _filled(value: Any, variables: Mapping[str, Any]) -> Any:
    """Put variables in the places that promptfoo would; a name it does not know stays as it is written."""
    if isinstance(value, list):
        return [_filled(member, variables) for member in value]
    if not isinstance(value, str):
        return value
    return _VARIABLE.sub(lambda match: scalar_text(variables.get(match[1])) or match[0], value)


def _members(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
