"""A ranking of responses: JSON with ranks, JSON in order, a numbered list, `M > m`."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from evaldrop.verdicts.loose_json import json_values
from evaldrop.verdicts.structured import first_text, plain_keys
from evaldrop.verdicts.verdict import Reading, agreed, unanswered
from evaldrop.verdicts.wording import bare, plain_text, visible_text

# Best first; the responses in one group share a rank.
Ranking = tuple[tuple[str, ...], ...]

_NAME_KEYS = ("model", "name", "response", "candidate", "id", "output", "assistant", "label")
_RANK_KEYS = ("rank", "position", "place", "ranking", "order")
_NOUN = r"(?:(?:model|response|output|assistant|answer|candidate|system)\s*)?"


def parse_ranking(text: str, names: Sequence[str], *, truncated: bool = False) -> Reading[Ranking]:
    """
    Read an order of `names` (two or more), best first. Equal ranks share a group: they are ties.

    Every name must be ranked once and nothing else may be; names are told apart by case ("m", "M").
    """
    visible = visible_text(text)
    plain = plain_text(visible)
    for found in (_in_json(visible, names), _in_prose(plain, names)):
        reading = agreed(found)
        if reading is not None:
            return reading
    return unanswered(plain, truncated=truncated)


def _in_json(visible: str, names: Sequence[str]) -> Iterator[Reading[Ranking]]:
    for value, _, _ in json_values(visible):
        for members in _lists(value, 0):
            ranks = _ranks(members, names)
            if ranks:
                yield _ranking(ranks, names)


def _lists(value: Any, depth: int) -> Iterator[Sequence[Any]]:
    """Yield every array in `value`, and `{name: rank}` objects as arrays of pairs."""
    if depth > 6:
        return
    if isinstance(value, list):
        yield value
        for member in value:
            yield from _lists(member, depth + 1)
    elif isinstance(value, Mapping):
        yield [{"name": key, "rank": member} for key, member in value.items() if isinstance(member, int)]
        for member in value.values():
            yield from _lists(member, depth + 1)


def _ranks(members: Sequence[Any], names: Sequence[str]) -> list[tuple[str, float]]:
    """Return (name, rank) for every member; nothing unless all of them are about one of `names`."""
    ranks = []
    for place, member in enumerate(members, start=1):
        keys = plain_keys(member) if isinstance(member, Mapping) else {"name": member}
        called = first_text(keys, _NAME_KEYS)
        name = _known(called, names) if called is not None else None
        rank = next((keys[key] for key in _RANK_KEYS if key in keys), place)
        if name is None or not _is_rank(rank):
            return []
        ranks.append((name, float(rank)))
    return ranks


def _is_rank(rank: Any) -> bool:
    if isinstance(rank, str):
        return bool(re.fullmatch(r"[0-9]{1,3}", rank.strip()))
    return isinstance(rank, int | float) and not isinstance(rank, bool) and abs(rank) < 1000


def _known(called: str, names: Sequence[str]) -> str | None:
    plain = bare(re.sub(rf"^{_NOUN}", "", bare(called), flags=re.IGNORECASE))
    for spelled in (called, plain):
        if spelled in names:
            return spelled
    folded = [name for name in names if name.casefold() == plain.casefold()]
    return folded[0] if len(folded) == 1 else None


def _ranking(ranks: Sequence[tuple[str, float]], names: Sequence[str]) -> Reading[Ranking]:
    # One name at two ranks; the same rank said twice is no contradiction.
    if len({name for name, _ in ranks}) < len(ranks) and len(set(ranks)) == len(ranks):
        return Reading.unread("ambiguous")
    if {name for name, _ in ranks} != set(names):
        return Reading.unread("no_verdict")
    places = sorted({rank for _, rank in ranks})
    return Reading(tuple(tuple(name for name in names if (name, place) in ranks) for place in places))


def _in_prose(plain: str, names: Sequence[str]) -> Iterator[Reading[Ranking]]:
    listed = re.findall(r"^\s*([0-9]{1,2})[.):]\s*(\S[^\n]{0,60})$", plain, re.MULTILINE)
    ranks = [(name, float(place)) for place, called in listed if (name := _known(called, names))]
    # A numbered list may be one of reasons: it counts when its items are the names.
    if {name for name, _ in ranks} == set(names):
        yield _ranking(ranks, names)
    # The longest first: a name may begin with another.
    either = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    thing = rf"{_NOUN}[(\"'*_]{{0,4}}(?:{either})(?!\w)[)\"'*_]{{0,4}}"
    for match in re.finditer(rf"(?<!\w){thing}(?:\s*[>=]\s*{thing})+", plain):
        parts = re.split(r"\s*([>=])\s*", match.group())
        place, ordered = 1.0, []
        for part, sign in zip(parts[::2], [">", *parts[1::2]], strict=True):
            place += sign == ">"
            ordered.append((_known(part, names) or "", place))
        yield _ranking(ordered, names)
