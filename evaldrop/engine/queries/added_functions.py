"""The functions Step Functions adds to JSONata: $partition $range $hash $random $uuid $parse."""

import hashlib
import math
import random
import uuid
from collections.abc import Callable
from typing import Any, NamedTuple

import orjson

from evaldrop.engine.queries.values import UNDEFINED, ExpressionError, as_number, is_number, text_of

RANGE_LIMIT = 1000
HASHES = {"MD5": "md5", "SHA-1": "sha1", "SHA-256": "sha256", "SHA-384": "sha384", "SHA-512": "sha512"}


def partition(array: Any, size: Any) -> Any:
    """Split an array into arrays of `size` elements; the last may be shorter."""
    if array is UNDEFINED or size is UNDEFINED:
        return UNDEFINED
    if not isinstance(array, list) or not is_number(size) or size < 1:
        raise ExpressionError("$partition takes an array and a size of at least 1")
    step = int(size)
    return [array[start : start + step] for start in range(0, len(array), step)]


def number_range(first: Any, last: Any, step: Any) -> Any:
    """Return the numbers from first to last, both included, at most 1,000 of them."""
    if UNDEFINED in (first, last, step):
        return UNDEFINED
    if not (is_number(first) and is_number(last) and is_number(step)) or step == 0:
        raise ExpressionError("$range takes three numbers: first, last and a step that is not 0")
    count = math.floor((last - first) / step) + 1
    if count > RANGE_LIMIT:
        raise ExpressionError(f"$range gives at most {RANGE_LIMIT} numbers, not {count}")
    return [as_number(float(first + step * index)) for index in range(max(count, 0))]


def hash_of(data: Any, algorithm: Any = "SHA-256") -> Any:
    """Return the hexadecimal digest of a text, or of any other value's JSON."""
    if data is UNDEFINED:
        return UNDEFINED
    if not isinstance(algorithm, str) or algorithm not in HASHES:
        raise ExpressionError(f"$hash knows {', '.join(HASHES)}, not {algorithm!r}")
    return hashlib.new(HASHES[algorithm], str(text_of(data)).encode(), usedforsecurity=False).hexdigest()


def random_number(seed: Any = UNDEFINED) -> Any:
    """Return a number in [0, 1); the same one for the same seed."""
    if seed is not UNDEFINED and not is_number(seed):
        raise ExpressionError("$random takes a number as its seed")
    source = random if seed is UNDEFINED else random.Random(seed)  # noqa: S311  # not for secrets
    return source.random()


def new_uuid() -> Any:
    """Return a random UUID, version 4."""
    return str(uuid.uuid4())


def parse(text: Any) -> Any:
    """Return the value of a JSON text."""
    if text is UNDEFINED:
        return UNDEFINED
    if not isinstance(text, str):
        raise ExpressionError("$parse takes a string")
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise ExpressionError(f"$parse: not JSON: {error}") from error


class Function(NamedTuple):
    """A function on evaluated arguments, with the fewest and the most it takes. Results may be sequences."""

    call: Callable[..., Any]
    fewest: int
    most: int


ADDED_FUNCTIONS = {
    "partition": Function(partition, 2, 2),
    "range": Function(number_range, 3, 3),
    "hash": Function(hash_of, 1, 2),
    "random": Function(random_number, 0, 1),
    "uuid": Function(new_uuid, 0, 0),
    "parse": Function(parse, 1, 1),
}
