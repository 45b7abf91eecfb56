"""Checks that are metrics of a response against its references, and the distance between texts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from evaldrop.checks.similarity import normalise
from evaldrop.checks.subject import Outcome, Subject
from evaldrop.checks.texts import NO_REFERENCE, wanted_texts
from evaldrop.checks.values import WrongValueError, read_options, read_text, read_texts, read_whole

_MOST_CHARACTERS: Final = 50_000
_MOST_DISTANCE: Final = 10_000

Compute = Callable[[str, Sequence[str]], float | None]


def read_references(value: Any) -> tuple[str, ...] | None:
    """
    Read one text or several to compare with; None means the record's references.

    Raises:
        ValueError: It is neither.
    """
    return None if value is None else read_texts(value)


def measured(
    compute: Compute, *, is_binary: bool = False
) -> Callable[[tuple[str, ...] | None, Subject], Outcome]:
    """Return the check that a metric is: its fraction is the score."""

    def run(wanted: tuple[str, ...] | None, subject: Subject) -> Outcome:
        score = compute(subject.response, subject.references if wanted is None else wanted)
        if score is None or not is_binary:
            return NO_REFERENCE if score is None else Outcome(score)
        return Outcome(score, "It is this text." if score else "It is another text.")

    return run


@dataclass(frozen=True, slots=True)
class Near:
    """A text (None: the references) and how many edits away a response may be (None: the share counts)."""

    text: str | None
    max_distance: int | None = None


def read_near(value: Any) -> Near:
    """
    Read a text, or {value: text, max_distance: edits}.

    Raises:
        ValueError: It is neither.
    """
    if not isinstance(value, dict):
        return Near(read_text(value))
    options = read_options(
        value, {"value": "the text; the reference where it is left out", "max_distance": "edits"}
    )
    most = options.get("max_distance")
    if most is None:
        return Near(read_text(options.get("value")))
    if read_whole(most) > _MOST_DISTANCE:
        raise WrongValueError(f"max_distance is {most!r}, more than {_MOST_DISTANCE:,}")
    return Near(read_text(options.get("value")), read_whole(most))


def levenshtein(near: Near, subject: Subject) -> Outcome:
    """
    Return how near a response is to a text: 1 - edits / length of the longer, or within so many edits.

    Without a largest distance both are normalised, and what goes beyond 50,000 characters is left out.
    """
    texts = wanted_texts(near.text, subject)
    if not texts:
        return NO_REFERENCE
    if near.max_distance is not None:
        most = near.max_distance
        from rapidfuzz.distance import Levenshtein

        edits = min(Levenshtein.distance(subject.response, text, score_cutoff=most) for text in texts)
        shown = f"more than {most:,}" if edits > most else f"{edits:,}"
        return Outcome(float(edits <= most), f"{shown} edits away.")
    given = normalise(subject.response[:_MOST_CHARACTERS])
    wanted = [normalise(text[:_MOST_CHARACTERS]) for text in texts]
    from rapidfuzz.distance import Levenshtein

    return Outcome(max(Levenshtein.normalized_similarity(given, text) for text in wanted))
