"""The words in which two texts differ, as `templates/scripts/texts/difference.js` finds them in a page."""

import re
from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

import numpy as np

# The table of a comparison has so many cells at most, of two bytes each.
MOST_CELLS = 4_000_000
_WORDS = re.compile(r"\s+|\w+|\S")
_LINES = re.compile(r"[^\n]*\n|[^\n]+")

Kind = Literal["same", "gone", "new"]


class Stretch(NamedTuple):
    """A part of a text that the other one has at this place too, or has not."""

    kind: Kind
    text: str


def word_differences(first: str, second: str) -> tuple[list[Stretch], list[Stretch]]:
    """Return both texts in stretches: what of the first is gone in the second, and what there is new."""
    pieces = _WORDS.findall(first), _WORDS.findall(second)
    if len(pieces[0]) * len(pieces[1]) > MOST_CELLS:
        pieces = _LINES.findall(first), _LINES.findall(second)
    a, b = pieces
    start = _shared(a, b)
    end = _shared(a[start:][::-1], b[start:][::-1])
    kept_a, kept_b = _common(a[start : len(a) - end], b[start : len(b) - end])
    return (
        _joined(_marked(a, start, end, kept_a, "gone")),
        _joined(_marked(b, start, end, kept_b, "new")),
    )


def _shared(a: Sequence[str], b: Sequence[str]) -> int:
    return next(
        (n for n, (one, other) in enumerate(zip(a, b, strict=False)) if one != other), min(len(a), len(b))
    )


def _marked(
    words: Sequence[str], start: int, end: int, kept: frozenset[int], kind: Kind
) -> Iterable[Stretch]:
    last = len(words) - end
    for place, word in enumerate(words):
        yield Stretch(kind if start <= place < last and place - start not in kept else "same", word)


def _joined(stretches: Iterable[Stretch]) -> list[Stretch]:
    joined: list[Stretch] = []
    for stretch in stretches:
        if joined and joined[-1].kind == stretch.kind:
            joined[-1] = Stretch(stretch.kind, joined[-1].text + stretch.text)
        else:
            joined.append(stretch)
    return joined


def _common(a: Sequence[str], b: Sequence[str]) -> tuple[frozenset[int], frozenset[int]]:
    """Return the places of a longest common subsequence; lists too long for it have nothing in common."""
    if not a or not b or len(a) * len(b) > MOST_CELLS:
        return frozenset(), frozenset()
    numbers: dict[str, int] = {}
    left, right = (np.array([numbers.setdefault(word, len(numbers)) for word in words]) for words in (a, b))
    longest = np.zeros((len(a) + 1, len(b) + 1), np.uint16)
    for i in range(len(a) - 1, -1, -1):
        below = longest[i + 1]
        found = np.where(right == left[i], below[1:] + 1, below[:-1])
        # A row at a time: from its end on, each cell is at least what is behind it.
        longest[i, :-1] = np.maximum.accumulate(found[::-1])[::-1]
    kept_a, kept_b = [], []
    i = j = 0
    while i < len(a) and j < len(b):
        if left[i] == right[j]:
            kept_a.append(i)
            kept_b.append(j)
            i, j = i + 1, j + 1
        elif longest[i + 1, j] >= longest[i, j + 1]:
            i += 1
        else:
            j += 1
    return frozenset(kept_a), frozenset(kept_b)
