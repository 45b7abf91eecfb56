"""Conversations as tools write them, brought to one form: roles, few-shot examples, and what ends them."""

from collections.abc import Mapping
from typing import Any

from evaldrop.datasets.drafts import Draft, wrong_type
from evaldrop.datasets.texts import is_text, joined_blocks, scalar_text

Row = Mapping[str, Any]

_ROLES = {
    "human": "user",
    "gpt": "assistant",
    "chatgpt": "assistant",
    "ai": "assistant",
    "bot": "assistant",
    "model": "assistant",
    "bing": "assistant",
    "bard": "assistant",
    "claude": "assistant",
}
# OpenAI's few-shot examples are system messages that say whose turn they are.
_EXAMPLES = {"example_user": "user", "example_assistant": "assistant"}
# Where a tool says who speaks, and what is said.
_SPEAKERS = ("role", "from", "type", "author")
_SAID = ("content", "value", "parts", "text")
TOOL_CALLS = "tool_calls"


def is_conversation(value: Any) -> bool:
    """Tell whether a value is a list of objects that each say who speaks and what."""
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(each, dict) and _first(each, _SPEAKERS) and _first(each, _SAID) for each in value)
    )


def settle_conversation(draft: Draft) -> None:
    """Bring the draft's messages to roles and contents; an answer at their end is no part of the question."""
    if is_conversation(draft.values.get("prompt")) and "messages" not in draft.values:
        draft.put("messages", draft.values.pop("prompt"), draft.names.pop("prompt"))
        draft.told.pop("prompt", None)
    messages = draft.values.get("messages")
    # What is no conversation is refused when the draft is checked.
    if not is_conversation(messages):
        return
    assert isinstance(messages, list)
    read = [_message(member) for member in messages]
    if any(isinstance(member, dict) and str(member.get("name")) in _EXAMPLES for member in messages):
        draft.told["messages"] += " (its named examples as turns)"
    draft.values["messages"] = read
    _drop_repeated_prompt(draft, read)
    last = read[-1]
    if (
        last["role"] == "assistant"
        and not last.get(TOOL_CALLS)
        and any(each["role"] == "user" for each in read)
    ):
        _take_answer(draft, read, joined_blocks(last["content"]))


def _message(member: Mapping[str, Any]) -> dict[str, Any]:
    speaker, said = _first(member, _SPEAKERS), _first(member, _SAID)
    assert speaker
    assert said
    role = member[speaker]
    if isinstance(role, str):
        role = _ROLES.get(role.lower(), role.lower())
    if role == "system":
        role = _EXAMPLES.get(str(member.get("name")), role)
    # Kept, so that the check refuses them: without its call a turn says something else.
    calls = next((member[key] for key in (TOOL_CALLS, "function_call") if member.get(key)), None)
    return {"role": role, "content": member[said], **({TOOL_CALLS: calls} if calls else {})}


def _drop_repeated_prompt(draft: Draft, messages: list[dict[str, Any]]) -> None:
    """Pass over a prompt that only repeats the user's first message, as many datasets have it."""
    asked = next((joined_blocks(each["content"]) for each in messages if each["role"] == "user"), None)
    prompt = draft.values.get("prompt")
    if isinstance(prompt, str) and isinstance(asked, str) and prompt.strip() == asked.strip():
        shown = draft.names.pop("prompt")
        draft.values.pop("prompt")
        draft.told.pop("prompt", None)
        draft.told["messages"] += f" ({shown} is the user's first)"


def _first(member: Mapping[str, Any], keys: tuple[str, ...]) -> str | None:
    return next((key for key in keys if key in member), None)


def _take_answer(draft: Draft, messages: list[dict[str, Any]], answer: Any) -> None:
    """Make an assistant's last turn what its tool means by it: a reference, a given response, or a fault."""
    shown = draft.names["messages"]
    home, _, candidate = draft.last_turn.partition(".")
    # With a reference of its own the row does not say what the turn is: the check refuses it.
    if not is_text(answer) or not home or (home == "reference" and draft.values.get("reference")):
        return
    draft.values["messages"] = messages[:-1]
    place = f"{shown} (the assistant's last turn)"
    if home == "reference":
        draft.put("reference", answer, shown, told=place)
    else:
        draft.add_response(candidate, answer, shown, told=place)


def ragas_input(draft: Draft, value: Any, key: str, _row: Row) -> None:
    """Read ragas' user_input: a question, or a conversation whose last turn is the system's response."""
    if isinstance(value, list):
        draft.put("messages", value, key)
        draft.last_turn = "responses.response"
    else:
        draft.put("prompt", value, key)


def conversation_model(draft: Draft, row: Row) -> tuple[str, ...]:
    """Take the last turn for the response of the model that a row names, if it names one."""
    model = scalar_text(row.get("model"))
    if model is None or not model.strip():
        return ()
    draft.last_turn = f"responses.{model}"
    return ("model",)


def first_turn(draft: Draft, value: Any, key: str, row: Row) -> None:
    """Read MT-bench's turns: the first is asked; each has a reference of its own."""
    if not isinstance(value, list) or not value:
        draft.blame_prompt(wrong_type(key, value, "a list with at least one turn"))
        return
    if is_conversation(value):
        # deepeval's conversations: what was said, the last of it by the system under test.
        draft.put("messages", value, key)
        draft.last_turn = f"responses.{key}"
        return
    draft.put("prompt", value[0], f"{key}[0]")
    if len(value) > 1:
        draft.keep(key, value)
        draft.notes.append(f"only the first turn of {key} is asked; the others are left out")
    references = row.get("reference")
    if isinstance(references, list) and references and len(value) > 1:
        draft.keep("reference", references)
        draft.put("reference", references[0], "reference[0]")


def gemini_contents(draft: Draft, value: Any, key: str, _row: Row) -> None:
    """Read Gemini's contents: a list of turns, one turn, or a text."""
    value = [value] if isinstance(value, dict) else value
    if isinstance(value, list):
        # A turn without a role is the user's.
        value = [{"role": "user", **turn} if isinstance(turn, dict) else turn for turn in value]
    draft.put("messages" if isinstance(value, list) else "prompt", value, key)


def gemini_system(draft: Draft, value: Any, key: str, _row: Row) -> None:
    """Read Gemini's system instruction: its parts, or a text."""
    draft.put("system", joined_blocks(value.get("parts")) if isinstance(value, dict) else value, key)
