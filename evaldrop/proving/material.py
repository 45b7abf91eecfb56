"""What a fault is planted in, and what comes out."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from evaldrop.proving.pieces import Piece, content_words

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordTexts:
    """The texts of a record that tell which part of a response matters."""

    prompt: str
    references: tuple[str, ...] = ()
    context: str | None = None

    @property
    def known(self) -> str:
        """What is known to be right: references and context."""
        return "\n".join((*self.references, self.context or ""))


@dataclass(frozen=True, slots=True)
class Planted:
    """A response with a fault, and what the fault is, in words for a person."""

    text: str
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """A response, its record, and the source of all that is left to chance."""

    response: str
    texts: RecordTexts
    random: random.Random

    def most_telling(self, parts: Sequence[T], texts: Sequence[str]) -> T:
        """
        Return the part that has most in common with what is known to be right.

        Where nothing is known, one of the longer parts: a fault in a courtesy would hurt nothing.
        """
        known = content_words(self.texts.known)
        shared = [len(content_words(text) & known) for text in texts]
        most = max(shared)
        if most == 0:
            longest = max(map(len, texts))
            shared = [int(2 * len(text) >= longest) for text in texts]
            most = 1
        return self.random.choice([part for part, share in zip(parts, shared, strict=True) if share == most])

    def most_telling_piece(self, parts: Sequence[Piece]) -> Piece:
        """Return the piece of the response that matters most."""
        return self.most_telling(parts, [part.of(self.response) for part in parts])


def shown(text: str) -> str:
    """Return a text on one line, cut where it is long."""
    line = " ".join(text.split())
    return line if len(line) <= 80 else f"{line[:79]}…"
