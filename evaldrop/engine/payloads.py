"""The quota on what passes between states: 256 KiB of UTF-8 JSON."""

import json
from typing import Any

import orjson

from evaldrop.engine.errors import DATA_LIMIT_EXCEEDED, RUNTIME, StatesError

LIMIT_BYTES = 262_144


def size_of(value: Any) -> int:
    """
    Return the bytes of a value as compact UTF-8 JSON.

    Raises:
        StatesError: States.Runtime, the value is not JSON.
    """
    try:
        return len(orjson.dumps(value))
    except TypeError:
        return _size_of_awkward(value)


def _size_of_awkward(value: Any) -> int:
    # orjson refuses integers over 64 bits and lone surrogates, which JSON can hold.
    try:
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError) as error:
        raise StatesError(RUNTIME, f"a value is not JSON: {error}") from error
    return len(text.encode(errors="surrogatepass"))


def check_size(value: Any, what: str) -> None:
    """
    Hold a payload to the quota.

    Raises:
        StatesError: States.DataLimitExceeded.
    """
    size = size_of(value)
    if size > LIMIT_BYTES:
        raise StatesError(
            DATA_LIMIT_EXCEEDED, f"{what} is {size} bytes; the maximum number of bytes is {LIMIT_BYTES}"
        )
