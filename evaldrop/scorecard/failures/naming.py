"""A group's name: the telling piece of a rationale near its middle, as it stands there."""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from evaldrop.scorecard.failures.words import parts_of, term_of

LONGEST: Final = 90
MOST_TERMS: Final = 5

_SHORTEST = 4
_SENTENCES = re.compile(r"(?<=[.!?])\s+|(?<=[。！？؟۔।])\s*|[\r\n]+")
_CLAUSES = re.compile(r"(?<=[,;:،؛])\s+|(?<=[，；：、])|\s+[–—-]\s+")
_AROUND = " \t*#_>`\"'“”„«».,;:，；：。、-–—•"


def label_of(texts: Sequence[str], telling: Mapping[str, float]) -> str:
    """
    Return the piece of some texts that tells most, at most LONGEST characters.

    Args:
        texts: At least one; those nearest to the group's middle, the nearest first.
        telling: Part: how much more it is the group's than others'; parts that are not there tell nothing.
    """
    # A text of a sign or two has no piece that is long enough.
    pieces = [piece for text in texts for piece in _pieces(text)] or [" ".join(texts[0].split())]
    # The first of equally telling ones: it is the nearest to the middle.
    return _shortened(max(pieces, key=lambda piece: _worth(piece, telling)))


def terms_of(ranked: Sequence[str], words: Mapping[str, str]) -> tuple[str, ...]:
    """Return the first parts as people read them, each word once."""
    terms = dict.fromkeys(term for part in ranked if (term := term_of(part, words[part])))
    return tuple(terms)[:MOST_TERMS]


def _pieces(text: str) -> Iterator[str]:
    for sentence in _SENTENCES.split(text):
        if len(sentence) <= LONGEST:
            yield from _stripped(sentence)
        else:
            for clause in (sentence, *_CLAUSES.split(sentence)):
                yield from _stripped(clause)


def _stripped(piece: str) -> Iterator[str]:
    bare = " ".join(piece.strip(_AROUND).split())
    if len(bare) >= _SHORTEST:
        yield bare


def _worth(piece: str, telling: Mapping[str, float]) -> float:
    parts = parts_of(piece[:LONGEST])
    # More words tell more, but less each: without the root the longest piece would always win.
    return sum(telling.get(part, 0.0) for part in parts) / math.sqrt(len(parts) + 3)


def _shortened(piece: str) -> str:
    if len(piece) <= LONGEST:
        return piece
    cut = piece[: LONGEST - 1]
    # At a word's end where there is one: a text without gaps is cut where it must be.
    end = cut.rfind(" ")
    return f"{cut[:end] if end > LONGEST // 2 else cut}…".replace(",…", "…")
