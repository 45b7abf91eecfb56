"""OpenAI's graders, which evals and reinforcement fine-tuning share, as checks that mean the same."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from evaldrop.datasets.drafts import Draft, put_variables
from evaldrop.datasets.shapes.foreign_checks import (
    NEEDS_MODEL,
    NO_SAME,
    RUNS_CODE,
    NotCarriedOverError,
    add_checks,
    filled,
    number_of,
)
from evaldrop.datasets.texts import scalar_text

KEYS = ("testing_criteria", "graders", "grader")
_KINDS = ("string_check", "text_similarity", "label_model", "score_model", "python", "multi", "endpoint")
_OPERATIONS = {"eq": "equals", "ne": "not_equals", "like": "contains", "ilike": "icontains"}
# Of which evaldrop counts its own, near OpenAI's and not the same to the last digit.
_METRICS = {"fuzzy_match": "levenshtein"} | {
    name: name for name in ("bleu", "gleu", "meteor", "rouge_1", "rouge_2", "rouge_l")
}
_OUTPUT = re.compile(r"\{\{\s*sample\.output_text\s*\}\}")
_MEMBER = re.compile(r"\{\{\s*sample\.output_json((?:\.\w+|\[\d+\])+)\s*\}\}")
_ONE_ITEM = re.compile(r"\{\{\s*item\.([\w.]+)\s*\}\}")
# What an item may call its right answer, where no grader says which it is.
_ANSWERS = (
    "reference_answer", "reference", "correct_label", "correct_answer", "ground_truth", "expected_output",
    "expected", "ideal", "answer", "label", "target",
)  # fmt: skip


def are_graders(value: Any) -> bool:
    """Tell whether a value is a grader or a list of them."""
    members = value if isinstance(value, list) else [value]
    return bool(members) and all(isinstance(each, dict) and each.get("type") in _KINDS for each in members)


def add_graders(draft: Draft, value: Any, key: str, row: Mapping[str, Any]) -> list[Any]:
    """Add the checks of a row's graders; return those that are not carried over, each of which is noted."""
    variables = item_of(row)
    left = []
    for grader in value if isinstance(value, list) else [value]:
        try:
            configs = checks_of(grader, variables)
            add_checks(draft, configs, key, name=grader.get("name"))
        except NotCarriedOverError as error:
            left.append(grader)
            draft.notes.append(
                f'OpenAI\'s grader "{grader["type"]}" is not carried over ({error}); it is kept in metadata'
            )
            continue
        if grader["type"] == "text_similarity":
            metric = grader["evaluation_metric"]
            draft.notes.append(
                f"OpenAI's grader of {metric} is checked by evaldrop's {_METRICS[metric]}: "
                "near its threshold it may decide otherwise"
            )
    return left


def checks_of(grader: Mapping[str, Any], item: Mapping[str, Any]) -> list[dict[str, Any]]:
    """
    Return the checks that mean the same as a grader, with an item's values in its templates.

    Raises:
        NotCarriedOverError: There are none, and why.
    """
    match grader.get("type"):
        case "string_check":
            return [_string_check(grader, item)]
        case "text_similarity":
            return [_similarity(grader, item)]
        case "label_model" | "score_model":
            raise NotCarriedOverError(NEEDS_MODEL)
        case "python":
            raise NotCarriedOverError(RUNS_CODE)
        case "endpoint":
            raise NotCarriedOverError("it calls a server")
        case _:
            raise NotCarriedOverError(NO_SAME)


def _string_check(grader: Mapping[str, Any], item: Mapping[str, Any]) -> dict[str, Any]:
    given, wanted = grader.get("input"), grader.get("reference")
    kind = _OPERATIONS.get(str(grader.get("operation")))
    if kind is None or not isinstance(given, str) or not isinstance(wanted, str):
        raise NotCarriedOverError(NO_SAME)
    # To be equal goes both ways.
    if kind in ("equals", "not_equals") and _OUTPUT.fullmatch(wanted.strip()):
        given, wanted = wanted, given
    if _OUTPUT.fullmatch(given.strip()):
        return {kind: _text(wanted, item)}
    member = _MEMBER.fullmatch(given.strip())
    if member is None or kind not in ("equals", "not_equals"):
        raise NotCarriedOverError(NO_SAME)
    path = {"path": f"${member[1]}", "equals": _value(wanted, item)}
    return {kind.replace("equals", "json_path"): path}


def _similarity(grader: Mapping[str, Any], item: Mapping[str, Any]) -> dict[str, Any]:
    kind = _METRICS.get(str(grader.get("evaluation_metric")))
    given, wanted = grader.get("input"), grader.get("reference")
    if kind is None or not isinstance(given, str) or not isinstance(wanted, str):
        raise NotCarriedOverError(NO_SAME)
    if not _OUTPUT.fullmatch(given.strip()):
        raise NotCarriedOverError(NO_SAME)
    check: dict[str, Any] = {kind: _text(wanted, item)}
    if grader.get("pass_threshold") is not None:
        check["pass_at"] = number_of(grader["pass_threshold"])
    return check


def _text(template: str, item: Mapping[str, Any]) -> str:
    text = filled(template, {"item": item})
    if not isinstance(text, str) or "{{" in text:
        raise NotCarriedOverError("the row lacks what its template names")
    return text


def _value(template: str, item: Mapping[str, Any]) -> Any:
    """Return a value as the item has it where a template is nothing else: a number stays one."""
    one = _ONE_ITEM.fullmatch(template.strip())
    return item[one[1]] if one and one[1] in item else _text(template, item)


def item_of(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the variables of a row: those of its item, or of fine-tuning's rows the row's own."""
    item = row.get("item")
    return item if isinstance(item, dict) else row


def read_item(draft: Draft, row: Mapping[str, Any]) -> Iterable[str]:
    """Read an eval's item: variables, of which the one that a grader compares with is the reference."""
    item = item_of(row)
    answers = [*_compared_with(row), *(key for key in _ANSWERS if key in item)]
    answer = next((key for key in answers if scalar_text(item.get(key)) is not None), None)
    # What is the answer, or is only compared with, is not shown.
    put_variables(draft, {key: value for key, value in item.items() if key not in answers}, "item")
    for key in dict.fromkeys(answers):
        if key in item:
            draft.keep(key, item[key])
    if answer is not None:
        draft.put("reference", item[answer], f"item.{answer}")
    sample = row.get("sample")
    if isinstance(sample, dict) and isinstance(sample.get("output_text"), str):
        draft.add_response("sample", sample["output_text"], "sample.output_text")
        return ("item", "sample")
    return ("item",)


def _compared_with(row: Mapping[str, Any]) -> list[str]:
    """Return the item's variables that graders compare an output with."""
    found: list[str] = []
    for key in KEYS:
        graders = row.get(key)
        for grader in graders if isinstance(graders, list) else [graders]:
            reference = grader.get("reference") if isinstance(grader, dict) else None
            found += _ONE_ITEM.findall(reference) if isinstance(reference, str) else []
    return found
