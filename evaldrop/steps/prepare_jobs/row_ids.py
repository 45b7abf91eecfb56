"""
The recordId of a job's row: which record it is of, which candidate, and which question.

Eleven letters and digits, as in AWS's examples: all else that a row is about follows from `records.jsonl`, so
that its answer finds its place whatever order the output is in, and whoever prepared it.
"""

import re
from typing import NamedTuple

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_WIDTHS = (5, 2, 4)
_ROW_ID = re.compile(rf"[0-9A-Z]{{{sum(_WIDTHS)}}}")


class RowKey(NamedTuple):
    """
    What a row asks.

    Attributes:
        ordinal: The record's line in `records.jsonl`, from 0; below 60,466,176.
        candidate: The place of the candidate among the record's, below 1,296; 0 where a pair is compared.
        question: The place of the judge's request among the record's, below 1,679,616; 0 for a candidate.
    """

    ordinal: int
    candidate: int = 0
    question: int = 0


def row_id(key: RowKey) -> str:
    """
    Return the recordId of a row.

    Raises:
        ValueError: A number has no room in it.
    """
    return "".join(_written(number, width) for number, width in zip(key, _WIDTHS, strict=True))


def _written(number: int, width: int) -> str:
    if not 0 <= number < len(_DIGITS) ** width:
        raise ValueError(f"{number} has no room in {width} letters and digits")
    digits = ""
    for _ in range(width):
        number, digit = divmod(number, len(_DIGITS))
        digits = _DIGITS[digit] + digits
    return digits


def packed(text: object) -> int | None:
    """Return a recordId as one number; None for what is none of ours."""
    return int(text, 36) if isinstance(text, str) and _ROW_ID.fullmatch(text) else None
