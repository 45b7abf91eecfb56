"""Verdicts in data: a verdict tool's input, or JSON in text, whatever it is wrapped in."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from evaldrop.evaluation.criteria.scales import Scale
from evaldrop.verdicts.loose_json import Twice, json_value, json_values
from evaldrop.verdicts.scores.answers import answer_at_head, on_scale, whole_answer
from evaldrop.verdicts.verdict import Reading, agreed
from evaldrop.verdicts.wording import MOST_READ, plain_text, without_runs

# In this order: what a mapping holds under the first of them that it has is its score.
_SCORE_KEYS = (
    "score", "rating", "grade", "verdict", "value", "answer", "judgement", "judgment", "decision", "result",
    "overall", "mark", "points",
)  # fmt: skip
_RATIONALE_KEYS = (
    "rationale", "reasoning", "explanation", "reason", "justification", "analysis", "concise_explanation",
    "comment", "feedback", "thoughts",
)  # fmt: skip
_NAME_KEYS = ("criterion", "name", "criteria", "metric", "dimension", "aspect")
# What judges wrap a verdict in; any other key over one is a criterion's.
_WRAPPERS = frozenset(
    (
        "verdicts", "evaluation", "evaluations", "evaluation_result", "results", "output", "outputs",
        "input", "inputs", "response",
        "data", "arguments", "args", "parameters", "params", "submit_verdicts", "judgements", "judgments",
        "assessment", "assessments",
        "scores", "ratings", "grades", "criteria", "criterion", "answers", "final", "overall", "properties",
        "content", "json", "reply",
        "tool_input", "final_verdict", "final_answer", "function", "tool_use", "name_of_criterion",
        *_SCORE_KEYS,
    )
)  # fmt: skip
# Beside a score, one that is said to be the last; and those that are another number.
_FINAL_KEY = re.compile(r"(?:final|revised|corrected|adjusted|updated)_(?:score|rating|grade|verdict)")
_OTHER_KEY = re.compile(
    r"(?:max|min|maximum|minimum|alternative|initial|draft|previous|first|preliminary|confidence|old"
    r"|original|sub|average|possible|reference|expected)_"
)
VERDICT_KEYS = frozenset({"rationale", "score"})
_DEPTH = 6
_SHORT = 80
_NO_WORD = re.compile(r"[^a-z0-9]+")
_OWN_TAG = re.compile(r"^\W{0,4}(?:final |overall )?(?:score|rating|grade|verdict)\s?[:=]\s?", re.IGNORECASE)
_ELEMENT = re.compile(r"</?(?:final_)?(?:score|rating|grade|verdict|answer)>", re.IGNORECASE)
# Prose may surround a JSON reply; more than this and the JSON is a quotation in a text.
_FRAME = 120


class Entry(NamedTuple):
    """What one criterion was given: the raw score, and the rationale beside it."""

    raw: Any
    rationale: str
    named: bool = False


def plain_key(key: object) -> str:
    """Return `key` in lower case with every run of other characters as one underscore."""
    text = str(key)
    # Judges' keys are few and come back in every reply; one that is a whole text is not worth keeping.
    return _short_plain(text) if len(text) <= _SHORT else _plain(text)


def _plain(text: str) -> str:
    return _NO_WORD.sub("_", text.casefold()).strip("_")


_short_plain = lru_cache(maxsize=4096)(_plain)


def plain_keys(value: Mapping[Any, Any]) -> dict[str, Any]:
    """Return `value` with every key plain."""
    return {plain_key(key): member for key, member in value.items()}


def first_text(members: Mapping[str, Any], keys: Sequence[str]) -> str | None:
    """Return the first string under one of `keys`, None when there is none."""
    return next((members[key] for key in keys if isinstance(members.get(key), str)), None)


class Given(NamedTuple):
    """A reading from JSON, where that stands, whether it is the reply or a quotation, whether it is named."""

    reading: Reading[float]
    start: int
    end: int
    frames: bool
    named: bool


def scores_in_json(text: str, scale: Scale, *, names: Sequence[str], alone: bool) -> list[Given]:
    """Return the scores in the JSON of `text`, one for each place."""
    found = []
    for value, start, end in json_values(text):
        entries = entries_of(value, names=names, alone=alone)
        reading = agreed(filter(None, (read_raw(entry.raw, scale) for entry in entries)))
        if reading is None:
            continue
        own_line = not text[text.rfind("\n", 0, start) + 1 : start].strip()
        frames = own_line and (start <= _FRAME or not text[end:].strip(" \n\t`.*"))
        found.append(Given(reading, start, end, frames, any(entry.named for entry in entries)))
    return found


def without_json(text: str) -> str:
    """Return `text` with blanks in place of JSON objects: what they hold is read as data and not as prose."""
    parts, at = [], 0
    for value, start, end in json_values(text):
        if isinstance(value, Mapping) or (
            isinstance(value, list) and any(isinstance(one, Mapping) for one in value)
        ):
            parts += [text[at:start], " " * (end - start)]
            at = end
    return "".join([*parts, text[at:]])


def json_rationale(text: str, *, names: Sequence[str], alone: bool) -> str:
    """Return the rationale beside the score in the JSON of `text`, empty when there is none."""
    values = [value for value, _, _ in json_values(text)]
    return rationale_of(entry for value in values for entry in entries_of(value, names=names, alone=alone))


def rationale_of(entries: Iterable[Entry]) -> str:
    """Return the first rationale there is, empty when there is none."""
    return next((entry.rationale for entry in entries if entry.rationale), "")


def entries_of(value: Any, *, names: Sequence[str], alone: bool) -> list[Entry]:
    """
    Return everything `value` gives for the criterion that is called by any of `names`.

    `alone` says that the call was about this criterion only: a score without a name is then its score.
    """
    wanted = _wanted(tuple(names))
    if not wanted & VERDICT_KEYS and is_verdict(value):
        given = [member for key, member in plain_keys(value).items() if key in wanted]
        found = [Entry(member["score"], member["rationale"], named=True) for member in given]
    else:
        found = [
            _entry(member)._replace(named=True) for key, member in _named(value, 0) if _names(key, wanted)
        ]
    if not found and alone:
        found = _unnamed(value, 0)
    return found


@lru_cache(maxsize=256)
def _wanted(names: tuple[str, ...]) -> frozenset[str]:
    return frozenset(plain_key(name) for name in names) - {""}


def _names(key: str, wanted: frozenset[str]) -> bool:
    """Tell whether a key is a name, or says that it holds its score: "correctness_score"."""
    return key in wanted or (
        (key.startswith(("final_", "overall_")) or key.endswith(("_score", "_rating", "_grade", "_verdict")))
        and re.sub(r"^(?:final|overall)_|_(?:score|rating|grade|verdict)$", "", key) in wanted
    )


def read_raw(raw: Any, scale: Scale, *, depth: int = 0) -> Reading[float] | None:
    """Return the score that one JSON value gives, None when it is no verdict."""
    if isinstance(raw, Twice):
        return Reading.unread("ambiguous")
    # Before numbers: in Python true is 1, which would be a score on a scale of points.
    if isinstance(raw, bool):
        return Reading(float(raw)) if scale.kind == "binary" else None
    if isinstance(raw, int | float):
        return _number(raw, scale)
    opened = _opened(raw) if isinstance(raw, str) and raw.lstrip().startswith("{") else raw
    if isinstance(opened, Mapping) and depth < _DEPTH:
        raw = opened
    if isinstance(raw, str):
        # Replies hold the same few short answers over and over.
        return _short_answer(raw, scale) if len(raw) <= _SHORT else _answer(raw, scale)
    if depth < _DEPTH and isinstance(raw, Mapping):
        entry = _entry(raw)
        return None if entry.raw is None else read_raw(entry.raw, scale, depth=depth + 1)
    if depth < _DEPTH and isinstance(raw, Sequence):
        return agreed(filter(None, (read_raw(one, scale, depth=depth + 1) for one in raw)))
    return None


def is_verdict(value: Any) -> bool:
    """
    Tell whether `value` is to the letter what the verdict tool asks for, as nearly every reply is: under each
    name a rationale and a score, and nothing inside that could name a criterion too.
    """
    return type(value) is dict and all(
        type(member) is dict
        and member.keys() == VERDICT_KEYS
        and type(member["rationale"]) is str
        and _is_scalar(member["score"])
        for member in value.values()
    )


def _is_scalar(score: Any) -> bool:
    """Tell whether a score is a number, or a text that is not JSON in a string."""
    # Not isinstance: true is an int for that, and is read in another way.
    return type(score) in (int, float) or (type(score) is str and not score.strip().startswith(("{", "[")))


def _answer(raw: str, scale: Scale) -> Reading[float] | None:
    plain = _OWN_TAG.sub("", _ELEMENT.sub("", without_runs(plain_text(raw[-MOST_READ:]))), count=1)
    head = answer_at_head(plain, scale)
    # "4 - polite", "4: because …" in a string is an answer; a sentence that begins with a number is not.
    return whole_answer(plain, scale) or (head.reading if head and len(plain) <= _FRAME else None)


_short_answer = lru_cache(maxsize=4096)(_answer)


@lru_cache(maxsize=4096)
def _number(raw: float, scale: Scale) -> Reading[float] | None:
    if scale.kind == "choices":
        # A choice is named, never priced; but a menu of "1" and "2" may come back as a number.
        # From a million on :g writes an exponent, and of a huge whole number it raises.
        value = scale.value_of(f"{raw:g}" if abs(raw) < 1e6 else "")
        return None if value is None else Reading(value)
    try:
        return on_scale(float(raw), scale)
    except OverflowError:
        return Reading.unread("out_of_range")


def _named(value: Any, depth: int) -> Iterator[tuple[str, Any]]:
    """Yield every (key, member) in `value`, and list elements under the criterion they name."""
    value = _opened(value)
    if depth > _DEPTH or isinstance(value, str | bytes):
        return
    if isinstance(value, Mapping):
        keys = plain_keys(value)
        name = first_text(keys, _NAME_KEYS)
        if name is not None:
            yield plain_key(name), value
        for key, member in keys.items():
            yield key, member
            # A rationale may quote a verdict, in JSON too.
            if key not in _RATIONALE_KEYS:
                yield from _named(member, depth + 1)
    elif isinstance(value, Sequence):
        for member in value:
            yield from _named(member, depth + 1)


def _unnamed(value: Any, depth: int) -> list[Entry]:
    value = _opened(value)
    if depth > _DEPTH or isinstance(value, str | bytes):
        return []
    if isinstance(value, Mapping):
        keys = plain_keys(value)
        if first_text(keys, _NAME_KEYS) is not None:
            # It says whose it is, and that is another criterion.
            return []
        if any(key in keys for key in _SCORE_KEYS) or _own_score_key(keys):
            return [_entry(value)]
        # Under a key that is no wrapper's stands another criterion's.
        members = [member for key, member in keys.items() if key in _WRAPPERS]
    elif isinstance(value, Sequence):
        # Numbers in a list are not tagged as anything.
        members = list(value)
    else:
        return []
    return [entry for member in members for entry in _unnamed(member, depth + 1)]


def _entry(member: Any) -> Entry:
    member = _opened(member)
    if not isinstance(member, Mapping):
        return Entry(member, "")
    keys = plain_keys(member)
    rationale = first_text(keys, _RATIONALE_KEYS) or ""
    key = (
        next((key for key in keys if _FINAL_KEY.fullmatch(key)), None)
        or next((key for key in _SCORE_KEYS if key in keys), None)
        or _own_score_key(keys)
    )
    return Entry(keys[key] if key else None, rationale)


def _own_score_key(keys: Mapping[str, Any]) -> str | None:
    """Return the one key that ends in a score word ("overall_score"), if there is exactly one."""
    ending = [
        key
        for key in keys
        if key.endswith(("_score", "_rating", "_grade", "_verdict")) and not _OTHER_KEY.match(key)
    ]
    return ending[0] if len(ending) == 1 else None


def _opened(value: Any) -> Any:
    """Return JSON that was sent as a string as what it holds."""
    inside = json_value(value) if isinstance(value, str) else None
    return value if inside is None else inside
