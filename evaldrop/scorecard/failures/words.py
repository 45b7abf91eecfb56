"""What of a rationale is compared: the beginnings of its words, or pieces where words have no gaps."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

CHARACTERS: Final = 600
"""Of a rationale that are compared: judges say why at its beginning."""

# Scripts written without gaps between words: Thai to Lao, Burmese, Khmer, kana, Chinese characters.
_RUNS = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
# Scripts that write articles, prepositions and pronouns at a word's front: Hebrew, Arabic.
_PREFIXED = "\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff"
_WORDS = re.compile(rf"[{_RUNS}]+|(?:(?![{_RUNS}])[^\W\d_])+")
_IS_RUN = re.compile(f"[{_RUNS}]")
_IS_PREFIXED = re.compile(f"[{_PREFIXED}]")
_OF_RUN, _OF_PREFIXED = 2, 3

# Endings tell a word's grammar; the stems of every language would be a library.
_STEM = 6


def parts_of(text: str) -> dict[str, str]:
    """
    Return what a text is compared by, each with the word it comes from.

    Numbers are left out: they are the record's, not the cause's.
    """
    parts: dict[str, str] = {}
    for word in _WORDS.findall(text[:CHARACTERS].lower()):
        for part in _parts(word):
            parts.setdefault(part, word)
    return parts


@lru_cache(maxsize=50_000)
def _parts(word: str) -> tuple[str, ...]:
    if _IS_RUN.match(word):
        return tuple(_pieces(word, _OF_RUN))
    if _IS_PREFIXED.match(word):
        return tuple(_pieces(word, _OF_PREFIXED))
    return (word[:_STEM],)


def _pieces(word: str, size: int) -> Iterator[str]:
    return (word[at : at + size] for at in range(max(1, len(word) - size + 1)))


def term_of(part: str, word: str) -> str | None:
    """Return a part as people read it; None for one that says nothing alone, like a letter or two."""
    if _IS_RUN.match(word):
        return part if len(part) == _OF_RUN else None
    return word if len(word) > 2 else None
