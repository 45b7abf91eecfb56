"""Rows of Bedrock's jobs, batch inference and evaluations, as they go in and as they come out."""

from collections.abc import Iterable, Mapping
from typing import Any

from evaldrop.datasets.drafts import Draft, wrong_type
from evaldrop.datasets.texts import body_text, joined_blocks

Row = Mapping[str, Any]
# Of a reply's body, beside its text: what it was and what it took.
_OF_A_REPLY = ("model", "stop_reason", "stopReason", "usage", "metrics")


def model_responses(draft: Draft, value: Any, key: str, _row: Row) -> None:
    """Read Bedrock's modelResponses: [{response, modelIdentifier}]."""
    if not isinstance(value, list) or not all(isinstance(member, dict) for member in value):
        draft.refuse_type(key, value, "a list of objects")
        return
    for place, given in enumerate(value):
        name = given.get("modelIdentifier")
        if isinstance(name, str) and name and isinstance(given.get("response"), str):
            draft.add_response(name, given["response"], key)
        else:
            what = f'"{key}[{place}]" does not hold both "response" and "modelIdentifier" as strings'
            draft.refuse(what, "Give both.")


def model_input(draft: Draft, value: Any, key: str, _row: Row) -> None:
    """Read a body of Bedrock batch inference: messages (Anthropic, Nova), or a prompt (Llama, Titan, …)."""
    if not isinstance(value, dict):
        draft.blame_prompt(wrong_type(key, value, "an object"))
        return
    homes = {
        "messages": "messages",
        "system": "system",
        "prompt": "prompt",
        "inputText": "prompt",
        "message": "prompt",
        # Cohere's system text; OpenAI's Responses.
        "preamble": "system",
        "input": "messages" if isinstance(value.get("input"), list) else "prompt",
        "instructions": "system",
    }
    for name, member in value.items():
        if name in homes:
            text = joined_blocks(member) if name == "system" else member
            draft.put(homes[name], text, f"{key}.{name}")
    if value.get("chat_history"):
        homes["chat_history"] = "messages"
        _cohere_history(draft, value["chat_history"], key)
    # A prefilled answer is what the model was to go on from: neither a reference nor a response.
    draft.last_turn = ""
    _leave_rest(draft, {name: member for name, member in value.items() if name not in homes}, key)


def _cohere_history(draft: Draft, value: Any, key: str) -> None:
    """Put Cohere's earlier turns before its message: without them the question is another."""
    asked = draft.values.pop("prompt", None)
    draft.told.pop("prompt", None)
    draft.names.pop("prompt", None)
    roles = {"USER": "user", "CHATBOT": "assistant", "SYSTEM": "system"}
    turns = value if isinstance(value, list) else [value]
    earlier = [
        {"role": roles.get(str(turn.get("role")).upper(), turn.get("role")), "content": turn.get("message")}
        if isinstance(turn, dict)
        else turn
        for turn in turns
    ]
    told = f"{key}.chat_history and {key}.message"
    draft.put("messages", [*earlier, {"role": "user", "content": asked}], f"{key}.chat_history", told=told)


def model_output(draft: Draft, value: Any, key: str, _row: Row) -> None:
    """Read what batch inference wrote: a given response, if its layout is known."""
    text = value if isinstance(value, str) else body_text(value)
    if text is None:
        draft.keep(key, value)
        what = f'"{key}" holds no text in a layout of Bedrock\'s models'
        draft.refuse(what, "Say where the text is with fields: {responses.NAME: modelOutput.…}.")
        return
    draft.add_response(key, text, key)
    if isinstance(value, dict) and (rest := {name: value[name] for name in _OF_A_REPLY if name in value}):
        draft.keep(key, rest)


def batch_error(draft: Draft, value: Any, key: str, _row: Row) -> None:
    """Keep the error that stands where batch inference got no reply."""
    draft.keep(key, value)
    draft.notes.append("batch inference got an error for the row; there is no response of it")


def input_record(draft: Draft, value: Any, key: str, row: Row) -> None:
    """Read the row that an evaluation job was given, from the job's output."""
    if not isinstance(value, dict):
        draft.blame_prompt(wrong_type(key, value, "an object"))
        return
    for name, member in value.items():
        if name in ("prompt", "referenceResponse", "category"):
            home = "reference" if name == "referenceResponse" else name
            draft.put(home, _content_text(member), f"{key}.{name}")
        elif name != "modelResponses":
            draft.leave(f"{key}.{name}", member)
        elif not row.get("modelResponses"):
            # An output repeats the given responses outside.
            model_responses(draft, member, f"{key}.{name}", row)


def conversation_turns(draft: Draft, value: Any, key: str, _row: Row) -> None:
    """Read Bedrock RAG evaluation: the last turn is evaluated, those before it are its conversation."""
    if not isinstance(value, list) or not value or not all(isinstance(turn, dict) for turn in value):
        draft.blame_prompt(wrong_type(key, value, "a list of objects with at least one member"))
        return
    *earlier, last = map(_turn, value)
    question = _content_text(last.get("prompt"))
    place = f"{key}[{len(earlier)}]"
    if earlier:
        messages = [message for turn in earlier for message in _past_turn(turn)]
        draft.put("messages", [*messages, {"role": "user", "content": question}], key)
    else:
        draft.put("prompt", question, f"{place}.prompt")
    references = _listed(last.get("referenceResponses"))
    draft.put("reference", [_content_text(member) for member in references], f"{place}.referenceResponses")
    _rag_output(draft, last.get("output"), f"{place}.output")
    ideal = [_content_text(member) for member in _listed(last.get("referenceContexts"))]
    if ideal and "context" not in draft.values:
        draft.put("context", ideal, f"{place}.referenceContexts")
        last.pop("referenceContexts")
    read = ("prompt", "referenceResponses", "output")
    _leave_rest(draft, {name: member for name, member in last.items() if name not in read}, key, place)


def _turn(turn: Row) -> dict[str, Any]:
    """Return a turn as it went in, whether or not the job's output has wrapped it."""
    given = turn.get("inputRecord")
    rest = {name: member for name, member in turn.items() if name != "inputRecord"}
    return {**given, **rest} if isinstance(given, dict) else rest


def _leave_rest(draft: Draft, rest: dict[str, Any], key: str, place: str | None = None) -> None:
    if rest:
        draft.keep(key, rest)
        draft.aside += [f"{place or key}.{name}" for name, member in rest.items() if member not in (None, [])]


def _past_turn(turn: Mapping[str, Any]) -> Iterable[dict[str, Any]]:
    yield {"role": "user", "content": _content_text(turn.get("prompt"))}
    output = turn.get("output")
    said = output.get("text") if isinstance(output, dict) else None
    references = _listed(turn.get("referenceResponses"))
    answer = said or _content_text(references[0] if references else None)
    if answer:
        yield {"role": "assistant", "content": answer}


def _listed(value: Any) -> list[Any]:
    """Take one for a list of one; null is none."""
    return value if isinstance(value, list) else [] if value is None else [value]


def _content_text(value: Any) -> Any:
    return joined_blocks(value.get("content")) if isinstance(value, dict) else value


def _rag_output(draft: Draft, output: Any, key: str) -> None:
    if output is None:
        return
    if not isinstance(output, dict):
        draft.refuse_type(key, output, "an object")
        return
    names = (output.get("modelIdentifier"), output.get("knowledgeBaseIdentifier"), "output")
    draft.add_response(
        next(name for name in names if isinstance(name, str) and name), output.get("text"), key
    )
    found = output.get("retrievedPassages")
    results = found.get("retrievalResults") if isinstance(found, dict) else None
    passages = [_content_text(member) for member in results] if isinstance(results, list) else []
    texts = [passage.get("text") if isinstance(passage, dict) else passage for passage in passages]
    draft.put(
        "context", [text for text in texts if isinstance(text, str)] or None, f"{key}.retrievedPassages"
    )
