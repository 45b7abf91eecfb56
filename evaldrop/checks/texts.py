"""Checks of a response's text against texts."""

from typing import Any

from evaldrop.checks.subject import Outcome, Subject


def read_text(value: Any) -> str | None:
    """
    Read the text that a check compares with; None means the record's references.

    Raises:
        ValueError: It is no text.
    """
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    raise ValueError("is no text; write a string, or nothing for the record's reference")


def equals(wanted: str | None, subject: Subject) -> Outcome:
    """Tell whether a response is the text, or any reference, but for space around it."""
    texts = subject.references if wanted is None else (wanted,)
    if not texts:
        return Outcome(None, unscored_reason="no_reference")
    given = subject.response.strip()
    return Outcome(float(any(given == text.strip() for text in texts)))


def contains(wanted: str | None, subject: Subject) -> Outcome:
    """Tell whether the text, or any reference, is in a response."""
    texts = subject.references if wanted is None else (wanted,)
    if not texts:
        return Outcome(None, unscored_reason="no_reference")
    return Outcome(float(any(text in subject.response for text in texts)))
