"""Multiple choice: choices shown in the prompt with letters, and the right one by letter, index or text."""

import re
from collections.abc import Mapping, Set
from typing import Any

from evaldrop.datasets.choices import LETTER, Choices
from evaldrop.datasets.drafts import Draft, OpenIndex
from evaldrop.datasets.texts import is_messages, joined_blocks, scalar_text

ANSWER_KEYS = (
    "answer", "answerKey", "answer_key", "Answer", "label", "gold", "target", "answer_idx", "answer_index",
    "cop", "correct_option", "correct_choice", "correct_index", "correct", "correct_answer", "gold_label",
    "ideal", "reference", "expected", "ground_truth", "Correct Answer", "Correct", "Correct Option",
)  # fmt: skip
NO_ANSWER = "no answer says which choice is right; there is no reference"


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
    if choices.right:
        how = "the one marked right" if len(choices.right) == 1 else "those marked right"
        show_right(draft, choices, choices.right, choices.keys[0], how)
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
        _settle(draft, OpenIndex(number=index, key=key, choices=choices), base=1)
        return
    if index is not None:
        draft.open_index = OpenIndex(number=index, key=key, choices=choices)
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
        how = "by letter" if all(LETTER.fullmatch((text or "").strip()) for text in texts) else "by text"
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
    choices = found.choices
    place = found.number - base
    if 0 <= place < len(choices.texts):
        show_right(draft, choices, {place}, found.key, f"an index counted from {base}")
        return
    count = len(choices.texts)
    what = f'"{found.key}" is {found.number}, and there are {count} choices, counted from {base}'
    draft.refuse(what, "Give the letter or the text of the right choice.")


def show_right(draft: Draft, choices: Choices, places: Set[int], key: str, how: str) -> None:
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
            if index.number == 0:
                self.found = 0
            elif index.number == len(index.choices.texts):
                self.found = 1
            self.is_sought = self.is_sought and self.found is None
