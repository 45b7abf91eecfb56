"""A ranking of two responses: JSON with ranks, JSON in order, a numbered list, `Ranking: M > m`."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from evaldrop.verdicts.pairs.lines import compared
from evaldrop.verdicts.pairs.words import TIE, PairWords, Place
from evaldrop.verdicts.scores.structured import first_text, plain_keys
from evaldrop.verdicts.verdict import Reading, agreed
from evaldrop.verdicts.wording import lines_of

_NAME_KEYS = (
    "model",
    "name",
    "response",
    "candidate",
    "id",
    "output",
    "assistant",
    "label",
    "answer",
    "system",
    "option",
)
_RANK_KEYS = ("rank", "position", "place", "ranking", "order")
# Lists under these are in the order of preference; under "models" they may be in any.
_ORDERED = re.compile(r"rank|order|best_to_worst|leaderboard|preferences")
# A number for each is a rank only where nothing calls it otherwise.
_NO_RANKS = re.compile(r"scor|rating|point|grade|mark|worst|reverse|ascending|length|count")
_DEPTH = 6
_MOST = 100

_ANNOUNCED = re.compile(r"\b(?:rank\w*|order\w*|best (?:to worst|first)|preference)\b", re.IGNORECASE)
_WORST_FIRST = re.compile(r"\b(?:worst (?:to best|first)|ascending)\b", re.IGNORECASE)
_NUMBERED = re.compile(
    r"^[\s*_>|-]{0,6}(?:(?:rank|place|position|number|no\.?)\s*)?#?(?P<rank>[12])(?:st|nd)?(?:\s+place)?[*_]{0,2}\s?[.:)=–-]\s*(?P<name>\S[^\n]{0,60})$",
    re.IGNORECASE,
)
_IN_A_LINE = re.compile(
    r"^[\s*_#>-]{0,6}(?:(?:the|my|final|overall)\s+){0,2}(?:ranking"
    r"|order)(?: of preference)?[*_]{0,2}\s?(?:[:=]|is)(?P<order>[^\n]{1,90})$",
    re.IGNORECASE,
)
_SPELLED = re.compile(
    r"\b(?:model|name|response)\b[\"']?\s*[:=]\s*(?P<name>[^\n,;{}]{1,60}?)\s*[,;\n]\s*[\"']?rank[\"']?\s*[:=]\s*(?P<rank>[12])\b",
    re.IGNORECASE,
)


def best_ranked(value: Any, words: PairWords, *, in_order: bool = False) -> Reading[Place] | None:
    """
    Return the response that data ranks first, a tie where both have one rank, None when it holds no ranking.

    `in_order` says that a list of names alone is in the order of preference.
    """
    return agreed(_rankings(value, words, in_order, 0))


def ranked_in_prose(plain: str, words: PairWords) -> Iterator[Reading[Place]]:
    """Yield the preference of a numbered list of the two that is the reply or is called a ranking."""
    lines = lines_of(plain)
    for at in range(len(lines) - 1):
        pair = [_NUMBERED.match(line) for line in lines[at : at + 2]]
        is_ranking = len(lines) == 2 or (at > 0 and _ANNOUNCED.search(lines[at - 1]))
        turned = at > 0 and _WORST_FIRST.search(lines[at - 1])
        if None not in pair and is_ranking and not turned:
            ranks = [(_alone(match["name"], words), float(match["rank"])) for match in pair if match]
            yield from _by_rank(ranks, words)
    for line in lines:
        if match := _IN_A_LINE.match(line):
            place = compared(match["order"], words)
            if place is not None:
                yield Reading(place)
    spelled = [(_alone(match["name"], words), float(match["rank"])) for match in _SPELLED.finditer(plain)]
    yield from _by_rank(spelled, words)


def _rankings(value: Any, words: PairWords, in_order: bool, depth: int) -> Iterator[Reading[Place]]:
    if depth > _DEPTH:
        return
    if isinstance(value, Mapping):
        yield from _by_rank(_named_ranks(value, words), words)
        for key, member in plain_keys(value).items():
            if isinstance(member, list | Mapping) and not _NO_RANKS.search(key):
                yield from _rankings(member, words, bool(_ORDERED.search(key)), depth + 1)
            elif isinstance(member, str) and _ORDERED.search(key) and (place := compared(member, words)):
                yield Reading(place)
    elif isinstance(value, list) and len(value) <= _MOST:
        yield from _by_rank(_listed_ranks(value, words, in_order), words)
        for member in value:
            if isinstance(member, list | Mapping):
                yield from _rankings(member, words, False, depth + 1)


def _named_ranks(value: Mapping[Any, Any], words: PairWords) -> list[tuple[Place | None, float]]:
    """Return the ranks of `{"m": 2, "M": 1}`: both names, and nothing but ranks."""
    ranks = [(words.place_of(str(key)), _rank(_rank_in(member))) for key, member in value.items()]
    return [(place, rank) for place, rank in ranks if place is not None and rank is not None]


def _rank_in(member: Any) -> Any:
    keys = plain_keys(member) if isinstance(member, Mapping) else {}
    return next((keys[key] for key in _RANK_KEYS if key in keys), member)


def _listed_ranks(
    members: Sequence[Any], words: PairWords, in_order: bool
) -> list[tuple[Place | None, float]]:
    ranks: list[tuple[Place | None, float]] = []
    for position, member in enumerate(members, start=1):
        if isinstance(member, Mapping):
            keys = plain_keys(member)
            called = first_text(keys, _NAME_KEYS)
            # Scores are no order: the list may be in any.
            by_place = in_order and not any(map(_NO_RANKS.search, keys))
            given = next((keys[key] for key in _RANK_KEYS if key in keys), position if by_place else None)
        elif isinstance(member, list) and len(member) == 2:
            # ["M", 1], and a tuple of Python that became one.
            called, given = str(member[0]), member[1]
        else:
            called, given = str(member), position if in_order else None
        rank = _rank(given)
        if called is None or rank is None:
            return []
        ranks.append((_alone(called, words), rank))
    return ranks


def _rank(value: Any) -> float | None:
    if isinstance(value, str) and re.fullmatch(r"\s*#?[12](?:st|nd)?\s*", value):
        value = int(re.sub(r"\D", "", value))
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if value in (1, 2) else None


def _alone(called: str, words: PairWords) -> Place | None:
    """Return the response that a text names and says nothing else of: "1. Model A: short" is a heading."""
    place = words.place_of(called)
    if place is not None:
        return place
    named = words.head(called)
    return named.place if named and not named.rest.strip(" .,*_`\"')]") else None


def _by_rank(ranks: Sequence[tuple[Place | None, float]], words: PairWords) -> Iterator[Reading[Place]]:
    distinct = {*ranks}
    places = {place for place, _ in distinct}
    # Both, once each, and nothing else: a list of three is of other things.
    if places != {"first", "second"}:
        if len(places) == 1 and len(distinct) == 2 and places <= {"first", "second"}:
            yield Reading.unread("ambiguous")
        return
    if len(distinct) > 2:
        yield Reading.unread("ambiguous")
        return
    rank = dict(distinct)
    if rank["first"] != rank["second"]:
        yield Reading("first" if rank["first"] < rank["second"] else "second")
    elif words.offers_tie:
        yield Reading(TIE)
