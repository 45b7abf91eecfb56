"""
The state of an object as plain data, and back: what parts of a run gathered, on its way to whoever merges it.

No pickle: a file in a bucket must not decide what code runs. A state is what an object has beyond one that
its class just made, and goes into one that was made the same way. Values of classes that the caller names are
made anew, of data alone. Numbers in arrays stay arrays, apart from the rest, so that a file may hold them as
they are.
"""

from array import array
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any, NamedTuple

import orjson

_SIMPLE = (type(None), bool, int, float, str)
_LISTS: dict[str, type] = {"l": list, "t": tuple, "s": set, "f": frozenset}
_KINDS: dict[type, str] = {kind: name for name, kind in _LISTS.items()}


class Frozen(NamedTuple):
    """An object's state: a tree of JSON, and the arrays that it names by their places."""

    tree: Any
    arrays: "Sequence[array[Any]]"


class PlainState:
    """
    Freezes objects and thaws them.

    Args:
        values: Classes of values that are made anew: named tuples and data classes.
    """

    def __init__(self, *values: type) -> None:
        self._values = {each.__name__: each for each in values}

    def freeze(self, owner: object, made: object) -> Frozen:
        """
        Return the state of an object beyond one that was just made as it was.

        Raises:
            TypeError: Something in it is of a class that is not named.
        """
        arrays: list[array[Any]] = []
        return Frozen(self._state(owner, made, arrays), arrays)

    def thaw(self, made: object, frozen: Frozen) -> None:
        """
        Put a state into an object that was just made.

        An object with `_new` makes the parts in its dictionaries by it.

        Raises:
            ValueError: It is no state of such an object.
        """
        try:
            self._restore(made, frozen.tree, frozen.arrays)
        except (TypeError, KeyError, IndexError, AttributeError) as error:
            raise ValueError(f"no state of a {type(made).__name__}: {error!r}") from error

    def _state(self, owner: object, made: Any, arrays: "list[array[Any]]") -> dict[str, Any]:
        state = {}
        for name, value in _attributes(owner).items():
            there = getattr(made, name)
            if not callable(value) and (_is_owner(value) or value != there):
                state[name] = self._tree(value, there, _new_of(made), arrays)
        return state

    def _tree(self, value: Any, there: Any, new: Any, arrays: "list[array[Any]]") -> Any:
        kind = type(value)
        if kind in _SIMPLE:
            return value
        if kind is array:
            arrays.append(value)
            return {"a": len(arrays) - 1}
        if kind in _KINDS:
            known = there if _is_alike(there, value) else [None] * len(value)
            items = [self._tree(*both, new, arrays) for both in zip(value, known, strict=True)]
            # A set's own order is another in each process.
            return {_KINDS[kind]: sorted(items) if kind in (set, frozenset) else items}
        if isinstance(value, dict):
            inside = there if isinstance(there, dict) else {}
            return {
                "d": [
                    [self._tree(key, None, None, arrays), self._tree(each, inside.get(key), new, arrays)]
                    for key, each in value.items()
                ]
            }
        if kind in self._values.values():
            parts = value if isinstance(value, tuple) else _attributes(value).values()
            return {"v": kind.__name__, "of": [self._tree(each, None, None, arrays) for each in parts]}
        if not _is_owner(value):
            raise TypeError(f"{kind.__name__} is no plain state")
        if there is None and new is None:
            raise TypeError(f"nobody makes a {kind.__name__}")
        return {"o": self._state(value, new() if there is None else there, arrays)}

    def _restore(self, made: object, tree: Mapping[str, Any], arrays: "Sequence[array[Any]]") -> None:
        new = _new_of(made)
        for name, branch in tree.items():
            there = getattr(made, name)
            value = self._value(branch, arrays, there, new)
            if value is not there:
                setattr(made, name, value)

    def _value(self, tree: Any, arrays: "Sequence[array[Any]]", there: Any, new: Any) -> Any:
        if not isinstance(tree, dict):
            return tree
        if "v" in tree:
            return self._made(tree, arrays)
        ((kind, content),) = tree.items()
        if kind == "a":
            return arrays[content]
        if kind == "o":
            owner = new() if there is None else there
            self._restore(owner, content, arrays)
            return owner
        if kind == "d":
            known: dict[Any, Any] = there if isinstance(there, dict) else {}
            for key, branch in content:
                name = self._value(key, arrays, None, None)
                known[name] = self._value(branch, arrays, known.get(name), new)
            return known
        inside = there if _is_alike(there, content) else [None] * len(content)
        return _LISTS[kind](
            self._value(branch, arrays, known, new) for branch, known in zip(content, inside, strict=True)
        )

    def _made(self, tree: Mapping[str, Any], arrays: "Sequence[array[Any]]") -> Any:
        cls = self._values[tree["v"]]
        parts = [self._value(each, arrays, None, None) for each in tree["of"]]
        if is_dataclass(cls):
            return cls(**dict(zip((each.name for each in fields(cls)), parts, strict=True)))
        return cls(*parts)


def _is_owner(value: Any) -> bool:
    """Tell an object of evaldrop's that has a state of its own from what is compared by value."""
    kind: Any = type(value)
    return kind.__module__.startswith("evaldrop.") and kind.__eq__ is object.__eq__


def _is_alike(there: Any, value: Any) -> bool:
    return isinstance(there, (list, tuple)) and len(there) == len(value)


def _new_of(owner: object) -> Any:
    return getattr(owner, "_new", None)


def _attributes(owner: Any) -> dict[str, Any]:
    if is_dataclass(owner):
        return {each.name: getattr(owner, each.name) for each in fields(owner)}
    return dict(vars(owner))


def to_json(frozen: Frozen) -> bytes:
    """Return a state as one JSON object, its arrays in base64: for states whose arrays are short."""
    arrays = [[each.typecode, b64encode(each.tobytes()).decode()] for each in frozen.arrays]
    return orjson.dumps({"tree": frozen.tree, "arrays": arrays})


def from_json(content: bytes) -> Frozen:
    """
    Read what `to_json` wrote.

    Raises:
        ValueError: It is something else.
    """
    try:
        read = orjson.loads(content)
        return Frozen(
            read["tree"],
            [array_of(kind, b64decode(packed, validate=True)) for kind, packed in read["arrays"]],
        )
    except (TypeError, KeyError, AttributeError) as error:
        raise ValueError(f"no state: {error!r}") from error


def array_of(kind: str, content: bytes | memoryview) -> "array[Any]":
    """Return an array of the numbers in bytes."""
    numbers = array(kind)
    numbers.frombytes(content)
    return numbers
