"""BLEU, GLEU, ROUGE-N, chrF and METEOR of a response: n-grams and stems that it shares with references."""

import math
import re
from collections import Counter
from collections.abc import Sequence
from functools import cache, lru_cache
from typing import Any, Final

from evaldrop.checks.similarity import UNSPACED, tokenise

MOST_CHARACTERS: Final = 50_000
"""Of each text, all of whose n-grams are counted; what goes beyond is left out on both sides."""

BLEU_ORDER: Final = 4
GLEU_ORDER: Final = 4
CHRF_ORDER: Final = 6
_CHRF_BETA_2: Final = 2**2
_METEOR_ALPHA: Final = 0.9
_METEOR_BETA: Final = 3
_METEOR_GAMMA: Final = 0.5

# The tokens of mteval-v13a: marks stand alone, but for points and commas within numbers.
_ENTITIES: Final = (("<skipped>", ""), ("-\n", ""), ("\n", " "))
_CHARACTERS: Final = (("&quot;", '"'), ("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">"))
_APART: Final = (
    (re.compile(r"([\{-\~\[-\` -\&\(-\+\:-\@\/])"), r" \1 "),
    (re.compile(r"([^0-9])([\.,])"), r"\1 \2 "),
    (re.compile(r"([\.,])([^0-9])"), r" \1 \2"),
    (re.compile(r"([0-9])(-)"), r"\1 \2 "),
    # Not theirs: without it a Chinese or Japanese sentence would be one token.
    (re.compile(f"([{UNSPACED}])"), r" \1 "),
)


def bleu(response: str, references: Sequence[str]) -> float | None:
    """
    Return the sentence BLEU of a response against all references, a fraction in [0, 1]; None without any.

    Papineni et al. 2002, with n-grams to 4, the closest reference's length, exponential smoothing (Chen and
    Cherry 2014, method 3) and no order that the response is too short for; tokens as mteval-v13a, case kept.
    A hundredth of sacrebleu's sentence score, but for Han and kana, whose characters are tokens.
    """
    if not references:
        return None
    given = _bleu_tokens(response)
    wanted = [_bleu_tokens(reference) for reference in references]
    length = min((abs(len(tokens) - len(given)), len(tokens)) for tokens in wanted)[1]
    if not given:
        return 0.0
    logs, smoothing, any_shared = [], 1.0, False
    for order in range(1, min(BLEU_ORDER, len(given)) + 1):
        grams, most = _grams(given, order), Counter[Any]()
        for tokens in wanted:
            most |= _grams(tokens, order)
        shared, total = (grams & most).total(), grams.total()
        any_shared = any_shared or shared > 0
        if shared == 0:
            smoothing *= 2
        logs.append(math.log((shared or 1 / smoothing) / total))
    if not any_shared:
        return 0.0
    brevity = math.exp(1 - length / len(given)) if len(given) < length else 1.0
    return min(1.0, brevity * math.exp(sum(logs) / len(logs)))


def gleu(response: str, references: Sequence[str]) -> float | None:
    """
    Return the best GLEU over the references, a fraction in [0, 1]; None without any.

    Wu et al. 2016, section 4.3: of all n-grams to 4, those that both texts share by the number of those that
    the text with more of them has; words case folded, without marks. Two texts without words agree.
    """
    if not references:
        return None
    given = _grams_to(tokenise(response[:MOST_CHARACTERS]), GLEU_ORDER)
    wanted = (_grams_to(tokenise(each[:MOST_CHARACTERS]), GLEU_ORDER) for each in references)
    return max(_share((given & each).total(), max(given.total(), each.total())) for each in wanted)


def rouge_1(response: str, references: Sequence[str]) -> float | None:
    """Return the best ROUGE-1 F-measure over the references, a fraction in [0, 1]; None without any."""
    return _rouge_n(response, references, 1)


def rouge_2(response: str, references: Sequence[str]) -> float | None:
    """Return the best ROUGE-2 F-measure over the references, a fraction in [0, 1]; None without any."""
    return _rouge_n(response, references, 2)


def _rouge_n(response: str, references: Sequence[str], order: int) -> float | None:
    """
    Return twice the n-grams that both texts share by those of both, for the best reference.

    Lin 2004, "ROUGE", section 2, as an F-measure, β = 1; no stemming. Texts of fewer words agree where their
    words do.
    """
    if not references:
        return None
    words = tokenise(response[:MOST_CHARACTERS])
    found = []
    for each in references:
        wanted = tokenise(each[:MOST_CHARACTERS])
        ours, theirs = _grams(words, order), _grams(wanted, order)
        total = ours.total() + theirs.total()
        found.append(_share(2 * (ours & theirs).total(), total) if total else float(words == wanted))
    return max(found)


def _grams_to(tokens: Sequence[str], most: int) -> Counter[Any]:
    every = Counter[Any]()
    for order in range(1, most + 1):
        every.update(_grams(tokens, order))
    return every


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 1.0


def _bleu_tokens(text: str) -> list[str]:
    text = text[:MOST_CHARACTERS].rstrip()
    for old, new in (*_ENTITIES, *(_CHARACTERS if "&" in text else ())):
        text = text.replace(old, new)
    text = f" {text} "
    for pattern, apart in _APART:
        text = pattern.sub(apart, text)
    return text.split()


def _grams(tokens: Sequence[str], order: int) -> Counter[Any]:
    return Counter(zip(*(tokens[start:] for start in range(order)), strict=False))


def chrf(response: str, references: Sequence[str]) -> float | None:
    """
    Return the best chrF over the references, a fraction in [0, 1]; None without any.

    Popović 2015: the F-score, β = 2, of the precision and recall of n-grams of characters to 6, each the mean
    over the orders that both texts are long enough for; blanks left out, case kept. A hundredth of
    sacrebleu's sentence chrF2.
    """
    if not references:
        return None
    given = [_character_grams(response, order) for order in range(1, CHRF_ORDER + 1)]
    return max(_chrf(given, reference) for reference in references)


def _character_grams(text: str, order: int) -> Counter[str]:
    letters = "".join(text[:MOST_CHARACTERS].split())
    return Counter(letters[start : start + order] for start in range(len(letters) - order + 1))


def _chrf(given: Sequence[Counter[str]], reference: str) -> float:
    precisions, recalls = [], []
    for order, grams in enumerate(given, start=1):
        wanted = _character_grams(reference, order)
        if grams and wanted:
            shared = (grams & wanted).total()
            precisions.append(shared / grams.total())
            recalls.append(shared / wanted.total())
    if not any(precisions):
        return 0.0
    precision, recall = sum(precisions) / len(precisions), sum(recalls) / len(recalls)
    return (1 + _CHRF_BETA_2) * precision * recall / (_CHRF_BETA_2 * precision + recall)


def meteor(response: str, references: Sequence[str]) -> float | None:
    """
    Return the best METEOR over the references, a fraction in [0, 1]; None without any.

    Banerjee and Lavie 2005 with the parameters of Lavie and Agarwal 2007 as other tools have them (α = 0.9,
    β = 3, γ = 0.5): words that are equal, then words of one English stem, are matched one to one; the
    mean of precision and recall, nearly all recall, is cut for words that stand in another order. There is no
    WordNet: synonyms do not match, so that it is at most what tools with synonyms give.
    """
    if not references:
        return None
    given = tokenise(response[:MOST_CHARACTERS])
    return max(_meteor(given, tokenise(reference[:MOST_CHARACTERS])) for reference in references)


def _meteor(given: Sequence[str], wanted: Sequence[str]) -> float:
    if not given or not wanted:
        return float(not given and not wanted)
    pairs = _aligned(given, wanted)
    if not pairs:
        return 0.0
    precision, recall = len(pairs) / len(given), len(pairs) / len(wanted)
    mean = precision * recall / (_METEOR_ALPHA * precision + (1 - _METEOR_ALPHA) * recall)
    places = [pairs.get(place) for place in range(len(given))]
    runs = sum(
        1
        for before, place in zip([None, *places], places, strict=False)
        if place is not None and (before is None or place != before + 1)
    )
    return mean * (1 - _METEOR_GAMMA * (runs / len(pairs)) ** _METEOR_BETA)


def _aligned(given: Sequence[str], wanted: Sequence[str]) -> dict[int, int]:
    """Return which word of the reference each word of the response is matched with, by their places."""
    pairs: dict[int, int] = {}
    free = set(range(len(wanted)))
    for form in (_itself, _stem):
        places: dict[str, list[int]] = {}
        for place in sorted(free, reverse=True):
            places.setdefault(form(wanted[place]), []).append(place)
        for place, word in enumerate(given):
            if place in pairs:
                continue
            # Behind the word before, if that is free: as few runs as can be seen from here.
            behind = pairs.get(place - 1, -2) + 1
            if behind in free and form(wanted[behind]) == form(word):
                chosen = behind
            else:
                candidates = places.get(form(word), [])
                while candidates and candidates[-1] not in free:
                    candidates.pop()
                if not candidates:
                    continue
                chosen = candidates[-1]
            pairs[place] = chosen
            free.discard(chosen)
    return pairs


def _itself(word: str) -> str:
    return word


@cache
def _stemmer() -> Any:
    # Imported here: functions that only read checks go without.
    import snowballstemmer

    return snowballstemmer.stemmer("english")


@lru_cache(maxsize=50_000)
def _stem(word: str) -> str:
    return str(_stemmer().stemWord(word[:100]))
