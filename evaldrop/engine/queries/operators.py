"""JSONata's binary operators on plain values. UNDEFINED goes in and comes out as the language says."""

import math
import operator
from collections.abc import Callable
from typing import Any

from evaldrop.engine.queries.values import (
    UNDEFINED,
    ExpressionError,
    as_number,
    contains,
    equal,
    is_number,
    text_of,
)

RANGE_LIMIT = 10_000_000


def _numeric(symbol: str, compute: Callable[[float, float], float]) -> Callable[[Any, Any], Any]:
    def apply(left: Any, right: Any) -> Any:
        if left is not UNDEFINED and not is_number(left):
            raise ExpressionError(
                f'T2001: The left side of the "{symbol}" operator must evaluate to a number'
            )
        if right is not UNDEFINED and not is_number(right):
            raise ExpressionError(
                f'T2002: The right side of the "{symbol}" operator must evaluate to a number'
            )
        if left is UNDEFINED or right is UNDEFINED:
            return UNDEFINED
        try:
            return as_number(compute(float(left), float(right)))
        except (ArithmeticError, ValueError) as error:
            raise ExpressionError(f"D1001: Number out of range: {left} {symbol} {right}") from error

    return apply


def _is_comparable(value: Any) -> bool:
    return value is UNDEFINED or isinstance(value, str) or is_number(value)


def _ordered(symbol: str, compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], Any]:
    def apply(left: Any, right: Any) -> Any:
        if not _is_comparable(left) or not _is_comparable(right):
            wanted = "must evaluate to numeric or string values"
            raise ExpressionError(f'T2010: The expressions either side of operator "{symbol}" {wanted}')
        if left is UNDEFINED or right is UNDEFINED:
            return UNDEFINED
        if isinstance(left, str) is not isinstance(right, str):
            values = " and ".join(text_of([each])[1:-1] for each in (left, right))
            wanted = f'either side of operator "{symbol}" must be of the same data type'
            raise ExpressionError(f"T2009: The values {values} {wanted}")
        return compare(left, right)

    return apply


def _concatenate(left: Any, right: Any) -> str:
    first = "" if left is UNDEFINED else text_of(left)
    return f"{first}{'' if right is UNDEFINED else text_of(right)}"


def _differ(left: Any, right: Any) -> bool:
    return left is not UNDEFINED and right is not UNDEFINED and not equal(left, right)


def _member(left: Any, right: Any) -> bool:
    return contains(right, left)


def _is_whole(value: Any) -> bool:
    return is_number(value) and float(value).is_integer()


def _range(first: Any, last: Any) -> Any:
    if (first is not UNDEFINED and not _is_whole(first)) or (last is not UNDEFINED and not _is_whole(last)):
        raise ExpressionError("T2003: both sides of .. must be whole numbers")
    if first is UNDEFINED or last is UNDEFINED or first > last:
        return UNDEFINED
    if last - first + 1 > RANGE_LIMIT:
        raise ExpressionError(f"D2014: a range holds at most {RANGE_LIMIT} numbers")
    return list(range(int(first), int(last) + 1))


def negate(value: Any) -> Any:
    """Return a number's opposite; undefined stays undefined."""
    if value is UNDEFINED:
        return UNDEFINED
    if not is_number(value):
        raise ExpressionError("D1002: only a number can be negated")
    return as_number(-float(value))


OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "+": _numeric("+", operator.add),
    "-": _numeric("-", operator.sub),
    "*": _numeric("*", operator.mul),
    "/": _numeric("/", operator.truediv),
    "%": _numeric("%", math.fmod),
    "=": equal,
    "!=": _differ,
    "<": _ordered("<", operator.lt),
    "<=": _ordered("<=", operator.le),
    ">": _ordered(">", operator.gt),
    ">=": _ordered(">=", operator.ge),
    "&": _concatenate,
    "in": _member,
    "..": _range,
}
