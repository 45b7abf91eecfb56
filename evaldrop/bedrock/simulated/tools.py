"""Which of its tools the simulated candidate asks for, and with which arguments."""

import re
from collections.abc import Mapping
from random import Random
from typing import Any

_WORD = re.compile(r"[^\W_]{3,}")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_PRECISION = 2


def chosen_tool(
    request: Mapping[str, Any], prompt: str, draw: Random, *, quality: float
) -> dict[str, Any] | None:
    """
    Return the name and input of the tool that a model calls; None where it calls none.

    It calls the tool whose name and description share most words with the prompt. A worse model answers
    itself now and then, and any does where no tool shares a word.

    Args:
        request: Converse's, in camel case.
        prompt: The last thing the user said.
        draw: Where chance comes from.
        quality: Of the model, in [0, 1].
    """
    specs = [
        each["toolSpec"]
        for each in (request.get("toolConfig") or {}).get("tools") or ()
        if "toolSpec" in each
    ]
    if not specs or draw.random() > quality:
        return None
    said = _words(prompt)
    shared = [len(said & _words(f"{each['name']} {each.get('description', '')}")) for each in specs]
    if not any(shared):
        return None
    spec = specs[shared.index(max(shared))]
    return {"name": spec["name"], "input": _arguments(spec["inputSchema"].get("json"), prompt)}


def _words(text: str) -> set[str]:
    return {word.casefold() for word in _WORD.findall(text.replace("_", " "))}


def _arguments(schema: object, prompt: str) -> dict[str, Any]:
    properties = schema.get("properties") if isinstance(schema, dict) else None
    numbers, words = _NUMBER.findall(prompt), [word for word in prompt.split() if word[:1].isupper()]
    found = {}
    for name, asked in properties.items() if isinstance(properties, dict) else ():
        kind = asked if isinstance(asked, dict) else {}
        if choices := kind.get("enum"):
            found[name] = next(
                (each for each in choices if str(each).casefold() in prompt.casefold()), choices[0]
            )
        elif kind.get("type") in ("number", "integer"):
            number = float(numbers.pop(0)) if numbers else 1.0
            found[name] = int(number) if kind["type"] == "integer" else round(number, _PRECISION)
        elif kind.get("type") == "boolean":
            found[name] = True
        else:
            found[name] = words[-1].strip(".,?!") if words else prompt[:40]
    return found
