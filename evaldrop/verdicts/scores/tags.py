"""A score behind a tag: `Score: 4`, `**Tone** (1-5): 4`, `<score>4</score>`, a tag with the value below."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from evaldrop.evaluation.criteria.scales import Scale
from evaldrop.verdicts.languages import (
    CJK_SCORE,
    CORRECTED,
    CORRECTION,
    DRAFT,
    FINAL,
    NUMBER_WORDS,
    SCORE,
    WEAK_SCORE,
)
from evaldrop.verdicts.scores.answers import answer_at_head, is_another_scale, whole_answer
from evaldrop.verdicts.scores.evidence import Evidence, Rank
from evaldrop.verdicts.scores.quotations import is_quoted
from evaldrop.verdicts.scores.stances import (
    Stance,
    before,
    is_correcting,
    is_opening,
    is_somebody_s,
    is_supposed,
    is_unknown,
    line_end,
    modifiers,
    stance_of,
)
from evaldrop.verdicts.scores.unmarked import worded_number
from evaldrop.verdicts.verdict import Reading
from evaldrop.verdicts.wording import NUMBER, any_of, bare, matches_at

_WEAK = (
    "answer", "result", "conclusion", "assessment", "evaluation", "mark", "label", "classification",
    "category", "choice", "response", "output", "final", "overall", *WEAK_SCORE, *CORRECTION,
)  # fmt: skip
# Of these a number must be all that follows: "Note: 4 facts", "Résultat: 5 jours".
_ONLY_WHOLE = frozenset(("final", "overall", *WEAK_SCORE, *CORRECTION))
_BEHIND = any_of(
    (*FINAL, *CORRECTED, *DRAFT, "score", "rating", "verdict", "grade", "评分", "得分", "スコア")
)
_COPULA = (
    r"(?:is|was|would be|should be|will be|must be|stays|remains|becomes|gets|est|ist|lautet|beträgt|es|é|è"
    r"|wynosi)(?!\w)"
    r"(?:\s(?:now|therefore|thus|then|hence|still|jetzt|maintenant|ahora)(?!\w))?\s?:?"
)
_OF = (
    r"(?:\s(?:for|of|on|für|de|di|para|voor|за)\s(?P<of>(?:the |this |its |my |la |le |die )?[\w.-]{1,30}"
    r"(?:\s(?!is\b|was\b|would\b)[\w.-]{1,20})?))?"
)
_SCALE_NOTE = (
    r"(?:\s?/\s?[0-9]{1,3}(?=\s?[:=])|\s?[(\[](?P<note>[^()\[\]\n]{0,40})[)\]]"
    r"|\s(?:on|from|out of)\s(?:an? )?(?:scale )?(?:of |from )?[0-9.]{1,4}(?:\s?(?:-|–|to)\s?[0-9.]{1,4})?)?"
)
_TAG_MARKUP = r"[\"'*_`\]]{0,4}"
_BULLET = re.compile(r"^[-•*·–]\s+")
_FIRST_WORD = re.compile(r"[^\W\d_]+")
# "4, no wait, 3": the same line takes the answer back.
_TAKEN_BACK = re.compile(
    rf"\b(?:wait|(?:changed|revised|raised|lowered|corrected|adjusted|updated|increased|reduced) to|now|no"
    rf"|(?:then|but|after|on)\s(?:on |after )?(?:re-?\w{{3,12}}|second \w{{4,9}}|a (?:second"
    rf"|closer) \w{{4,7}}|closer \w{{4,10}})"
    rf"|later|scratch that|rather|actually|make that|correction|sorry|I mean|nein|non|perdón"
    rf"|anzi)\b[\s,:]{{1,3}}(?:an?\s)?(?P<answer>{NUMBER}(?:\s?/\s?{NUMBER})?)\W{{0,4}}$",
    re.IGNORECASE,
)
_ANOTHER_SENTENCE = re.compile(r"[.!?]\s+(?:it|the|this|there|its)\s\w", re.IGNORECASE)
_NOTE_WORDS = frozenset(
    (
        "to", "out", "of", "from", "on", "a", "scale", "the", "points", "point", "max", "min",
        "maximum", "minimum", "best", "worst", "where", "is", "and", "lowest", "highest", "low", "high",
        "overall", "final", "total", "range", "von", "bis", "sur", "de",
    )
)  # fmt: skip
_IN_BRACKETS = re.compile(r"[(\[](?P<answer>[^()\[\]\n]{1,20})[)\]](?=\s*(?:[,.;:]|$|and\b|—|–|-))")
_CALLED = re.compile(
    r"[\s*_/0-9]{0,6}[(\[](?:my |the )?(?P<how>[^\W\d_]+)(?: (?:score|rating|verdict|grade|draft"
    r"|version))?[)\]]"
)
_BETWEEN = re.compile(r"[\W_]+")
_NO_WORD = re.compile(r"[\W\d_]+")
_BLANKS = re.compile(r"\s*")
# What a score may be of and be the score all the same.
_WHOLE = re.compile(
    r"(?:the |this |its |my )?(?:response|answer|submission|reply|output|text|candidate|criterion|antwort"
    r"|réponse|respuesta|resposta|risposta)\b",
    re.IGNORECASE,
)


def elements(text: str, scale: Scale, *, name: str, short: str, alone: bool) -> Iterator[Evidence]:
    """Yield the scores in elements named after the criterion, or `score` where nothing else is scored."""
    if "</" not in text and "<parameter" not in text:
        return
    for match in _element_pattern(name, short, alone).finditer(text):
        reading = whole_answer(match.group("answer") or match.group("attributed"), scale)
        if reading is not None and not is_quoted(text, match.start(), match.end()):
            yield Evidence(Rank.BOXED, reading, match.end() >= len(text), match.start(), match.end())


@lru_cache(maxsize=256)
def _element_pattern(name: str, short: str, alone: bool) -> re.Pattern[str]:
    spelled = _spelled(name, short) or r"(?!)"
    generic = r"|(?:final[_-]?)?(?:answer|score|rating|verdict|grade|judge?ment)" if alone else ""
    return re.compile(
        rf"<(?:parameter name=\")?(?:{spelled}{generic})\"?(?:\s[^<>\n]{{0,60}})?>"
        r"\s*(?P<answer>[^<>\s][^<>]{0,60}?)\s*(?=<)"
        rf"|<(?:score|rating|verdict|grade"
        rf"|criterion)\s[^<>\n]{{0,40}}?=[\"'](?:{spelled})[\"'][^<>\n]{{0,40}}>"
        r"\s*(?P<attributed>[^<>\s][^<>]{0,60}?)\s*(?=<)",
        re.IGNORECASE,
    )


def tagged(text: str, scale: Scale, *, name: str, short: str, alone: bool) -> Iterator[Evidence]:
    """Yield the scores behind the criterion's names, and words for a score where nothing else is scored."""
    names = name_words(name, short)
    first_words = _first_words(name, short, alone)
    for match in matches_at(_tag_pattern(name, short), text, first_words):
        piece = _tag(text, match, scale, names, alone=alone)
        if piece is not None:
            yield piece
    if alone and not text.isascii():
        for match in _CJK_TAG.finditer(text):
            piece = _tag(text, match, scale, names, alone=alone)
            if piece is not None:
                yield piece


def _tag(
    text: str, match: re.Match[str], scale: Scale, names: frozenset[str], *, alone: bool
) -> Evidence | None:
    groups = match.groupdict()
    named, weak, of = groups["name"] is not None, groups["weak"], groups["of"]
    if of and not _WHOLE.match(of):
        words = [
            word for word in re.split(r"[\s_.-]+", of.casefold()) if word not in ("the", "this", "its", "my")
        ]
        if not set(words[:1]) <= names:
            return None
        named = True
    note = groups["note"]
    if note and (said := {*_NO_WORD.sub(" ", note).casefold().split()}):
        # "Score (tone): 2" is the tone's; "(1-5)", "(out of 5)" and "(overall)" are nobody's.
        named = named or said <= names
        if not said <= names | _NOTE_WORDS | NUMBER_WORDS.keys():
            return None
    another_scale = is_another_scale(text[match.end("behind") : match.start("separator")], scale)
    if not (alone or named):
        return None
    prefix = before(text, match.start())
    around = modifiers(prefix)
    if is_somebody_s(around, also=names):
        if is_unknown(around) and is_correcting(text[max(0, match.start() - 300) : match.start()]):
            # "I was too harsh. Fairish score: 4": an aspect's, or a correction? Nobody knows.
            ambiguous = Reading[float].unread("ambiguous")
            return Evidence(
                Rank.TAGGED_LINE, ambiguous, start=match.start(), end=match.end(), stance=Stance.CORRECTED
            )
        return None
    opens_line = is_opening(prefix, also=names)
    behind = _BETWEEN.sub(" ", groups["behind"] or "").casefold().split()
    words = [*around, *behind, *(_BETWEEN.sub(" ", prefix).casefold().split() if opens_line else ())]
    # "The correct answer" is the reference's, and no correction.
    graded = not weak or weak.casefold() in WEAK_SCORE
    stance = stance_of(words) if graded or behind or {"final", "overall"} & {*words} else Stance.PLAIN
    if (weak or "").casefold() in CORRECTION:
        weak, stance = None, Stance.CORRECTED
    elif (weak or "").casefold() in ("final", "overall"):
        stance = Stance.FINAL
    number_follows = text[match.end() : match.end() + 1].isdigit()
    if not match.group("separator").strip(" \t,\n") and number_follows and not (opens_line and named):
        return None
    if (weak or "").casefold() in ("response", "output") and scale.kind != "choices" and "\n" in text.strip():
        # "Response: 5" tells what it says, unless the judge says nothing else.
        return None
    rank = _tag_rank(match, opens_line=opens_line, stance=stance, weak=weak is not None)
    if rank is None:
        return None
    answer = _tagged_answer(text, match, scale, only_whole=(groups["weak"] or "").casefold() in _ONLY_WHOLE)
    if answer.reading is None and note and "/" in note:
        # "Correctness (4/5): one slip".
        answer = answer._replace(reading=whole_answer(note, scale))
    if another_scale and answer.reading is not None:
        answer = answer._replace(reading=Reading.unread("out_of_range"))
    if answer.reading is None or is_quoted(text, match.start(), answer.end, answer_at=match.end()):
        return None
    if not opens_line and is_supposed(text, match.start(), answer.end, by_colon=rank is Rank.INLINE_TAG):
        return None
    if stance is Stance.PLAIN and (called := _CALLED.match(text, answer.end)):
        stance = stance_of([called.group("how").casefold()])
    at_end = answer.end >= len(text)
    return Evidence(rank, answer.reading, at_end, match.start(), answer.end, stance, named)


def _tag_rank(match: re.Match[str], *, opens_line: bool, stance: Stance, weak: bool) -> Rank | None:
    by_colon = match.group("separator").rstrip()[-1:] in (":", "=")
    if opens_line and (not weak or stance is Stance.FINAL):
        return Rank.FINAL_TAG if stance is Stance.FINAL else Rank.TAGGED_LINE
    if weak and not (by_colon and (opens_line or stance is Stance.FINAL)):
        return None
    return Rank.INLINE_TAG if by_colon else Rank.PHRASE


class _Answer(NamedTuple):
    """What a tag introduces, and where it ends."""

    reading: Reading[float] | None
    end: int


def _tagged_answer(text: str, match: re.Match[str], scale: Scale, *, only_whole: bool) -> _Answer:
    """Return what the tag introduces, on its line or alone on the next."""
    end = line_end(text, match.end())
    rest = text[match.end() : end]
    if not bare(rest):
        following = _BLANKS.match(text, end)
        start = following.end() if following else end
        end = line_end(text, start)
        return _Answer(whole_answer(_BULLET.sub("", text[start:end]), scale), end)
    if not match.group("separator").strip(" \t,\n"):
        # "correctness (2).", "correctness 2": nothing but the number, and nothing before the name.
        if bracketed := _IN_BRACKETS.match(rest):
            return _Answer(whole_answer(bracketed.group("answer"), scale), match.end() + bracketed.end())
        return _Answer(whole_answer(rest, scale), end)
    rest = rest.lstrip().removeprefix("=")
    if scale.low >= 0:
        rest = _BULLET.sub("", rest.lstrip())
    if only_whole:
        return _Answer(whole_answer(rest, scale), end)
    answer = answer_at_head(rest, scale, sentence=True)
    if answer is None:
        return _Answer(worded_number(rest.strip(), scale, tagged=True), end)
    taken_back = _TAKEN_BACK.search(answer.rest)
    if taken_back and _ANOTHER_SENTENCE.search(answer.rest[: taken_back.start()][-300:]):
        # "4. It says 5 days; no, 3": the days are taken back.
        taken_back = None
    corrected = whole_answer(taken_back.group("answer"), scale) if taken_back else None
    return _Answer(corrected or answer.reading, end if corrected else end - len(answer.rest))


def _spelled(*names: str) -> str:
    return "|".join(
        r"[\s_.-]+".join(re.escape(part) for part in re.split(r"[\s_.-]+", name) if part)
        for name in sorted(filter(None, names), key=len, reverse=True)
    )


@lru_cache(maxsize=256)
def name_words(name: str, short: str) -> frozenset[str]:
    """Return the words of a criterion's names, in lower case."""
    return frozenset(part for part in re.split(r"[\s_.-]+", f"{name} {short}".casefold()) if part)


@lru_cache(maxsize=256)
def _first_words(name: str, short: str, alone: bool) -> frozenset[str]:
    tags = (name, short, *SCORE, *_WEAK) if alone else (name, short, *SCORE)
    firsts = (_FIRST_WORD.search(tag.lower()) for tag in tags)
    return frozenset(first.group() for first in firsts if first)


@lru_cache(maxsize=256)
def _tag_pattern(name: str, short: str) -> re.Pattern[str]:
    spelled = _spelled(name, short) or r"(?!)"
    return re.compile(
        rf"(?<![^\W_])(?<!\w-)(?:(?P<name>{spelled})|(?P<strong>{any_of(SCORE)})|(?P<weak>{any_of(_WEAK)}))"
        rf"(?P<behind>(?:[\s_-](?:{_BEHIND})){{0,2}})(?!\w)"
        rf"{_TAG_MARKUP}{_OF}{_SCALE_NOTE}{_TAG_MARKUP}"
        rf"(?P<separator>\s?(?:=>|->|[:=|→]{{1,2}}|{_COPULA}|[-–—](?!\w)|\.{{3,}}|…)"
        rf"|\s?(?=[(\[]{NUMBER}[)\]])|[ \t,]{{1,3}}(?=[0-9])|[ \t]*(?=\n))",
        re.IGNORECASE,
    )


_CJK_TAG = re.compile(
    rf"(?P<name>(?!))?(?P<weak>(?!))?(?P<of>(?!))?(?P<strong>{any_of(CJK_SCORE)})(?P<behind>)"
    rf"{_TAG_MARKUP}{_SCALE_NOTE}{_TAG_MARKUP}\s?(?P<separator>[:=]|[为為是はが은는이])"
)
