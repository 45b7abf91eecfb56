"""
Translate the common part of JSONata into Python closures.

jsonata-python walks its tree anew at every evaluation; a workflow evaluates the same hundred expressions a
million times. Each node here becomes one closure of (context, frame). What is not translated raises
`UntranslatedError` and is left to `interpreted`; a property test holds both to the same answers. Methods are
named after jsonata-python's node types.
"""

import copy
from collections.abc import Callable
from typing import Any

from evaldrop.engine.queries import patterns
from evaldrop.engine.queries.functions import FUNCTIONS, HIGHER_ORDER, append, reduce_array
from evaldrop.engine.queries.operators import OPERATORS, negate
from evaldrop.engine.queries.paths import Step, path_closure, predicate_closure
from evaldrop.engine.queries.syntax import FUNCTION_NAMES, Parsed
from evaldrop.engine.queries.values import UNDEFINED, ExpressionError, Frame, collapse, plain, truth

Closure = Callable[[Any, Frame], Any]


class UntranslatedError(Exception):
    """An expression uses something that only the interpreter knows."""


def translate(parsed: Parsed) -> Callable[[Frame], Any]:
    """
    Return a function that evaluates a parsed expression over the variables of a frame.

    Raises:
        UntranslatedError: The expression is outside the common part.
    """
    if parsed.binds & FUNCTION_NAMES:
        raise UntranslatedError("a local variable hides a function")
    translator = _Translator(parsed)
    closure = translator.node(parsed.tree)
    # Making arrays of sequences copies the whole value; most expressions cannot leave any.
    if translator.leaves_sequences:
        return lambda frame: plain(closure(UNDEFINED, frame))
    return lambda frame: closure(UNDEFINED, frame)


class _Translator:
    def __init__(self, parsed: Parsed) -> None:
        self.parsed = parsed
        self.leaves_sequences = False

    def node(self, node: Any) -> Closure:
        """Translate a node to a closure that returns a value, never a bare sequence."""
        raw = self.raw(node)
        if node.type in {"variable", "string", "number", "value", "binary"} and not node.predicate:
            return raw
        if node.type == "unary" and not node.predicate and not node.keep_array:
            return raw
        if node.type == "path":
            return raw
        keep = bool(node.keep_array)
        self.leaves_sequences |= keep
        return lambda context, frame: collapse(raw(context, frame), keep=keep)

    def raw(self, node: Any) -> Closure:
        """Translate a node and its predicates; the result may be a sequence."""
        if node.group is not None or node.tuple or node.focus is not None or node.index is not None:
            raise UntranslatedError("grouping or tuple streams")
        method = getattr(self, f"_{node.type}", None)
        if method is None:
            raise UntranslatedError(node.type)
        closure: Closure = method(node)
        for predicate in node.predicate or ():
            closure = predicate_closure(closure, self._filter(predicate))
        return closure

    def _filter(self, stage: Any) -> int | Closure:
        if stage.type != "filter":
            raise UntranslatedError(stage.type)
        if stage.expr.type == "number":
            return int(stage.expr.value)
        return self.node(stage.expr)

    def _string(self, node: Any) -> Closure:
        value = node.value
        return lambda _context, _frame: value

    _number = _string
    _value = _string

    def _variable(self, node: Any) -> Closure:
        name = node.value
        if name in FUNCTION_NAMES or node.keep_array:
            raise UntranslatedError("a function as a value")
        if name == "":
            return lambda context, _frame: collapse(context)
        if name in self.parsed.binds:
            # A lambda may have left a bare sequence, which reading turns into a value.
            return lambda _context, frame: collapse(frame[name])
        return lambda _context, frame: frame[name]

    def _path(self, node: Any) -> Closure:
        keep = bool(node.keep_singleton_array)
        self.leaves_sequences |= keep
        return path_closure([self._step(step) for step in node.steps], keep=keep)

    def _step(self, step: Any) -> Step:
        if (
            step.consarray
            or step.ancestor is not None
            or (step.type in {"sort", "unary"} and step.value != "{")
        ):
            raise UntranslatedError("array constructors, sorting and parents in paths")
        filters = [self._filter(stage) for stage in step.stages or ()]
        if step.type == "name" and not step.predicate:
            if step.tuple or step.focus is not None or step.index is not None or step.group is not None:
                raise UntranslatedError("tuple streams")
            return Step(
                name=step.value, closure=None, filters=filters, keep=bool(step.keep_array), variable=None
            )
        variable = step.value if step.type == "variable" and step.value and not step.predicate else None
        return Step(name=None, closure=self.node(step), filters=filters, keep=False, variable=variable)

    def _name(self, node: Any) -> Closure:
        return path_closure([self._step(node)], keep=False)

    def _binary(self, node: Any) -> Closure:
        left, right = self.node(node.lhs), self.node(node.rhs)
        if node.value == "and":
            return lambda context, frame: truth(left(context, frame)) and truth(right(context, frame))
        if node.value == "or":
            return lambda context, frame: truth(left(context, frame)) or truth(right(context, frame))
        operator = OPERATORS.get(node.value)
        if operator is None:
            raise UntranslatedError(f"operator {node.value}")
        return lambda context, frame: operator(left(context, frame), right(context, frame))

    def _unary(self, node: Any) -> Closure:
        if node.value == "{":
            return self._object(node)
        if node.value == "[":
            return self._array(node)
        operand = self.node(node.expression)
        return lambda context, frame: negate(operand(context, frame))

    def _array(self, node: Any) -> Closure:
        items = [(self.node(item), item.type == "unary" and item.value == "[") for item in node.expressions]

        def build(context: Any, frame: Frame) -> Any:
            result: list[Any] = []
            for closure, nested in items:
                value = closure(context, frame)
                if value is UNDEFINED:
                    continue
                if nested or not isinstance(value, list):
                    result.append(value)
                else:
                    result.extend(value)
            return result

        return build

    def _object(self, node: Any) -> Closure:
        pairs = [(self.node(key), self.node(value)) for key, value in node.lhs_object]
        names = [key.value for key, _ in node.lhs_object if key.type == "string" and not key.predicate]
        # Nearly every object is written so, and its keys need no check at each evaluation.
        if len(set(names)) == len(pairs):
            return _with_known_keys(names, pairs)

        def build(context: Any, frame: Frame) -> Any:
            if isinstance(context, list):
                return _group(pairs, context, frame)
            result: dict[str, Any] = {}
            seen: set[str] = set()
            for key_closure, value_closure in pairs:
                key = _check_key(key_closure(context, frame), seen)
                if key is None:
                    continue
                value = value_closure(context, frame)
                if value is not UNDEFINED:
                    result[key] = value
            return result

        return build

    def _condition(self, node: Any) -> Closure:
        condition, then = self.node(node.condition), self._tail(node.then)
        otherwise = self._tail(node._else) if node._else is not None else None  # noqa: SLF001  # its public name

        def choose(context: Any, frame: Frame) -> Any:
            if truth(condition(context, frame)):
                return then(context, frame)
            return UNDEFINED if otherwise is None else otherwise(context, frame)

        return choose

    def _block(self, node: Any) -> Closure:
        if not node.expressions:
            return lambda _context, _frame: UNDEFINED
        first = [self.node(expression) for expression in node.expressions[:-1]]
        last = self._tail(node.expressions[-1])

        def run(context: Any, frame: Frame) -> Any:
            inner = Frame(None, frame)
            for closure in first:
                closure(context, inner)
            return last(context, inner)

        # A frame is wanted only for what the block binds.
        return run if first or self.parsed.binds else last

    def _bind(self, node: Any) -> Closure:
        name, value_closure = node.lhs.value, self.node(node.rhs)

        def bind(context: Any, frame: Frame) -> Any:
            value = value_closure(context, frame)
            frame[name] = value
            return value

        return bind

    def _tail(self, node: Any) -> Closure:
        """Translate a node in tail position, from where JSONata returns a call's bare sequence."""
        if node.type == "lambda" and node.thunk:
            self.leaves_sequences = True
            return self.raw(node.body)
        return self.node(node)

    def _function(self, node: Any) -> Closure:
        procedure = node.procedure
        if procedure.type != "variable" or procedure.predicate:
            raise UntranslatedError("a computed function")
        if procedure.value in HIGHER_ORDER:
            return self._higher_order(node)
        if len(node.arguments) > 1 and node.arguments[1].type == "regex":
            return self._with_pattern(node)
        function = FUNCTIONS.get(procedure.value)
        if function is None or not function.fewest <= len(node.arguments) <= function.most:
            raise UntranslatedError(f"function {procedure.value}")
        call, arguments = function.call, [self.node(argument) for argument in node.arguments]
        if len(arguments) == 1:
            only = arguments[0]
            return lambda context, frame: call(only(context, frame))
        return lambda context, frame: call(*[argument(context, frame) for argument in arguments])

    def _with_pattern(self, node: Any) -> Closure:
        text, pattern, *more = node.arguments
        call = None
        if node.procedure.value == "contains" and not more:
            call = patterns.contains(pattern.value)
        elif node.procedure.value == "replace" and [(each.type, each.predicate) for each in more] == [
            ("string", None)
        ]:
            call = patterns.replace(pattern.value, more[0].value)
        if call is None:
            raise UntranslatedError(f"a pattern in {node.procedure.value}")
        known, said = call, self.node(text)
        return lambda context, frame: known(said(context, frame))

    def _apply(self, node: Any) -> Closure:
        """Translate `value ~> $function(more)`: a call with the value as its first argument."""
        if node.rhs.type != "function" or node.rhs.predicate or node.rhs.group is not None:
            raise UntranslatedError("composed functions")
        call = copy.copy(node.rhs)
        call.arguments = [node.lhs, *node.rhs.arguments]
        return self._function(call)

    def _higher_order(self, node: Any) -> Closure:
        apply = HIGHER_ORDER[node.procedure.value]
        if len(node.arguments) != 2 or node.arguments[1].type != "lambda":
            raise UntranslatedError("a function that is not written in place")
        if apply is reduce_array and len(node.arguments[1].arguments) < 2:
            raise UntranslatedError("a reduction by a function of one argument")
        array, function = self.node(node.arguments[0]), node.arguments[1]
        if function.signature is not None or function.thunk or function.predicate:
            raise UntranslatedError("a lambda with a signature")
        names = [argument.value for argument in function.arguments]
        body = self._tail(function.body)

        def call(context: Any, frame: Frame) -> Any:
            def each(*given: Any) -> Any:
                return body(context, Frame(dict(zip(names, given, strict=False)), frame))

            return apply(array(context, frame), each)

        return call


def _with_known_keys(names: list[str], pairs: list[tuple[Closure, Closure]]) -> Closure:
    """Return what builds an object whose keys are written out and differ."""
    members = [(name, value) for name, (_, value) in zip(names, pairs, strict=True)]

    def build(context: Any, frame: Frame) -> Any:
        if isinstance(context, list):
            return _group(pairs, context, frame)
        result: dict[str, Any] = {}
        for name, closure in members:
            value = closure(context, frame)
            if value is not UNDEFINED:
                result[name] = value
        return result

    return build


def _check_key(key: Any, seen: set[str]) -> str | None:
    if key is UNDEFINED:
        return None
    if not isinstance(key, str):
        raise ExpressionError("T1003: the key of an object must be a string")
    if key in seen:
        raise ExpressionError(f"D1009: several keys of an object are {key!r}")
    seen.add(key)
    return key


def _group(pairs: list[tuple[Closure, Closure]], items: list[Any], frame: Frame) -> Any:
    """Build one object from an array of contexts, those with the same key together."""
    groups: dict[str, tuple[Any, int]] = {}
    for item in items or [UNDEFINED]:
        for index, (key_closure, _) in enumerate(pairs):
            key = _check_key(key_closure(item, frame), set())
            if key is None:
                continue
            data, owner = groups.get(key, (UNDEFINED, index))
            if owner != index:
                raise ExpressionError(f"D1009: several keys of an object are {key!r}")
            groups[key] = (append(data, item) if key in groups else item, index)
    values = ((key, pairs[index][1](data, frame)) for key, (data, index) in groups.items())
    return {key: value for key, value in values if value is not UNDEFINED}
