"""JSONata's values in Python: JSON as it is, None for null, UNDEFINED for nothing, Sequence when raw."""

import math
from decimal import Decimal
from typing import Any, Final

import orjson


class ExpressionError(Exception):
    """An expression failed while it was evaluated. The message is for a person."""


class UnsupportedResultError(ExpressionError):
    """An expression gave what no JSON can hold: a function."""


class Undefined:
    """The one value that is no JSON value: a path that leads nowhere."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "undefined"

    def __bool__(self) -> bool:
        return False


UNDEFINED: Final = Undefined()


class Sequence(list[Any]):
    """A result that is not an array yet: empty it is undefined, of one it is that one."""

    __slots__ = ()


class Kept(Sequence):
    """A sequence marked by `[]`: of one, it stays an array."""

    __slots__ = ()


class Frame(dict[str, Any]):
    """Variables by name, over those of an enclosing frame; a name nobody bound is undefined."""

    __slots__ = ("parent",)

    def __init__(self, variables: dict[str, Any] | None = None, parent: "Frame | None" = None) -> None:
        super().__init__(variables or {})
        self.parent = parent

    def __missing__(self, name: str) -> Any:
        return UNDEFINED if self.parent is None else self.parent[name]


def collapse(value: Any, *, keep: bool = False) -> Any:
    """Turn a raw result into a value: a sequence of none is undefined, a sequence of one that one."""
    if not isinstance(value, Sequence):
        return value
    if not value:
        return UNDEFINED
    if len(value) > 1:
        return list(value)
    if keep or type(value) is Kept:
        return Kept(value)
    return value[0]


def plain(value: Any) -> Any:
    """Return a copy of a value in which every sequence is an ordinary array."""
    if isinstance(value, list):
        return [plain(element) for element in value]
    if isinstance(value, dict):
        return {key: plain(element) for key, element in value.items()}
    return value


def is_number(value: Any) -> bool:
    """Tell whether a value is a JSON number (True and False are not)."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_string(value: Any) -> bool:
    """Tell whether a value is a JSON string."""
    return isinstance(value, str)


def is_boolean(value: Any) -> bool:
    """Tell whether a value is true or false."""
    return isinstance(value, bool)


def is_array(value: Any) -> bool:
    """Tell whether a value is a JSON array."""
    return isinstance(value, list)


def is_object(value: Any) -> bool:
    """Tell whether a value is a JSON object."""
    return isinstance(value, dict)


def type_name(value: Any) -> str:
    """Name a JSON value's type."""
    if value is None:
        return "null"
    kinds = ((bool, "boolean"), (int | float, "number"), (str, "string"), (list, "array"))
    return next((name for kind, name in kinds if isinstance(value, kind)), "object")


def as_number(value: float) -> Any:
    """
    Return a whole number as int, any other as float; NaN is undefined.

    Raises:
        ExpressionError: The number is infinite (JSONata D1001).
    """
    if math.isnan(value):
        return UNDEFINED
    if math.isinf(value):
        raise ExpressionError(f"Number out of range: {value}")
    if value.is_integer() and abs(value) < 2**63:
        return int(value)
    return value


def truth(value: Any) -> bool:
    """Cast to boolean as JSONata does; undefined is false."""
    if value is True or value is False:
        return bool(value)
    if isinstance(value, list):
        return any(truth(element) for element in value)
    return bool(value)


def equal(left: Any, right: Any) -> bool:
    """Compare two JSON values deeply; true is not 1, and undefined equals nothing."""
    if left is UNDEFINED or right is UNDEFINED:
        return False
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(equal, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(equal(left[key], right[key]) for key in left)
    return bool(left == right)


def contains(members: Any, value: Any) -> bool:
    """Tell whether `value in members`: JavaScript's ===, so arrays and objects only match themselves."""
    if members is UNDEFINED or value is UNDEFINED:
        return False
    if not isinstance(members, list):
        members = [members]
    if isinstance(value, list | dict):
        return any(member is value for member in members)
    return any(equal(member, value) for member in members)


def number_text(value: float) -> str:
    """Print a number as JavaScript does, to 15 significant digits as $string does."""
    rounded = float(f"{value:.15g}")
    magnitude = abs(rounded)
    if magnitude < 1e21 and rounded.is_integer():
        return str(int(rounded))
    if 1e-6 <= magnitude < 1e21:
        return f"{Decimal(repr(rounded)):f}"
    # JavaScript writes 1e-7 where Python writes 1e-07.
    return repr(rounded).replace("e-0", "e-")


def text_of(value: Any) -> Any:
    """Return what $string gives: a string as it is, anything else as JSON; undefined stays undefined."""
    if isinstance(value, str) or value is UNDEFINED:
        return value
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return number_text(value)
    return _json_text(value)


def _json_text(value: Any) -> str:
    if isinstance(value, list):
        return "[" + ",".join(_json_text(element) for element in value) + "]"
    if isinstance(value, dict):
        return "{" + ",".join(f"{_quoted(key)}:{_json_text(member)}" for key, member in value.items()) + "}"
    if isinstance(value, str):
        return _quoted(value)
    return str(text_of(value))


def _quoted(text: str) -> str:
    return orjson.dumps(text).decode()
