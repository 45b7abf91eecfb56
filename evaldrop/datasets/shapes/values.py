"""How other tools' nested values are read: each function puts one key of a foreign row into a draft."""

import json
import re
from collections.abc import Callable, Mapping
from itertools import chain
from typing import Any

from evaldrop.datasets.drafts import Draft, put_variables
from evaldrop.datasets.texts import is_messages, is_text, plain_text_of, scalar_text, text_of, written_out

Row = Mapping[str, Any]
KeyReader = Callable[[Draft, Any, str, Row], None]


def prompt_or_messages(draft: Draft, value: Any, key: str, _row: Row) -> None:
    """Read a list as a conversation, an object as variables, anything else as the prompt."""
    if isinstance(value, dict):
        put_variables(draft, value, key)
    else:
        draft.put("messages" if isinstance(value, list) else "prompt", value, key)


def response(draft: Draft, value: Any, key: str, _row: Row) -> None:
    """Read a response that was given without a name: its candidate is called like the key."""
    draft.add_response(key, text_of(value), key)


def output_response(draft: Draft, value: Any, key: str, row: Row) -> None:
    """Read an output that only its key says to be a given response; say how else it may be meant."""
    response(draft, value, key, row)
    if not any(row.get(name) is not None for name in _IDEALS):
        draft.notes.append(
            f'"{key}" is read as a response already given; if it is the ideal answer, write '
            f"fields: {{reference: {key}}} in the evaluation"
        )


_IDEALS = ("reference", "expected", "reference_outputs", "expectations")


def named_response(*name_keys: str) -> KeyReader:
    """Make a reader of a response whose candidate another key of the row names."""

    def read(draft: Draft, value: Any, key: str, row: Row) -> None:
        named = next(((by, name) for by in name_keys if (name := _name(row.get(by)))), None)
        if named is None:
            draft.add_response(key, text_of(value), key)
        else:
            by, name = named
            draft.add_response(name, text_of(value), key, told=f"{key} (named by {by})")

    return read


def _name(value: Any) -> str | None:
    """Read a model's or provider's name: a text, or an object's label or id."""
    if isinstance(value, dict):
        value = value.get("label") or value.get("id") or value.get("name")
    text = scalar_text(value)
    return text.strip() or None if text is not None else None


def nothing(_draft: Draft, _value: Any, _key: str, _row: Row) -> None:
    """Read nothing: another key's reader uses this one."""


def instruction_input(draft: Draft, value: Any, key: str, _row: Row) -> None:
    """Put Alpaca's input, when there is one, below its instruction."""
    instruction = draft.values.get("prompt")
    below = (
        scalar_text(value) if not isinstance(value, list | dict) else json.dumps(value, ensure_ascii=False)
    )
    if not isinstance(instruction, str) or below is None:
        draft.leave(key, value)
    elif below.strip() and value not in ([], {}):
        draft.values["prompt"] = f"{instruction}\n\n{below}"
        draft.told["prompt"] += f" and {key}"


def reference_text(draft: Draft, value: Any, key: str, _row: Row) -> None:
    """Read a reference that may be inside an object, or a conversation."""
    if not isinstance(value, dict) and not is_messages(value):
        draft.put("reference", value, key)
        return
    text = plain_text_of(value)
    told = key if text is not None else f"{key} (as JSON)"
    draft.put("reference", text_of(value) if text is None else text, key, told=told)


def own_reference(draft: Draft, value: Any, key: str, _row: Row) -> None:
    """Read evaldrop's own reference: an object, also one of a list, is the JSON text of it."""
    members = value if isinstance(value, list) else [value]
    if any(isinstance(member, dict) for member in members):
        texts = [written(member) if isinstance(member, dict) else member for member in members]
        draft.put("reference", texts, key, told=f"{key} (as JSON)")
    else:
        draft.put("reference", value, key)


def written(value: Any) -> str:
    """Return a JSON value as the text that a model is expected to write."""
    return json.dumps(value, ensure_ascii=False)


def more_references(draft: Draft, value: Any, key: str, _row: Row) -> None:
    """Read references that are as good as those the row gave before."""
    if isinstance(value, str) and is_text(parsed := written_out(value)):
        value = parsed
    given = draft.values.get("reference")
    if given is None:
        draft.put("reference", value, key)
        return
    both = [
        *(given if isinstance(given, list) else [given]),
        *(value if isinstance(value, list) else [value]),
    ]
    texts = list(dict.fromkeys(each for each in both if isinstance(each, str)))
    told = f"{draft.told['reference']} and {key}"
    draft.put("reference", texts if len(texts) else both, draft.names["reference"], told=told)


def reference_if_none(draft: Draft, value: Any, key: str, row: Row) -> None:
    """Read a reference, unless the row gave a better one before: then it is left aside."""
    if draft.values.get("reference"):
        draft.leave(key, value)
    else:
        reference_text(draft, value, key, row)


def context_texts(draft: Draft, value: Any, key: str, _row: Row) -> None:
    """Read a context, unless the row gave a better one before: then it is left aside."""
    if draft.values.get("context"):
        draft.leave(key, value)
        return
    # What a table's cell holds of a list.
    if isinstance(value, str) and is_text(parsed := written_out(value)):
        value = parsed
    if isinstance(value, dict):
        value = _passages(value)
    if isinstance(value, list):
        value = [plain_text_of(each) if isinstance(each, dict) else each for each in value]
    draft.put("context", (plain_text_of(value) or value) if isinstance(value, dict) else value, key)


def _passages(value: Mapping[str, Any]) -> Any:
    """Read the texts of an object of lists: HotpotQA's titles and sentences, PubMedQA's and MS MARCO's."""
    titles, sentences = value.get("title"), value.get("sentences")
    if (
        isinstance(titles, list)
        and isinstance(sentences, list)
        and len(titles) == len(sentences)
        and all(map(is_text, sentences))
    ):
        joined = ("".join(each) if isinstance(each, list) else each for each in sentences)
        return [f"{title}: {text}" for title, text in zip(titles, joined, strict=True)]
    texts = next((value[key] for key in ("contexts", "passage_text", "passages") if value.get(key)), None)
    return texts if is_text(texts) else value


def question_answer(draft: Draft, value: Any, key: str, _row: Row) -> None:
    """Read an answer: SQuAD's texts, GSM8K's number behind its working, a truth as yes or no, or itself."""
    if isinstance(value, dict) and isinstance(value.get("text"), list):
        # A question of SQuAD 2 may have no answer in its text.
        if not value["text"]:
            draft.notes.append(_UNANSWERABLE.format(key=key))
        draft.put("reference", list(dict.fromkeys(map(str, value["text"]))) or None, key)
    elif isinstance(value, dict) and is_text(value.get("spans")):
        draft.put("reference", value["spans"], key)
    elif value == []:
        draft.notes.append(_UNANSWERABLE.format(key=key))
    elif isinstance(value, dict) and isinstance(value.get("aliases"), list):
        # TriviaQA: every name the answer goes by.
        names = [each for each in (value.get("value"), *value["aliases"]) if isinstance(each, str)]
        draft.put("reference", list(dict.fromkeys(names)), key)
    elif (
        isinstance(value, list) and value and all(isinstance(each, dict) and "text" in each for each in value)
    ):
        draft.put("reference", list(dict.fromkeys(str(each["text"]) for each in value)), key)
    elif isinstance(value, bool):
        said = ["yes", "true"] if value else ["no", "false"]
        draft.put("reference", said, key, told=f"{key} (yes or true, no or false)")
    elif isinstance(value, str) and (final := _FINAL.search(value)):
        # GSM8K: the working, then the number that counts.
        draft.keep(key, value)
        told = f"{key} (the number behind ####; its working is kept in metadata)"
        draft.put("reference", final[1], key, told=told)
    else:
        reference_text(draft, value, key, {})


_UNANSWERABLE = '"{key}" holds no text: the question has no answer, and the record no reference'
_FINAL = re.compile(r"\n#### ?([-+$€£]?[0-9][0-9.,]{0,40})\s*\Z")


def split_references(draft: Draft) -> None:
    """Read fmeval's <OR> between references as any of them."""
    value = draft.values.get("reference")
    members = value if isinstance(value, list) else [value]
    if any(isinstance(member, str) and OR in member for member in members):
        parts = [map(str.strip, each.split(OR)) if isinstance(each, str) else [each] for each in members]
        draft.values["reference"] = list(chain.from_iterable(parts))
        draft.told["reference"] += f" ({OR} between any of them)"


OR = "<OR>"
"""What fmeval writes between references of which any may be met."""


def metadata(draft: Draft, value: Any, key: str, _row: Row) -> None:
    """Keep every member of an object."""
    draft.keep_all(value, key)


def loose_metadata(draft: Draft, value: Any, key: str, _row: Row) -> None:
    """Keep what a tool calls metadata, whatever it is."""
    if isinstance(value, dict):
        draft.keep_all(value, key)
    else:
        draft.keep(key, value)


def expectations(draft: Draft, value: Any, key: str, _row: Row) -> None:
    """Read MLflow's expectations; facts and guidelines become one criterion each, the same for every row."""
    if not isinstance(value, dict):
        draft.refuse_type(key, value, "an object")
        return
    questions = {
        "expected_facts": "Does the response contain every one of these facts?",
        "guidelines": "Does the response follow every one of these guidelines?",
    }
    for name, member in value.items():
        if name == "expected_response":
            draft.put("reference", member, f"{key}.{name}")
        elif name in questions and member:
            draft.add_criterion(name, _listed(questions[name], member), f"{key}.{name}")
        else:
            draft.keep(name, member)


def task(draft: Draft, value: Any, key: str, _row: Row) -> None:
    """Read 360-eval's task: {task_type, task_criteria}."""
    if not isinstance(value, dict):
        draft.refuse_type(key, value, "an object")
        return
    for name, member in value.items():
        if name == "task_type":
            draft.put("category", member, f"{key}.{name}")
        elif name == "task_criteria" and isinstance(member, str) and member:
            draft.add_criterion("task_criteria", f"Does the response meet this: {member}", f"{key}.{name}")
        else:
            draft.keep(name, member)


def success_criteria(draft: Draft, value: Any, key: str, _row: Row) -> None:
    """Read 360-eval's success_criteria: {definition, must_include, must_not_include, edge_cases}."""
    if not value:
        return
    members = value if isinstance(value, dict) else {"definition": value}
    lines = [
        _listed(f"{name.replace('_', ' ').capitalize()}:", member)
        for name, member in members.items()
        if member
    ]
    draft.add_criterion(key, "\n".join(["Does the response meet these success criteria?", *lines]), key)


def image(draft: Draft, value: Any, key: str, _row: Row) -> None:
    """Keep an image's address, and say that it is not sent."""
    if value:
        draft.keep(key, value)
        draft.notes.append(f'"{key}" is kept in metadata; images are not sent to the candidates')


def _listed(question: str, value: Any) -> str:
    if isinstance(value, dict):
        value = [
            member for group in value.values() for member in (group if isinstance(group, list) else [group])
        ]
    members = value if isinstance(value, list) else [value]
    return "\n".join([question, *(f"- {text_of(member)}" for member in members)])
