"""
A pair of scores for two responses shown together: `8 9`, `(8, 9)`, `Assistant 1: 8 … Assistant 2: 9`, "The
first response scores 8 and the second 9".
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from evaldrop.evaluation.criteria.scales import Scale
from evaldrop.verdicts.languages import MAYBE
from evaldrop.verdicts.loose_json import json_value, json_values
from evaldrop.verdicts.pairs.words import ARTICLE, CLOSE, NOUN, TIE, PairWords, Place, pair_words
from evaldrop.verdicts.scores.answers import on_scale
from evaldrop.verdicts.scores.structured import first_text, plain_keys, read_raw
from evaldrop.verdicts.verdict import Reading, agreed, unanswered
from evaldrop.verdicts.wording import any_of, lines_of, plain_text, visible_text

Pair = tuple[float, float]
_Found = Iterator[Reading[Pair]]
_DEPTH = 6

# No decimal comma here: in "8,5" the comma separates two scores.
_SCORE = r"([-+]?[0-9]+(?:\.[0-9]+)?)(?:\s*(?:/|out of)\s*([0-9]+))?"
_TWO = rf"{_SCORE}(?:\s*[,;|&]\s*|\s+/\s+|\s+(?:and|vs\.?)\s+|\s+){_SCORE}"
_TAG = r"(?:scores?|ratings?|output|tuple|result|verdict|preferred)"
_LATER = r"(?:final|revised|corrected|updated|amended|adjusted|new|reconsidered)"
_AGAIN = (
    r"(?:(?:up)?on (?:\w{1,10} )?(?:reflection|thoughts?|look|reading)|correction|edit|update"
    r"|after (?:re-?\w{3,12}|a (?:second|closer) \w{4,8}))"
)
_ONLY_PAIR = re.compile(
    rf"^[\s*_`#>]{{0,12}}(?:(?:final\s+|my\s+|the\s+)?{_TAG}[*_]*\s*(?:[:=]|are"
    rf"|is)\s*)?[\s*_`(\[<]{{0,12}}{_TWO}[\s*_`)\]>.]{{0,12}}$",
    re.IGNORECASE,
)
_LATER_PAIR = re.compile(
    rf"^[\s*_`#>]{{0,12}}(?:my\s+)?(?:{_LATER}|{_AGAIN})(?:\s+{_TAG})?[*_]*\s*(?:[:=]|are"
    rf"|is)\s*[\s*_`(\[<]{{0,12}}{_TWO}[\s*_`)\]>.]{{0,12}}$",
    re.IGNORECASE | re.MULTILINE,
)
# "Revised scores: …", or a line that says the judge thought again and nothing else.
_LATER_HEADING = re.compile(
    rf"\b{_LATER}\s+(?:scores?|ratings?)\b"
    rf"|^[\s*_#]{{0,6}}(?:{_LATER}|{_AGAIN})[\s*_]{{0,4}}[:,.]?[*_]{{0,3}}[ \t]*$",
    re.IGNORECASE | re.MULTILINE,
)
_TAGGED_TUPLE = re.compile(
    rf"\b{_TAG}\b[^\n()\[\]]{{0,80}}[(\[]\s*{_TWO}\s*[)\]](?!\s*[-+*/^=])", re.IGNORECASE
)
# What may come between a name and its score: on one line, nothing but words that give a score.
_GIVES = (
    r"(?:is|of|gets?|receives?|scores?|deserves|earns|merits|a|an|with|at|was given|is given"
    r"|is rated|is worth|rated|scored)"
)
_BETWEEN = (
    r"(?:'s)?[)\"'*_`]{0,6}\s{0,4}(?:\(?(?:final |overall )?(?:score|rating)d?\)?)?[\"'*_`]{0,6}[ \t]{0,8}"
    rf"(?:[:=|]|[-–—][ \t]|\b{_GIVES}\b)"
    r"(?:\s{0,4}\b(?:is|a|an|score|rating|of|at)\b){0,6}[ \t\"'*_`(\[]{0,8}"
)
# Not a term of a sum, nor a count of something.
_AFTER = (
    rf"(?![ \t]*[,(–—-]?[ \t]*(?:{any_of(MAYBE)})[ \t])"
    r"(?![ \t]*[-+*/^=×÷][ \t]*[0-9(x])"
    r"(?=[ \t]*(?:$|\n|[(,;:|*_`)\]-]|[–—]|\.(?![0-9])|(?:and|points?|because|for|while|since|as"
    r"|but|whereas)\b))"
)
_BOTH = re.compile(
    rf"\bboth\b(?:\s+(?:of them|{NOUN}))?\s+(?:get|receive|deserve|earn|merit|are rated"
    rf"|are scored|score|a|an)\s+(?:a\s+|an\s+|at\s+)?"
    rf"(?P<n>[0-9]+(?:\.[0-9]+)?)(?:\s*(?:/|out of)\s*(?P<o>[0-9]+))?{_AFTER}",
    re.IGNORECASE,
)
_SCORE_WORDS = re.compile(
    r"(?:^|[\s_-])(?:score|rating|points|grade|mark)s?(?=$|[\s_-])(?:[\s_-](?:of|for))?", re.IGNORECASE
)
_NAMES = ("first", "second")


def parse_pair(
    text: str, scale: Scale, *, names: tuple[str, str] = _NAMES, truncated: bool = False
) -> Reading[Pair]:
    """
    Read two scores, the first-shown response's first; `names` are what the prompt calls the two.

    Counts, in this order: JSON; a pair that is marked as final; one alone on the first or last line, or in a
    tuple that the text calls its scores; a score beside each name. Coordinates and sums never count: nothing
    calls them scores. Both scores must be on the scale.
    """
    words = pair_words(names, tie=False)
    visible = visible_text(text)
    plain = plain_text(visible)
    for found in (
        _in_json(visible, scale, words),
        (_pair(match, scale) for match in _LATER_PAIR.finditer(plain)),
        _marked(plain, scale),
        _beside_names(_latest(plain), scale, words),
        _beside_names(plain, scale, words),
    ):
        reading = agreed(found)
        if reading is not None:
            return reading
    return unanswered(plain, truncated=truncated)


def pair_in_data(value: Any, scale: Scale, names: tuple[str, str] = _NAMES) -> Reading[Pair] | None:
    """Return the scores that a tool's input or other data gives, None when it gives not two."""
    return _in_data(value, scale, pair_words(names, tie=False), 0)


def _in_data(value: Any, scale: Scale, words: PairWords, depth: int) -> Reading[Pair] | None:
    value = json_value(value) if isinstance(value, str) else value
    members = _two_members(value, words)
    if members:
        first, second = (read_raw(member, scale) for member in members)
        if first is not None and second is not None:
            return _both(first, second)
    if isinstance(value, Mapping) and depth < _DEPTH:
        keys = plain_keys(value)
        # A wrapper holds nothing else that could be scores.
        held = [keys[key] for key in ("scores", "ratings", "input", "arguments", "result") if key in keys]
        return agreed(filter(None, (_in_data(each, scale, words, depth + 1) for each in held)))
    return None


def _in_json(visible: str, scale: Scale, words: PairWords) -> _Found:
    for value, start, end in json_values(visible):
        # JSON amid prose is an example or a quotation.
        is_reply = start == 0 or not visible[end:].strip()
        pair = _in_data(value, scale, words, 0) if is_reply else None
        if pair is not None:
            yield pair


def _two_members(value: Any, words: PairWords) -> list[Any]:
    """Return the two scores in an array of two, or under keys that name the responses."""
    if isinstance(value, list):
        named = [_named_member(member) for member in value]
        if len(value) == 2 and all(each is None for each in named):
            return value
        return _by_name([each for each in named if each is not None], words) if None not in named else []
    return _by_name(list(value.items()), words) if isinstance(value, Mapping) else []


def _named_member(member: Any) -> tuple[Any, Any] | None:
    """Return the name and the rest of `{"model": "first", "score": 8}`."""
    keys = plain_keys(member) if isinstance(member, Mapping) else {}
    called = first_text(
        keys, ("model", "name", "response", "candidate", "id", "assistant", "output", "label")
    )
    return None if called is None else (called, member)


def _by_name(members: Sequence[tuple[Any, Any]], words: PairWords) -> list[Any]:
    named: dict[Place, list[Any]] = {"first": [], "second": []}
    for key, member in members:
        place = _named_by(str(key), words)
        if place is not None:
            named[place].append(member)
    # Of two keys that end alike nobody knows which is meant.
    return [*named["first"], *named["second"]] if [*map(len, named.values())] == [1, 1] else []


def _named_by(key: str, words: PairWords) -> Place | None:
    """Return the response that a key names: "first_score", "score_b", "Output (a)", "Assistant1"."""
    spelled = _SCORE_WORDS.sub(" ", key).strip(" _-")
    place = words.place_of(spelled)
    if place is None:
        named = words.head(spelled)
        place = named.place if named and not named.rest.strip(" _-)") else None
    return None if place == TIE else place


def _marked(plain: str, scale: Scale) -> _Found:
    lines = lines_of(plain)
    edges = lines[:1] if len(lines) == 1 else [*lines[:1], *lines[-1:]]
    for match in (*filter(None, map(_ONLY_PAIR.match, edges)), *_TAGGED_TUPLE.finditer(plain)):
        yield _pair(match, scale)


def _pair(match: re.Match[str], scale: Scale) -> Reading[Pair]:
    first, whole_first, second, whole_second = match.groups()
    return _both(_score(first, whole_first, scale), _score(second, whole_second, scale))


def _latest(plain: str) -> str:
    """Return what follows the last heading of final or revised scores; nothing when there is none."""
    headings = [*_LATER_HEADING.finditer(plain)]
    return plain[headings[-1].end() :] if headings else ""


def _beside_names(plain: str, scale: Scale, words: PairWords) -> _Found:
    given: dict[Place, list[Reading[float]]] = {"first": [], "second": []}
    for pattern in _beside_patterns(words):
        for match in pattern.finditer(plain):
            groups = match.groupdict()
            for side in "wl":
                named = next(
                    (groups[f"{side}{form}"] for form in "1234" if groups.get(f"{side}{form}")), None
                )
                place = words.place_of(named) if named else None
                number = groups.get(f"{side}n")
                if number and place is not None and place != TIE:
                    given[place].append(_score(number, groups[f"{side}o"], scale))
    first, second = agreed(given["first"]), agreed(given["second"])
    if first is not None and second is not None:
        yield _both(first, second)
    both = [_score(match["n"], match["o"], scale) for match in _BOTH.finditer(plain)]
    if both and not (given["first"] or given["second"]):
        yield from (_both(each, each) for each in both)


@lru_cache(maxsize=64)
def _beside_patterns(words: PairWords) -> tuple[re.Pattern[str], ...]:
    """Return how a score stands beside a name: w1 to w3 or l1 to l3 name a response, wn and ln score it."""

    def score(side: str) -> str:
        return rf"(?P<{side}n>[-+]?[0-9]+(?:\.[0-9]+)?)(?:\s*(?:/|out of)\s*(?P<{side}o>[0-9]+))?"

    one, two = words.standing("w"), words.standing("l")
    # "I give the first 8 and the second 7."
    rates = r"\b(?:give|rate|score|grade|award|assign|gave|rated|scored|graded|awarded|assigned)\s"
    apart = r"(?:\s+points?)?(?:,\s?|;\s?|\s)(?:(?:and|but|while)\s+)?"
    article = r"\s+(?:an?\s+|at\s+|as\s+|with\s+)?"
    ordinal = words.ordinal()
    gives = r"(?:points?\s+)?(?:to|for)\s+"
    forms = (
        # A letter or a number alone names a response only where a line begins with it.
        rf"^[ \t*_`|-]{{0,6}}(?P<w4>[AB12])[*_`]{{0,4}}\s?[:=][ \t*_`]{{0,6}}{score('w')}{_AFTER}",
        (
            rf"^[ \t*_`(]{{0,6}}(?:(?:scores?|ratings?)\s?[:–-]\s?)?(?P<w4>[A1]|first)"
            rf"\s?[:=]\s?{score('w')}(?:,\s?|;\s?|\s)(?:and\s)?"
            rf"(?P<l4>[B2]|second)"
            rf"\s?[:=]\s?{score('l')}{_AFTER}"
        ),
        # In the languages that judges write in, where a line or a clause begins.
        (
            rf"(?:^|[,;.])[ \t*_`#-]{{0,6}}(?:{ARTICLE}\s)?(?P<w4>{ordinal})[\sの]?(?:{NOUN})?{CLOSE}\s?[:=]"
            rf"[ \t*_`]{{0,6}}{score('w')}{_AFTER}"
        ),
        (
            rf"(?<!not )(?<!n't )(?<!never )(?<!if i )(?<!if we ){rates}{one}{article}{score('w')}{apart}"
            rf"{two}{article}{score('l')}{_AFTER}"
        ),
        rf"(?<![\w']){one}{_BETWEEN}{score('w')}{_AFTER}",
        rf"\b(?:score|rating)\s+(?:for|of)\s+{one}\s*(?:[:=]|is)[ \t*_(]{{0,8}}{score('w')}{_AFTER}",
        # Once said, the verb is left out: "the first scores 8 and the second 9".
        (
            rf"(?<![\w']){one}{_BETWEEN}(?P<before>[0-9.]+(?:\s*(?:/"
            rf"|out of)\s*[0-9]+)?)(?:\s+points?)?(?:,?\s+(?:and|but|while)|,)\s+{two}"
            rf"(?:\s+only|\s+just)?\s+(?:a\s+|an\s+)?{score('l')}{_AFTER}"
        ),
        rf"(?<![\w.]){score('w')}\s?\({one}\)[,;]?\s(?:and\s)?{score('l')}\s?\({two}\)",
        rf"\b{score('w')}\s+{gives}{one}[,;]?\s+(?:and\s+|but\s+)?(?:a\s+|an\s+|only\s+)?{score('l')}\s+{gives}{two}",
    )
    return tuple(re.compile(form, re.IGNORECASE | re.MULTILINE) for form in forms)


def _score(number: str, whole: str | None, scale: Scale) -> Reading[float]:
    # "7/100" on a scale to 10 was given on another scale.
    if whole is not None and float(whole) != scale.high:
        return Reading.unread("out_of_range")
    return on_scale(float(number), scale)


def _both(first: Reading[float], second: Reading[float]) -> Reading[Pair]:
    if first.value is None or second.value is None:
        return Reading(None, first.reason or second.reason)
    return Reading((first.value, second.value))
