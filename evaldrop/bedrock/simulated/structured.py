"""A simulated answer where the right one is JSON: faithful, with fields astray, cut off, or in a fence."""

from collections.abc import Iterator
from random import Random
from typing import Any, NamedTuple

import orjson

from evaldrop import json_text

FENCED = 0.2
"""At which an answer stands in a fence, though nothing but JSON was asked for."""
FEW, MANY = 0.12, 0.45
"""Shares of fields that go astray in a partly right answer, and in a wrong one."""
CUT_OFF = 0.5
"""At which what is neither is JSON that breaks off; else it is no JSON at all."""


class _Leaf(NamedTuple):
    """A value that is no object and no list, in what holds it."""

    holder: Any
    key: Any
    value: Any


def is_structured(reference: str | None) -> bool:
    """Tell whether a right answer is a JSON object or array."""
    if not reference or reference.lstrip()[:1] not in ("{", "["):
        return False
    try:
        return isinstance(json_text.loads(reference), dict | list)
    except ValueError:
        return False


def as_it_is(reference: str, draw: Random) -> str:
    """Return a right answer, laid out in this way or that."""
    return _laid_out(json_text.loads(reference), draw)


def with_errors(reference: str, draw: Random, *, share: float) -> str:
    """Return an answer in which a share of the fields is astray, one at least."""
    value = json_text.loads(reference)
    leaves = [*_leaves(value)]
    for leaf in draw.sample(leaves, k=min(len(leaves), max(1, round(share * len(leaves))))):
        leaf.holder[leaf.key] = _astray(leaf.value, draw)
    return _laid_out(value, draw)


def broken(reference: str, draw: Random) -> str | None:
    """Return an answer that breaks off, as at the limit of its tokens; or None for one that is no JSON."""
    if draw.random() >= CUT_OFF:
        return None
    text = as_it_is(reference, draw)
    return text[: int(len(text) * draw.uniform(0.4, 0.9))]


def _laid_out(value: Any, draw: Random) -> str:
    text = orjson.dumps(value, option=orjson.OPT_INDENT_2 if draw.random() < 0.5 else 0).decode()
    if draw.random() >= FENCED:
        return text
    opening = draw.choice(("", "Here is the JSON:\n\n"))
    return f"{opening}```json\n{text}\n```"


def _leaves(value: Any) -> Iterator[_Leaf]:
    members = value.items() if isinstance(value, dict) else enumerate(value)
    for key, member in members:
        if isinstance(member, dict | list) and member:
            yield from _leaves(member)
        else:
            yield _Leaf(value, key, member)


def _astray(value: Any, draw: Random) -> Any:
    """Return what somebody who reads carelessly makes of a value; never the value."""
    return draw.choice([made for made in _readings(value) if made != value])


def _readings(value: Any) -> tuple[Any, ...]:
    match value:
        case bool():
            return (not value,)
        case int() | float():
            # A separator taken for another, a digit misread, or the text as it stands.
            return (value * 100, round(value / 1000, 3), value + 1, value + 10, f"{value}")
        case str():
            words = value.split()
            return (None, " ".join(words[:-1]) if len(words) > 1 else value[:-1], f"{value} {value}")
        case _:
            return ("", "n/a")
