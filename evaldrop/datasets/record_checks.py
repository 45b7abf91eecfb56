"""The checks that a row brings: read as an evaluation's are, and bounded, since a dataset is anybody's."""

import json
from collections.abc import Mapping
from typing import Any

from evaldrop.checks import Check, check_from_config
from evaldrop.datasets.drafts import Fault, wrong_type
from evaldrop.errors import EvaluationError

MAX_CHECKS = 50
MAX_CHECKS_CHARACTERS = 64 * 1024
"""Of all checks of a record as JSON: they travel with it."""

_CODE = "it runs code, which a dataset must not choose"
_PAID = "it calls a model or a service, which a dataset must not choose"
EVALUATION_ONLY: Mapping[str, str] = {
    "python": _CODE,
    "lambda": _CODE,
    "similarity": _PAID,
    "guardrail": _PAID,
}
"""Kinds that only an evaluation may ask for, and why."""

_FORM = 'a kind such as "equals", an object such as {"contains": "refund"}, or a list of them'
CheckConfig = str | dict[str, Any]


def read_checks(value: Any, *, shown: str) -> tuple[tuple[CheckConfig, ...], list[Fault]]:
    """
    Read the checks of a row: their configurations as they were written, and what is wrong with them.

    Args:
        value: One check or a list of them; None is no check.
        shown: Under which key the row has them.
    """
    if value is None:
        return (), []
    members = value if isinstance(value, list) else [value]
    if len(members) > MAX_CHECKS:
        what = f'"{shown}" holds {len(members):,} checks, more than the {MAX_CHECKS} a record may have'
        return (), [Fault(what, "Write those that all records share into the evaluation.")]
    characters = len(json.dumps(members, ensure_ascii=False))
    if characters > MAX_CHECKS_CHARACTERS:
        what = f'"{shown}" holds {characters:,} characters, more than the {MAX_CHECKS_CHARACTERS:,} it may'
        return (), [Fault(what, "Write long schemas and lists into the evaluation.")]
    checks: list[CheckConfig] = []
    faults: list[Fault] = []
    for place, member in enumerate(members):
        path = f"{shown}[{place}]" if isinstance(value, list) else shown
        if not isinstance(member, str | dict):
            faults.append(wrong_type(path, member, _FORM))
            continue
        try:
            read_record_check(member, path=path)
        except EvaluationError as error:
            faults.append(_fault(error))
        else:
            checks.append(member)
    return tuple(checks), faults


def read_record_check(config: CheckConfig, *, path: str) -> Check:
    """
    Read one check of a record.

    Raises:
        EvaluationError: As `check_from_config`, or the check would run code, call somebody or read a file.
    """
    keys = (config,) if isinstance(config, str) else tuple(config)
    for key in keys:
        kind = str(key).removeprefix("not_")
        if kind in EVALUATION_ONLY:
            raise EvaluationError(
                f'{path}: "{kind}" is no check of a record: {EVALUATION_ONLY[kind]}. '
                "Write it into the evaluation's checks."
            )
        if kind == "json" and isinstance(config, dict) and isinstance(config[key], str):
            raise EvaluationError(
                f"{path}.{key}: a dataset names no files. Write the schema itself, or name the file in the "
                "evaluation's checks."
            )
    return check_from_config(config, path=path)


def _fault(error: EvaluationError) -> Fault:
    """Part what is wrong from what to do, as the message's sentences do."""
    what, _, do = str(error).rstrip(".").partition(". ")
    return Fault(what, f"{do}." if do else "Correct the check.")
