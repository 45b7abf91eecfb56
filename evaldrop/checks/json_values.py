"""JSON in responses: the whole of one, or what a code fence or a sentence holds."""

import json
import re
from typing import Any, Final, NamedTuple

from evaldrop.json_text import is_too_deep, loads

# What begins like JSON and goes wrong far on is read anew from the next beginning: not more than this in all.
_MOST_CHARACTERS: Final = 4_000_000
_MOST_TRIES: Final = 2000
_FENCE = re.compile(r"```[ \t]*(?:json[c5l]?)?[ \t]*\n(.*?)```", re.DOTALL | re.IGNORECASE)
_BEGINNING = re.compile(r"[{\[]")


class FoundJson(NamedTuple):
    """A JSON value, and a note where something stood around it."""

    value: Any
    note: str | None = None


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


_DECODER = json.JSONDecoder(parse_constant=_no_constant)


def read_json(text: str) -> Any:
    """
    Read a text that is JSON.

    Raises:
        ValueError: It is not, or nests too deeply.
    """
    value = loads(text)
    if is_too_deep(value):
        raise ValueError("it nests too deeply")
    return value


def find_json(text: str) -> FoundJson | None:
    """Find JSON: the whole text, else in its first code fence, else its first object or list; or None."""
    try:
        return FoundJson(read_json(text))
    except ValueError:
        pass  # it may stand in a fence, or among words
    fence = _FENCE.search(text)
    if fence is not None:
        try:
            return FoundJson(read_json(fence[1]), "Read from a code fence.")
        except ValueError:
            pass  # there may be another beginning
    return _among_words(text)


def _among_words(text: str) -> FoundJson | None:
    spent = 0
    for tries, match in enumerate(_BEGINNING.finditer(text)):
        if tries >= _MOST_TRIES or spent > _MOST_CHARACTERS:
            return None
        try:
            value, _ = _DECODER.raw_decode(text, match.start())
        except json.JSONDecodeError as error:
            spent += error.pos - match.start()
        except (ValueError, RecursionError):
            spent += len(text) - match.start()
        else:
            return None if is_too_deep(value) else FoundJson(value, "Read from among other text.")
    return None


def same_json(one: Any, other: Any) -> bool:
    """Tell whether two JSON values are equal: 1 and 1.0 are, 1 and true are not."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same_json(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same_json, one, other))
    return bool(one == other)
