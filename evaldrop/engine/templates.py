"""A JSON value whose strings may be {% expressions %}, compiled once into one function of the variables."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from evaldrop.engine.errors import QueryError
from evaldrop.engine.queries import (
    UNDEFINED,
    Expression,
    ExpressionError,
    Frame,
    QuerySyntaxError,
    compile_expression,
)

Evaluate = Callable[[Frame], Any]
Complain = Callable[[str, str], None]


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
    expressions: tuple[Expression, ...]


def compile_template(value: Any, field: str, path: str, complain: Complain) -> Template:
    """Compile a value found at `path`; `complain(path, problem)` hears of every bad expression in it."""
    expressions: list[Expression] = []
    evaluate = _compile(value, field, path, complain, expressions)
    return Template(
        field=field, literal=value, evaluate=evaluate or _constant(value), expressions=tuple(expressions)
    )


def is_expression(value: Any) -> bool:
    """Tell whether a value is a string between {% and %}."""
    # At least 4 characters: "{%}" begins with the one and ends with the other.
    return isinstance(value, str) and value.startswith("{%") and value.endswith("%}") and len(value) >= 4


def _constant(value: Any) -> Evaluate:
    return lambda _frame: value


def _compile(
    value: Any, field: str, path: str, complain: Complain, expressions: list[Expression]
) -> Evaluate | None:
    """Return what fills the value, or None when it holds no expression."""
    if isinstance(value, str):
        return _compile_text(value, field, path, complain, expressions)
    if isinstance(value, list):
        parts = [
            _compile(element, f"{field}[{index}]", f"{path}[{index}]", complain, expressions)
            for index, element in enumerate(value)
        ]
        return _fill_list(value, parts) if any(parts) else None
    if isinstance(value, dict):
        members = {
            key: _compile(member, f"{field}/{key}", f"{path}.{key}", complain, expressions)
            for key, member in value.items()
        }
        return _fill_object(value, members) if any(members.values()) else None
    return None


def _fill_list(value: list[Any], parts: list[Evaluate | None]) -> Evaluate:
    fills = [part or _constant(element) for part, element in zip(parts, value, strict=True)]
    return lambda frame: [fill(frame) for fill in fills]


def _fill_object(value: dict[str, Any], members: dict[str, Evaluate | None]) -> Evaluate:
    fills = [(key, members[key] or _constant(value[key])) for key in value]
    return lambda frame: {key: fill(frame) for key, fill in fills}


def _compile_text(
    text: str, field: str, path: str, complain: Complain, expressions: list[Expression]
) -> Evaluate | None:
    if not is_expression(text):
        if text.startswith("{%") or text.endswith("%}"):
            complain(path, "an expression must start with {% and end with %}, with nothing around them")
        return None
    try:
        expression = compile_expression(text[2:-2].strip())
    except QuerySyntaxError as error:
        complain(path, str(error))
        return None
    expressions.append(expression)
    return _evaluation(expression, field)


def _evaluation(expression: Expression, field: str) -> Evaluate:
    evaluate = expression.evaluate

    def fill(frame: Frame) -> Any:
        try:
            value = evaluate(frame)
        # Python's own errors as well, as of an integer too large for a float: they must not end the process.
        except (ExpressionError, RecursionError, ArithmeticError, TypeError, ValueError) as error:
            raise QueryError(
                f"The JSONata expression '{expression.source}' specified for the field '{field}' "
                f"threw an error during evaluation. {error}"
            ) from error
        if value is UNDEFINED:
            raise QueryError(
                f"The JSONata expression '{expression.source}' specified for the field '{field}' "
                "returned nothing (undefined)."
            )
        return value

    return fill


def typed(template: Template, frame: Frame, holds: Callable[[Any], bool], expected: str) -> Any:
    """
    Evaluate a field that takes one type only.

    Raises:
        QueryError: The value is of another type.
    """
    value = template.evaluate(frame)
    if not holds(value):
        raise QueryError(
            f"The JSONata expression '{template.literal}' specified for the field '{template.field}' "
            f"returned an unexpected result type. Expected '{expected}', but was '{type_name(value)}'."
        )
    return value


def type_name(value: Any) -> str:
    """Name a JSON value's type."""
    if value is None:
        return "null"
    names: Iterator[str] = (
        name
        for kind, name in ((bool, "boolean"), (int | float, "number"), (str, "string"), (list, "array"))
        if isinstance(value, kind)
    )
    return next(names, "object")
