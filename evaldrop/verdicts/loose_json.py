"""
JSON as judges write it: in prose or fences, with comments, single quotes, trailing commas, Python's words.

The standard reader refuses all of that, PyYAML resolves aliases (a reply could be made to explode), and none
of the repairing libraries is a dependency. What is not closed is not JSON here: a cut reply must not be
completed.
"""

import json
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

_OPENING = re.compile(r"[{\[]")
_BLANK = re.compile(r"(?:\s+|//[^\n]*|/\*.*?\*/|#[^\n]*)*", re.DOTALL)
_NUMBER = re.compile(r"[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]{1,3})?(?![\w.])")
_WORD = re.compile(r"[^\W\d][\w-]*")
_WORDS = {
    "true": True, "True": True, "false": False, "False": False, "null": None, "None": None, "undefined": None,
}  # fmt: skip
_CLOSING_QUOTE = {'"': '"', "'": "'", "`": "`", "“": "”", "‘": "’"}
_UNICODE_ESCAPES = re.compile(r"(?:\\u[0-9a-fA-F]{4})+")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}

# Deeper than any verdict, and shallow enough for Python's stack.
_DEPTH = 20
# Openings tried in one reply: a page of "[[[[" must not cost a quadratic search.
_ATTEMPTS = 200


class Twice:
    """Stands for the value of a key that an object gives twice, differently: which was meant?"""


TWICE = Twice()


class _NotJson(Exception):  # noqa: N818  (a signal inside this module)
    """The text at hand is not even loose JSON."""


# Asked for several times about one reply: for every criterion, for scores, for rationales.
@lru_cache(maxsize=8)
def json_values(text: str) -> Sequence[tuple[Any, int, int]]:
    """Return the objects and arrays in `text`, outermost ones in order, each with its start and end."""
    found: list[tuple[Any, int, int]] = []
    at = attempts = 0
    while attempts < _ATTEMPTS and (opening := _OPENING.search(text, at)):
        attempts += 1
        start = opening.start()
        try:
            value, at = _LooseReader(text).read(start, 0)
        except _NotJson:
            at = start + 1
            continue
        found.append((value, start, at))
    return found


def json_value(text: str) -> Any:
    """Return what `text` holds when all of it is one JSON object or array, else None."""
    stripped = text.strip()
    values = json_values(stripped) if stripped[:1] in ("{", "[") else []
    if len(values) == 1 and values[0][1:] == (0, len(stripped)):
        return values[0][0]
    return None


class _LooseReader:
    """Recursive descent over one text; methods take a position and return a value and the next position."""

    def __init__(self, text: str) -> None:
        self.text = text

    def read(self, at: int, depth: int) -> tuple[Any, int]:
        if depth > _DEPTH or at >= len(self.text):
            raise _NotJson
        first = self.text[at]
        if first == "{":
            return self._object(at + 1, depth)
        if first == "[":
            return self._array(at + 1, depth)
        if first in _CLOSING_QUOTE:
            return self._string(at)
        if number := _NUMBER.match(self.text, at):
            digits = number.group()
            # int() refuses more than 4,300 digits with a ValueError; 400 are off every scale as well.
            return (float(digits) if re.search("[.eE]", digits) else int(digits[:400])), number.end()
        word = _WORD.match(self.text, at)
        if word and word.group() in _WORDS:
            return _WORDS[word.group()], word.end()
        raise _NotJson

    def _object(self, at: int, depth: int) -> tuple[dict[str, Any], int]:
        members: dict[str, Any] = {}
        while True:
            at = self._blank(at)
            if self._next(at) == "}":
                return members, at + 1
            key, at = self._key(at)
            at = self._blank(at)
            if self._next(at) != ":":
                raise _NotJson
            value, at = self.read(self._blank(at + 1), depth + 1)
            same = key not in members or members[key] == value
            members[key] = value if same else TWICE
            at = self._after_member("}", self._blank(at))

    def _array(self, at: int, depth: int) -> tuple[list[Any], int]:
        members: list[Any] = []
        while True:
            at = self._blank(at)
            if self._next(at) == "]":
                return members, at + 1
            value, at = self.read(at, depth + 1)
            members.append(value)
            at = self._after_member("]", self._blank(at))

    def _key(self, at: int) -> tuple[str, int]:
        if self._next(at) in _CLOSING_QUOTE:
            return self._string(at)
        # A whole number or a bare word is a key in JavaScript and Python.
        bare = _WORD.match(self.text, at) or _NUMBER.match(self.text, at)
        if not bare:
            raise _NotJson
        return bare.group(), bare.end()

    def _string(self, at: int) -> tuple[str, int]:
        closing = _CLOSING_QUOTE[self.text[at]]
        plain = re.compile(rf"[^\\{closing}]*")
        parts: list[str] = []
        at += 1
        while True:
            run = plain.match(self.text, at)
            at = run.end() if run else at
            parts.append(run.group() if run else "")
            if self._next(at) == closing:
                return "".join(parts), at + 1
            escaped, at = self._escape(at + 1)
            parts.append(escaped)

    def _escape(self, at: int) -> tuple[str, int]:
        letter = self._next(at)
        if letter == "u":
            # Together, because a character beyond U+FFFF is two escapes; half of one is no character.
            units = _UNICODE_ESCAPES.match(self.text, at - 1)
            if units is None:
                raise _NotJson
            characters = json.loads(f'"{units.group()}"').encode("utf-16", "surrogatepass")
            return characters.decode("utf-16", "replace"), units.end()
        return _ESCAPES.get(letter, letter), at + 1

    def _after_member(self, closing: str, at: int) -> int:
        if self._next(at) == ",":
            return at + 1
        if self._next(at) == closing:
            return at
        raise _NotJson

    def _next(self, at: int) -> str:
        if at >= len(self.text):
            raise _NotJson
        return self.text[at]

    def _blank(self, at: int) -> int:
        blank = _BLANK.match(self.text, at)
        return blank.end() if blank else at
