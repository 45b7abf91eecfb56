"""Numbers computed from a response without a judge, by name."""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rapidfuzz.distance import LCSseq

# A common subsequence takes time in the product of both lengths; what goes beyond this is left out on both
# sides, so that a runaway response costs tenths of a second and not minutes.
ROUGE_TOKENS = 20_000

# Han (with extensions and compatibility forms) and kana have no spaces: a character is a token.
_HAN = "\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_UNSPACED = _HAN + "\u3041-\u3096\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff"
_TOKEN = re.compile(f"[{_UNSPACED}]|[^\\W{_UNSPACED}]+")

# Marks that end a sentence in some script, as they are after NFKC. Not all punctuation: "C#" is not "C".
_TRAILING = " .,;:!?。、।॥؟،؛۔"


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """
    One metric by name.

    `compute(response, references)` gives a number in `unit`, or None when the metric needs a reference and
    there is none. Binary metrics give 0.0 or 1.0. `higher_is_better` is None where neither end is good.
    """

    name: str
    compute: Callable[[str, Sequence[str]], float | None]
    needs_reference: bool = True
    is_binary: bool = False
    higher_is_better: bool | None = True
    unit: str = "fraction"


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
    return max(_f1(LCSseq.similarity(given, each), len(given) + len(each)) for each in wanted)


def length_chars(response: str, _references: Sequence[str]) -> float:
    """Return the response's length in Unicode code points."""
    return float(len(response))


def length_words(response: str, _references: Sequence[str]) -> float:
    """Return the response's length in words, Han and kana characters counting one each."""
    return float(len(tokenise(response)))


def _f1(shared: int, total: int) -> float:
    # Two texts without tokens agree, and are no division by zero.
    return 2 * shared / total if total else 1.0


METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        Metric(name="exact_match", is_binary=True, compute=exact_match),
        Metric(name="contains", is_binary=True, compute=contains),
        Metric(name="token_f1", compute=token_f1),
        Metric(name="rouge_l", compute=rouge_l),
        Metric(
            name="length_chars",
            needs_reference=False,
            higher_is_better=None,
            unit="characters",
            compute=length_chars,
        ),
        Metric(
            name="length_words",
            needs_reference=False,
            higher_is_better=None,
            unit="words",
            compute=length_words,
        ),
    )
}
