r"""
The one reader of JSON from outside: what models and services sent, and what people give and may have edited.

Whatever it is given, it returns a value or raises a ValueError in words. Python's own `json` gives up on what
nests deep (RecursionError) and on numbers of thousands of digits (which its caller takes for JSON's own
fault), and returns integers that no float holds; orjson does none of that. Half a surrogate pair is mended.

A model that is cut off within an emoji leaves half of it. JSON can hold that (`"\ud83d"`), UTF-8 cannot: no
file would take it. It becomes U+FFFD, and the rest is kept.
"""

import json
from typing import Any

import orjson

MOST_LEVELS = 100
"""How deep what is kept may nest: orjson writes 254 levels, and pickle as many as Python's stack holds."""


def loads(content: bytes | str) -> Any:
    """
    Return what JSON says.

    Raises:
        ValueError: It is no JSON, or nests too deeply to be read.
    """
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError:
        if not may_hold_surrogates(content):
            raise
    try:
        text = json.dumps(json.loads(content), ensure_ascii=False)
    except RecursionError as fault:
        raise ValueError("it nests too deeply") from fault
    return orjson.loads(text.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))


def may_hold_surrogates(content: bytes | str) -> bool:
    """Tell whether JSON has an escape that may be one half of a pair, or a text such a half itself."""
    if isinstance(content, bytes):
        return b"\\ud" in content or b"\\uD" in content
    return "\\ud" in content or "\\uD" in content or not is_unicode(content)


def is_unicode(text: str) -> bool:
    """Tell whether UTF-8 can hold a text."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def is_too_deep(value: Any) -> bool:
    """Tell whether a JSON value nests so deeply that what writes it down again would give up."""
    level = [value]
    for _ in range(MOST_LEVELS):
        level = [
            inner
            for each in level
            if isinstance(each, dict | list)
            for inner in (each.values() if isinstance(each, dict) else each)
        ]
    return any(isinstance(each, dict | list) for each in level)
