"""How a reply names one of two responses, or neither: names as written, ordinals, words of ten languages."""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final, Literal, NamedTuple

from evaldrop.evaluation import plain_name

Place = Literal["first", "second", "tie"]
TIE: Final = "tie"

NOUN = (
    r"(?:outputs?|responses?|assistants?|answers?|models?|options?|candidates?|systems?|submissions?|texts?"
    r"|summar(?:y|ies)|completions?|repl(?:y|ies)|antwort(?:en)?|ausgaben?|modelle?|réponses?|modèles?"
    r"|respuestas?|respostas?|rispost[ae]|antwoord(?:en)?|modell[oi]|modelos?"
    r"|回答|答案|回复|回覆|响应|輸出|输出|模型|応答|解答|答え|返答|モデル|답변|응답|대답|출력|모델)"
)
# Before a name, an ordinal or a noun; "a" and "o" are Portuguese.
ARTICLE = r"(?:the|der|die|das|den|dem|le|la|les|el|los|il|lo|i|gli|o|a|as|os|de|het|número|numéro|no\.)"
# What the spelling of a name, whatever it is, may stand between.
OPEN, CLOSE = r"[\s*_`\"'(\[{<«「『#|]{0,6}", r"[*_`\"')\]}>»」』|]{0,6}"

_ORDINALS: Final = (
    ("first", "1st", "#1", "number one", "number 1", "one", "1", "a"),
    ("second", "2nd", "#2", "number two", "number 2", "two", "2", "b"),
)
_FOREIGN: Final = (
    (
        "erste", "ersten", "erster", "erstes", "première", "premier", "primera", "primero", "primeira",
        "primeiro", "prima", "primo", "eerste", "第一个", "第一個", "第一种", "第一份", "第一条", "第一",
        "第1个", "第1", "前者", "一番目", "1番目", "一つ目", "1つ目", "1つめ", "最初", "첫 번째",
        "첫번째", "첫째", "1번",
    ),
    (
        "zweite", "zweiten", "zweiter", "zweites", "deuxième", "seconde", "second", "segunda", "segundo",
        "seconda", "secondo", "tweede", "第二个", "第二個", "第二种", "第二份", "第二条", "第二",
        "第2个", "第2", "后者", "後者", "二番目", "2番目", "二つ目", "2つ目", "2つめ",
        "두 번째", "두번째", "둘째", "2번",
    ),
)  # fmt: skip
_TIES: Final = (
    "tie", "tied", "a tie", "draw", "a draw", "equal", "equally good", "equally bad", "both", "same",
    "the same", "neither", "neither of them", "neither of the two", "neither one", "no preference",
    "neither is better", "both equal", "both equally",
    "unentschieden", "gleichstand", "gleich gut", "gleichwertig", "gleich", "beide", "beide gleich", "keine",
    "keine von beiden", "égalité", "ex æquo", "ex aequo", "match nul", "les deux",
    "aucune", "aucune des deux", "égal",
    "empate", "igual", "iguales", "ambas", "ambos", "ninguna", "ninguno", "iguais", "nenhuma", "nenhum",
    "pareggio", "parità", "pari", "entrambe", "entrambi", "nessuna", "nessuno",
    "gelijkspel", "gelijk", "beiden", "geen van beide", "geen", "gelijkwaardig",
    "平局", "平手", "一样", "一样好", "相同", "不分上下", "不相上下", "两者相同", "都一样", "两者都一样",
    "引き分け", "同点", "同等", "同じ", "互角", "どちらも同じ", "무승부", "동점", "동등", "비김",
    "같음", "둘 다",
)  # fmt: skip
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
# Words alone say which; a digit or a letter needs a noun, a tag, or to be all there is.
_WORDED = frozenset({"first", "second", "1st", "2nd"})


class Named(NamedTuple):
    """A response, or a tie, that the head of a text names, and what follows it."""

    place: Place
    rest: str


class PairWords:
    """
    What two responses are called in replies to one question.

    Names count as they are written; in another case only where that leaves no doubt (`m` and `M` are two
    names). Ordinals, digits, letters and the words for a tie count where no name is spelled so.
    """

    def __init__(self, names: tuple[str, str], *, tie: bool, tie_words: Sequence[str]) -> None:
        self.offers_tie = tie
        self.is_lettered = tuple(map(plain_name, names)) == ("A", "B")
        self._exact: dict[str, Place] = {}
        for word in tie_words if tie else ():
            self._exact[_spelled(word)] = TIE
        ordinals: tuple[Place, Place] = ("first", "second")
        for name, place in zip(names, ordinals, strict=True):
            self._exact[_spelled(plain_name(name))] = self._exact[_spelled(name)] = place
        self._folded: dict[str, Place | None] = {}
        for word, place in self._exact.items():
            folded = word.casefold()
            known = self._folded.get(folded, place)
            self._folded[folded] = place if known == place else None
        for word, place in self._shared(tie=tie):
            self._folded.setdefault(word, place)
        self.own = tuple(word for word, place in self._exact.items() if place != TIE)
        self.sided = _alternatives(word for word, place in self._spellings() if place != TIE)
        self._any = _alternatives(word for word, _ in self._spellings())

    def ordinal(self) -> str:
        """Return a pattern of the ordinals that no name is spelled like, in any language."""
        ordinals = {word for words in (*_ORDINALS, *_FOREIGN) for word in words if len(word) > 1}
        return _alternatives(sorted(word for word in ordinals if self.place_of(word) not in (None, TIE)))

    def _shared(self, *, tie: bool) -> Iterator[tuple[str, Place]]:
        ordinals: tuple[Place, Place] = ("first", "second")
        for place, words, foreign in zip(ordinals, _ORDINALS, _FOREIGN, strict=True):
            yield from ((word, place) for word in (*words, *foreign))
        if tie:
            yield from ((word, TIE) for word in _TIES)
            if self.is_lettered:
                # The menu of MT-Bench: [[A]], [[B]], or [[C]] for a tie.
                yield "c", TIE

    def _spellings(self) -> Iterator[tuple[str, Place | None]]:
        yield from self._exact.items()
        yield from self._folded.items()

    def place_of(self, word: str) -> Place | None:
        """Return which response one word or name is, None when it is none."""
        spelled = _spelled(word)
        if spelled in self._exact:
            return self._exact[spelled]
        return self._folded.get(spelled.casefold())

    def head(self, text: str) -> Named | None:
        """Return what `text` begins by naming, None when it begins with anything else."""
        match = _head_pattern(self._any).match(text)
        if match is None:
            return None
        place = self.place_of(match.group("name"))
        if place is None:
            return None
        return Named(place, text[match.end() :])

    def mentions(self, text: str) -> bool:
        """Tell whether `text` names one of the responses anywhere."""
        return re.search(rf"(?<!\w)(?:{self.sided})", text, re.IGNORECASE) is not None

    def standing(self, prefix: str) -> str:
        """
        Return a pattern of one response as a sentence names it; the name is the group `prefix` and a digit.

        A name with a noun, an ordinal with or without one, or a name alone where it cannot be an article.
        """
        worded = _alternatives(word for word in (*_ORDINALS[0], *_ORDINALS[1], *self.own) if _is_worded(word))
        alone = _alternatives(word for word in self.own if not _is_worded(word)) or "(?!)"
        return (
            rf"(?:(?:the\s+)?{NOUN}\s?(?:no\.?\s?|number\s|#)?{OPEN}(?P<{prefix}1>{self.sided})(?!\w){CLOSE}"
            rf"(?:'s\s+{NOUN}\b)?"
            rf"|(?:the\s+)?{OPEN}(?P<{prefix}2>{worded})(?!\w){CLOSE}(?:\s+(?:{NOUN}|one)\b(?!'s))?"
            rf"|(?<![\w-]){OPEN}(?P<{prefix}3>{alone})(?!\w){CLOSE})"
        )


@lru_cache(maxsize=64)
def pair_words(names: tuple[str, str], *, tie: bool = True, tie_words: tuple[str, ...] = ()) -> PairWords:
    """Return the words of a question; patterns are kept, for a run asks one question many times."""
    return PairWords(names, tie=tie, tie_words=tie_words)


def other(place: Place) -> Place:
    """Return the other of two responses."""
    return "second" if place == "first" else "first"


def _spelled(word: str) -> str:
    return re.sub(r"[\s_-]+", " ", word.strip())


def _is_worded(word: str) -> bool:
    return word.casefold() in _WORDED or len(word) > 3


def _alternatives(words: Iterator[str] | Sequence[str]) -> str:
    # The longest first: a name may begin with another.
    distinct = sorted({word for word in words if word}, key=len, reverse=True)
    return "|".join(_spelling(word) for word in distinct)


def _spelling(word: str) -> str:
    spelled = r"[\s_-]+".join(re.escape(part) for part in re.split(r"[\s_-]+", word) if part)
    # Chinese and Japanese have no spaces between words.
    return spelled if _CJK.search(word[-1:]) else rf"{spelled}(?!\w)"


@lru_cache(maxsize=128)
def _head_pattern(names: str) -> re.Pattern[str]:
    return re.compile(
        rf"{OPEN}(?:(?:clearly|slightly|marginally|narrowly|definitely|overall|simply|easily|certainly"
        rf"|obviously|undoubtedly)[\s,]+)?"
        rf"(?:{ARTICLE}\s+)?(?:{NOUN}[\s_-]?)?(?:(?:no\.|number|nr\.?|n°)\s?)?"
        rf"{OPEN}(?P<name>{names}){CLOSE}(?:[\sのい]?\s?(?:{NOUN}|one\b|ones\b))?{CLOSE}",
        re.IGNORECASE,
    )
