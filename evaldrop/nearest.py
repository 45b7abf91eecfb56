"""What was probably meant by a word that nothing here is called."""

from collections.abc import Iterable
from difflib import get_close_matches

# The search takes time with the square of a word's length, and a name that is mistyped is no page of text.
_MOST_CHARACTERS = 200
# Shorter beginnings are like too much.
_LEAST_BEGINNING = 4


def nearest(word: str, known: Iterable[str], *, most: int = 1, cutoff: float = 0.65) -> list[str]:
    """Return the known words that are most like a word, or begin like it, the likest first."""
    word = word[:_MOST_CHARACTERS].casefold()
    folded: dict[str, str] = {}
    known = list(known)
    for each in known:
        folded.setdefault(each.casefold(), each)
    # "suport" is not much like "support-answers", and is its beginning mistyped.
    if len(word) >= _LEAST_BEGINNING:
        for each in known:
            folded.setdefault(each[: len(word) + 1].casefold(), each)
    close = get_close_matches(word, folded, n=most, cutoff=cutoff)
    return list(dict.fromkeys(folded[each] for each in close))


def did_you_mean(word: str, known: Iterable[str], *, most: int = 1) -> str:
    """Return a sentence that names the nearest known word, with a blank before it; "" where none is near."""
    close = nearest(word, known, most=most)
    return f" Did you mean {' or '.join(close)}?" if close else ""
