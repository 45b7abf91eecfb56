"""JSONata as Step Functions has it. An `Expression` is compiled once and evaluated many times."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from evaldrop.engine.queries.compiled import UntranslatedError, translate
from evaldrop.engine.queries.interpreted import interpret
from evaldrop.engine.queries.syntax import FUNCTION_NAMES, QuerySyntaxError, parse_expression
from evaldrop.engine.queries.values import (
    UNDEFINED,
    ExpressionError,
    Frame,
    UnsupportedResultError,
    is_array,
    is_boolean,
    is_number,
    is_object,
    is_string,
    type_name,
)

__all__ = [
    "FUNCTION_NAMES",
    "UNDEFINED",
    "Expression",
    "ExpressionError",
    "Frame",
    "LaterExpression",
    "QuerySyntaxError",
    "UnsupportedResultError",
    "compile_expression",
    "is_array",
    "is_boolean",
    "is_number",
    "is_object",
    "is_string",
    "type_name",
]

# $states used whole, or its context: only then does a state have to describe its surroundings.
_USES_CONTEXT = re.compile(r"\$states\s*(\.\s*`?context|(?!\s*\.)(?!\w))")


@dataclass(frozen=True, slots=True, kw_only=True)
class Expression:
    """
    A JSONata expression.

    `evaluate` takes the variables and returns plain JSON, or UNDEFINED; it raises ExpressionError. `reads`
    are the names of the variables it takes from outside.
    """

    source: str
    evaluate: Callable[[Frame], Any]
    reads: frozenset[str]
    is_translated: bool
    uses_context: bool


class LaterExpression:
    """
    A JSONata expression that is compiled when it is first needed, as `Expression` otherwise.

    Of a definition whose expressions are known to be right: of one that is wrong nobody hears before.
    """

    __slots__ = ("_made", "source", "uses_context")

    def __init__(self, source: str) -> None:
        self.source = source
        self.uses_context = bool(_USES_CONTEXT.search(source))
        self._made: Expression | None = None

    def evaluate(self, frame: Frame) -> Any:
        """Evaluate it over the variables of a frame."""
        if self._made is None:
            self._made = compile_expression(self.source)
        return self._made.evaluate(frame)

    def compile(self) -> None:
        """Compile it now, when there is time."""
        compile_expression(self.source)

    @property
    def reads(self) -> frozenset[str]:
        """The names of the variables it takes from outside."""
        return compile_expression(self.source).reads


# A workflow says the same expression in many states.
@lru_cache(maxsize=4096)
def compile_expression(source: str) -> Expression:
    """
    Compile the text between {% and %}.

    Raises:
        QuerySyntaxError: It does not parse, or uses what Step Functions does not have.
    """
    parsed = parse_expression(source)
    # Closures where that is possible: they are many times as fast.
    try:
        evaluate, is_translated = translate(parsed), True
    except UntranslatedError:
        evaluate, is_translated = interpret(parsed), False
    return Expression(
        source=source,
        evaluate=evaluate,
        reads=parsed.reads,
        is_translated=is_translated,
        uses_context=bool(_USES_CONTEXT.search(source)),
    )
