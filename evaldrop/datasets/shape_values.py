"""How other tools' nested values are read: each function puts one key of a foreign row into a draft."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from evaldrop.datasets.drafts import (
    Draft,
    is_messages,
    put_variables,
    scalar_text,
    text_of,
    wrong_type,
)

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


def generator_response(draft: Draft, value: Any, key: str, row: Row) -> None:
    """Read AlpacaEval's output, whose candidate is named by `generator`."""
    draft.add_response(scalar_text(row.get("generator")) or key, text_of(value), key)


def nothing(_draft: Draft, _value: Any, _key: str, _row: Row) -> None:
    """Read nothing: another key's reader uses this one."""


def instruction_input(draft: Draft, value: Any, _key: str, _row: Row) -> None:
    """Put Alpaca's input, when there is one, below its instruction."""
    instruction = draft.values.get("prompt")
    if isinstance(instruction, str) and isinstance(value, str) and value.strip():
        draft.values["prompt"] = f"{instruction}\n\n{value}"


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


def reference_text(draft: Draft, value: Any, key: str, _row: Row) -> None:
    """Read a reference that may be inside an object."""
    draft.put("reference", text_of(value) if isinstance(value, dict) else value, key)


def context_unless_given(draft: Draft, value: Any, key: str, _row: Row) -> None:
    """Read the retrieved context, unless the row also holds the ideal one; then keep it in metadata."""
    if draft.values.get("context"):
        draft.keep(key, value)
    else:
        draft.put("context", value, key)


def metadata(draft: Draft, value: Any, key: str, _row: Row) -> None:
    """Keep every member of an object."""
    draft.keep_all(value, key)


def choices(draft: Draft, value: Any, key: str, _row: Row) -> None:
    """Show Inspect's choices at the prompt's end as A), B) …, since the target is a letter."""
    draft.keep(key, value)
    if not isinstance(value, list) or not all(isinstance(choice, str) for choice in value):
        draft.refuse_type(key, value, "a list of strings")
        return
    # There are 26 letters; the metadata has all choices.
    shown = "\n".join(f"{chr(ord('A') + place)}) {choice}" for place, choice in enumerate(value[:26]))
    prompt, messages = draft.values.get("prompt"), draft.values.get("messages")
    if shown and isinstance(prompt, str):
        draft.values["prompt"] = f"{prompt}\n\n{shown}"
    elif shown and isinstance(messages, list) and is_messages(messages):
        *earlier, last = messages
        text = joined_blocks(last.get("content"))
        draft.values["messages"] = [*earlier, {**last, "content": f"{text}\n\n{shown}"}]


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
    }
    for name, member in value.items():
        if name in homes:
            text = joined_blocks(member) if name == "system" else member
            draft.put(homes[name], text, f"{key}.{name}")
    rest = {name: member for name, member in value.items() if name not in homes}
    if rest:
        draft.keep(key, rest)


def conversation_turns(draft: Draft, value: Any, key: str, _row: Row) -> None:
    """Read Bedrock RAG evaluation: the last turn is evaluated, those before it are its conversation."""
    if not isinstance(value, list) or not value or not all(isinstance(turn, dict) for turn in value):
        draft.blame_prompt(wrong_type(key, value, "a list of objects with at least one member"))
        return
    *earlier, last = value
    question = _content_text(last.get("prompt"))
    place = f"{key}[{len(earlier)}]"
    if earlier:
        messages = [message for turn in earlier for message in _past_turn(turn)]
        draft.put("messages", [*messages, {"role": "user", "content": question}], key)
    else:
        draft.put("prompt", question, f"{place}.prompt")
    references = last.get("referenceResponses") or []
    draft.put("reference", [_content_text(member) for member in references], f"{place}.referenceResponses")
    _rag_output(draft, last.get("output"), f"{place}.output")
    unread = {name: last[name] for name in last if name not in ("prompt", "referenceResponses", "output")}
    if unread:
        draft.keep(key, unread)


def joined_blocks(value: Any) -> Any:
    """Join a list of text blocks, [{"text": …}] or strings; leave anything else as it is."""
    if not isinstance(value, list):
        return value
    blocks = [block.get("text") if isinstance(block, dict) else block for block in value]
    texts = [text for text in blocks if isinstance(text, str)]
    # A block that is no text, such as an image, must not vanish: the value stays, and its type is refused.
    return "\n".join(texts) if len(texts) == len(blocks) else value


def _past_turn(turn: Mapping[str, Any]) -> Iterable[dict[str, Any]]:
    yield {"role": "user", "content": _content_text(turn.get("prompt"))}
    output = turn.get("output")
    said = output.get("text") if isinstance(output, dict) else None
    answer = said or _content_text((turn.get("referenceResponses") or [None])[0])
    if answer:
        yield {"role": "assistant", "content": answer}


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


def _listed(question: str, value: Any) -> str:
    if isinstance(value, dict):
        value = [
            member for group in value.values() for member in (group if isinstance(group, list) else [group])
        ]
    members = value if isinstance(value, list) else [value]
    return "\n".join([question, *(f"- {text_of(member)}" for member in members)])
