"""A response that is JSON: its values, and the same JSON with one of them changed, written as it was."""

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Final

from evaldrop import json_text

Path = tuple[str | int, ...]

_STYLES: Final[tuple[dict[str, Any], ...]] = tuple(
    {"indent": indent, "ensure_ascii": is_ascii, "separators": separators}
    for indent in (None, 2, 4, "\t")
    for is_ascii in (False, True)
    for separators in (None, (",", ":"))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonForm:
    """An object or an array, what stands around it, and how it is written."""

    value: Any
    before: str
    behind: str
    style: dict[str, Any]

    def leaves(self) -> list[tuple[Path, Any]]:
        """Return every value that holds no others, with the way to it."""
        return [(path, value) for path, value in _walk(self.value, ()) if not isinstance(value, dict | list)]

    def members(self) -> list[tuple[Path, Any]]:
        """Return every field of an object and every item of an array."""
        return [(path, value) for path, value in _walk(self.value, ()) if path]

    def with_value(self, path: Path, value: Any) -> str:
        """Return the text with another value at a place."""
        return self._written(_changed(self.value, path, lambda holder, key: holder.__setitem__(key, value)))

    def without(self, path: Path) -> str:
        """Return the text without a field or an item."""
        return self._written(_changed(self.value, path, lambda holder, key: holder.__delitem__(key)))

    def _written(self, value: Any) -> str:
        return f"{self.before}{json.dumps(value, **self.style)}{self.behind}"


def json_form(text: str) -> JsonForm | None:
    """Return a text as JSON, bare or in one fence; None where it is none, or holds nothing."""
    inner = text.strip()
    if inner.startswith("```") and inner.endswith("```") and inner.count("```") == 2:
        inner = inner.partition("\n")[2].removesuffix("```").strip()
    if inner[:1] not in ("{", "["):
        return None
    try:
        value = json_text.loads(inner)
    except ValueError:
        return None
    if not value or json_text.is_too_deep(value):
        return None
    before, _, behind = text.partition(inner)
    fallback = {"indent": 2 if "\n" in inner else None, "ensure_ascii": False}
    style = next((each for each in _STYLES if json.dumps(value, **each) == inner), fallback)
    return JsonForm(value=value, before=before, behind=behind, style=style)


def path_shown(path: Path) -> str:
    """Return the way to a value as people write it."""
    return ".".join(map(str, path))


def is_prose(value: Any) -> bool:
    """Tell whether a value is a text of several words, rather than a label or an ID."""
    if not isinstance(value, str):
        return False
    return len(value.split()) >= 4 or (len(value) >= 8 and not value.isascii() and not value.isspace())


def _walk(value: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    yield path, value
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _walk(inner, (*path, key))


def _changed(value: Any, path: Path, change: Callable[[Any, Any], None]) -> Any:
    changed = deepcopy(value)
    holder = changed
    for key in path[:-1]:
        holder = holder[key]
    change(holder, path[-1])
    return changed
