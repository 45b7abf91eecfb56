"""Payloads as JSON, and the quota on what passes between states: 256 KiB of UTF-8."""

import json
from typing import Any

import orjson

from evaldrop.engine.errors import DATA_LIMIT_EXCEEDED, RUNTIME, StatesError

LIMIT_BYTES = 262_144
# What orjson would write of its own accord, though it is no JSON value.
_ONLY_JSON = orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_DATACLASS


def to_json(value: Any) -> bytes:
    """
    Return a value as compact UTF-8 JSON.

    Raises:
        StatesError: States.Runtime, the value is not JSON.
    """
    try:
        # The fast way: a record is measured at every state it passes.
        return orjson.dumps(value, option=_ONLY_JSON)
    except TypeError:
        return _awkward_to_json(value)


def _awkward_to_json(value: Any) -> bytes:
    # orjson refuses integers over 64 bits and lone surrogates, which JSON can hold.
    try:
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        try:
            return text.encode()
        except UnicodeEncodeError:
            # A lone surrogate has no UTF-8; escaped it is JSON.
            return json.dumps(value, separators=(",", ":"), allow_nan=False).encode()
    except (TypeError, ValueError) as error:
        raise StatesError(RUNTIME, f"a value is not JSON: {error}") from error


def size_of(value: Any) -> int:
    """Return the bytes of a value as compact UTF-8 JSON; raises as to_json does."""
    return len(to_json(value))


def check_size(value: Any, what: str) -> None:
    """
    Hold a payload to the quota.

    Raises:
        StatesError: States.DataLimitExceeded.
    """
    hold_to_limit(len(to_json(value)), what)


def check_result(value: Any, name: str) -> None:
    """
    Hold what a state, or the service it calls, gives to the quota, in Step Functions' words.

    Raises:
        StatesError: States.DataLimitExceeded.
    """
    if len(to_json(value)) > LIMIT_BYTES:
        raise StatesError(
            DATA_LIMIT_EXCEEDED,
            f"The state/task '{name}' returned a result with a size exceeding the maximum number of bytes "
            "service limit.",
        )


def hold_to_limit(size: int, what: str) -> None:
    """Hold a size in bytes to the quota, as check_size does."""
    if size > LIMIT_BYTES:
        raise StatesError(
            DATA_LIMIT_EXCEEDED, f"{what} is {size} bytes; the maximum number of bytes is {LIMIT_BYTES}"
        )
