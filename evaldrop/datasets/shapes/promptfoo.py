"""What promptfoo's assertions become: a reference, checks, criteria, or metadata with a remark."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from evaldrop.datasets.drafts import Draft, put_variables, wrong_type
from evaldrop.datasets.shapes.foreign_checks import NotCarriedOverError, add_checks, filled
from evaldrop.datasets.shapes.promptfoo_checks import DIFFERS, checks_of
from evaldrop.datasets.texts import scalar_text

# Compared with a text as a whole, so the text is a reference; best first.
_WHOLE = (
    "equals",
    "factuality",
    "model-graded-factuality",
    "similar",
    "rouge-n",
    "bleu",
    "meteor",
    "gleu",
    "levenshtein",
)
# Looked for inside the response: a reference for the metric `contains`, when the row asks nothing else of it.
_PART = ("contains", "icontains", "contains-any", "icontains-any")
_RUBRICS = {"llm-rubric": "llm_rubric", "model-graded-closedqa": "closedqa", "g-eval": "g_eval"}
# A judge's correctness asks what these ask, against the reference that they gave.
_JUDGED = ("factuality", "model-graded-factuality")
_SET = "assert-set"


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
    """Turn a test's assertions into its reference, checks and criteria; keep the others in metadata."""
    if not isinstance(value, list) or not all(isinstance(member, dict) for member in value):
        draft.refuse_type(key, value, "a list of objects")
        return
    raw_vars = row.get("vars")
    carry_over(draft, value, key, raw_vars if isinstance(raw_vars, dict) else {})
    if row.get("threshold") is not None:
        draft.notes.append(
            'promptfoo\'s "threshold" of a test is not carried over: each check stands for itself'
        )


def read_test_case(draft: Draft, value: Any, key: str, row: Mapping[str, Any]) -> None:
    """Read the test behind one of promptfoo's results, whose assertions are in it."""
    assertions = value.get("assert") if isinstance(value, dict) else None
    draft.keep(key, value)
    if isinstance(assertions, list) and all(isinstance(member, dict) for member in assertions):
        variables = row.get("vars") or value.get("vars")
        carry_over(draft, assertions, f"{key}.assert", variables if isinstance(variables, dict) else {})


def carry_over(draft: Draft, assertions: list[Any], key: str, variables: Mapping[str, Any]) -> None:
    """Turn assertions into what they mean; what no check means is noted, and kept in metadata under `key`."""
    assertions = [*_flat(assertions)]
    reference = _reference_of(assertions)
    kept = []
    for assertion in assertions:
        kind, wanted = str(assertion.get("type")), filled(assertion.get("value"), variables)
        if assertion is reference:
            is_json = kind == "equals" and isinstance(wanted, dict | list)
            text = json.dumps(wanted, ensure_ascii=False) if is_json else wanted
            draft.put("reference", text, f"{key}.{kind}")
        if kind in _RUBRICS and wanted:
            name = assertion.get("metric") or _RUBRICS[kind]
            question = "\n".join(map(str, _members(wanted)))
            draft.add_criterion(str(name), question, f"{key}.{kind}")
        elif kind not in _JUDGED or assertion is not reference:
            why = _checked(draft, assertion, wanted, key, variables)
            if why is not None:
                kept.append(assertion)
                draft.notes.append(
                    f'promptfoo assertion "{kind[:100]}" is not carried over ({why}); it is kept in metadata'
                )
    if kept:
        draft.keep(key, kept)


def _checked(
    draft: Draft, assertion: Mapping[str, Any], wanted: Any, key: str, variables: Mapping[str, Any]
) -> str | None:
    """Add the checks of an assertion; return why there are none."""
    kind = str(assertion.get("type")).removeprefix("not-")
    try:
        add_checks(
            draft,
            checks_of(assertion, wanted),
            key,
            name=filled(assertion.get("metric"), variables),
            weight=assertion.get("weight"),
        )
    except NotCarriedOverError as error:
        return str(error)
    if kind in DIFFERS:
        draft.notes.append(
            f'promptfoo assertion "{kind}" is checked by evaldrop\'s {DIFFERS[kind]}: '
            "near its threshold it may decide otherwise"
        )
    return None


def _flat(assertions: list[Any]) -> Iterator[dict[str, Any]]:
    """Yield assertions, and those of a set all of which have to hold as its own."""
    for assertion in assertions:
        members = assertion.get("assert") if assertion.get("type") == _SET else None
        # Of a threshold below 1 some have to hold, whichever: no check means that.
        if not isinstance(members, list) or assertion.get("threshold") not in (None, 1):
            yield assertion
            continue
        shared = {name: assertion[name] for name in ("metric", "weight") if assertion.get(name) is not None}
        yield from _flat([{**shared, **member} for member in members if isinstance(member, dict)])


def _reference_of(assertions: list[dict[str, Any]]) -> dict[str, Any] | None:
    """
    Choose the one assertion whose value can be the reference.

    A reference of several texts means any of them, while promptfoo wants all its assertions to hold: two
    assertions never become one reference.
    """
    whole = [a for a in assertions if a.get("type") in _WHOLE and _is_reference(a)]
    if whole:
        return min(whole, key=lambda assertion: _WHOLE.index(assertion["type"]))
    part = [a for a in assertions if a.get("type") in _PART and _is_reference(a)]
    return part[0] if len(part) == 1 else None


def _is_reference(assertion: Mapping[str, Any]) -> bool:
    value = assertion.get("value")
    if isinstance(value, dict | list) and assertion.get("type") == "equals":
        return True
    members = _members(value)
    return bool(members) and all(
        (text := scalar_text(member)) is not None and not text.startswith("file://") for member in members
    )


def _members(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
