"""One answer at the head of a text, read on a scale: `4`, `4/5`, `[4]`, `polite`, `4 (polite)`, `n/a`."""

import re
from functools import lru_cache
from typing import NamedTuple

from evaldrop.evaluation.criteria.scales import Scale, plain_label
from evaldrop.verdicts.verdict import Reading
from evaldrop.verdicts.wording import NOT_APPLICABLE, NUMBER, NUMBER_WORDS, bare, to_float

_OPENING_MARKUP = " \t*_`\"'([{<|#~"
# A percentage, a degree, a price, or the first part of a fraction or a word is no score.
_NUMBER = re.compile(rf"(?P<number>{NUMBER})(?:\s*(?:/|out of|of)\s*(?P<whole>{NUMBER}))?(?![\w%^°$€£½/])")
_NUMBER_WORD = re.compile(rf"(?P<number>{'|'.join(NUMBER_WORDS)})\b", re.IGNORECASE)
_CLOSING_MARKUP = "*_`\"')]}>|~"
# "3-4", "3 to 4", "3 or 4": two numbers are no verdict, and neither of them is.
_ANOTHER_NUMBER = re.compile(rf"\s*(?:-|–|—|~|to|or|and)\s*{NUMBER}(?!\w)")
_ARITHMETIC = re.compile(r"\s*(?:[+×^<>÷]|[*]\s*[0-9]|=)")
# What may follow a number that is a verdict, when a word does: "3 points", "3 because", "3 Rationale".
_NEXT_WORD = re.compile(r"[ \t]+([a-z][\w']*)")
_NEXT_WORDS = {
    "points", "point", "stars", "star", "because", "since", "as", "for", "rationale", "reason", "but",
    "which",
}  # fmt: skip
# Ends a label: end of text, punctuation, or the beginning of a reason.
_LABEL_END = r"(?=$|[.,;:!?)\]}\"'*_`<>\n–—(|=]|\s+(?:[-–—(]|because\b|since\b|as\b))"
_NOUN = r"(?:(?:option|choice|label|category|response|output|answer|assistant|model)\s+)?"
_LABEL_NUMBER = re.compile(rf"[\s*_]*[(\[:,=–-]+\s*(?P<number>{NUMBER})\s*(?:[)\]][\s\S]*|[\s.*_]*)$")


class ReadAnswer(NamedTuple):
    """What was read, and the text after it."""

    reading: Reading[float]
    rest: str


def on_scale(number: float, scale: Scale) -> Reading[float]:
    """Return the score that `number` is, or `out_of_range`: it is never clipped or rounded onto the scale."""
    score = scale.nearest(number)
    return Reading.unread("out_of_range") if score is None else Reading(score)


def whole_answer(text: str, scale: Scale) -> Reading[float] | None:
    """Return the answer that `text` is and nothing else, None when it is not one."""
    answer = answer_at_head(text, scale)
    return answer.reading if answer and not bare(answer.rest) else None


def answer_at_head(text: str, scale: Scale) -> ReadAnswer | None:
    """Return the answer `text` begins with, None when it begins with anything else."""
    head = text.lstrip(_OPENING_MARKUP)
    if match := NOT_APPLICABLE.match(head):
        return ReadAnswer(Reading.unread("not_applicable"), head[match.end() :])
    answer = _label_at_head(head, scale)
    # On a menu only a label counts: nobody asks the judge what a choice is worth.
    if answer is None and scale.kind != "choices":
        answer = _number_at_head(head, scale)
    return answer


def _number_at_head(head: str, scale: Scale) -> ReadAnswer | None:
    match = _NUMBER.match(head) or _NUMBER_WORD.match(head)
    if match is None:
        return None
    rest = head[match.end() :].lstrip(_CLOSING_MARKUP)
    if _ANOTHER_NUMBER.match(rest):
        return ReadAnswer(Reading.unread("ambiguous"), "")
    reading = _value_of(match, scale)
    beside = _label_at_head(rest.lstrip(" \t-–—:=(,.*_"), scale)
    if beside is not None and rest.strip():
        same = beside.reading == reading
        return ReadAnswer(reading if same else Reading.unread("ambiguous"), beside.rest)
    # A number may also count something ("3 albums", "2 of the claims") rather than score.
    word = _NEXT_WORD.match(rest)
    if _ARITHMETIC.match(rest) or (word and word.group(1) not in _NEXT_WORDS):
        return None
    return ReadAnswer(reading, rest)


def _value_of(match: re.Match[str], scale: Scale) -> Reading[float]:
    digits = match.group("number").casefold()
    number = NUMBER_WORDS[digits] if digits in NUMBER_WORDS else to_float(digits)
    whole = match.groupdict().get("whole")
    # "7/10" on a scale to 5 was given on another scale; converting it would be guessing.
    if whole is not None and to_float(whole) != scale.high:
        return Reading.unread("out_of_range")
    return on_scale(number, scale)


def _label_at_head(head: str, scale: Scale) -> ReadAnswer | None:
    pattern = _label_pattern(scale.labels())
    match = pattern.match(head) if pattern else None
    value = scale.value_of(match.group("label")) if match else None
    if match is None or value is None:
        return None
    rest = head[match.end() :]
    beside = _LABEL_NUMBER.match(rest) if scale.kind != "choices" else None
    if beside and on_scale(to_float(beside.group("number")), scale) != Reading(value):
        return ReadAnswer(Reading.unread("ambiguous"), "")
    return ReadAnswer(Reading(value), "" if beside else rest)


@lru_cache(maxsize=256)
def _label_pattern(labels: tuple[str, ...]) -> re.Pattern[str] | None:
    # The longest first: "partially correct" begins with no shorter label, but "yes, fully" may.
    words = sorted({label.strip() for label in labels if label.strip()}, key=len, reverse=True)
    if not words:
        return None
    spelled = "|".join(
        r"[\s_-]+".join(re.escape(part) for part in plain_label(word).split()) for word in words
    )
    return re.compile(rf"{_NOUN}\(?(?P<label>{spelled}){_LABEL_END}", re.IGNORECASE)
