"""Evaluate any expression with jsonata-python, its traps closed: null, mutation, numbers, lambdas."""

import copy
import inspect
import math
import re
from collections.abc import Callable
from typing import Any

from jsonata import functions, jexception, parser, signature
from jsonata.jsonata import Jsonata
from jsonata.utils import Utils

from evaldrop.engine.queries import patterns
from evaldrop.engine.queries.functions import ADDED_FUNCTIONS
from evaldrop.engine.queries.syntax import Parsed
from evaldrop.engine.queries.values import (
    UNDEFINED,
    ExpressionError,
    Frame,
    UnsupportedResultError,
    as_number,
    contains,
    is_number,
    text_of,
)
from evaldrop.engine.steady import now_ns

# To end what never would. AWS allows 1 s; a slow machine must not fail what AWS would run.
TIME_LIMIT_MS = 30_000
DEPTH_LIMIT = 5_000


def interpret(parsed: Parsed) -> Callable[[Frame], Any]:
    """Return a function that evaluates a parsed expression over the variables of a frame."""
    names = [name for name in parsed.mentions if name and name not in _STATIC.bindings]
    engine = _Jsonata(parsed)

    def evaluate(frame: Frame) -> Any:
        bindings = {name: _inward(frame[name]) for name in names}
        return _outward(engine.run({name: value for name, value in bindings.items() if value is not None}))

    return evaluate


class _Jsonata(Jsonata):  # type: ignore[misc]  # jsonata-python has no types
    """jsonata-python's evaluator over a parsed tree, with the answers JSONata 2.0.6 gives in JavaScript."""

    def __init__(self, parsed: Parsed) -> None:
        # The parent class parses whatever it is given; the tree is parsed already.
        super().__init__("null")
        self.ast = parsed.tree

    def run(self, bindings: dict[str, Any]) -> Any:
        # jsonata-python evaluates on whichever instance this thread made last: name the one meant.
        Jsonata.CURRENT.jsonata = self
        # $now and $millis tell when the evaluation began, which only jsonata-python's own entry point notes.
        self.timestamp = now_ns() // 1_000_000
        environment = Jsonata.Frame(_STATIC)
        environment.set_runtime_bounds(TIME_LIMIT_MS, DEPTH_LIMIT)
        for name, value in bindings.items():
            environment.bind(name, value)
        try:
            return self.eval(self.ast, None, environment)
        except jexception.JException as error:
            said = _as_in_javascript(str(error))
            raise ExpressionError(f"{error.error}: {said}" if error.error else said) from error
        except ExpressionError:
            raise
        except Exception as error:
            raise ExpressionError(f"{type(error).__name__}: {error}") from error

    def apply_inner(self, proc: Any, args: Any, input: Any, environment: Any) -> Any:  # noqa: A002  # theirs
        if not self.is_function_like(proc):
            # jsonata-python would print what it cannot call.
            raise ExpressionError("T1006: what is called is not a function")
        return super().apply_inner(proc, args, input, environment)

    def evaluate_string_concat(self, lhs: Any, rhs: Any) -> str:
        return f"{_string(lhs)}{_string(rhs)}"

    def evaluate_includes_expression(self, lhs: Any, rhs: Any) -> bool:
        return lhs is not None and rhs is not None and contains(rhs, lhs)

    def evaluate_numeric_expression(self, lhs: Any, rhs: Any, op: Any) -> Any:
        # The sign of the left side, as in JavaScript; Python's has the right side's.
        if op == "%" and is_number(lhs) and is_number(rhs):
            return _inward(as_number(math.fmod(lhs, rhs)))
        return super().evaluate_numeric_expression(lhs, rhs, op)


_KINDS = {"n": "numbers", "s": "strings"}


def _as_in_javascript(message: str) -> str:
    """Undo what jsonata-python's messages lost on their way from JavaScript: functions, and quotes."""
    message = re.sub(r" of Object (\w+)", r' of function "\1"', message)
    message = re.sub(r"(side of the|either side of operator) ([^\s\w\"]+)", r'\1 "\2"', message)
    message = re.sub(r"(?<=array of )[ns]$", lambda kind: _KINDS[kind[0]], message)
    # "The sqrt Object cannot", "argument of split Object must", "match Object signature".
    return re.sub(
        r"\bObject (?=(argument|cannot|expected|has|must|passed|signature)\b)", "function ", message
    )


def _string(value: Any, prettify: Any = None) -> Any:
    if value is None:
        return ""
    if prettify is True and isinstance(value, list | dict):
        return functions.Functions.string(value, prettify)
    return "" if _is_function(value) else text_of(_without_null(value))


def _native_string(value: Any, prettify: Any) -> Any:
    return None if value is None else _string(value, prettify)


def _is_function(value: Any) -> bool:
    return isinstance(value, parser.Parser.Symbol) or Utils.is_function(value)


def _converted(value: Any, convert: Callable[[Any], Any]) -> Any:
    if isinstance(value, list):
        return [convert(element) for element in value]
    if isinstance(value, dict):
        return {key: convert(member) for key, member in value.items()}
    return value


def _inward(value: Any) -> Any:
    """Copy JSON into what jsonata-python takes: its own null, and None for undefined."""
    if value is None:
        return Utils.NULL_VALUE
    return None if value is UNDEFINED else _converted(value, _inward)


def _without_null(value: Any) -> Any:
    if value is Utils.NULL_VALUE:
        return None
    return "" if _is_function(value) else _converted(value, _without_null)


def _outward(value: Any) -> Any:
    if value is None:
        return UNDEFINED
    if _is_function(value) or functions.Functions.is_regex(value):
        raise UnsupportedResultError("the result is a function, which is not JSON")
    if isinstance(value, list | dict):
        return _converted(value, _outward_member)
    return _outward_member(value)


def _outward_member(value: Any) -> Any:
    if value is None or value is Utils.NULL_VALUE:
        return None
    if isinstance(value, float):
        return as_number(value)
    return value if isinstance(value, str | int) else _outward(value)


def _adapt(function: Callable[..., Any]) -> Any:
    """Let jsonata-python call one of ours, translating null and undefined both ways."""

    def call(*arguments: Any) -> Any:
        given = [UNDEFINED if argument is None else _without_null(argument) for argument in arguments]
        try:
            inspect.signature(function).bind(*given)
        except TypeError as error:
            raise ExpressionError(f"wrong number of arguments: {error}") from error
        return _inward(function(*given))

    return Jsonata.JLambda(call)


class _Signature(signature.Signature):  # type: ignore[misc]  # jsonata-python has no types
    """A function's signature to which null is a value of its own, not a missing one."""

    def get_symbol(self, value: Any) -> Any:
        return "l" if value is Utils.NULL_VALUE else super().get_symbol(value)


def _minding_null(function: Any) -> Any:
    # jsonata-python takes null for an argument left out: $sum(null) would be undefined, not an error.
    minding = copy.copy(function)
    minding.signature = copy.copy(function.signature)
    minding.signature.__class__ = _Signature
    return minding


_DECIMAL = re.compile(r"-?[0-9]+(\.[0-9]+)?([Ee][-+]?[0-9]+)?")
_OF_BASE = re.compile(r"0[xX][0-9a-fA-F]+|0[oO][0-7]+|0[bB][01]+")


def _native_number(value: Any) -> Any:
    """$number, of the texts that JSONata takes for numbers: Python takes more, such as 1_000 and nan."""
    if not isinstance(value, str):
        return functions.Functions.number(value)
    if _OF_BASE.fullmatch(value):
        return int(value, 0)
    number = float(value) if _DECIMAL.fullmatch(value) else math.inf
    if math.isinf(number):
        raise ExpressionError(f"D3030: Unable to cast value to a number: {text_of([value])[1:-1]}")
    return number


def _native_power(base: Any, exponent: Any) -> Any:
    """$power, with the one error that JSONata has for whatever is no number in the end."""
    if base is None:
        return None
    try:
        power = float(base) ** float(exponent)
    except ArithmeticError:
        power = math.inf
    if isinstance(power, complex) or not math.isfinite(power):
        raise ExpressionError(
            "D3061: The power function has resulted in a value that cannot be represented as a JSON number: "
            f"base={text_of(base)}, exponent={text_of(exponent)}"
        )
    return power


def _native_replace(text: Any, pattern: Any, replacement: Any, limit: Any) -> Any:
    """$replace, with the groups that JSONata gives a function, and a limit that counts in one pass."""
    if text is None:
        return None
    if limit is not None and limit < 0:
        raise ExpressionError("D3011: Fourth argument of replace function must evaluate to a positive number")
    most = -1 if limit is None else math.ceil(limit)
    if isinstance(pattern, str):
        if not pattern:
            raise ExpressionError("D3010: Second argument of replace function cannot be an empty string")
        if isinstance(replacement, str):
            return text.replace(pattern, replacement, most)
        pattern = re.compile(re.escape(pattern))

    def replaced(found: re.Match[str]) -> str:
        if not found[0]:
            raise ExpressionError(patterns.NO_TEXT)
        if isinstance(replacement, str):
            return patterns.expanded(found, replacement)
        told = {"match": found[0], "start": found.start(), "end": found.end(), "groups": list(found.groups())}
        said = functions.Functions.func_apply(replacement, [told])
        if not isinstance(said, str):
            raise ExpressionError("D3012: Attempted to replace a matched string with a non-string value")
        return said

    # Python takes a count of 0 for all.
    return text if most == 0 else pattern.sub(replaced, text, count=max(most, 0))


def _native_sort(array: Any, comparator: Any) -> Any:
    """$sort by merging, as JSONata does: elements of which none comes after the other keep their order."""
    if array is None or len(array) <= 1:
        return array
    if comparator is None:
        if not (all(map(is_number, array)) or all(isinstance(each, str) for each in array)):
            raise ExpressionError(
                "D3070: The single argument form of the sort function can only be applied to an array of "
                "strings or an array of numbers. Use the second argument to specify a comparison function"
            )
        return sorted(array)

    def is_after(first: Any, second: Any) -> bool:
        said = functions.Functions.func_apply(comparator, [first, second])
        # What is true in JavaScript: an empty array is, too.
        return isinstance(said, list | dict) or (said is not Utils.NULL_VALUE and bool(said))

    return _merge_sorted(list(array), is_after)


def _merge_sorted(elements: list[Any], is_after: Callable[[Any, Any], bool]) -> list[Any]:
    if len(elements) <= 1:
        return elements
    middle = len(elements) // 2
    left, right = (_merge_sorted(part, is_after) for part in (elements[:middle], elements[middle:]))
    merged: list[Any] = []
    at_left = at_right = 0
    while at_left < len(left) and at_right < len(right):
        if is_after(left[at_left], right[at_right]):
            merged.append(right[at_right])
            at_right += 1
        else:
            merged.append(left[at_left])
            at_left += 1
    return [*merged, *left[at_left:], *right[at_right:]]


_NATIVE: dict[str, Callable[..., Any]] = {
    "number": _native_number,
    "power": _native_power,
    "replace": _native_replace,
    "sort": _native_sort,
    "string": _native_string,
}


def _static_frame() -> Any:
    frame = Jsonata.Frame(Jsonata.static_frame)
    for name, function in Jsonata.static_frame.bindings.items():
        frame.bind(name, _minding_null(function))
    for name, added in ADDED_FUNCTIONS.items():
        frame.bind(name, _adapt(added.call))
    for name, method in _NATIVE.items():
        frame.bindings[name].method = method
    return frame


_STATIC = _static_frame()
