"""
A score in a judge's prose.

Evidence is ranked by how plainly the judge marked it as its verdict. The highest rank that holds any decides:
when all of it agrees that is the score, when two differ the reply is ambiguous. The ranks: JSON or a boxed
value, a line tagged as final, a tagged line, a tag inside a line, a phrase, a bare answer in a short reply.
"""

from collections.abc import Iterable

from evaldrop.evaluation.criteria.scales import Scale
from evaldrop.verdicts.evidence import Evidence, Rank, evidence_of
from evaldrop.verdicts.verdict import Reading, agreed
from evaldrop.verdicts.wording import is_refusal, plain_text, visible_text


def parse_score(
    text: str, scale: Scale, *, name: str = "", alone: bool = True, truncated: bool = False
) -> Reading[float]:
    """
    Read a score from a judge's text.

    Args:
        text: The reply.
        scale: The answers the judge was offered; nothing outside it is ever returned.
        name: The criterion's name, which may tag its verdict ("Coherence: 2").
        alone: Whether the reply is about this criterion only. If not, a bare tag ("Score: 2") proves nothing.
        truncated: Whether the reply was cut at its token limit. Its last word may then be half a number.

    Returns:
        The score, or why there is none. It never raises and never guesses.
    """
    visible = visible_text(text)
    plain = plain_text(visible)
    evidence = evidence_of(visible, plain, scale, name=name, alone=alone)
    return settled(evidence, plain, truncated=truncated)


def settled(evidence: Iterable[Evidence], plain: str, *, truncated: bool) -> Reading[float]:
    """Return what the highest-ranked evidence says, `ambiguous` when it differs, or why there is none."""
    pieces = list(evidence)
    if truncated:
        # A cut reply never reached its last line; what was tagged before that stands.
        pieces = [piece for piece in pieces if piece.rank >= Rank.TAGGED_LINE and not piece.at_end]
    rank = max((piece.rank for piece in pieces), default=None)
    if is_refusal(plain) and (rank is None or rank <= Rank.PHRASE):
        return Reading.unread("refused")
    reading = agreed(piece.reading for piece in pieces if piece.rank == rank)
    return reading or Reading.unread("truncated" if truncated else "no_verdict")
