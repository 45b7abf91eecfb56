"""What stands behind a check's key, read: texts, lists, numbers, options."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

MOST_TEXTS: Final = 1000
MOST_TEXT_CHARACTERS: Final = 100_000


class WrongValueError(ValueError):
    """A check's value is not what its kind needs; the message says what is wrong and what to write."""


def read_text(value: Any) -> str | None:
    """
    Read the text that a check compares with; None means the record's references.

    Raises:
        ValueError: It is no text.
    """
    return None if value is None else one_text(value)


def one_text(value: Any) -> str:
    """
    Read a text, or a number as one.

    Raises:
        ValueError: It is neither, or too long.
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str):
        raise WrongValueError("is no text; write a string, or nothing for the record's reference")
    if len(value) > MOST_TEXT_CHARACTERS:
        raise WrongValueError(f"has {len(value):,} characters, more than {MOST_TEXT_CHARACTERS:,}")
    return value


def read_texts(value: Any) -> tuple[str, ...]:
    """
    Read a list of texts; a single text is a list of one.

    Raises:
        ValueError: It is no list of texts, or empty.
    """
    members = [value] if isinstance(value, str | int | float) else value
    if not isinstance(members, Sequence) or not members:
        raise WrongValueError("is no list of texts; write [one, another]")
    if len(members) > MOST_TEXTS:
        raise WrongValueError(f"has {len(members):,} texts, more than {MOST_TEXTS:,}")
    return tuple(map(one_text, members))


def read_whole(value: Any) -> int:
    """
    Read a whole number from 0.

    Raises:
        ValueError: It is none.
    """
    number = read_number(value)
    if number != int(number):
        raise WrongValueError(f"{value!r} is no whole number")
    return int(number)


def read_number(value: Any) -> float:
    """
    Read a number from 0.

    Raises:
        ValueError: It is none, or not finite.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < math.inf:
        raise WrongValueError(f"{value!r} is no number from 0")
    return float(value)


def read_options(value: Any, known: Mapping[str, str]) -> Mapping[str, Any]:
    """
    Read a mapping of options.

    Args:
        value: As it was written.
        known: What each option is for, by its name.

    Raises:
        ValueError: It is no mapping, or has an option that is not known.
    """
    if not isinstance(value, Mapping):
        raise WrongValueError(f"is no mapping; write {{{', '.join(known)}}}, each where it is needed")
    if unknown := [str(key) for key in value if key not in known]:
        options = ", ".join(f"{name} ({told})" for name, told in known.items())
        raise WrongValueError(f"has no option {', '.join(unknown)}; there are {options}")
    return value


def shortened(text: str, most: int = 80) -> str:
    """Return a text for a note: on one line, and cut."""
    line = " ".join(text[: 4 * most].split())
    return f"{line[: most - 3]}..." if len(line) > most or len(text) > 4 * most else line
