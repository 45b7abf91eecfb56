"""A row's choices: a list, an object or columns, and what they are called."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from evaldrop.datasets.texts import MAX_WRITTEN_OUT, scalar_text, written_out

LIST_KEYS = ("choices", "options", "endings", "answer_choices", "mc1_targets", "target_scores")
# Beside one of these, answers are choices; alone, any of them is right.
_WHICH = (
    "label",
    "correct",
    "correct_answer",
    "correct_option",
    "answer_idx",
    "answer_index",
    "answerKey",
    "cop",
)
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

_COLUMN = re.compile(r"((?i:option|choice|answer|ending|sol|op))?[_ ]?([A-Ja-j]|[0-9])")
# Of these columns the answer is known to be counted from 1, whatever the other rows say.
_FROM_ONE = (("option", "1"), ("answer", "A"))
_LETTERED = re.compile(r"\s*\(?([A-Ja-j])\s?[).:]\s*(.+)", re.DOTALL)
# Before a choice in a text that holds them all: "A) ice B) iron", "a ) ice , b ) iron".
_MARK = re.compile(r"(?:^|(?<=[\s,;]))\(?([A-Ja-j])\s?[).:]\s?")
LETTER = re.compile(r"\(?([A-Za-z])\s?[).:]?")
# How an object says whether it is the right choice.
_MARKS = ("correct", "is_correct", "isCorrect", "right", "is_right", "is_answer")


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """
    A row's choices.

    Attributes:
        keys: The row's keys that they are in.
        texts: What they say, in order.
        labels: What the row calls them; empty where it calls them nothing.
        right: The places of the right ones, where the choices themselves say it.
        from_one: An index of them is known to be counted from 1.
        numbers: They are numbers, so that an answer that is one may be a text or an index.
    """

    keys: tuple[str, ...]
    texts: tuple[str, ...]
    labels: tuple[str, ...] = ()
    right: frozenset[int] = frozenset()
    from_one: bool = False
    numbers: bool = False

    def letters(self) -> tuple[str, ...]:
        """Return what the choices are called in the prompt: their own labels, or letters."""
        own = tuple(label.strip() for label in self.labels)
        if len(set(own)) == len(self.texts) and all(re.fullmatch("[A-Za-z]", label) for label in own):
            return own
        return tuple(LETTERS[: len(self.texts)])

    def placed(self, answer: str) -> set[int]:
        """Return the places a written answer may mean: by label, by letter, by text."""
        said = answer.strip()
        letter = LETTER.fullmatch(said)
        letters = [label.casefold() for label in self.letters()]
        labels = [label.strip().casefold() for label in self.labels]
        places = {
            place for place, text in enumerate(self.texts) if text.strip().casefold() == said.casefold()
        }
        columns = [key.casefold() for key in self.keys] if len(self.keys) > 1 else []
        if said.casefold() in columns:
            places.add(columns.index(said.casefold()))
        elif said.casefold() in labels:
            places.add(labels.index(said.casefold()))
        elif letter and letter[1].casefold() in letters:
            places.add(letters.index(letter[1].casefold()))
        elif not places and (both := _LETTERED.fullmatch(said)) and both[1].casefold() in letters:
            # "B. bat" is B only where B is the bat.
            place = letters.index(both[1].casefold())
            places.update({place} if self.texts[place].casefold() == both[2].strip().casefold() else ())
        return places


def choices_of(row: Mapping[str, Any]) -> Choices | None:
    """Find a row's choices, two at least; None when it has none that can be told for sure."""
    are_answers = any(row.get(key) is not None for key in _WHICH) or _marked(row.get("answers"))
    keys = (*LIST_KEYS, "answers") if are_answers else LIST_KEYS
    for key in keys:
        if (found := _listed(key, row.get(key))) is not None:
            return found
    stem = row.get("question")
    if isinstance(stem, dict) and (found := _listed("question.choices", stem.get("choices"))) is not None:
        return found
    return _in_columns(row)


def _listed(key: str, value: Any) -> Choices | None:
    value = _written_out(value)
    match value:
        case {"text": list(texts), "label": list(labels)} if len(texts) == len(labels):
            return _choices(key, texts, labels)
        case {"choices": list(texts), "labels": list(marks)} if len(texts) == len(marks):
            right = frozenset({marks.index(1)} if marks.count(1) == 1 else ())
            return _choices(key, texts, (), right=right)
        case dict() if key == "target_scores":
            best = [place for place, score in enumerate(value.values()) if score == 1]
            return _choices(key, list(value), (), right=frozenset(best if len(best) == 1 else ()))
        case dict() if all(re.fullmatch("[A-Za-z]|[0-9]", label) for label in value):
            return _choices(key, list(value.values()), list(value))
        # Objects with an index or a reason are what a model answered, several times.
        case [{}, *_] if all(
            isinstance(each, dict) and "text" in each and not {"index", "finish_reason"} & each.keys()
            for each in value
        ):
            labels = [each.get("label", each.get("key")) for each in value]
            known = labels if all(isinstance(label, str) for label in labels) else []
            return _choices(key, [each["text"] for each in value], known, right=_marked(value))
        case list():
            return _lettered(key, value)
        case _:
            return None


def _marked(value: Any) -> frozenset[int]:
    """Find which of a list's objects are marked right, where others are marked wrong."""
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        return frozenset()
    marks = [next((each[name] for name in _MARKS if name in each), None) for each in value]
    right = frozenset(place for place, mark in enumerate(marks) if mark is True or mark == 1)
    return right if len(right) < len(marks) and None not in marks else frozenset()


def _written_out(value: Any) -> Any:
    """Read a list that a table holds as its text: as JSON, as Python, or letter by letter."""
    if isinstance(value, str) and len(value) <= MAX_WRITTEN_OUT:
        marks = list(_MARK.finditer(value))
        if len(marks) > 1 and "".join(mark[1] for mark in marks).upper() == LETTERS[: len(marks)]:
            ends = [*(mark.start() for mark in marks[1:]), len(value)]
            texts = [value[mark.end() : end].strip(" ,;\n\t") for mark, end in zip(marks, ends, strict=True)]
            return {mark[1]: text for mark, text in zip(marks, texts, strict=True)}
        for separator in ("\n", "|", ";"):
            parts = [part.strip() for part in value.split(separator)]
            if len(parts) > 1 and all(parts) and value.strip()[:1] not in ("[", "{"):
                return parts
    return written_out(value)


def _lettered(key: str, value: list[Any]) -> Choices | None:
    """Take letters that stand before every choice, "(A) ice", for their labels."""
    matches = [_LETTERED.fullmatch(each) if isinstance(each, str) else None for each in value]
    found = [match for match in matches if match is not None]
    if len(found) == len(value) and "".join(match[1] for match in found).upper() == LETTERS[: len(value)]:
        return _choices(key, [match[2] for match in found], [match[1] for match in found])
    return _choices(key, value, ())


def _in_columns(row: Mapping[str, Any]) -> Choices | None:
    """Find choices that have a column each: A, B, C; option1, option2; opa, opb …"""
    groups: dict[str, dict[str, str]] = {}
    for key, value in row.items():
        match = _COLUMN.fullmatch(key)
        # A column without a name must be a capital letter: "a" and "1" may be anything.
        if match and value not in (None, "") and (match[1] or match[2] in LETTERS):
            groups.setdefault((match[1] or "").lower(), {})[match[2].upper()] = key
    for stem, columns in groups.items():
        names = "".join(sorted(columns))
        # Two answers side by side are compared with each other; neither is a choice.
        if len(names) >= (3 if stem == "answer" else 2) and (
            LETTERS.startswith(names) or "0123456789".find(names) in (0, 1)
        ):
            keys = tuple(columns[name] for name in names)
            labels = list(names) if not names[0].isdigit() else ()
            found = _choices("", [row[key] for key in keys], labels)
            return found and replace(found, keys=keys, from_one=(stem, names[0]) in _FROM_ONE)
    return None


def _choices(
    key: str, texts: list[Any], labels: Iterable[Any], *, right: frozenset[int] = frozenset()
) -> Choices | None:
    said = [scalar_text(text) for text in texts]
    if not 2 <= len(said) <= len(LETTERS) or not all(text is not None and text.strip() for text in said):
        return None
    return Choices(
        keys=(key,),
        texts=tuple(text.strip() for text in said if text is not None),
        labels=tuple(map(str, labels)),
        right=right,
        numbers=not any(isinstance(text, str) for text in texts),
    )
