"""JSONata paths as closures: steps over objects and arrays, flattening, predicates, sequences of one."""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from evaldrop.engine.queries.functions import lookup
from evaldrop.engine.queries.values import UNDEFINED, Frame, Kept, Sequence, collapse, is_number, truth

Closure = Callable[[Any, Frame], Any]
Filter = int | Closure


class Step(NamedTuple):
    """One step of a path: a member's name, or a closure evaluated on each item; then its filters."""

    name: str | None
    closure: Closure | None
    filters: list[Filter]
    keep: bool
    variable: str | None


def predicate_closure(closure: Closure, condition: Filter) -> Closure:
    """Return a closure that filters what another gives."""
    return lambda context, frame: filtered(closure(context, frame), condition, frame)


def filtered(value: Any, condition: Filter, frame: Frame) -> Any:
    """Select by position when the condition is a number, else keep the items for which it holds."""
    items = [] if value is UNDEFINED else value if isinstance(value, list) else [value]
    if isinstance(condition, int):
        return _at(items, condition)
    kept = Sequence()
    for index, item in enumerate(items):
        kept.extend([item] * _times(condition(item, frame), index, len(items)))
    return kept


def _at(items: list[Any], index: int) -> Any:
    position = _position(index, len(items))
    if not 0 <= position < len(items):
        return Sequence()
    item = items[position]
    return item if isinstance(item, list) else Sequence([item])


def _times(result: Any, index: int, count: int) -> int:
    """Return how often a predicate's result selects the item: positions may name it more than once."""
    if is_number(result):
        return int(_position(result, count) == index)
    if isinstance(result, list) and all(map(is_number, result)):
        return sum(_position(number, count) == index for number in result)
    return int(truth(result))


def _position(number: float, count: int) -> int:
    position = int(number)
    return position if position >= 0 else count + position


def path_closure(steps: list[Step], *, keep: bool) -> Closure:
    """Return a closure that walks a path. `keep` is the `[]` that keeps a sequence of one an array."""
    walk = _general(steps, keep=keep)
    # $states.input.a.b, by far the most common path, needs none of the machinery of sequences.
    names = [step.name for step in steps[1:] if step.name is not None and not step.filters and not step.keep]
    if keep or not names or not steps[0].variable or steps[0].filters or len(names) != len(steps) - 1:
        return walk
    return _direct(steps[0].variable, names)


def _direct(variable: str, names: list[str]) -> Closure:
    """Follow names from object to object, and through the elements of arrays where there is one."""

    def follow(_context: Any, frame: Frame) -> Any:
        value = frame[variable]
        for place, name in enumerate(names):
            if type(value) is not dict:
                return _through_arrays(value, names[place:])
            value = value.get(name, UNDEFINED)
            if value is UNDEFINED:
                return UNDEFINED
        return value

    return follow


def _through_arrays(value: Any, names: list[str]) -> Any:
    items = _flatten([value], is_last=False)
    last = len(names) - 1
    for place, name in enumerate(names):
        items = _flatten([collapse(lookup(item, name)) for item in items], is_last=place == last)
        if not items:
            break
    return collapse(items)


def _general(steps: list[Step], *, keep: bool) -> Closure:
    last = len(steps) - 1
    absolute = steps[0].variable is not None

    def walk(context: Any, frame: Frame) -> Any:
        items: Any = context if isinstance(context, list) and not absolute else [context]
        for index, step in enumerate(steps):
            items = _flatten([_apply(step, item, frame) for item in items], is_last=index == last)
            if not items:
                break
        return collapse(Kept(items) if keep and isinstance(items, Sequence) else items)

    return walk


def _apply(step: Step, item: Any, frame: Frame) -> Any:
    if step.closure is None:
        result = collapse(lookup(item, step.name or ""), keep=step.keep)
    else:
        result = step.closure(item, frame)
    for condition in step.filters:
        result = filtered(result, condition, frame)
    return result


def _flatten(results: Iterable[Any], *, is_last: bool) -> list[Any]:
    """Join the results of a step; an array that is the only result of the last step stays as it is."""
    found = [result for result in results if result is not UNDEFINED]
    if is_last and len(found) == 1 and isinstance(found[0], list) and not isinstance(found[0], Sequence):
        return found[0]
    flat = Sequence()
    for result in found:
        if isinstance(result, list):
            flat.extend(result)
        else:
            flat.append(result)
    return flat
