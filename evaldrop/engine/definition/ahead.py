"""What a state will need, made before it is reached."""

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from evaldrop.engine.machine import State
from evaldrop.engine.queries import LaterExpression
from evaldrop.engine.templates import Template


def compile_ahead(state: State) -> Iterator[None]:
    """Compile the expressions of a state and of all that is in it, one with every step."""
    for expression in _expressions(state):
        if isinstance(expression, LaterExpression):
            expression.compile()
            yield


def _expressions(part: Any) -> Iterator[Any]:
    """Give the expressions of a part of a state, in the order of the definition."""
    if isinstance(part, Template):
        yield from part.expressions
    elif is_dataclass(part):
        for field in fields(part):
            yield from _expressions(getattr(part, field.name))
    elif isinstance(part, Mapping):
        for value in part.values():
            yield from _expressions(value)
    elif isinstance(part, tuple | list):
        for value in part:
            yield from _expressions(value)
