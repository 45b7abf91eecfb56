"""Checks of a response's text against texts, character by character but for space around them."""

from collections.abc import Callable

from evaldrop.checks.subject import Outcome, Subject
from evaldrop.checks.values import shortened

Run = Callable[[str | None, Subject], Outcome]

NO_REFERENCE = Outcome(None, unscored_reason="no_reference")


def wanted_texts(wanted: str | None, subject: Subject) -> tuple[str, ...]:
    """Return the text, or the references where there is none."""
    return subject.references if wanted is None else (wanted,)


def _comparing(holds: Callable[[str, str], bool], *, folded: bool = False) -> Run:
    def run(wanted: str | None, subject: Subject) -> Outcome:
        texts = wanted_texts(wanted, subject)
        if not texts:
            return NO_REFERENCE
        given = subject.response.strip()
        if folded:
            given, texts = given.casefold(), tuple(text.casefold() for text in texts)
        return Outcome(float(any(holds(given, text.strip()) for text in texts)))

    return run


equals = _comparing(lambda given, text: given == text)
iequals = _comparing(lambda given, text: given == text, folded=True)
contains = _comparing(lambda given, text: text in given)
icontains = _comparing(lambda given, text: text in given, folded=True)
starts_with = _comparing(str.startswith)
ends_with = _comparing(str.endswith)


def contains_any(wanted: tuple[str, ...], subject: Subject) -> Outcome:
    """Tell whether one of the texts is in a response, and which."""
    found = next((text for text in wanted if text in subject.response), None)
    return Outcome(0.0, "None is there.") if found is None else Outcome(1.0, f"There: {shortened(found)}")


def contains_all(wanted: tuple[str, ...], subject: Subject) -> Outcome:
    """Tell whether all of the texts are in a response, and which are not."""
    missing = [text for text in wanted if text not in subject.response]
    return Outcome(0.0, f"Missing: {_listed(missing)}") if missing else Outcome(1.0)


def contains_none(wanted: tuple[str, ...], subject: Subject) -> Outcome:
    """Tell whether none of the texts is in a response, and which are."""
    found = [text for text in wanted if text in subject.response]
    return Outcome(0.0, f"There: {_listed(found)}") if found else Outcome(1.0)


def _listed(texts: list[str]) -> str:
    return shortened(", ".join(texts[:5]), 200)
