"""
`$contains` and `$replace` with a regular expression written in place, as closures.

The patterns are Python's, as jsonata-python compiled them: a workflow that has to do the same in JavaScript
keeps to what both read alike.
"""

import re
from collections.abc import Callable
from typing import Any

from evaldrop.engine.queries.functions import misfit
from evaldrop.engine.queries.values import UNDEFINED, ExpressionError

NO_TEXT = "D1004: the regular expression matches an empty text"
# More groups than this, and the digits of a reference could be read in two ways.
MOST_GROUPS = 9
_REFERENCE = re.compile(r"\$(\$|[0-9])")


def contains(pattern: re.Pattern[str]) -> Callable[[Any], Any]:
    """Return what tells whether a text has a match."""
    return lambda text: text if text is UNDEFINED else pattern.search(_string("contains", text)) is not None


def replace(pattern: re.Pattern[str], replacement: str) -> Callable[[Any], Any] | None:
    """Return what replaces each match; None where JSONata's reading of the replacement is not plain."""
    _, *pieces = parts = _REFERENCE.split(replacement)
    references = pieces[::2]
    groups = pattern.groups
    if (
        groups > MOST_GROUPS
        or any("$" in plain for plain in parts[::2])
        or any(ref != "$" and int(ref) > groups for ref in references)
    ):
        return None

    def replaced(found: re.Match[str]) -> str:
        if not found[0]:
            raise ExpressionError(NO_TEXT)
        # A group that took no part is nothing.
        said = ["$" if ref == "$" else found[int(ref)] or "" for ref in references]
        return parts[0] + "".join(ref + plain for ref, plain in zip(said, pieces[1::2], strict=True))

    def call(text: Any) -> Any:
        return text if text is UNDEFINED else pattern.sub(replaced, _string("replace", text))

    return call


def expanded(found: re.Match[str], replacement: str) -> str:
    """Fill the references in a replacement as JSONata does: $0 the match, $1 a group, $$ a dollar sign."""
    groups, parts = found.groups(), []
    most = len(str(len(groups)))
    at = 0
    while (index := replacement.find("$", at)) >= 0:
        parts.append(replacement[at:index])
        at = index + 1
        if replacement[at : at + 1] in ("$", "0"):
            parts.append("$" if replacement[at] == "$" else found[0])
            at += 1
            continue
        number = _leading_number(replacement[at : at + most])
        # $12 with 11 groups is the first group and a 2.
        if number is not None and most > 1 and number > len(groups):
            number = _leading_number(replacement[at : at + most - 1])
        if number is None:
            parts.append("$")
        else:
            parts.append((groups[number - 1] or "") if 0 < number <= len(groups) else "")
            at += len(str(number))
    return "".join([*parts, replacement[at:]])


def _leading_number(text: str) -> int | None:
    digits = re.match(r"[0-9]+", text)
    return None if digits is None else int(digits[0])


def _string(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise misfit(name)
    return value
