"""A preference in data: the tool's input, or JSON in text, whatever form the judge gave it."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from evaldrop.verdicts.loose_json import Twice, json_value
from evaldrop.verdicts.pairs.lines import stated
from evaldrop.verdicts.pairs.rankings import best_ranked
from evaldrop.verdicts.pairs.words import TIE, PairWords, Place, other
from evaldrop.verdicts.scores.structured import plain_keys
from evaldrop.verdicts.verdict import Reading, agreed
from evaldrop.verdicts.wording import MOST_READ, plain_text, without_runs

# In this order: what data holds under the first of them that names a response is the preference.
_KEYS = (
    "preferred", "preference", "winner", "better", "best",
    "preferred_response", "better_response", "best_response",
    "preferred_answer", "preferred_output", "choice", "chosen", "selected", "selection", "pick", "verdict",
    "decision", "judgement", "judgment", "final_verdict", "final_answer", "answer", "result",
)  # fmt: skip
# These name a response in a list of ranks or scores as well, where they prefer none.
_NAMING_KEYS = ("output", "response", "model", "name", "label", "value", "id")
_MEASURES = re.compile(r"rank|scor|rating|position|points|grade")
_WORSE_KEYS = ("rejected", "worse", "loser", "worst")
_REASONS = frozenset(
    {
        "rationale", "reasoning", "explanation", "reason", "justification", "analysis", "concise_explanation",
        "comment", "feedback", "thoughts", "evidence", "confidence", "criterion",
    }
)  # fmt: skip
_WRAPPERS = ("input", "arguments", "parameters", "args", "submit_preference", "output", "properties", "json")
_DEPTH = 6


def place_in_data(value: Any, words: PairWords, *, depth: int = 0) -> Reading[Place] | None:
    """Return the preference that data gives, None when it gives none. A rationale alone gives none."""
    if isinstance(value, Twice):
        return Reading.unread("ambiguous")
    if depth > _DEPTH:
        return None
    if isinstance(value, str):
        opened = json_value(value)
        return _in_text(value, words) if opened is None else place_in_data(opened, words, depth=depth + 1)
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        place = words.place_of(f"{value:g}" if abs(value) < 1e6 else "")
        return None if place is None else Reading(place)
    if isinstance(value, Mapping):
        return _in_mapping(value, words, depth)
    return _in_list(value, words, depth) if isinstance(value, Sequence) else None


def _in_text(value: str, words: PairWords) -> Reading[Place] | None:
    text = without_runs(plain_text(value[-MOST_READ:]))
    place = words.place_of(text)
    return Reading(place) if place is not None else stated(text, words)


def _in_list(value: Sequence[Any], words: PairWords, depth: int) -> Reading[Place] | None:
    ranked = best_ranked(value, words, in_order=depth == 0)
    if ranked is not None:
        return ranked
    return agreed(reading for each in value if (reading := place_in_data(each, words, depth=depth + 1)))


def _in_mapping(value: Mapping[Any, Any], words: PairWords, depth: int) -> Reading[Place] | None:
    ranked = best_ranked(value, words)
    if ranked is not None:
        return ranked
    keys = plain_keys(value)
    is_measured = any(map(_MEASURES.search, keys))
    naming = _KEYS if is_measured else (*_KEYS, *_NAMING_KEYS)
    said = [
        reading
        for key in naming
        if key in keys and (reading := place_in_data(keys[key], words, depth=depth + 1))
    ]
    said += [
        Reading(other(reading.value))
        for key in _WORSE_KEYS
        if key in keys
        and (reading := place_in_data(keys[key], words, depth=depth + 1))
        and reading.value not in (None, TIE)
    ]
    if said:
        return agreed(said)
    named = [place for key, held in value.items() if held is True and (place := words.place_of(str(key)))]
    if len(named) == 1 and all(
        held is False for key, held in value.items() if words.place_of(str(key)) and held is not True
    ):
        return Reading(named[0])
    left = [key for key in keys if key not in _REASONS]
    if is_measured:
        return None
    inside = left if len(left) == 1 else [key for key in left if key in _WRAPPERS]
    return place_in_data(keys[inside[0]], words, depth=depth + 1) if len(inside) == 1 else None
