"""Labels: which of a few choices a response says."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from evaldrop.checks.similarity import normalise
from evaldrop.checks.subject import Outcome, Subject
from evaldrop.checks.texts import NO_REFERENCE
from evaldrop.checks.values import WrongValueError, read_options, read_texts, shortened

MOST_CHOICES: Final = 200
_MOST_SENTENCE_WORDS: Final = 30
# The last line of an answer that thinks aloud first: "Label: spam", "Answer is (B)".
_NAMED: Final = re.compile(
    r"\b(?:label|answer|category|class|verdict|choice|antwort|kategorie)\b\W{0,6}(?:(?:is|ist)\b)?\W{0,6}(.{1,200})$",
    re.IGNORECASE,
)
_NOT: Final = re.compile(r"(?:\bnot|n't|\bnever|\bnicht|\bkein\w*|\bno)\W+$", re.IGNORECASE)
_AROUND: Final = " \t*_`\"'“”‘’()[]{}<>.,;:!?。"


@dataclass(frozen=True, slots=True)
class LabelChoices:
    """What a response may say."""

    labels: tuple[str, ...]


def read_choices(value: Any) -> LabelChoices:
    """
    Read a list of choices, or {choices: a list}.

    Raises:
        ValueError: There are not two or more, all different.
    """
    if isinstance(value, Mapping):
        value = read_options(value, {"choices": "what may be said"}).get("choices")
    labels = read_texts(value)
    if not 2 <= len(labels) <= MOST_CHOICES:
        raise WrongValueError(f"has {len(labels)} choices, and needs 2 to {MOST_CHOICES}")
    if not all(map(normalise, labels)) or len(set(map(normalise, labels))) < len(labels):
        raise WrongValueError("has a blank choice, or two that differ in case or space alone")
    return LabelChoices(labels)


def read_label(text: str, choices: tuple[str, ...]) -> str | None:
    """
    Return the choice that a text says, or None where it says none, or more than one.

    It says a choice that it equals, but for case, space and marks around it; that its last line names
    ("Label: spam"); or, where it is a sentence or two, that is the only one in it. "Not spam" is not "spam".
    """
    if (said := _equal(text, choices)) is not None:
        return said
    lines = text.strip().splitlines()
    last = lines[-1] if lines else ""
    if named := _NAMED.search(last[-300:]):
        said = _equal(named[1], choices) or _only(named[1], choices)
        if said is not None:
            return said
    is_short = len(text) <= _MOST_SENTENCE_WORDS * 20 and len(text.split()) <= _MOST_SENTENCE_WORDS
    return _only(text, choices) if is_short else None


def _equal(text: str, choices: tuple[str, ...]) -> str | None:
    said = {normalise(text), normalise(text.strip(_AROUND))}
    return next((choice for choice in choices if normalise(choice) in said), None)


def _only(text: str, choices: tuple[str, ...]) -> str | None:
    said: set[str] = set()
    # Longest first, each taken out: "not urgent" is not "urgent" as well.
    for choice in sorted(choices, key=len, reverse=True):
        # A letter is a choice only where it is written as one: "a" is an article.
        flags = re.NOFLAG if len(choice) == 1 else re.IGNORECASE
        pattern = re.compile(rf"(?<!\w){re.escape(choice)}(?!\w)", flags)
        for match in pattern.finditer(text):
            if not _NOT.search(text, max(0, match.start() - 20), match.start()):
                said.add(choice)
        text = pattern.sub("\0", text)
    return said.pop() if len(said) == 1 else None


def one_of(choices: LabelChoices, subject: Subject) -> Outcome:
    """Tell whether a response says one of the choices, and which."""
    said = read_label(subject.response, choices.labels)
    return Outcome(0.0, "Says none, or more than one.") if said is None else Outcome(1.0, f"Says {said}.")


def label(choices: LabelChoices, subject: Subject) -> Outcome:
    """Tell whether a response says the choice that a reference says."""
    wanted = {read_label(text, choices.labels) for text in subject.references} - {None}
    if not wanted:
        reason = "no_label_in_reference" if subject.references else "no_reference"
        return NO_REFERENCE._replace(unscored_reason=reason)
    said = read_label(subject.response, choices.labels)
    asked = shortened(" or ".join(sorted(map(str, wanted))), 200)
    told = "Says none, or more than one" if said is None else f"Says {said}"
    return Outcome(1.0, f"{told}.") if said in wanted else Outcome(0.0, f"{told}; it is {asked}.")
