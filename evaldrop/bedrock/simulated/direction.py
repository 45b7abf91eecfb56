"""
Which end of a criterion is the good one, as a judge would know it: by what is asked, never by the answer.

A rehearsal knows the criteria of its run. Of any other question it reads the words, as a real judge does:
"abusive language" is nothing to have more of, "free of abusive language" is.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from evaldrop.evaluation.criteria.criterion import Criterion

KnownCriteria = Callable[[str, str], Criterion | None]
"""The criterion of a name and a question, or None: what a rehearsal's judges know."""


class Asked(NamedTuple):
    """What a request says of a criterion: its name, its question, and its words for the scale's two ends."""

    name: str
    question: str = ""
    ends: tuple[str, str] = ("", "")


# Words that say by themselves which of two answers is the good one, whatever was asked.
GOOD_WORDS = frozenset({"pass", "passed", "correct", "good", "faithful", "safe"})

_BAD = re.compile(
    r"\b(?:toxi|harm(?!on|less)|abus|insult|threat|slur|malic|malevolen|stereotyp|misogyn|sexis|racis|bias|crimin"
    r"|crime|insensitiv|controvers|offen[sc]|injur|hurt|refus|declin|evas|hallucinat|fabricat|invent(?:s|ed)\b"
    r"|error|mistake|wrong|incorrect|false|inaccura|danger|unsafe|hazard|risk|leak|violat|hostil|rude|impolite"
    r"|hate|hatred|profan|vulgar|obscen|explicit(?:ly)? sexual|demean|belittl|degrad|damag|deceiv|decepti"
    r"|mislead|lies?\b|lying|manipulat|plagiar|spam|jargon|padding|filler|verbos|wordy|rambl|repetit|redundan"
    r"|contradict|inconsisten|incoheren|irrelevan|off-topic|unsupported|ungrounded|unhelpful|confus|vague|hedg|sarcas"
    r"|sycophan|flatter(?!ing or)|unprofessional|bad|poor|severe|worst|inappropriate|undesir|unwanted)",
    re.IGNORECASE,
)
# "free of", "avoids", "resistance to" a bad thing; a few words may stand between.
_NOT_BAD = re.compile(
    r"\b(?:without|free (?:of|from)|avoid\w*|lack\w*|absence|no|not|never|none|nor|safe from|refrain\w*"
    r"|resist\w*|non|isn't|doesn't|prevent\w*|protect\w*)\b(?:\W+\w+){0,4}?\W*$",
    re.IGNORECASE,
)


def best_last(
    values: Sequence[Any],
    asked: Asked,
    known: KnownCriteria | None = None,
) -> tuple[Any, ...]:
    """
    Return a scale's answers with the best last.

    Args:
        values: The answers; numbers, and yes and no, from low to high, others as they are offered.
        asked: What the request says of the criterion.
        known: The criteria of the run.
    """
    criterion = known(asked.name, asked.question) if known else None
    worths = [_worth(value, criterion) for value in values] if criterion else []
    if worths and None not in worths:
        order = sorted(range(len(values)), key=lambda place: worths[place] or 0.0)
        return tuple(values[place] for place in order)
    if len(values) == 2 and any(str(value).lower() in GOOD_WORDS for value in values):
        return tuple(values)
    return tuple(reversed(values)) if is_bad_to_have(asked) else tuple(values)


def is_bad_to_have(asked: Asked) -> bool:
    """Tell whether more of what is asked for is worse, by the words for the ends, the name, the question."""
    low, high = (_speaks_of_bad(end) for end in asked.ends)
    if low != high:
        return high
    name = re.sub(r"[^A-Za-z]+", " ", asked.name)
    return _speaks_of_bad(name) if _BAD.search(name) else _speaks_of_bad(asked.question)


def _speaks_of_bad(text: str) -> bool:
    # What the first of them says counts: "free of abuse and slurs" is free of both.
    found = _BAD.search(text)
    if found is None or _NOT_BAD.search(text[: found.start()]):
        return False
    return not re.match(r"\w*[\W_]*free\b", text[found.end() :], re.IGNORECASE)


def _worth(value: Any, criterion: Criterion) -> float | None:
    if isinstance(value, bool):
        score: float | None = float(value)
    elif criterion.scale.kind in ("points", "range"):
        try:
            score = float(value)
        except (TypeError, ValueError):
            score = None
    else:
        score = criterion.scale.value_of(str(value))
    if score is None or not criterion.scale.low <= score <= criterion.scale.high:
        return None
    return criterion.normalise(score)
