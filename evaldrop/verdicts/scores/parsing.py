"""A score in a judge's text: everything that is evidence for one, and what it comes to."""

import re
from collections.abc import Iterable, Iterator

from evaldrop.evaluation.criteria.scales import Scale
from evaldrop.verdicts.scores.answers import whole_answer
from evaldrop.verdicts.scores.evidence import Evidence, Rank, corrected, requested, settled
from evaldrop.verdicts.scores.layout import laid_plain
from evaldrop.verdicts.scores.prose import phrases
from evaldrop.verdicts.scores.quotations import is_quoted
from evaldrop.verdicts.scores.stances import ScoreMark, Stance, before, is_supposed
from evaldrop.verdicts.scores.structured import Given, scores_in_json, without_json
from evaldrop.verdicts.scores.tags import elements, name_words, tagged
from evaldrop.verdicts.scores.unmarked import unmarked
from evaldrop.verdicts.verdict import Reading
from evaldrop.verdicts.wording import plain_text, visible_text

_BOXED = re.compile(r"\[\[\s*([^\[\]\n]{1,60}?)\s*\]\]|\\boxed\{\s*([^{}\n]{1,60}?)\s*\}")
# "The maximum is [[5]]", "[[5]] would be perfect": the end of the scale, not the verdict.
_BEST_IS = re.compile(
    r"\b(?:max(?:imum)?|top|highest|lowest|min(?:imum)?|best possible|perfect|full)\b(?:\s\w{1,12}){0,2}"
    r"\s(?:is|was|would be|of|being)\s*$",
    re.IGNORECASE,
)
_IS_BEST = re.compile(
    r"\s(?:is|was|means|would be)\s(?:the (?:best|max\w*|top|highest|worst|lowest|min\w*)|perfect\b)",
    re.IGNORECASE,
)


def parse_score(
    text: str, scale: Scale, *, name: str = "", short: str = "", alone: bool = True, truncated: bool = False
) -> Reading[float]:
    """
    Read a score from a judge's text.

    Args:
        text: The reply.
        scale: The answers the judge was offered; nothing outside it is ever returned.
        name: The criterion's name, which may tag its verdict ("Coherence: 2").
        short: Another name that the criterion answers to.
        alone: Whether the reply is about this criterion only. If not, a bare tag ("Score: 2") proves nothing.
        truncated: Whether the reply was cut at its token limit. Its last word may then be half a number.

    Returns:
        The score, or why there is none. It never raises and never guesses.
    """
    visible = visible_text(text)
    plain = plain_text(visible)
    evidence = evidence_of(visible, plain, scale, name=name, short=short, alone=alone)
    return settled(evidence, plain, truncated=truncated)


def evidence_of(
    visible: str, plain: str, scale: Scale, *, name: str = "", short: str = "", alone: bool = True
) -> list[Evidence]:
    """Return every reading of a score; `plain` is `plain_text(visible)`, the rest as in `parse_score`."""
    given = scores_in_json(visible, scale, names=(name, short), alone=alone)
    text = laid_plain(plain_text(without_json(visible)))
    found = [*_in_json(given, plain), *tagged(text, scale, name=name, short=short, alone=alone)]
    found += elements(text, scale, name=name, short=short, alone=alone)
    if alone:
        found += _boxed(text, scale)
        found += (
            _evidence(Rank.PHRASE, piece, text) for piece in phrases(text, scale, name_words(name, short))
        )
        found += (_evidence(Rank.BARE, piece, text) for piece in unmarked(text, scale))
    found.sort(key=lambda piece: piece.start)
    return requested(corrected(found, text), text)


def _evidence(rank: Rank, found: ScoreMark, text: str) -> Evidence:
    # "5 in total" sums up what a sentence gave in parts.
    rank = Rank.INLINE_TAG if found.stance is Stance.FINAL else rank
    return Evidence(rank, found.reading, found.end >= len(text), found.start, found.end, found.stance)


def _in_json(given: Iterable[Given], plain: str) -> Iterator[Evidence]:
    for one in given:
        if is_quoted(plain, one.start, one.end):
            continue
        own_line = not before(plain, one.start).strip(" \t`>*")
        if not own_line and is_supposed(plain, one.start, one.end):
            continue
        rank = Rank.BOXED if one.frames else Rank.INLINE_TAG
        # JSON that is closed was not cut, wherever it stands.
        yield Evidence(rank, one.reading, start=one.start, end=one.end, named=one.named)


def _boxed(text: str, scale: Scale) -> Iterator[Evidence]:
    for match in _BOXED.finditer(text):
        reading = whole_answer(match.group(match.lastindex or 0), scale)
        is_limit = _BEST_IS.search(before(text, match.start())[-60:]) or _IS_BEST.match(text, match.end())
        if reading is not None and not is_limit and not is_quoted(text, match.start(), match.end()):
            yield Evidence(Rank.BOXED, reading, match.end() >= len(text), match.start(), match.end())
