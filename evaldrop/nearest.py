"""What was probably meant by a word that nothing here is called."""

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(word: str, known: Iterable[str], *, most: int = 1, cutoff: float = 0.6) -> list[str]:
    """Return the known words that are most like a word, the likest first; case is no difference."""
    folded: dict[str, str] = {}
    for each in known:
        folded.setdefault(each.casefold(), each)
    # Its time grows with the square of a word's length, and whoever mistypes a name mistypes a short one.
    close = get_close_matches(word[:200].casefold(), folded, n=most, cutoff=cutoff)
    return [folded[each] for each in close]


def did_you_mean(word: str, known: Iterable[str], *, most: int = 1) -> str:
    """Return a sentence that names the nearest known word, with a blank before it; "" where none is near."""
    close = nearest(word, known, most=most)
    return f" Did you mean {' or '.join(close)}?" if close else ""
