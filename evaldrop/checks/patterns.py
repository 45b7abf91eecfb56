"""
Regular expressions in bounded time.

A pattern such as `(a+)+$` takes time exponential in a text's length. The `regex` package stops when its time
is up; nothing is known of the response then, and it is unscored.
"""

from functools import cache
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from evaldrop.checks.subject import Outcome, Subject
from evaldrop.checks.values import WrongValueError, shortened

# Imported when there is a pattern: it takes more of a start than all of the checks.
if TYPE_CHECKING:
    import regex

TIMEOUT_S: Final = 0.2
MOST_PATTERN_CHARACTERS: Final = 10_000
# The compiler is recursive, and groups in groups cost it more than any text can.
_MOST_GROUPS: Final = 200
# It writes out what is counted: ((a{1000}){1000}){1000} would fill any memory.
_MOST_WRITTEN_OUT: Final = 100_000
_PIECES: Final = (
    r"\\.|\[\^?\]?(?:\\.|[^\]\\])*+(?:\]|\Z)|\{(?P<least>\d*)(?:,(?P<most>\d*))?\}"
    r"|(?P<open>\()|(?P<close>\))|."
)

Pattern: TypeAlias = "regex.Pattern[str]"


def compile_pattern(value: Any) -> Pattern:
    """
    Compile a pattern.

    Raises:
        ValueError: It is no pattern, or too long.
    """
    import regex

    if not isinstance(value, str) or not value:
        raise WrongValueError(r"is no pattern; write a regular expression such as 'ORD-\d+'")
    if len(value) > MOST_PATTERN_CHARACTERS:
        raise WrongValueError(f"has {len(value):,} characters, more than {MOST_PATTERN_CHARACTERS:,}")
    if value.count("(") > _MOST_GROUPS:
        raise WrongValueError(f"opens more than {_MOST_GROUPS} groups")
    if _written_out(value) > _MOST_WRITTEN_OUT:
        raise WrongValueError(
            f"repeats to more than {_MOST_WRITTEN_OUT:,} characters; use + or *, or count less"
        )
    try:
        return regex.compile(value)
    except (regex.error, RecursionError, OverflowError, ValueError, KeyError, IndexError) as error:
        raise WrongValueError(f"{shortened(value)!r} is no regular expression ({error})") from error


@cache
def _pieces() -> Pattern:
    import regex

    return regex.compile(_PIECES, regex.DOTALL)


def _written_out(pattern: str) -> int:
    """Return about how long a pattern is with all that it counts written out."""
    groups, last = [0], 0
    for piece in _pieces().finditer(pattern):
        least, most = piece["least"], piece["most"]
        if piece["open"]:
            groups[-1] += last
            groups.append(0)
            last = 0
        elif piece["close"]:
            last += groups.pop() if len(groups) > 1 else 0
        elif least is not None:
            last *= max(1, *(int(count[:9]) for count in (least, most) if count))
        else:
            groups[-1] += last
            last = 1
    return sum(groups) + last


def found(pattern: Pattern, text: str, *, timeout_s: float = TIMEOUT_S) -> str | None:
    """
    Return what of a text matches first; None where nothing does.

    Raises:
        TimeoutError: It took longer than `timeout_s` seconds.
    """
    match = pattern.search(text, timeout=timeout_s)
    return None if match is None else str(match[0])


def matches(pattern: Pattern, subject: Subject) -> Outcome:
    """Tell whether a pattern matches somewhere in a response, and what it matched."""
    try:
        text = found(pattern, subject.response)
    except TimeoutError:
        told = f"The pattern took longer than {TIMEOUT_S:g} s on this response."
        return Outcome(None, told, unscored_reason="timeout")
    except MemoryError:
        return Outcome(None, "The pattern needs too much memory.", unscored_reason="timeout")
    return Outcome(0.0, "Nothing matches.") if text is None else Outcome(1.0, f"Matched: {shortened(text)}")
