"""A JSON value whose strings may be {% expressions %}, compiled once into one function of the variables."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from evaldrop.engine.errors import QueryError
from evaldrop.engine.payloads import to_json
from evaldrop.engine.queries import (
    UNDEFINED,
    Expression,
    ExpressionError,
    Frame,
    LaterExpression,
    QuerySyntaxError,
    UnsupportedResultError,
    compile_expression,
    is_number,
    type_name,
)

# A cause has at most 32 KiB, and what is quoted in it is not all of it.
MOST_SHOWN_BYTES = 8192
Evaluate = Callable[[Frame], Any]
Complain = Callable[[str, str], None]
Compile = Callable[[str], Expression | LaterExpression]
"""Makes an expression of the text between {% and %}; raises QuerySyntaxError where it is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """
    A field's value. `evaluate` fills it from a frame's variables.

    It raises QueryError when an expression fails or returns nothing. `field` is the field's name in messages;
    `literal` is the value as written.
    """

    field: str
    literal: Any
    evaluate: Evaluate
    expressions: tuple[Expression | LaterExpression, ...]


def compile_template(
    value: Any, field: str, path: str, complain: Complain, compiling: Compile = compile_expression
) -> Template:
    """Compile a value found at `path`; `complain(path, problem)` hears of every bad expression in it."""
    expressions: list[Expression | LaterExpression] = []

    def compiled(value: Any, field: str, path: str) -> Evaluate | None:
        """Return what fills the value, or None when it holds no expression."""
        if isinstance(value, str):
            expression = _expression(value, path, complain, compiling)
            if expression is None:
                return None
            expressions.append(expression)
            return _evaluation(expression, field)
        if isinstance(value, list):
            parts = [compiled(each, f"{field}[{i}]", f"{path}[{i}]") for i, each in enumerate(value)]
            if not any(parts):
                return None
            fills = [part or _constant(each) for part, each in zip(parts, value, strict=True)]
            return lambda frame: [fill(frame) for fill in fills]
        if isinstance(value, dict):
            members = {key: compiled(each, f"{field}/{key}", f"{path}.{key}") for key, each in value.items()}
            if not any(members.values()):
                return None
            named = [(key, members[key] or _constant(each)) for key, each in value.items()]
            return lambda frame: {key: fill(frame) for key, fill in named}
        return None

    evaluate = compiled(value, field, path) or _constant(value)
    return Template(field=field, literal=value, evaluate=evaluate, expressions=tuple(expressions))


def is_expression(value: Any) -> bool:
    """Tell whether a value is a string between {% and %}."""
    # At least 4 characters: "{%}" begins with the one and ends with the other.
    return isinstance(value, str) and value.startswith("{%") and value.endswith("%}") and len(value) >= 4


def _constant(value: Any) -> Evaluate:
    return lambda _frame: value


def _expression(
    text: str, path: str, complain: Complain, compiling: Compile
) -> Expression | LaterExpression | None:
    if not is_expression(text):
        if text.startswith("{%") or text.endswith("%}"):
            complain(path, "an expression must start with {% and end with %}, with nothing around them")
        return None
    try:
        return compiling(text[2:-2].strip())
    except QuerySyntaxError as error:
        complain(path, str(error))
        return None


def _evaluation(expression: Expression | LaterExpression, field: str) -> Evaluate:
    evaluate = expression.evaluate

    def fill(frame: Frame) -> Any:
        try:
            value = evaluate(frame)
        except UnsupportedResultError as error:
            raise failed("returned an unsupported result type.") from error
        # Python's own errors as well, as of an integer too large for a float: they must not end the process.
        except (ExpressionError, RecursionError, ArithmeticError, TypeError, ValueError) as error:
            raise failed(f"threw an error during evaluation. {error}") from error
        if value is UNDEFINED:
            raise failed("returned nothing (undefined).")
        return value

    def failed(what: str) -> QueryError:
        return query_error(expression.source, field, what)

    return fill


def query_error(source: str, field: str, what: str) -> QueryError:
    """Return the error of an expression, in the words of Step Functions."""
    return QueryError(f"The JSONata expression '{source}' specified for the field '{field}' {what}", field)


def _source(template: Template) -> str:
    # A literal that does not fit is refused when it is loaded; were one left, it would stand for itself.
    return template.expressions[0].source if template.expressions else str(template.literal)


def shown(value: Any) -> str:
    """Return a value's JSON as a cause quotes it: the beginning of a long one."""
    return to_json(value)[:MOST_SHOWN_BYTES].decode(errors="ignore")


def typed(template: Template, frame: Frame, holds: Callable[[Any], bool], expected: str) -> Any:
    """
    Evaluate a field that takes one type only.

    Raises:
        QueryError: The value is of another type.
    """
    value = template.evaluate(frame)
    if not holds(value):
        what = f"Expected '{expected}', but was '{type_name(value)}' for value: {shown(value)}"
        raise query_error(_source(template), template.field, f"returned an unexpected result type. {what}")
    return value


def number_of(
    template: Template | None,
    frame: Frame,
    *,
    minimum: float = 0,
    maximum: float = math.inf,
    whole: bool = False,
) -> float | None:
    """
    Evaluate a field that takes a number within bounds, both included; None when there is no such field.

    Raises:
        QueryError: The value is another, or no number.
    """
    if template is None:
        return None
    number: float = typed(template, frame, is_number, "number")
    is_broken = whole and isinstance(number, float) and not number.is_integer()
    if is_broken or not minimum <= number <= maximum:
        kind, most = (
            "a whole number" if whole else "a number",
            "" if maximum == math.inf else f" to {maximum:.0f}",
        )
        what = f"returned {shown(number)}, which is not {kind} from {minimum:g}{most}."
        raise query_error(_source(template), template.field, what)
    return number


def whole_number_of(template: Template | None, frame: Frame, *, minimum: int = 0) -> int | None:
    """Evaluate a field that takes a whole number, as `number_of` does."""
    number = number_of(template, frame, minimum=minimum, whole=True)
    return None if number is None else int(number)
