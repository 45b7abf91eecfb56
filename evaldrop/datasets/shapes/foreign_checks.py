"""What other tools' checks have in common: how one becomes a check of a record, or why it does not."""

import re
from collections.abc import Mapping
from typing import Any

from evaldrop.datasets.drafts import Draft
from evaldrop.datasets.record_checks import CheckConfig, read_record_check
from evaldrop.datasets.texts import scalar_text
from evaldrop.errors import EvaluationError

NO_SAME = "no check means the same"
RUNS_CODE = "it runs code"
NEEDS_MODEL = "it needs a model"
NAMES_FILE = "it names a file"

_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_.-]+")
_TEMPLATE = re.compile(r"\{\{-?\s*(\w+(?:\.\w+)*)\s*-?\}\}")


class NotCarriedOverError(ValueError):
    """Raised for another tool's check that cannot be one of evaldrop's; its message says why."""


def add_checks(
    draft: Draft, configs: list[dict[str, Any]], source: str, *, name: Any = None, weight: Any = None
) -> None:
    """
    Add checks to a row, under one name where one is given.

    Raises:
        NotCarriedOverError: A check cannot read its value, or its weight is none.
    """
    options: dict[str, Any] = {}
    if (own := check_name_of(name)) is not None:
        options["name"] = own
    if weight is not None and weight != 1:
        options["weight"] = weight
    complete: list[CheckConfig] = [{**config, **options} for config in configs]
    for config in complete:
        try:
            read_record_check(config, path=source)
        except EvaluationError as error:
            # Not the error's own words: they quote the row, and every row would have a note of its own.
            raise NotCarriedOverError("its value, weight or threshold cannot be used") from error
    for config in complete:
        draft.add_check(config, source)


def check_name_of(name: Any) -> str | None:
    """Return a name as checks have one, letters, digits, _ - . behind a letter; None where none is left."""
    text = scalar_text(name)
    if text is None:
        return None
    return _NOT_IN_NAMES.sub("_", text).strip("_").lstrip("0123456789.-_")[:64] or None


def number_of(value: Any) -> float:
    """
    Return a number, also one that is written as a text.

    Raises:
        NotCarriedOverError: It is none.
    """
    text = scalar_text(value)
    try:
        number = float(text) if text is not None and not isinstance(value, bool) else None
    except ValueError:
        number = None
    # NaN is unequal to itself.
    if number is None or number != number or abs(number) == float("inf"):
        raise NotCarriedOverError("its number cannot be read")
    return int(number) if number.is_integer() else number


def filled(value: Any, variables: Mapping[str, Any]) -> Any:
    """Put variables in the places of `{{ name }}`, as deep as a value goes; unknown names stay written."""
    if isinstance(value, list):
        return [filled(member, variables) for member in value]
    if isinstance(value, dict):
        return {key: filled(member, variables) for key, member in value.items()}
    if not isinstance(value, str):
        return value
    return _TEMPLATE.sub(lambda match: _text_at(variables, match[1]) or match[0], value)


def _text_at(variables: Mapping[str, Any], path: str) -> str | None:
    value: Any = variables
    for step in path.split("."):
        value = value.get(step) if isinstance(value, Mapping) else None
    return scalar_text(value)
