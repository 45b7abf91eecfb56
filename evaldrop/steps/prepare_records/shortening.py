"""Texts that are too long to be shown whole, cut in the middle with a plain statement of what is left out."""

from collections.abc import Mapping
from typing import Any, NamedTuple

LIMITS = (
    160_000, 120_000, 90_000, 68_000, 50_000, 38_000, 28_000, 21_000,
    16_000, 12_000, 9_000, 6_800, 5_000, 3_800, 2_800, 2_000, 1_000,
)  # fmt: skip
"""Characters a text may keep, the most generous first: few steps, so that the same record is cut the same."""


class Shortened(NamedTuple):
    """Values with their long texts cut, and how many characters each of them lost."""

    values: dict[str, Any]
    left_out: dict[str, int]


def shorten(text: str, limit: int) -> str:
    """
    Return a text with at most `limit` characters of it, from its two ends, and a statement between them.

    The statement comes on top of the limit. It says that a response may rest on what is left out: a
    judge must not hold that against it.
    """
    left_out = len(text) - limit
    if left_out <= 0:
        return text
    tail = limit // 2
    statement = (
        f"\n\n[… {left_out:,} characters are left out here: the text is too long to be shown whole, "
        "and a response may rest on what is left out …]\n\n"
    )
    # Not text[-tail:], which is the whole text for a tail of 0.
    return text[: limit - tail] + statement + text[len(text) - tail :]


def shorten_values(values: Mapping[str, Any], limit: int) -> Shortened:
    """Return values in which no text, in lists and objects too, keeps more than `limit` characters."""
    pieces = {name: _shorten(value, limit) for name, value in values.items()}
    lost = {name: left_out for name, (_, left_out) in pieces.items() if left_out}
    return Shortened({name: shown for name, (shown, _) in pieces.items()}, lost)


def _shorten(value: Any, limit: int) -> tuple[Any, int]:
    if isinstance(value, str):
        return shorten(value, limit), max(0, len(value) - limit)
    if isinstance(value, list | tuple):
        pieces = [_shorten(each, limit) for each in value]
        return [piece for piece, _ in pieces], sum(left_out for _, left_out in pieces)
    if isinstance(value, dict):
        inner = {key: _shorten(each, limit) for key, each in value.items()}
        return {key: piece for key, (piece, _) in inner.items()}, sum(n for _, n in inner.values())
    return value, 0
