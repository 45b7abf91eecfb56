"""Parse a JSONata expression, and refuse what Step Functions refuses. Nothing is evaluated here."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from jsonata import jexception, parser
from jsonata.jsonata import Jsonata

from evaldrop.engine.queries.functions import ADDED_FUNCTIONS

NATIVE_FUNCTIONS = frozenset(Jsonata.static_frame.bindings)
FUNCTION_NAMES = NATIVE_FUNCTIONS | ADDED_FUNCTIONS.keys()
NEWER_OPERATORS = {"??", "?:"}
_SURROGATE = re.compile("[\ud800-\udfff]")
CHILDREN = (
    "steps", "predicate", "stages", "expr", "group", "lhs", "rhs", "lhs_object", "terms", "expression",
    "expressions", "procedure", "arguments", "body", "condition", "then", "_else", "pattern", "update",
    "delete",
)  # fmt: skip


class QuerySyntaxError(Exception):
    """An expression does not parse, or uses what Step Functions does not allow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """An expression's tree, and the variables it mentions, binds inside, and surely reads from outside."""

    source: str
    tree: Any
    mentions: frozenset[str]
    binds: frozenset[str]
    reads: frozenset[str]


class _Parser(parser.Parser):  # type: ignore[misc]  # jsonata-python has no types
    """jsonata-python's parser, which knows JSONata 2.1, held to the 2.0.6 that Step Functions runs."""

    def process_ast(self, expr: Any) -> Any:
        if expr is not None and expr.id in NEWER_OPERATORS:
            message = f"the operator {expr.id} came with JSONata 2.1, Step Functions has 2.0.6"
            raise QuerySyntaxError(with_caret(message, self.source, expr.position))
        return super().process_ast(expr)


def with_caret(message: str, source: str, position: int) -> str:
    """Show the line a fault is on, with a caret under it. `position` is where its token ends."""
    position = max(0, min(position, len(source)))
    start = source.rfind("\n", 0, position) + 1
    end = source.find("\n", position)
    line = source[start : len(source) if end < 0 else end]
    return f"{message}\n    {line}\n    {' ' * max(0, position - start - 1)}^"


def parse_expression(source: str) -> Parsed:
    """
    Parse the text between {% and %}.

    Raises:
        QuerySyntaxError: With the expression and a caret under the fault.
    """
    try:
        tree = _Parser().parse(source)
    except jexception.JException as error:
        raise QuerySyntaxError(
            with_caret(f"JSONata syntax error: {error}", source, error.location)
        ) from error
    # jsonata-python stumbles over some unfinished expressions and signatures instead of reporting them, by
    # whatever exception comes of it.
    except Exception as error:
        if isinstance(error, QuerySyntaxError):
            raise
        reason = str(error) if type(error) is RuntimeError else "this is not a whole expression"
        raise QuerySyntaxError(with_caret(f"JSONata syntax error: {reason}", source, len(source))) from error
    # Once: a workflow has thousands of nodes, and every run reads it.
    nodes = list(walk(tree))
    _join_surrogates(nodes)
    binds = frozenset(_bound_names(nodes))
    mentions = frozenset(node.value for node in nodes if node.type == "variable")
    _refuse_unsupported(source, tree, mentions)
    return Parsed(source=source, tree=tree, mentions=mentions, binds=binds, reads=mentions - binds)


def walk(node: Any) -> Iterator[Any]:
    """Give a node and every node below it."""
    if isinstance(node, list | tuple):
        for element in node:
            yield from walk(element)
    elif isinstance(node, parser.Parser.Symbol):
        yield node
        for name in CHILDREN:
            child = getattr(node, name, None)
            if child is not None:
                yield from walk(child)


def _join_surrogates(nodes: Iterable[Any]) -> None:
    """Make one character of two escapes that name it, the halves of a surrogate pair, as JavaScript does."""
    for node in nodes:
        if node.type in ("string", "name") and _SURROGATE.search(str(node.value)):
            node.value = node.value.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")


def _bound_names(nodes: Iterable[Any]) -> Iterator[str]:
    for node in nodes:
        if node.type == "bind":
            yield node.lhs.value
        elif node.type == "lambda":
            yield from (argument.value for argument in node.arguments)
        if isinstance(node.focus, str):
            yield node.focus
        if isinstance(node.index, str):
            yield node.index


def _refuse_unsupported(source: str, tree: Any, mentions: frozenset[str]) -> None:
    if "eval" in mentions:
        message = "$eval is not supported by Step Functions; $parse reads JSON"
        raise QuerySyntaxError(with_caret(message, source, source.find("$eval") + 1))
    if "$" in mentions:
        raise QuerySyntaxError(
            with_caret("$$ has no meaning here; use $states.input", source, source.find("$$") + 1)
        )
    if _is_context_at_top(tree):
        raise QuerySyntaxError(with_caret("$ has no meaning at the top level; use $states.input", source, 1))


def _is_context_at_top(tree: Any) -> bool:
    if tree.type == "path":
        return _is_context_at_top(tree.steps[0])
    return bool(tree.type == "variable" and tree.value == "")
