"""How long a reply may get, whatever it was asked."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from evaldrop.evaluation.definition import Called

UNLIMITED_TOKENS = 131_072
"""What a reply may take that is given no limit: the longest that a model of Bedrock writes."""

# How families call a limit of a reply's tokens, and a number of replies, in what `extra` hands through.
_LIMITS = re.compile(r"max\w*(token|len)\w*", re.IGNORECASE)
_REPLIES = re.compile(
    r"n|best_?of|candidate_?count|num_?(results|generations|return_sequences)", re.IGNORECASE
)


def reply_tokens(called: Called) -> int:
    """Return the most tokens that a call of a candidate or judge may be answered with."""
    stated = list(_numbers(called.extra, _LIMITS))
    limit = max([called.inference.max_tokens or 0, *stated]) or UNLIMITED_TOKENS
    return limit * max([1, *_numbers(called.extra, _REPLIES)])


def _numbers(content: Any, names: re.Pattern[str]) -> Iterator[int]:
    """Yield the whole numbers under keys of a pattern, at any depth."""
    if isinstance(content, Mapping):
        for key, value in content.items():
            if isinstance(value, int) and names.fullmatch(str(key)):
                yield value
            yield from _numbers(value, names)
    elif isinstance(content, list):
        for each in content:
            yield from _numbers(each, names)
