"""
Evidence for a score, and what it comes to.

Evidence is ranked by how plainly the judge marked it as its verdict. What is quoted, supposed or denied is
no evidence; a correction takes back what came before it, and a first draft gives way to anything else. Of the
rest the highest rank decides: when all of it agrees that is the score, when two differ it is ambiguous.
"""

from collections.abc import Iterable, Sequence
from enum import IntEnum
from typing import NamedTuple

from evaldrop.verdicts.scores.stances import Stance, is_correcting, is_reconsidered, line_end
from evaldrop.verdicts.verdict import Reading, agreed
from evaldrop.verdicts.wording import is_refusal, judges_all_the_same


class Rank(IntEnum):
    """How plainly a piece of text is marked as the verdict."""

    BARE = 1
    PHRASE = 2
    INLINE_TAG = 3
    TAGGED_LINE = 4
    FINAL_TAG = 5
    BOXED = 6
    REQUESTED = 7


class Evidence(NamedTuple):
    """A reading, its rank, whether the text ends with it, where it stands (-1: unknown), how it is meant."""

    rank: Rank
    reading: Reading[float]
    at_end: bool = False
    start: int = -1
    end: int = -1
    stance: Stance = Stance.PLAIN
    named: bool = False


def corrected(found: Sequence[Evidence], text: str) -> list[Evidence]:
    """Mark what follows words that take the evidence before it back."""
    marked: list[Evidence] = []
    last: Evidence | None = None
    for piece in found:
        differs = last is not None and last.end <= piece.start and last.reading != piece.reading
        corrects = differs and piece.stance is not Stance.DRAFT
        if corrects and last is not None and is_correcting(text[last.end : piece.start]):
            marked.append(piece._replace(stance=Stance.CORRECTED))
        else:
            marked.append(piece)
        last = piece if last is None or piece.end >= last.end else last
    return marked


def requested(found: list[Evidence], text: str) -> list[Evidence]:
    """Raise the rank of the form that was asked for, `criterion: score`, where the reply ends with it."""
    end = len(text.rstrip())
    tagged = [piece for piece in found if piece.rank in (Rank.TAGGED_LINE, Rank.FINAL_TAG)]
    last = [piece for piece in tagged if line_end(text, piece.end) >= end]
    decides = [piece for piece in last if piece.named or piece.rank is Rank.FINAL_TAG]
    if not decides:
        return found
    named = decides[0].named
    return [
        piece._replace(rank=Rank.REQUESTED)
        if piece.rank in (Rank.TAGGED_LINE, Rank.FINAL_TAG)
        and (piece.named if named else piece.rank is Rank.FINAL_TAG)
        else piece
        for piece in found
    ]


def settled(evidence: Iterable[Evidence], plain: str, *, truncated: bool) -> Reading[float]:
    """Return what the highest-ranked evidence says, `ambiguous` when it differs, or why there is none."""
    pieces = list(evidence)
    if truncated and _was_being_corrected(pieces, plain):
        return Reading.unread("truncated")
    if truncated:
        # A cut reply never reached its last line; what was tagged before that counts.
        pieces = [piece for piece in pieces if piece.rank >= Rank.TAGGED_LINE and not piece.at_end]
    pieces = _standing(pieces)
    rank = max((piece.rank for piece in pieces), default=None)
    # A judge that apologises and then gives a score on a line of its own has judged.
    first = min((piece.start for piece in pieces if piece.rank == rank), default=-1)
    judged = rank is not None and (rank > Rank.INLINE_TAG or judges_all_the_same(plain, first))
    if is_refusal(plain) and not judged:
        return Reading.unread("refused")
    deciding = [piece for piece in pieces if piece.rank == rank]
    # What comes later and differs may take back what was marked more plainly.
    last = max((piece.end for piece in deciding), default=-1)
    later = [piece for piece in pieces if 0 <= last < piece.start]
    reading = agreed(piece.reading for piece in (*deciding, *later))
    end = max((piece.end for piece in pieces), default=-1)
    if last >= 0 and not truncated and is_reconsidered(plain[end:]):
        return Reading.unread("ambiguous")
    return reading or Reading.unread("truncated" if truncated else "no_verdict")


def _was_being_corrected(pieces: Sequence[Evidence], plain: str) -> bool:
    """Tell whether a reply was cut while it took its verdict back."""
    if any(piece.at_end and piece.stance is Stance.CORRECTED for piece in pieces):
        return True
    end = max((piece.end for piece in pieces), default=-1)
    return end >= 0 and is_correcting(plain[end:])


def _standing(pieces: list[Evidence]) -> list[Evidence]:
    """Return what still stands: nothing before the last correction, no draft beside anything else."""
    corrected = max((piece.start for piece in pieces if piece.stance is Stance.CORRECTED), default=-1)
    standing = [piece for piece in pieces if piece.start >= corrected or piece.start < 0]
    return [piece for piece in standing if piece.stance is not Stance.DRAFT] or standing
