"""Rows with a question, its choices and the right one: MMLU, ARC, HellaSwag, CommonsenseQA and their kind."""

from collections.abc import Iterable, Mapping
from typing import Any

from evaldrop.datasets.answers import ANSWER_KEYS, read_answer, show_choices
from evaldrop.datasets.choices import LIST_KEYS, Choices, choices_of
from evaldrop.datasets.drafts import Draft
from evaldrop.datasets.texts import scalar_text

QUESTION_KEYS = (
    "question", "Question", "question_stem", "query", "prompt", "input", "ctx", "goal", "premise", "sentence",
    "startphrase", "problem", "Problem", "stem",
)  # fmt: skip
_LISTS = (*LIST_KEYS, "answers", "question.choices")
_MAY_BE_LISTS = (*LIST_KEYS, "answers", "question")
KEYS = frozenset((*QUESTION_KEYS, *LIST_KEYS, *ANSWER_KEYS))
CONTEXT_KEYS = ("context", "passage", "article", "story", "support")
_CATEGORY_KEYS = ("subject", "subject_name")
# COPA's question is one word.
_ASKED = {"cause": "What was the cause of this?", "effect": "What happened as a result?"}


def has_choices(row: Mapping[str, Any]) -> bool:
    """Tell whether a row is a question with choices."""
    if _question(row) is None:
        return False
    found = choices_of(row)
    if found is None:
        return False
    # Columns alone may be anything; with an answer among them they are choices.
    return found.keys[0] in _LISTS or any(key in row for key in ANSWER_KEYS)


def has_own_choices(row: Mapping[str, Any]) -> bool:
    """Tell whether a row of evaldrop's own has choices: other lists may stand beside a reference."""
    choices = choices_of(row)
    if choices is None or not has_choices(row):
        return False
    reference = row.get("reference")
    return reference in (None, "", []) or _is_answered({"reference": reference}, choices)


def _is_answered(row: Mapping[str, Any], choices: Choices) -> bool:
    trial = Draft()
    read_answer(trial, row, choices)
    return not trial.faults and bool(trial.open_index or trial.values)


def add_choices(draft: Draft, row: Mapping[str, Any]) -> None:
    """
    Show the choices of a row that another shape has read, if its reference is one of them.

    Without them, models would be asked a question that cannot be answered as the reference has it.
    """
    if draft.choices is not None or row.keys().isdisjoint(_MAY_BE_LISTS):
        return
    if draft.values.keys().isdisjoint(("prompt", "messages")):
        return
    choices = choices_of(row)
    if choices is None or choices.keys[0] not in _LISTS:
        return
    given = draft.values.get("reference")
    known = {"reference": given} if given is not None else row
    if not _is_answered(known, choices):
        return
    show_choices(draft, choices)
    shown = draft.names.get("reference")
    used = read_answer(draft, known, choices)
    if shown is not None and draft.open_index is not None:
        draft.open_index = draft.open_index._replace(key=shown)
    elif shown is not None:
        draft.names["reference"], draft.told["reference"] = shown, f"{shown} (letter or text)"
    draft.aside = [key for key in draft.aside if key not in (*choices.keys, *used)]


def note_unshown(draft: Draft, row: Mapping[str, Any], *, is_mapped: bool) -> None:
    """Say that a row's choices are not shown: a mapped prompt is sent as it stands, some cannot be told."""
    prompt = draft.values.get("prompt")
    if draft.choices is not None or not isinstance(prompt, str):
        return
    choices = choices_of(row) if is_mapped else None
    if choices is not None and choices.keys[0] in _LISTS:
        # It may hold them, in whatever form.
        if not all(text in prompt for text in choices.texts):
            draft.notes.append(
                f'the choices in "{choices.keys[0]}" are not shown: a mapped prompt is sent as it stands. '
                'Call its key "question" to have them shown'
            )
        return
    key = next((key for key in ("options", "choices") if isinstance(row.get(key), str)), None)
    if key is not None and row[key].strip() and row[key] not in prompt:
        draft.notes.append(
            f'"{key}" is a text in which no choices can be told apart, and is not shown. '
            'Write a list, ["…", "…"], or put | between them'
        )


def read_multiple_choice(draft: Draft, row: Mapping[str, Any]) -> Iterable[str]:
    """Read the whole row; return the keys that were used."""
    choices = choices_of(row)
    question = _question(row)
    assert choices
    assert question
    key, text = question
    used = [key.partition(".")[0], *(each.partition(".")[0] for each in choices.keys)]
    draft.put("prompt", text, key)
    if key == "premise" and "question" in row:
        used.append("question")
        draft.told["prompt"] = "premise and question"
    for home, names in (("context", CONTEXT_KEYS), ("category", _CATEGORY_KEYS)):
        name = next((name for name in names if scalar_text(row.get(name)) and name not in used), None)
        if name is not None and home not in draft.values:
            draft.put(home, row[name], name)
            used.append(name)
    show_choices(draft, choices)
    for each in choices.keys:
        if each in row:
            draft.keep(each, row[each])
    return [*used, *read_answer(draft, row, choices)]


def read_inspect_choices(draft: Draft, value: Any, key: str, row: Mapping[str, Any]) -> None:
    """Show Inspect's choices below its input, and read the target, which is a letter, as one of them."""
    choices = choices_of(row)
    if not isinstance(value, list):
        draft.refuse_type(key, value, "a list of strings")
        return
    draft.keep(key, value)
    if choices is None:
        # A single choice, or more than there are letters: the target stays what it is.
        return
    show_choices(draft, choices)
    read_answer(draft, {"target": row.get("target")}, choices)


def read_incorrect(draft: Draft, value: Any, key: str, _row: Mapping[str, Any]) -> None:
    """Leave wrong answers aside, and say so: no order is given in which they could be shown."""
    draft.leave(key, value)
    draft.notes.append(f'"{key}" are wrong answers in no order; they are not shown as choices')


def _question(row: Mapping[str, Any]) -> tuple[str, str] | None:
    premise, asked = row.get("premise"), row.get("question")
    if isinstance(premise, str) and isinstance(asked, str) and asked in _ASKED:
        return "premise", f"{premise}\n\n{_ASKED[asked]}"
    if isinstance(asked, dict) and isinstance(asked.get("stem"), str):
        return "question.stem", asked["stem"]
    for key in QUESTION_KEYS:
        value = row.get(key)
        if isinstance(value, str) and value.strip():
            return key, value
    return None
