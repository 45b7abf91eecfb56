"""JSONata as Step Functions has it. An `Expression` is compiled once and evaluated many times."""

from evaldrop.engine.queries.expression import Expression, compile_expression
from evaldrop.engine.queries.syntax import FUNCTION_NAMES, QuerySyntaxError
from evaldrop.engine.queries.values import (
    UNDEFINED,
    ExpressionError,
    Frame,
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
    "QuerySyntaxError",
    "compile_expression",
    "is_array",
    "is_boolean",
    "is_number",
    "is_object",
    "is_string",
    "type_name",
]
