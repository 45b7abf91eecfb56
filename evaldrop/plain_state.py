"""
The state of an object as plain data, and back: what parts of a run gathered, on its way to whoever merges it.

No pickle: a file in a bucket must not decide what code runs. A state goes into an object that its class made
as always; only classes that the caller names are made anew, of data alone. Numbers in arrays stay arrays,
apart from the rest, so that a file may hold them as they are.
"""

from array import array
from base64 import b64decode, b64encode
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any, NamedTuple

import orjson

_SIMPLE = (type(None), bool, int, float, str)


class Frozen(NamedTuple):
    """An object's state: a tree of JSON, and the arrays that it names by their places."""

    tree: Any
    arrays: "Sequence[array[Any]]"


class PlainState:
    """
    Freezes objects and thaws them.

    Args:
        values: Classes of values that are made anew: named tuples and data classes.
        fixed: Names of attributes that an object has by the way it is made, and that are left out.
    """

    def __init__(self, *values: type, fixed: Iterable[str] = ()) -> None:
        self._values = {each.__name__: each for each in values}
        self._fixed = frozenset(fixed)

    def freeze(self, owner: object) -> Frozen:
        """
        Return the state of an object.

        Raises:
            TypeError: Something in it is of a class that is not named.
        """
        arrays: list[array[Any]] = []
        return Frozen(self._state(owner, arrays), arrays)

    def thaw(self, owner: object, frozen: Frozen) -> None:
        """
        Put a state into an object that was made by its class, as the one that was frozen.

        Raises:
            ValueError: It is no state of such an object.
        """
        try:
            self._restore(owner, frozen.tree, frozen.arrays)
        except (TypeError, KeyError, IndexError, AttributeError) as error:
            raise ValueError(f"no state of a {type(owner).__name__}: {error!r}") from error

    def _state(self, owner: object, arrays: "list[array[Any]]") -> Any:
        return {
            name: self._tree(value, arrays)
            for name, value in _attributes(owner).items()
            if name not in self._fixed
        }

    def _tree(self, value: Any, arrays: "list[array[Any]]") -> Any:
        kind = type(value)
        if kind in _SIMPLE:
            return value
        if kind is array:
            arrays.append(value)
            return {"a": len(arrays) - 1}
        if kind is list or kind is tuple:
            return {"l" if kind is list else "t": [self._tree(each, arrays) for each in value]}
        if kind is set or kind is frozenset:
            # Sorted, for a set's own order is another in each process.
            return {"s" if kind is set else "f": sorted(self._tree(each, arrays) for each in value)}
        if kind is dict or kind is Counter:
            pairs = [[self._tree(key, arrays), self._tree(each, arrays)] for key, each in value.items()]
            return {"d" if kind is dict else "c": pairs}
        if kind in self._values.values():
            parts = list(value) if isinstance(value, tuple) else list(_attributes(value).values())
            return {"v": kind.__name__, "of": [self._tree(each, arrays) for each in parts]}
        if kind.__module__.startswith("evaldrop."):
            return {"o": self._state(value, arrays)}
        raise TypeError(f"{kind.__name__} is no plain state")

    def _restore(self, owner: object, tree: Mapping[str, Any], arrays: "Sequence[array[Any]]") -> None:
        for name, there in _attributes(owner).items():
            if name not in self._fixed:
                setattr(owner, name, self._value(tree[name], arrays, there))

    def _value(self, tree: Any, arrays: "Sequence[array[Any]]", there: Any = None) -> Any:
        if not isinstance(tree, dict):
            return tree
        if "v" in tree:
            return self._made(tree, arrays)
        ((kind, content),) = tree.items()
        if kind == "o":
            self._restore(there, content, arrays)
            return there
        if kind == "a":
            return arrays[content]
        if kind in ("d", "c"):
            known = there if isinstance(there, dict) else {}
            pairs = ((self._value(key, arrays), each) for key, each in content)
            made = {key: self._value(each, arrays, known.get(key)) for key, each in pairs}
            return Counter(made) if kind == "c" else made
        known_items = there if isinstance(there, (list, tuple)) and len(there) == len(content) else ()
        items = [
            self._value(each, arrays, known_items[place] if known_items else None)
            for place, each in enumerate(content)
        ]
        return {"l": list, "t": tuple, "s": set, "f": frozenset}[kind](items)

    def _made(self, tree: Mapping[str, Any], arrays: "Sequence[array[Any]]") -> Any:
        cls = self._values[tree["v"]]
        parts = [self._value(each, arrays) for each in tree["of"]]
        if is_dataclass(cls):
            return cls(**dict(zip((each.name for each in fields(cls)), parts, strict=True)))
        return cls(*parts)


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
        arrays = []
        for kind, packed in read["arrays"]:
            numbers = array(kind)
            numbers.frombytes(b64decode(packed, validate=True))
            arrays.append(numbers)
        return Frozen(read["tree"], arrays)
    except (TypeError, KeyError, AttributeError) as error:
        raise ValueError(f"no state: {error!r}") from error
