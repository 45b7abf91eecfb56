"""Multiple choice: choices shown in the prompt with letters, and the right one by letter, index or text."""

import ast
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from evaldrop.datasets.drafts import Draft, OpenIndex
from evaldrop.datasets.texts import is_messages, joined_blocks, scalar_text

LIST_KEYS = ("choices", "options", "endings", "answer_choices", "mc1_targets", "target_scores")
ANSWER_KEYS = (
    "answer", "answerKey", "answer_key", "Answer", "label", "gold", "target", "answer_idx", "answer_index",
    "cop", "correct_option", "correct_choice", "correct", "correct_answer", "gold_label", "ideal",
    "reference", "expected", "ground_truth",
)  # fmt: skip
NO_ANSWER = "no answer says which choice is right; there is no reference"
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

_COLUMN = re.compile(r"(option|choice|answer|ending|sol|op|distractor_?choice)?[_ ]?([A-Ja-j]|[0-9])")
# Of these columns the answer is known to be counted from 1, whatever the other rows say.
_FROM_ONE = (("option", "1"), ("answer", "A"))
_LETTERED = re.compile(r"\s*\(?([A-Ja-j])\s?[).:]\s*(.+)", re.DOTALL)
_LETTER = re.compile(r"\(?([A-Za-z])\s?[).:]?")
_MAX_WRITTEN_OUT = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """
    A row's choices.

    Attributes:
        keys: The row's keys that they are in.
        texts: What they say, in order.
        labels: What the row calls them; empty where it calls them nothing.
        right: The right one's place, where the choices themselves say it.
        from_one: An index of them is known to be counted from 1.
        numbers: They are numbers, so that an answer that is one may be a text or an index.
    """

    keys: tuple[str, ...]
    texts: tuple[str, ...]
    labels: tuple[str, ...] = ()
    right: int | None = None
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
        letter = _LETTER.fullmatch(said)
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
        return places


def choices_of(row: Mapping[str, Any]) -> Choices | None:
    """Find a row's choices, two at least; None when it has none that can be told for sure."""
    for key in LIST_KEYS:
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
            right = marks.index(1) if marks.count(1) == 1 else None
            return _choices(key, texts, (), right=right)
        case dict() if key == "target_scores":
            best = [place for place, score in enumerate(value.values()) if score == 1]
            return _choices(key, list(value), (), right=best[0] if len(best) == 1 else None)
        case dict() if all(re.fullmatch("[A-Za-z]|[0-9]", label) for label in value):
            return _choices(key, list(value.values()), list(value))
        # Objects with an index or a reason are what a model answered, several times.
        case [{}, *_] if all(
            isinstance(each, dict) and "text" in each and not {"index", "finish_reason"} & each.keys()
            for each in value
        ):
            labels = [each.get("label", each.get("key")) for each in value]
            known = labels if all(isinstance(label, str) for label in labels) else []
            return _choices(key, [each["text"] for each in value], known)
        case list():
            return _lettered(key, value)
        case _:
            return None


def _written_out(value: Any) -> Any:
    """Read a list that a table holds as its text."""
    if not isinstance(value, str) or len(value) > _MAX_WRITTEN_OUT or value.strip()[:1] not in ("[", "{"):
        return value
    for parse in (json.loads, ast.literal_eval):
        try:
            return parse(value.strip())
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            continue
    return value


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
            groups.setdefault(match[1] or "", {})[match[2].upper()] = key
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
    key: str, texts: list[Any], labels: Iterable[Any], *, right: int | None = None
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


def show_choices(draft: Draft, choices: Choices) -> None:
    """Put the choices at the prompt's end as A), B) …"""
    draft.choices = choices
    shown = "\n".join(
        f"{letter}) {text}" for letter, text in zip(choices.letters(), choices.texts, strict=True)
    )
    prompt, messages = draft.values.get("prompt"), draft.values.get("messages")
    told = _keys_told(choices.keys)
    if isinstance(prompt, str) and _are_shown(choices, prompt):
        # A second list, perhaps with other letters, would make the first wrong.
        draft.told["prompt"] += f" (it shows its choices; {told} is not shown again)"
    elif isinstance(prompt, str):
        draft.values["prompt"] = f"{prompt}\n\n{shown}"
        draft.told["prompt"] = f"{draft.told.get('prompt', 'prompt')} with choices from {told}"
    elif isinstance(messages, list) and is_messages(messages):
        *earlier, last = messages
        text = joined_blocks(last.get("content"))
        draft.values["messages"] = [*earlier, {**last, "content": f"{text}\n\n{shown}"}]
        draft.told["messages"] = f"{draft.told.get('messages', 'messages')} with choices from {told}"


def _are_shown(choices: Choices, prompt: str) -> bool:
    """Tell whether a prompt lists the choices already, each behind its letter."""
    return all(
        re.search(rf"\b{re.escape(letter)}\s?[).:]\s*{re.escape(text)}", prompt, re.IGNORECASE)
        for letter, text in zip(choices.letters(), choices.texts, strict=True)
    )


def _keys_told(keys: tuple[str, ...]) -> str:
    return keys[0] if len(keys) == 1 else f"{keys[0]} … {keys[-1]}"


def read_answer(draft: Draft, row: Mapping[str, Any], choices: Choices) -> tuple[str, ...]:
    """Find the right choice and make it the reference; return the key that says which it is."""
    if choices.right is not None:
        show_right(draft, choices, {choices.right}, choices.keys[0], "the one marked right")
        return ()
    for key in ANSWER_KEYS:
        # -1 and an empty label are how test sets hide the answer.
        if key not in choices.keys and row.get(key) not in (None, "", [], -1, "-1"):
            read_value(draft, row[key], key, choices)
            return (key,)
    draft.notes.append(NO_ANSWER)
    return ()


def read_value(draft: Draft, value: Any, key: str, choices: Choices) -> None:
    """Make a key's value, which says one of the choices in whatever way, the reference; or refuse it."""
    draft.open_index = None
    index = _index(value, choices)
    if index is not None and choices.from_one:
        _settle(draft, OpenIndex(index=index, key=key, choices=choices), base=1)
        return
    if index is not None:
        draft.open_index = OpenIndex(index=index, key=key, choices=choices)
        return
    texts = [scalar_text(member) for member in (value if isinstance(value, list) else [value])]
    places = [choices.placed(text) if text is not None else set() for text in texts]
    if any(len(each) > 1 for each in places) or _is_text_and_index(value, choices):
        what = f'"{key}" is one choice by its letter or index and another by its text'
        draft.refuse(what, "Give the letter of the right choice, and texts that are no letters.")
    elif not all(places):
        shown = ", ".join(choices.letters())
        what = f'"{key}" is none of the choices ({shown}), neither by letter nor by text'
        draft.refuse(what, "Give the letter or the text of the right choice.")
    else:
        how = "by letter" if all(_LETTER.fullmatch((text or "").strip()) for text in texts) else "by text"
        how = "by label" if choices.labels and set(texts) <= set(choices.labels) else how
        show_right(draft, choices, set().union(*places), key, how)


def _whole_number(value: Any) -> int | None:
    """Read what a table may hold of an index: 2, "2" or 2.0."""
    text = scalar_text(value)
    if isinstance(value, bool) or text is None or not re.fullmatch(r"[0-9]{1,2}(\.0)?", text.strip()):
        return None
    return int(float(text))


def _index(value: Any, choices: Choices) -> int | None:
    """Read a value as an index; None when it is a label, a text or nothing of the kind."""
    number = _whole_number(value)
    if number is None or str(number) in (label.strip() for label in choices.labels):
        return None
    # A number in quotes that a choice says is its text; an index may well stand in another choice's text.
    is_text = str(number) in choices.texts and (isinstance(value, str) or choices.numbers)
    return None if is_text else number


def _is_text_and_index(value: Any, choices: Choices) -> bool:
    """Tell whether a number may be the text of one choice and the index of another."""
    number = _whole_number(value)
    if number is None or not choices.numbers or str(number) not in choices.texts or isinstance(value, str):
        return False
    return number <= len(choices.texts) and choices.texts[number : number + 1] != (str(number),)


def settle_index(draft: Draft, base: "IndexBase") -> None:
    """Make an answer that is an index the reference, counted as the file's rows count."""
    if draft.open_index is None:
        return
    # Where no row says it, 0, as most published datasets count.
    _settle(draft, draft.open_index, base.found or 0)
    if base.found is None:
        draft.notes.append(
            f'no row tells whether "{draft.open_index.key}" counts the choices from 0 or from 1; '
            "counted from 0. Letters would say it"
        )


def _settle(draft: Draft, found: OpenIndex, base: int) -> None:
    choices: Choices = found.choices
    place = found.index - base
    if 0 <= place < len(choices.texts):
        show_right(draft, choices, {place}, found.key, f"an index counted from {base}")
        return
    count = len(choices.texts)
    what = f'"{found.key}" is {found.index}, and there are {count} choices, counted from {base}'
    draft.refuse(what, "Give the letter or the text of the right choice.")


def show_right(draft: Draft, choices: Choices, places: set[int], key: str, how: str) -> None:
    """Make the choices at these places the reference: letter, letter with text, and text, any of them."""
    letters = choices.letters()
    taken = {letter.casefold() for letter in letters}
    references = []
    for place in sorted(places):
        letter, text = letters[place], choices.texts[place]
        references += [letter, f"{letter}) {text}"]
        # A text that is another choice's letter would make that letter right.
        if text.casefold() not in taken:
            references.append(text)
    draft.put("reference", references, key, told=f"{key} ({how}; letter or text)")


class IndexBase:
    """
    Finds out from a file's own rows whether answers count the choices from 0 or from 1.

    A single row rarely says; one with the index 0, or with an index as high as there are choices, does.
    """

    def __init__(self) -> None:
        self.found: int | None = None
        self.is_sought = True

    def see(self, draft: Draft) -> None:
        """Look at one row's index."""
        index = draft.open_index
        if self.found is None and index is not None:
            if index.index == 0:
                self.found = 0
            elif index.index == len(index.choices.texts):
                self.found = 1
            self.is_sought = self.is_sought and self.found is None
