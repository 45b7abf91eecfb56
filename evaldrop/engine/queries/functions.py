"""
The functions of JSONata, the common ones, and those that Step Functions adds, on plain values.

Compiled expressions call all of them; interpreted ones have JSONata's own from jsonata-python.
"""

import hashlib
import math
import operator
import random
import re
import uuid
from collections.abc import Callable
from typing import Any, NamedTuple

import orjson
from jsonata.functions import Functions

from evaldrop.engine.queries.values import (
    UNDEFINED,
    ExpressionError,
    Sequence,
    as_number,
    is_number,
    is_object,
    is_string,
    text_of,
    truth,
    type_name,
)
from evaldrop.engine.steady import now_ns

RANGE_LIMIT = 1000
HASHES = ("MD5", "SHA-1", "SHA-256", "SHA-384", "SHA-512")
_BLANKS = re.compile(r"[ \t\n\r]+")


def lookup(value: Any, key: str) -> Any:
    """Return a member of an object, or a sequence of the members of an array's objects."""
    if isinstance(value, dict):
        return value.get(key, UNDEFINED)
    if not isinstance(value, list):
        return UNDEFINED
    found = Sequence()
    for element in value:
        member = lookup(element, key)
        if isinstance(member, list):
            found.extend(member)
        elif member is not UNDEFINED:
            found.append(member)
    return found


def append(first: Any, second: Any) -> Any:
    """Join two values into one array; undefined adds nothing."""
    if first is UNDEFINED:
        return second
    if second is UNDEFINED:
        return first
    return [*_as_list(first), *_as_list(second)]


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _list_of(name: str, value: Any, holds: Callable[[Any], bool], what: str) -> list[Any]:
    elements = _as_list(value)
    if not all(map(holds, elements)):
        raise ExpressionError(f'T0412: Argument 1 of function "{name}" must be an array of {what}')
    return elements


def misfit(name: str, place: int = 1) -> ExpressionError:
    """Return the error of an argument of another type than the function takes."""
    return ExpressionError(f'T0410: Argument {place} of function "{name}" does not match function signature')


def _want_string(name: str, value: Any, place: int = 1) -> str:
    if not isinstance(value, str):
        raise misfit(name, place)
    return value


def _merge(objects: Any) -> Any:
    if objects is UNDEFINED:
        return UNDEFINED
    merged: dict[str, Any] = {}
    for member in _list_of("merge", objects, is_object, "objects"):
        merged.update(member)
    return merged


def _count(array: Any) -> Any:
    return 0 if array is UNDEFINED else len(_as_list(array))


def _join(strings: Any, separator: Any = UNDEFINED) -> Any:
    between = "" if separator is UNDEFINED else _want_string("join", separator, 2)
    if strings is UNDEFINED:
        return UNDEFINED
    return between.join(_list_of("join", strings, is_string, "strings"))


def _lookup(value: Any, key: Any) -> Any:
    return UNDEFINED if key is UNDEFINED else lookup(value, _want_string("lookup", key, 2))


def _not(value: Any) -> Any:
    return UNDEFINED if value is UNDEFINED else not truth(value)


def _boolean(value: Any) -> Any:
    return UNDEFINED if value is UNDEFINED else truth(value)


def _type(value: Any) -> Any:
    return UNDEFINED if value is UNDEFINED else type_name(value)


def _numbers(name: str, fold: Callable[[list[Any]], Any], *, of_none: Any) -> Callable[[Any], Any]:
    def call(array: Any) -> Any:
        if array is UNDEFINED:
            return UNDEFINED
        numbers = _list_of(name, array, is_number, "numbers")
        return as_number(float(fold(numbers))) if numbers else of_none

    return call


def _average(numbers: list[Any]) -> Any:
    return sum(numbers) / len(numbers)


def _keys(value: Any) -> Any:
    found: dict[str, None] = {}
    for element in _as_list(value):
        if isinstance(element, list):
            found.update(dict.fromkeys(_keys(element)))
        elif isinstance(element, dict):
            found.update(dict.fromkeys(element))
    return Sequence(found)


def _on_string(name: str, function: Callable[[str], Any]) -> Callable[[Any], Any]:
    def call(value: Any) -> Any:
        return UNDEFINED if value is UNDEFINED else function(_want_string(name, value))

    return call


def _trim(text: str) -> str:
    if not text.isprintable() or "  " in text:  # a line break or a tab is not printable
        text = _BLANKS.sub(" ", text)
    return text.strip(" ")


def _to_millis(text: str) -> Any:
    try:
        return Functions.datetime_to_millis(text, None)
    except Exception as error:  # jsonata-python lets Python's own errors through
        raise ExpressionError(f"D3110: $toMillis: {text!r} is no ISO 8601 time") from error


def _on_number(name: str, function: Callable[[float], Any]) -> Callable[[Any], Any]:
    def call(value: Any) -> Any:
        if value is UNDEFINED:
            return UNDEFINED
        if not is_number(value):
            raise misfit(name)
        return as_number(float(function(value)))

    return call


def _on_strings(name: str, function: Callable[[str, str], Any]) -> Callable[[Any, Any], Any]:
    def call(value: Any, other: Any) -> Any:
        for place, each in enumerate((value, other), start=1):
            if each is not UNDEFINED:
                _want_string(name, each, place)
        if value is UNDEFINED:
            return UNDEFINED
        if other is UNDEFINED:
            raise misfit(name, 2)
        return function(value, other)

    return call


def _before(text: str, mark: str) -> str:
    return text[: text.find(mark)] if mark in text else text


def _after(text: str, mark: str) -> str:
    return text[text.find(mark) + len(mark) :] if mark in text else text


def reduce_array(array: Any, function: Callable[..., Any]) -> Any:
    """Fold an array with a function of (so far, element, index, array), from its first element on."""
    if array is UNDEFINED:
        return UNDEFINED
    elements = _as_list(array)
    if not elements:
        return UNDEFINED
    result = elements[0]
    for index, element in enumerate(elements[1:], start=1):
        result = function(result, element, index, elements)
    return result


def map_array(array: Any, function: Callable[..., Any]) -> Any:
    """Apply a function to (element, index, array); what it leaves undefined is left out."""
    if array is UNDEFINED:
        return UNDEFINED
    elements = _as_list(array)
    results = (function(element, index, elements) for index, element in enumerate(elements))
    return Sequence(result for result in results if result is not UNDEFINED)


def filter_array(array: Any, function: Callable[..., Any]) -> Any:
    """Keep the elements for which a function of (element, index, array) holds."""
    if array is UNDEFINED:
        return UNDEFINED
    elements = _as_list(array)
    kept = (element for index, element in enumerate(elements) if truth(function(element, index, elements)))
    return Sequence(kept)


def partition(array: Any, size: Any) -> Any:
    """Split an array into arrays of `size` elements; the last may be shorter."""
    if array is UNDEFINED or size is UNDEFINED:
        return UNDEFINED
    if not isinstance(array, list) or not is_number(size) or size < 1:
        raise ExpressionError("$partition takes an array and a size of at least 1")
    step = int(size)
    return [array[start : start + step] for start in range(0, len(array), step)]


def number_range(first: Any, last: Any, step: Any) -> Any:
    """
    Return the numbers from first to last, both included, at most 1,000 of them.

    A range of one number is that number, as AWS gives it: there the function is a mapping, in JSONata.
    """
    if UNDEFINED in (first, last, step):
        return UNDEFINED
    if not (is_number(first) and is_number(last) and is_number(step)) or step == 0:
        raise ExpressionError("$range takes three numbers: first, last and a step that is not 0")
    count = math.floor((last - first) / step) + 1
    if count > RANGE_LIMIT:
        raise ExpressionError(f"$range gives at most {RANGE_LIMIT} numbers, not {count}")
    numbers = [as_number(float(first + step * index)) for index in range(max(count, 0))]
    return numbers[0] if len(numbers) == 1 else numbers


def hash_of(data: Any, algorithm: Any = "SHA-256") -> Any:
    """Return the hexadecimal digest of a text, or of any other value's JSON."""
    if data is UNDEFINED:
        return UNDEFINED
    if not isinstance(algorithm, str) or algorithm not in HASHES:
        raise ExpressionError(f"$hash knows {', '.join(HASHES)}, not {algorithm!r}")
    name = algorithm.replace("-", "")
    return hashlib.new(name, str(text_of(data)).encode(), usedforsecurity=False).hexdigest()


def random_number(seed: Any = UNDEFINED) -> Any:
    """Return a number in [0, 1); the same one for the same seed."""
    if seed is not UNDEFINED and not is_number(seed):
        raise ExpressionError("$random takes a number as its seed")
    source = random if seed is UNDEFINED else random.Random(seed)  # noqa: S311  # not for secrets
    return source.random()


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
    "uuid": Function(lambda: str(uuid.uuid4()), 0, 0),
    "parse": Function(parse, 1, 1),
}

FUNCTIONS: dict[str, Function] = {
    "append": Function(append, 2, 2),
    "average": Function(_numbers("average", _average, of_none=UNDEFINED), 1, 1),
    "abs": Function(_on_number("abs", abs), 1, 1),
    "boolean": Function(_boolean, 1, 1),
    "ceil": Function(_on_number("ceil", math.ceil), 1, 1),
    "contains": Function(_on_strings("contains", operator.contains), 2, 2),
    "count": Function(_count, 1, 1),
    "exists": Function(lambda value: value is not UNDEFINED, 1, 1),
    "floor": Function(_on_number("floor", math.floor), 1, 1),
    "join": Function(_join, 1, 2),
    "keys": Function(_keys, 1, 1),
    "length": Function(_on_string("length", len), 1, 1),
    "lookup": Function(_lookup, 2, 2),
    "lowercase": Function(_on_string("lowercase", str.lower), 1, 1),
    "max": Function(_numbers("max", max, of_none=UNDEFINED), 1, 1),
    "merge": Function(_merge, 1, 1),
    "millis": Function(lambda: now_ns() // 1_000_000, 0, 0),
    "min": Function(_numbers("min", min, of_none=UNDEFINED), 1, 1),
    "not": Function(_not, 1, 1),
    "string": Function(text_of, 1, 1),
    "substringAfter": Function(_on_strings("substringAfter", _after), 2, 2),
    "substringBefore": Function(_on_strings("substringBefore", _before), 2, 2),
    "sum": Function(_numbers("sum", sum, of_none=0), 1, 1),
    "toMillis": Function(_on_string("toMillis", _to_millis), 1, 1),
    "trim": Function(_on_string("trim", _trim), 1, 1),
    "type": Function(_type, 1, 1),
    "uppercase": Function(_on_string("uppercase", str.upper), 1, 1),
    **ADDED_FUNCTIONS,
}
HIGHER_ORDER: dict[str, Callable[[Any, Callable[..., Any]], Any]] = {
    "map": map_array,
    "filter": filter_array,
    "reduce": reduce_array,
}
