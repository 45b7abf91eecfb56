"""The texts in JSON values, whatever form a tool gave them."""

import ast
import json
import unicodedata
import warnings
from collections.abc import Mapping
from typing import Any

MAX_WRITTEN_OUT = 200_000
TEXT_KEYS = ("response", "output", "answer", "text", "content", "result", "completion", "expected_response")


def scalar_text(value: Any) -> str | None:
    """Text of a string, number or boolean as JSON writes it; None for anything else."""
    if isinstance(value, str):
        return value
    return json.dumps(value) if isinstance(value, bool | int | float) else None


def text_of(value: Any) -> str | None:
    """
    Text of what a tool calls an output, whatever form it has; None for null.

    An object gives a model's reply, its member named like a response, or its only member; a list of messages
    gives its last; anything else becomes JSON text.
    """
    text = plain_text_of(value)
    return json.dumps(value, ensure_ascii=False) if text is None and value is not None else text


def plain_text_of(value: Any) -> str | None:
    """Text of an output as `text_of`; None where there is none but its JSON."""
    match value:
        case str():
            return value
        case dict() if isinstance(value.get("messages"), list):
            return plain_text_of(value["messages"])
        case dict():
            return body_text(value) or _member_text(value)
        case list() if is_messages(value):
            said = joined_blocks(value[-1].get("content"))
            return said if isinstance(said, str) else None
        case _:
            return None


# Types of Anthropic's blocks, and the key of Converse's, that hold a model's thinking.
_THOUGHTS = {"thinking", "redacted_thinking", "reasoningContent"}


def _member_text(value: Mapping[str, Any]) -> str | None:
    named = next((value[key] for key in TEXT_KEYS if isinstance(value.get(key), str)), None)
    if named is not None or len(value) != 1:
        return named
    return scalar_text(next(iter(value.values())))


def body_text(body: Any) -> str | None:
    """
    Text of a model's reply in the layouts of Bedrock's and OpenAI's APIs; None when it is none of them.

    Blocks that are no text, such as a model's thinking, are not what it said to the user.
    """
    match body:
        case {"output": {"message": {"content": list(blocks)}}} | {"content": list(blocks)}:
            return _text_blocks(blocks)
        case {"message": {"content": content}}:
            return content if isinstance(content, str) else _text_blocks(content)
        case {"choices": [{"message": {"content": content}}, *_]}:
            return content if isinstance(content, str) else _text_blocks(content)
        case (
            {"generation": str(text)}
            | {"results": [{"outputText": str(text)}, *_]}
            | {"outputs": [{"text": str(text)}, *_]}
            | {"choices": [{"text": str(text)}, *_]}
            | {"generations": [{"text": str(text)}, *_]}
            | {"completions": [{"data": {"text": str(text)}}, *_]}
            | {"candidates": [{"content": {"parts": [{"text": str(text)}]}}, *_]}
            | {"completion": str(text)}
            # Cohere's Command R.
            | {"text": str(text), "generation_id": _}
        ):
            return text
        case _:
            return None


def _text_blocks(blocks: Any) -> str | None:
    if not isinstance(blocks, list) or not all(isinstance(block, dict) for block in blocks):
        return None
    said = [block for block in blocks if not _THOUGHTS & {str(block.get("type")), *block}]
    texts = [
        block["text"]
        for block in said
        if isinstance(block.get("text"), str) and block.get("type", "text") in ("text", "output_text")
    ]
    # No block at all is an empty reply; where there are only others, what was said is not known.
    return "".join(texts) if texts or not said else None


def is_messages(value: Any) -> bool:
    """Tell whether a value looks like a conversation: a list of objects with roles."""
    return isinstance(value, list) and bool(value) and all(isinstance(m, dict) and "role" in m for m in value)


def is_text(value: Any) -> bool:
    """Tell whether a value is a text that is not blank, or a list of nothing but texts."""
    if isinstance(value, list):
        return bool(value) and all(isinstance(member, str) for member in value)
    return isinstance(value, str) and bool(value.strip())


def written_out(value: Any) -> Any:
    """Read a list or an object that a table's cell holds as JSON or as Python writes it; leave all else."""
    if not isinstance(value, str) or len(value) > MAX_WRITTEN_OUT or value.strip()[:1] not in ("[", "{"):
        return value
    for parse in (json.loads, ast.literal_eval):
        try:
            # A stray backslash in a text is no news to whoever runs this.
            with warnings.catch_warnings(action="ignore"):
                # Python's may have keys and members that JSON has not.
                return json.loads(json.dumps(parse(value.strip()), allow_nan=False))
        except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
            continue
    return value


def joined_blocks(value: Any) -> Any:
    """Join a list of text blocks, [{"text": …}] or strings; leave anything else as it is."""
    if not isinstance(value, list):
        return value
    blocks = [block.get("text") if isinstance(block, dict) else block for block in value]
    texts = [text for text in blocks if isinstance(text, str)]
    # A block that is no text, such as an image, must not vanish: the value stays, and its type is refused.
    return "\n".join(texts) if len(texts) == len(blocks) else value


def is_invisible(character: str) -> bool:
    """Tell whether a character is not seen: a control, a format character, a space that is not the usual."""
    if character in (" ", "\n", "\t"):
        return False
    # Fillers are letters by category and yet blank.
    return unicodedata.category(character) in ("Cc", "Cf", "Zs", "Zl", "Zp") or character in _FILLERS


_FILLERS = "\u115f\u1160\u2800\u3164\uffa0\u034f\u17b4\u17b5"


def visible(text: str) -> str:
    """Show a text with its invisible characters by code point, as in "prompt<U+00A0>"."""
    return "".join(f"<U+{ord(each):04X}>" if is_invisible(each) else each for each in text)


def without_invisible(text: str) -> str:
    """Leave invisible characters out, and blanks at both ends."""
    return "".join(each for each in text if not is_invisible(each)).strip()
