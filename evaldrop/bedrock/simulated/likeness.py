"""How much two texts say the same, by words and numbers. Enough for a rehearsal, not for a verdict."""

import re
from collections.abc import Sequence

_STOP = frozenset(
    re.findall(
        r"\w+",
        """
        a about after all also an and any are as at be because been but by can could did do does doesn don
        for from get had has have he her his however i if in into is isn it its just may me might more most
        my of off on one only or other our out over please she should since so some still such than that the
        their them then there these they this those to too under up us very was we were what when where
        which who will with within would yes you your
        """,
    )
)
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_NEGATION = re.compile(r"\b(?:not|never|no|none|cannot|without|\w+n't)\b", re.IGNORECASE)
_EVASION = re.compile(
    r"(?:not (?:certain|sure|able)|cannot (?:help|assist|answer)|can't (?:help|assist|answer)|unable to|"
    r"I do(?:n't| not) (?:know|have)|contact (?:our|the) support|as an AI)",
    re.IGNORECASE,
)


def content_words(text: str) -> list[str]:
    """Return the words that carry meaning, in order: lower case, common endings cut, negations left out."""
    words = _WORD.findall(text.lower().replace("\u2019", "'"))
    return [
        _stem(word) for word in words if len(word) > 1 and word not in _STOP and not _NEGATION.fullmatch(word)
    ]


def numbers(text: str) -> list[str]:
    """Return the numbers of a text, made comparable: no grouping commas, no trailing zeros of a fraction."""
    found = (number.replace(",", "") for number in _NUMBER.findall(text))
    return [number.rstrip("0").rstrip(".") if "." in number else number for number in found]


def is_evasive(text: str) -> bool:
    """Whether a text says that it will not answer, in its first 200 characters."""
    return bool(_EVASION.search(text[:200]))


def merit(response: str, references: Sequence[str], sources: Sequence[str]) -> tuple[float, tuple[str, ...]]:
    """
    Return how good a response is, in [0, 1], and what it lacks, against the reference that it meets best.

    Without references, it is how much the response takes up of the prompt's and the context's words.
    """
    if not response.strip():
        return 0.0, ()
    if is_evasive(response):
        return 0.1, ()
    if not references:
        return _relevance(response, sources), ()
    return max(_faithfulness(response, reference, sources) for reference in references)


def _faithfulness(response: str, reference: str, sources: Sequence[str]) -> tuple[float, tuple[str, ...]]:
    # What prompt and context hold is neither foreign nor wrong.
    said, wanted = set(content_words(response)), list(dict.fromkeys(content_words(reference)))
    said_numbers, wanted_numbers = set(numbers(response)), list(dict.fromkeys(numbers(reference)))
    known = set(wanted).union(*map(content_words, sources))
    allowed = set(wanted_numbers).union(*map(numbers, sources))
    missing = [word for word in wanted if word not in said]
    missing_numbers = [number for number in wanted_numbers if number not in said_numbers]
    recall = _share(len(wanted) - len(missing), len(wanted), empty=1.0)
    foreign = _share(len(said - known), len(said))
    wrong_numbers = _share(len(said_numbers - allowed), len(said_numbers))
    is_negation_flipped = bool(_NEGATION.search(response)) != bool(_NEGATION.search(reference))
    score = 0.25 + 0.75 * recall - 0.2 * foreign
    if wrong_numbers:
        score -= 0.35 + 0.25 * wrong_numbers
    score -= 0.4 * _share(len(missing_numbers), len(wanted_numbers)) + 0.35 * is_negation_flipped
    return min(1.0, max(0.0, score)), (*missing_numbers, *missing)


def _relevance(response: str, sources: Sequence[str]) -> float:
    asked = {word for source in sources for word in content_words(source)}
    said = content_words(response)
    covered = _share(len(asked & set(said)), min(len(asked), 12))
    substance = min(1.0, len(said) / 25)
    return 0.2 + 0.5 * min(1.0, covered) + 0.3 * substance


def _share(part: int, whole: int, *, empty: float = 0.0) -> float:
    return part / whole if whole else empty


def _stem(word: str) -> str:
    for ending in ("ing", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word
