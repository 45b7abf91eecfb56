"""The JSON Schema of a check as an evaluation writes it, for editors."""

from typing import Any

from evaldrop.checks.definition import NOT
from evaldrop.checks.kinds import KINDS, OF_RECORDS


def check_json_schema() -> dict[str, Any]:
    """
    Return what an editor completes: a kind's name, or a mapping with a kind and options.

    It is wider than what is read: a kind's value is any, and so are the options of a scorer.
    """
    made = [kind for kind in KINDS.values() if kind.name != OF_RECORDS]
    kinds = {key: {"description": kind.question} for kind in made for key in (kind.name, NOT + kind.name)}
    options = {
        "name": {"type": "string", "description": "What it is called; its kind where it is left out."},
        "weight": {"type": "number", "minimum": 0, "default": 1},
        "pass_at": {"type": "number", "description": "Of a kind that gives a fraction: what of it passes."},
    }
    a_kind = [{"required": [key]} for key in kinds]
    whole = {"type": "object", "properties": {**kinds, **options}, "anyOf": a_kind}
    return {"anyOf": [{"type": "string", "enum": list(kinds)}, whole]}
