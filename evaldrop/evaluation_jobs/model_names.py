"""What to call models, of whose identifiers an output may hold anything."""

import re
from collections.abc import Iterable

UNKNOWN_MODEL = "unknown"
"""The model that no row names."""

_MOST_NAME, _MOST_MODEL = 64, 256
# Whoever brought own responses named their model as they liked.
_NOT_IN_AN_ID = re.compile(r"[^\w:./@+ -]+")
# Of `us.amazon.nova-lite-v1:0` what people call the model: no geography, no maker, no version.
_MODEL_ID = re.compile(r"(?:[a-z-]+\.)?[a-z0-9]+\.(.+?)(?:-\d{8})?(?:-v\d+(?::\d+)*)?")


def short_names(models: Iterable[str]) -> dict[str, str]:
    """Return what to call each model: as short as tells it from the others."""
    short: dict[str, list[str]] = {}
    for model in sorted(models):
        own = model_id(model)
        found = _MODEL_ID.fullmatch(own)
        short.setdefault(_as_name(found[1] if found else own), []).append(model)
    names = {}
    for name, those in short.items():
        for model in those:
            names[model] = name if len(those) == 1 else _as_name(model_id(model))
    return names


def model_id(identifier: str) -> str:
    """Return the ID in a model's ARN; of what is none, all of it, without what no ID has."""
    own = identifier.rpartition("/")[2] if identifier.startswith("arn:") else identifier
    return _NOT_IN_AN_ID.sub("-", own)[:_MOST_MODEL] or UNKNOWN_MODEL


def _as_name(text: str) -> str:
    name = re.sub(r"[^A-Za-z0-9_.-]+", "-", text).strip("-._")[:_MOST_NAME]
    return name or "model"
