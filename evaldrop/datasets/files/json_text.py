"""Strict JSON: what the standard parser lets through and a dataset must not hold is refused by name."""

import json
import re
from typing import Any, NoReturn

from evaldrop.datasets.drafts import Fault
from evaldrop.datasets.files.rows import BOM

MAX_DEPTH = 100
# What a row must hold to be worth a walk: half a character, an integer beyond 64 bits (19 digits or more), a
# float beyond its range (1e309).
_SUSPICIOUS = re.compile(rb"\\u[dD][89a-fA-F]|[0-9]{19}|[0-9][eE]\+?0*[0-9]{3}")

_TOO_DEEP = Fault(f"nested more than {MAX_DEPTH} levels deep", "Flatten the row.")
_TOO_LARGE_NUMBER = Fault("a number is too large for 64 bits", "Write it as a string.")

_WORDING = {
    "Expecting value": "expected a value",
    "Expecting ',' delimiter": "expected a comma or a closing bracket",
    "Expecting ':' delimiter": "expected a colon",
    "Expecting property name enclosed in double quotes": "expected a key in double quotes",
    "Illegal trailing comma before end of object": "expected a key in double quotes, not a trailing comma",
    "Illegal trailing comma before end of array": "expected a value, not a trailing comma",
    "Unterminated string starting at": 'expected a closing " for the text that starts here',
    "Extra data": "expected the end of the row",
    "Invalid \\escape": "expected a valid escape after \\",
    "Invalid \\uXXXX escape": "expected four hexadecimal digits after \\u",
}


class _RefusedError(ValueError):
    def __init__(self, what: str, do: str) -> None:
        super().__init__(what)
        self.fault = Fault(what, do)


def parse_row(raw: bytes, *, first_line: int | None, offset: int) -> tuple[Any, Fault | None]:
    """
    Parse one row's bytes: to the value and None, or to None and what is wrong with the text.

    Args:
        raw: UTF-8 JSON, with or without a byte order mark.
        first_line: The line of the file the row begins on, when it may span several; None for a JSONL row.
        offset: Where the row begins in the file, in bytes.
    """
    raw = raw.removeprefix(BOM)
    try:
        text = raw.decode("utf-8")
        value = _DECODER.decode(text)
        # What parses and could not be written again: half surrogates, huge numbers, very deep nesting.
        if _SUSPICIOUS.search(raw) or raw.count(b"[") + raw.count(b"{") > MAX_DEPTH:
            _check(value, depth=0)
    except UnicodeDecodeError as error:
        return None, bad_utf8(error, offset)
    except json.JSONDecodeError as error:
        return None, _broken_json(error, first_line)
    except _RefusedError as error:
        return None, error.fault
    except RecursionError:
        return None, _TOO_DEEP
    except ValueError:  # int() refuses more than 4,300 digits
        return None, _TOO_LARGE_NUMBER
    return value, None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    # The standard parser keeps the last of two equal keys and says nothing.
    if len(made) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise _RefusedError(f'the key "{twice[:100]}" stands twice in one object', "Keep one of them.")
    return made


def _constant(name: str) -> NoReturn:
    # NaN and Infinity: Python reads and writes them, other parsers refuse the whole line.
    raise _RefusedError(f"{name} is not JSON", "Use null or a number.")


# Raw control characters inside text are let through: models and their datasets are full of them.
_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_constant, strict=False)


def _check(value: Any, *, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise _RefusedError(*_TOO_DEEP)
    match value:
        case str():
            _check_text(value)
        case list():
            for member in value:
                _check(member, depth=depth + 1)
        case dict():
            for key, member in value.items():
                _check_text(key)
                _check(member, depth=depth + 1)
        case bool() | None:
            pass
        case int() | float():
            # A float beyond its range, such as 1e400, was read as infinity.
            if not -(2**63) <= value < 2**64 and (isinstance(value, int) or abs(value) == float("inf")):
                raise _RefusedError(*_TOO_LARGE_NUMBER)


def _check_text(text: str) -> None:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        half = f"\\u{ord(text[error.start]):04x}"
        raise _RefusedError(
            f"text holds {half}, half of a character", "Write the whole character."
        ) from error


def bad_utf8(error: UnicodeDecodeError, offset: int) -> Fault:
    """Say which byte of a row that begins at `offset` is no UTF-8."""
    byte = error.object[error.start]
    place = f"byte {error.start + 1:,} of the row, byte {offset + error.start + 1:,} of the file"
    return Fault(f"not UTF-8: 0x{byte:02X} at {place}", "Save the file as UTF-8.")


def _broken_json(error: json.JSONDecodeError, first_line: int | None) -> Fault:
    if first_line is None:
        place = f"column {error.pos + 1:,}"
    elif error.lineno > 1:
        place = f"line {first_line + error.lineno - 1:,} column {error.colno:,}"
    else:
        place = f"character {error.pos + 1:,} of the element"
    found = error.doc[error.pos : error.pos + 1]
    seen = f"found {json.dumps(found, ensure_ascii=False)}" if found else "the text ends there"
    wanted = _WORDING.get(error.msg, error.msg.lower())
    do = "Correct the JSON."
    if error.msg == "Extra data" and error.doc[error.pos :].strip() == ",":
        do = "Remove the comma: lines of JSON Lines have none between them."
    elif found in "]}" and found and error.doc[: error.pos].rstrip().endswith(","):
        do = f"Remove the comma before the {found}."
    return Fault(f"broken JSON at {place}: {wanted}; {seen}", do)
