"""A pair of scores for two responses shown together: `8 9`, `(8, 9)`, `Assistant 1: 8 … Assistant 2: 9`."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from evaldrop.evaluation.criteria.scales import Scale
from evaldrop.verdicts.answers import on_scale
from evaldrop.verdicts.loose_json import json_values
from evaldrop.verdicts.structured import plain_keys, read_raw
from evaldrop.verdicts.verdict import Reading, agreed, unanswered
from evaldrop.verdicts.wording import lines_of, plain_text, visible_text

Pair = tuple[float, float]
_Found = Iterator[Reading[Pair]]

# No decimal comma here: in "8,5" the comma separates two scores.
_SCORE = r"([-+]?[0-9]+(?:\.[0-9]+)?)(?:\s*(?:/|out of)\s*([0-9]+))?"
_TWO = rf"{_SCORE}(?:\s*[,;|&/]\s*|\s+(?:and|vs\.?)\s+|\s+){_SCORE}"
_TAG = r"(?:scores?|ratings?|output|tuple|result|verdict)"
_ONLY_PAIR = re.compile(
    rf"^[\s*_`#>]*(?:(?:final\s+)?{_TAG}[*_]*\s*[:=]\s*)?[\s*_`(\[<]*{_TWO}[\s*_`)\]>.]*$", re.IGNORECASE
)
_TAGGED_TUPLE = re.compile(
    rf"\b{_TAG}\b[^\n()\[\]]{{0,80}}[(\[]\s*{_TWO}\s*[)\]](?!\s*[-+*/^=])", re.IGNORECASE
)
_NOUN = r"(?:assistant|response|output|answer|model|candidate|system|option|submission)"
# What may come between a name and its score: on one line, nothing but words that give a score.
_BETWEEN = (
    r"(?:'s)?[)\"'*_`]*\s*(?:\(?(?:final |overall )?(?:score|rating)d?\)?)?[\"'*_`]*[ \t]*"
    r"(?:[:=|]|\b(?:is|of|gets?|receives?|scores?|deserves|earns|a|with)\b)"
    r"(?:\s*\b(?:is|a|an|score|rating|of)\b)*[ \t\"'*_`(\[]*"
)
_AFTER = r"(?=[ \t]*(?:$|\n|[(,;:|*_`)\]-]|[–—]|\.(?![0-9])|(?:and|points?|because|for|while|since|as)\b))"
_NAMES = (("1", "2"), ("a", "b"))


def parse_pair(text: str, scale: Scale, *, truncated: bool = False) -> Reading[Pair]:
    """
    Read two scores, the first-shown response's first.

    Counts, in this order: JSON; a pair alone on the first or last line, or in a tuple that the text calls its
    scores; a score beside each name. Coordinates and sums never count: nothing calls them scores. Both scores
    must be on the scale.
    """
    visible = visible_text(text)
    plain = plain_text(visible)
    for found in (_in_json(visible, scale), _marked(plain, scale), _beside_names(plain, scale)):
        reading = agreed(found)
        if reading is not None:
            return reading
    return unanswered(plain, truncated=truncated)


def read_both(members: Sequence[Any], scale: Scale) -> Reading[Pair] | None:
    """Return the scores that two JSON values give, None when one of them is no verdict."""
    first, second = (read_raw(member, scale) for member in members)
    return None if first is None or second is None else _both(first, second)


def _in_json(visible: str, scale: Scale) -> _Found:
    for value, start, end in json_values(visible):
        members = _two_members(value)
        # JSON amid prose is an example or a quotation.
        is_reply = start == 0 or not visible[end:].strip()
        pair = read_both(members, scale) if members and is_reply else None
        if pair is not None:
            yield pair


def _two_members(value: Any) -> list[Any]:
    """Return the two scores in an array of two, in `scores`, or under keys that end in 1 and 2, a and b."""
    if isinstance(value, list):
        return value if len(value) == 2 else []
    if not isinstance(value, Mapping):
        return []
    keys = plain_keys(value)
    for first, second in _NAMES:
        ours, theirs = (
            [
                key
                for key in keys
                if key == end or key.endswith((f"_{end}", f"_{end}_score", f"assistant{end}"))
            ]
            for end in (first, second)
        )
        # Of two keys that end alike nobody knows which is meant.
        if len(ours) == len(theirs) == 1:
            return [keys[ours[0]], keys[theirs[0]]]
    return _two_members(keys.get("scores", keys.get("ratings")))


def _marked(plain: str, scale: Scale) -> _Found:
    lines = lines_of(plain)
    edges = lines[:1] if len(lines) == 1 else [*lines[:1], *lines[-1:]]
    for match in (*filter(None, map(_ONLY_PAIR.match, edges)), *_TAGGED_TUPLE.finditer(plain)):
        first, whole_first, second, whole_second = match.groups()
        yield _both(_score(first, whole_first, scale), _score(second, whole_second, scale))


def _beside_names(plain: str, scale: Scale) -> _Found:
    for names in _NAMES:
        ours, theirs = ([*_beside(plain, name, scale)] for name in names)
        first, second = agreed(ours), agreed(theirs)
        if first is not None and second is not None:
            yield _both(first, second)


def _beside(plain: str, name: str, scale: Scale) -> Iterator[Reading[float]]:
    after = rf"\b{_NOUN}\s*\(?{name}\b{_BETWEEN}{_SCORE}{_AFTER}"
    before = (
        rf"\b(?:score|rating)\s+(?:for|of)\s+(?:the\s+)?{_NOUN}\s*\(?{name}\b[)\"'*_`]*\s*(?:[:=]|is)"
        rf"[ \t*_(]*{_SCORE}{_AFTER}"
    )
    for pattern in (after, before):
        for match in re.finditer(pattern, plain, re.IGNORECASE):
            yield _score(match.group(1), match.group(2), scale)


def _score(number: str, whole: str | None, scale: Scale) -> Reading[float]:
    # "7/100" on a scale to 10 was given on another scale.
    if whole is not None and float(whole) != scale.high:
        return Reading.unread("out_of_range")
    return on_scale(float(number), scale)


def _both(first: Reading[float], second: Reading[float]) -> Reading[Pair]:
    if first.value is None or second.value is None:
        return Reading(None, first.reason or second.reason)
    return Reading((first.value, second.value))
