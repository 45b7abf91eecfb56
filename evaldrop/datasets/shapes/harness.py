"""What harnesses write: samples of lm-evaluation-harness, instances of HELM, results of promptfoo."""

from collections.abc import Mapping
from typing import Any

from evaldrop.datasets.answers import show_choices, show_right
from evaldrop.datasets.choices import Choices
from evaldrop.datasets.drafts import Draft, Fault
from evaldrop.datasets.texts import is_messages, text_of

Row = Mapping[str, Any]


def raw_prompt(draft: Draft, value: Any, key: str, _row: Row) -> None:
    """Read the prompt of promptfoo's result: as it was sent, beside its label."""
    if isinstance(value, dict):
        draft.put("prompt", value.get("raw"), f"{key}.raw")
    else:
        draft.put("prompt", value, key)


def harness_arguments(draft: Draft, value: Any, key: str, _row: Row) -> None:
    """Read what the harness asked the model to go on from; a likelihood of given words is no question."""
    requests = list(value.values()) if isinstance(value, dict) else value
    if not isinstance(requests, list) or len(requests) != 1:
        what = f'"{key}" holds several requests: the harness compared how likely given words are'
        draft.blame_prompt(Fault(what, "Give samples of a task that generates text."))
        return
    request = requests[0]
    prompt = request.get("arg_0") if isinstance(request, dict) else request
    prompt = prompt[0] if isinstance(prompt, list) and prompt and not is_messages(prompt) else prompt
    draft.put("messages" if is_messages(prompt) else "prompt", prompt, key)


def harness_responses(draft: Draft, value: Any, key: str, _row: Row) -> None:
    """Read the first of the replies to the harness's request."""
    while isinstance(value, list) and value:
        value = value[0]
    if isinstance(value, str):
        draft.add_response(key, value, key)
    else:
        draft.leave(key, value)


def _tags(reference: Row) -> list[Any]:
    tags = reference.get("tags")
    return tags if isinstance(tags, list) else []


def helm_references(draft: Draft, value: Any, key: str, _row: Row) -> None:
    """Read HELM's references: those tagged correct, and all of them as choices where others are not."""
    if not isinstance(value, list) or not all(isinstance(member, dict) for member in value):
        draft.refuse_type(key, value, "a list of objects")
        return
    texts = [text_of(member.get("output")) or "" for member in value]
    right = [place for place, member in enumerate(value) if "correct" in _tags(member)]
    if len(right) == len(texts) or not right or not all(text.strip() for text in texts):
        draft.put("reference", [texts[place] for place in right], key)
        return
    choices = Choices(keys=(key,), texts=tuple(texts))
    show_choices(draft, choices)
    show_right(draft, choices, set(right), key, "those tagged correct")
