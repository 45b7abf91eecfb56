"""EventBridge's event patterns: whether an event is one that a rule waits for."""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

_MISSING = object()


class UnknownMatcherError(ValueError):
    """A pattern asks for a comparison that is not known here."""


def matches(pattern: Mapping[str, Any], event: Mapping[str, Any]) -> bool:
    """
    Tell whether an event fits a pattern: every field of the pattern, by any of its alternatives.

    Raises:
        UnknownMatcherError: The pattern uses a comparison other than equality, prefix, suffix, wildcard,
            equals-ignore-case, anything-but and exists.
    """
    for name, wanted in pattern.items():
        found = event.get(name, _MISSING)
        if isinstance(wanted, Mapping):
            if not matches(wanted, found if isinstance(found, Mapping) else {}):
                return False
        elif not _any_fits(wanted, found):
            return False
    return True


def _any_fits(alternatives: Sequence[Any], found: Any) -> bool:
    values = found if isinstance(found, list) else [found]
    return any(_fits(wanted, value) for wanted in alternatives for value in values)


def _fits(wanted: Any, value: Any) -> bool:
    if not isinstance(wanted, Mapping):
        return value is not _MISSING and type(value) is type(wanted) and bool(value == wanted)
    [(comparison, operand)] = wanted.items()
    if comparison == "exists":
        return bool((value is not _MISSING) == operand)
    if comparison == "anything-but":
        return value is not _MISSING and not _excluded(operand, value)
    compare = _OF_TEXT.get(comparison)
    if compare is None:
        raise UnknownMatcherError(
            f'"{comparison}" is no comparison that evaldrop local knows; it knows anything-but, exists, '
            f"{', '.join(_OF_TEXT)}"
        )
    return isinstance(value, str) and compare(operand, value)


def _excluded(operand: Any, value: Any) -> bool:
    if isinstance(operand, Mapping):
        [(comparison, inner)] = operand.items()
        inners = inner if isinstance(inner, list) else [inner]
        return any(_fits({comparison: one}, value) for one in inners)
    return _any_fits(operand if isinstance(operand, list) else [operand], value)


def _starts(operand: Any, value: str) -> bool:
    if isinstance(operand, Mapping):
        return value.lower().startswith(str(operand["equals-ignore-case"]).lower())
    return value.startswith(operand)


def _ends(operand: Any, value: str) -> bool:
    if isinstance(operand, Mapping):
        return value.lower().endswith(str(operand["equals-ignore-case"]).lower())
    return value.endswith(operand)


@lru_cache(maxsize=256)
def _wildcard(pattern: str) -> re.Pattern[str]:
    # "*" is any run of characters, "\*" and "\\" are themselves
    parts = re.findall(r"\\[*\\]|.", pattern, re.DOTALL)
    return re.compile("".join(".*" if part == "*" else re.escape(part[-1]) for part in parts), re.DOTALL)


_OF_TEXT: dict[str, Callable[[Any, str], bool]] = {
    "prefix": _starts,
    "suffix": _ends,
    "wildcard": lambda operand, value: _wildcard(operand).fullmatch(value) is not None,
    "equals-ignore-case": lambda operand, value: value.lower() == operand.lower(),
}
