"""How much a text is like references: pure functions that checks and metrics share."""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from typing import Final

# A common subsequence takes time in the product of both lengths; what goes beyond this is left out on both
# sides, so that a runaway response costs tenths of a second and not minutes.
ROUGE_TOKENS: Final = 20_000

# Han (with extensions and compatibility forms) and kana have no spaces: a character is a token.
_HAN = "\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
UNSPACED: Final = _HAN + "\u3041-\u3096\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff"
_TOKEN = re.compile(f"[{UNSPACED}]|[^\\W{UNSPACED}]+")
_WORD = re.compile(f"[{UNSPACED}]|[^\\s{UNSPACED}]+")
_IS_WORD = re.compile(r"[^\W_]")

# Marks that end a sentence in some script, as they are after NFKC. Not all punctuation: "C#" is not "C".
_TRAILING = " .,;:!?。、।॥؟،؛۔"


def normalise(text: str) -> str:
    """
    Bring texts that differ in nothing a reader would mind to one form.

    Unicode NFKC, case folded, runs of whitespace made one space, ends stripped, sentence punctuation at the
    end dropped. A text of nothing but punctuation keeps it.
    """
    # Case folding can undo the normal form: without the second round the result would change when done again.
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    spaced = " ".join(folded.split())
    return spaced.rstrip(_TRAILING) or spaced


def tokenise(text: str) -> list[str]:
    r"""Split text into case-folded words (Unicode \w+), with Han and kana characters one by one."""
    return _TOKEN.findall(unicodedata.normalize("NFKC", text).casefold())


def count_words(text: str) -> int:
    """Return a text's words as people count them: "don't" is one, "-" none, a Han character one."""
    return sum(1 for word in _WORD.finditer(text) if _IS_WORD.search(word[0]))


def exact_match(response: str, references: Sequence[str]) -> float | None:
    """Return 1.0 when the response equals any reference after `normalise`, else 0.0; None without any."""
    if not references:
        return None
    given = normalise(response)
    return float(any(given == normalise(reference) for reference in references))


def contains(response: str, references: Sequence[str]) -> float | None:
    """
    Return 1.0 when any reference is in the response after `normalise`, else 0.0.

    A plain substring, as other tools' "includes" have it: "art" is in "start". Blank references are in
    every text and are not counted; None when no other is left.
    """
    wanted = [norm for norm in map(normalise, references) if norm]
    if not wanted:
        return None
    given = normalise(response)
    return float(any(reference in given for reference in wanted))


def token_f1(response: str, references: Sequence[str]) -> float | None:
    """
    Return the best F1 of shared tokens over the references, a fraction in [0, 1]; None without any.

    2 · shared / (tokens of response + tokens of reference), tokens counted with multiplicity (SQuAD,
    Rajpurkar et al. 2016, section 6.1), but articles are kept: dropping "a", "an" and "the" is for English
    only. Two texts without tokens agree.
    """
    if not references:
        return None
    given = Counter(tokenise(response))
    wanted = [Counter(tokenise(reference)) for reference in references]
    return max(_f1((given & each).total(), given.total() + each.total()) for each in wanted)


def rouge_l(response: str, references: Sequence[str]) -> float | None:
    """
    Return the best ROUGE-L F-measure over the references, a fraction in [0, 1]; None without references.

    2 · LCS / (tokens of response + tokens of reference), LCS the longest common subsequence of tokens (Lin
    2004, "ROUGE", section 3.1, β = 1; no stemming). Only the first `ROUGE_TOKENS` tokens of each text are
    read.
    """
    if not references:
        return None
    given = tokenise(response)[:ROUGE_TOKENS]
    wanted = [tokenise(reference)[:ROUGE_TOKENS] for reference in references]
    # Imported here: functions that only read checks go without.
    from rapidfuzz.distance import LCSseq

    return max(_f1(LCSseq.similarity(given, each), len(given) + len(each)) for each in wanted)


def _f1(shared: int, total: int) -> float:
    # Two texts without tokens agree, and are no division by zero.
    return 2 * shared / total if total else 1.0
