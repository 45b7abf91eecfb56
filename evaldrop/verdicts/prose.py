"""A score in sentences ("I would give it a 4"), and an answer that nothing marks: `4`, `- 2`, `Yes.`, "4 - polite"."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from evaldrop.evaluation.criteria.scales import Scale
from evaldrop.verdicts.answers import answer_at_head, whole_answer
from evaldrop.verdicts.languages import OUT_OF, UNITS
from evaldrop.verdicts.stances import Stance, is_quoted, is_supposed, sentence_before
from evaldrop.verdicts.verdict import Reading, agreed
from evaldrop.verdicts.wording import NUMBER, SHORT_REPLY, any_of, lines_of, matches_at

_FRACTION = rf"{NUMBER}(?:\s*(?:/|(?:{any_of(OUT_OF)})(?!\w))\s*{NUMBER})?"
_LABEL_PHRASE = re.compile(
    r"\b(?:I(?:'d| would|'ll| will)? (?:say|answer|vote|go with|choose|pick)|my (?:answer|verdict|judge?ment"
    r"|conclusion|choice|decision) is)\s?:?\s",
    re.IGNORECASE,
)
_GIVES = (
    r"\b(?:score|rating|grade|verdict)d?(?: it)?\s+(?:is|of|as|at|with|would be|should be|will be|must be"
    r"|stays|remains|becomes)\s+(?:an?\s+|at\s+)?"
    r"|\b(?:rated?|scored?|graded?)\s+(?:this |it |the response )?(?:as |at |with )?(?:an?\s+)?"
    r"|\b(?:I|we)(?:'d|'ll| would| will| must| can| have to| shall)?(?:\s+\w+)?\s+(?:give|rate|score|assign"
    r"|award|grade|settle on|arrive at|choose|go with|say|opt for)"
    r"\b[^.!?\n0-9]{0,60}?(?:\s(?:an?|as|at|it|with|of|this|response|is|on)\s+|\s+)"
    r"|\b(?:deserves|receives|gets|earns|merits|warrants|is worth|scores)\s+(?:an?\s+)?"
    r"|(?:^|\b(?:score|rating|grade|verdict|it|this|that|which|so|response|answer)\s+)(?:would|should|must"
    r"|will) be (?:an?\s+)?"
    rf"|\b(?:it's|it is|this is|that's|that is)\s+(?:an?\s+|(?={NUMBER}\s?/\s?{NUMBER}))|\bgiving\s+(?:(?:it"
    rf"|this|the response)\s+)?(?:an?\s+)?"
    r"|\bich\s+(?:\w+\s+)?(?:gebe|vergebe|bewerte)\b[^.!?\n0-9]{0,40}?\s|\bje\s+(?:\w+\s+)?(?:donne|attribue"
    r"|mets|note)\b[^.!?\n0-9]{0,40}?\s"
    r"|\b(?:le|lhe)?\s?(?:doy|otorgo|asigno|dou|atribuo|assegno)\s(?:[^.!?\n0-9]{0,40}?\s)?"
    r"|\bik geef\s(?:[^.!?\n0-9]{0,40}?\s)?"
    r"|\b(?:note|nota|voto|punteggio|puntuación|pontuação|calificación|bewertung|cijfer|punktzahl"
    r"|оценку)\s(?:(?:de|di|von|van)\s)?"
    r"|\bставлю\s(?:[^.!?\n0-9]{0,40}?\s)?"
)
_PHRASE = re.compile(
    rf"(?:{_GIVES})[*_\"'`]{{0,3}}(?={NUMBER}|(?:zero|one|two|three|four|five|six|seven|eight|nine|ten)\b)",
    re.IGNORECASE | re.MULTILINE,
)
_CJK_PHRASE = re.compile(
    rf"(?:我给|我給|给予|打分|打|得)[^.!?\n0-9]{{0,12}}?(?={NUMBER})|(?={NUMBER}\s?点(?:とします|をつけます|です))"
)
_CHANGES = re.compile(
    r"\b(?:I|we|score|rating|grade|verdict)\b[^.!?\n]{0,30}?\b(?:rais|lower|chang|revis|adjust|correct"
    r"|upgrad|downgrad|bump|increas|reduc|drop|updat|mov|amend)\w{0,4}\b"
    rf"[^.!?\n]{{0,60}}?\bto\s+(?:an?\s+)?[*_\"'`]{{0,3}}(?={NUMBER})|\bmake (?:that"
    rf"|it)\s+(?:an?\s+)?(?={NUMBER})",
    re.IGNORECASE,
)
_BACKWARDS = re.compile(
    rf"(?<![\w.,/])(?P<answer>{_FRACTION})(?:\s+(?:points?|stars?))?,?\s+(?P<how>in total|in sum|altogether"
    rf"|overall|all in all|insgesamt|au total|en total|in totale"
    r"|(?:is|as) (?:my|the) (?:final |overall )?(?:score|rating|verdict|grade)|it is\b|is (?:what|the score"
    r"|the rating) I)(?!\w)",
    re.IGNORECASE,
)
_COMPONENT = re.compile(
    r"\s*(?:points?\s+|stars?\s+)?(?:for|on|in)\s+(?!(?:this|the (?:response|answer)|it|total|all|being|now"
    r"|that|its|an?)\b)(?P<aspect>\w+)\s*(?:$|[.,;)]|and\b|but\b)",
    re.IGNORECASE,
)

# Every phrase begins with one of these.
_PHRASE_WORDS = frozenset(
    [
        "score",
        "scored",
        "scores",
        "rating",
        "rate",
        "rated",
        "grade",
        "graded",
        "verdict",
        "i",
        "we",
        "deserves",
        "receives",
        "gets",
        "earns",
        "merits",
        "warrants",
        "is",
        "would",
        "should",
        "must",
        "will",
        "it",
        "this",
        "that",
        "which",
        "so",
        "response",
        "answer",
        "giving",
        "ich",
        "je",
        "le",
        "lhe",
        "doy",
        "otorgo",
        "asigno",
        "dou",
        "atribuo",
        "assegno",
        "ik",
        "ставлю",
        "make",
        "note",
        "nota",
        "voto",
        "punteggio",
        "puntuación",
        "pontuação",
        "calificación",
        "bewertung",
        "cijfer",
        "punktzahl",
        "оценку",
    ]
)
# "# Output (a):" opens a section; it does not choose.
_HEADING = re.compile(r"\s*#+\s.*\D$|.*:[\s*_]*$")
_BULLET = re.compile(r"^\s*(?:[-–•·*▪►‣◦]|[*+]\s)\s+")
# "Yes, it does", "B) it has a gap": the answer is over before the reason begins.
_STANDS_ALONE = re.compile(r"[.:,;!)]|\s*[–—-]\s|\s*$|\n")
_LIST_LINE = re.compile(r"^\s*\(?[0-9]{1,3}(?:[.):]|\s*[=–-])\s", re.MULTILINE)
_LEADING_NUMBER = re.compile(
    rf"^[^\w.<>≤≥~±$€£-]{{0,12}}-?(?P<answer>{_FRACTION})(?P<next>[\s*_`\"')\]]*(?:[.:,;–—(\n-]|$))"
)
_UNIT = rf"(?:\s?(?:{any_of(UNITS)}))?"
_NUMBER_LINE = re.compile(
    rf"^[^\w\n.<>≤≥~≈±$€£-]{{0,12}}(?:-\s+)?\(?(?P<answer>[-+]?{_FRACTION}{_UNIT})[^\w\n%°€$£/+-]{{0,12}}$",
    re.MULTILINE,
)
# "5, the number of days, is right": the number is what is spoken of.
_SUBJECT = re.compile(
    r"[\s*_`\"')\]]*(?:,[^.!?\n]{0,120}?,?)?\s(?:is|are|was|were|has|have|would|means|equals|stands)\b",
    re.IGNORECASE,
)
_FEW_WORDS_THEN_NUMBER = re.compile(
    rf"^(?P<words>[^0-9\n(:=,–—-]{{1,40}})(?P<sign>[(:=,–—-]+)\s*(?P<answer>{NUMBER}[^\n]*)$"
)
# What was scored and not how: "Confidence: 5", "Style (3)".
_ASPECT = re.compile(
    r"(?:ness|ity|ence|ance|acy|tion|ency|ment|score|rating|style|tone|grammar|length|format|spelling|step"
    r"|question|page|line|item|point|total|count|number)s?[\s*_]*$",
    re.IGNORECASE,
)
_ASPECT_OF = re.compile(
    r"\b(?:on|in|for|regarding|as to|in terms of)\s(?:its |the )?(?P<aspect>\w{0,20}(?:ness|ity|ence|ance"
    r"|acy|tion|ency|style|tone|grammar|form|length))\b",
    re.IGNORECASE,
)
_GOT = re.compile(r"\b(?:got|received|achieved|reached|won|had|has)\s(?:an?\s)?$", re.IGNORECASE)
_RESPONSE = re.compile(r"\b(?:it|response|answer|this|submission|reply|output)\b", re.IGNORECASE)
_SUMS_UP = re.compile(
    r"(?:overall|total|final(?:ly)?|result|insgesamt|gesamt|correction)[\s*_]*$", re.IGNORECASE
)
_CLOSING_NUMBER = re.compile(
    rf"(?:\w[\"')*_\]]{{0,3}}[.!?;][\"')*_]{{0,3}}\s+(?:so|thus|hence|therefore|overall|finally)?,?\s*"
    r"|\b(?:so|thus|hence|therefore|then|in conclusion|overall|donc|daher|luego|portanto|quindi"
    r"|dus)[,:]?\s+(?:an?\s+)?"
    r"|\b(?:agrees|matches|is (?:so|it))[.,:;]\s+|\b(?:is|are|was|were|seems)\s(?:\w{1,12}\s)?(?:missing"
    r"|wrong|right|correct|incorrect|incomplete|complete|absent|good|bad|fine|vague|unclear|perfect|poor"
    r"|false|true)[.,:;]\s+)"
    rf"[*_\"'(\[]{{0,3}}(?P<answer>{_FRACTION}(?:\s+(?:points?|stars?))?)[*_\"')\]]{{0,3}}[.!]?\s*$",
    re.IGNORECASE,
)
_ABBREVIATED = re.compile(
    r"\b(?:no|nr|p|pp|fig|sec|ch|vol|art|vs|ca|max|min|num|eq|q|n)\.\s+$", re.IGNORECASE
)
# "It would be 5 with sources."
_WITH = re.compile(r"\s(?:with|without|were|had|but for)\b", re.IGNORECASE)
_LETTERS = re.compile(r"[^\W\d_]")
_LAST_SENTENCE = re.compile(r"[.!?;)]\s+(?P<answer>[^.!?;:\n]{1,60})[.!]?\s*$")


_SHORT_ANSWER = 80
_SO_LABEL = re.compile(
    r"\b(?:so|therefore|hence|thus)[,:]?\s+(?:it is |it's )?(?P<answer>[^.!?;:,\n]{1,60})[.!]?\s*$",
    re.IGNORECASE,
)


class Found(NamedTuple):
    """A reading, where it stands, and how it is meant."""

    reading: Reading[float]
    start: int
    end: int
    stance: Stance = Stance.PLAIN


def phrases(text: str, scale: Scale, names: frozenset[str]) -> Iterator[Found]:
    """Yield the scores that sentences give, those left out that are supposed, denied, asked or quoted."""
    for pattern in (_PHRASE, _CHANGES):
        for match in matches_at(pattern, text, _PHRASE_WORDS):
            found = _said(text, match.end(), match.start(), scale, names)
            if found is not None and not _is_of_something_else(sentence_before(text, match.start()), names):
                yield found if pattern is _PHRASE else found._replace(stance=Stance.CORRECTED)
    if scale.kind in ("binary", "choices"):
        for match in matches_at(_LABEL_PHRASE, text, ("i", "my")):
            found = _said(text, match.end(), match.start(), scale, names)
            if found is not None:
                yield found
    for match in () if text.isascii() else _CJK_PHRASE.finditer(text):
        found = _said(text, match.end(), match.start(), scale, names)
        if found is not None:
            yield found
    for match in _BACKWARDS.finditer(text):
        reading = whole_answer(match.group("answer"), scale)
        if reading is not None and not _is_void(text, match.start(), match.end()):
            yield Found(reading, match.start(), match.end(), Stance.FINAL)


def _is_of_something_else(said: str, names: frozenset[str]) -> bool:
    """Tell whether a sentence scores an aspect ("on accuracy it gets a 4") or another thing ("the film got a 4")."""
    aspect = _ASPECT_OF.search(said)
    if aspect and aspect.group("aspect").casefold() not in names:
        return True
    return bool(_GOT.search(said)) and not _RESPONSE.search(said)


def _said(text: str, at: int, start: int, scale: Scale, names: frozenset[str]) -> Found | None:
    piece = text[at : at + 80].split("\n")[0]
    answer = answer_at_head(piece, scale)
    if answer is None:
        return None
    if "would be" in text[start:at] and _WITH.match(answer.rest):
        return None
    end = at + len(piece) - len(answer.rest)
    component = _COMPONENT.match(answer.rest)
    if _is_void(text, start, end, answer_at=at) or (
        component and component.group("aspect").casefold() not in names
    ):
        return None
    return Found(answer.reading, start, end)


def _is_void(text: str, start: int, end: int, *, answer_at: int | None = None) -> bool:
    return is_supposed(text, start, end, answer_at=answer_at) or is_quoted(text, start, end)


def unmarked(text: str, scale: Scale) -> Iterator[Found]:
    """Yield answers that nothing marks: a line of its own, the head or the end of a reply."""
    lines = lines_of(text)
    whole = whole_answer(text, scale) if len(text) <= _SHORT_ANSWER and len(lines) == 1 else None
    if whole is not None:
        yield Found(whole, 0, len(text))
        return
    yield from _number_lines(text, lines, scale)
    yield from _label_lines(text, lines, scale)
    if lines and not _has_several_heads(lines, scale):
        yield from _heads(text, lines, scale)
    tail_start = max(0, len(text) - SHORT_REPLY)
    tail = text[tail_start:]
    closing = _CLOSING_NUMBER.search(tail)
    last = _LAST_SENTENCE.search(tail)
    so = _SO_LABEL.search(tail)
    for match, only_labels in ((closing, False), (last, True), (so, True)):
        if match is None or (only_labels and re.search("[0-9]", match.group("answer"))):
            continue
        # "1. 2" is an item and no sentence with a score behind it.
        if not only_labels and _ABBREVIATED.search(tail[max(0, match.start() - 8) : match.start("answer")]):
            continue
        if not only_labels and not _LETTERS.search(tail[max(0, match.start() - 40) : match.start("answer")]):
            continue
        reading = whole_answer(match.group("answer"), scale)
        start, end = tail_start + match.start("answer"), tail_start + match.end("answer")
        if reading is not None and not is_quoted(text, start, end):
            yield Found(reading, start, len(text))


def _number_lines(text: str, lines: list[str], scale: Scale) -> Iterator[Found]:
    """Read the number that is the first or the last line; several lines of numbers are a list."""
    if scale.kind == "choices" or not lines:
        return
    found = [match for match in _NUMBER_LINE.finditer(text) if re.search("[0-9]", match.group())]
    if not found:
        return
    readings = [
        (match, reading)
        for match in found[:50]
        if (reading := whole_answer(_BULLET.sub("", match.group()), scale)) is not None
        and not is_quoted(text, match.start("answer"), match.end("answer"))
    ]
    edges = {lines[0].strip(), lines[-1].strip()}
    at_edge = [(match, reading) for match, reading in readings if match.group().strip() in edges]
    if at_edge:
        both = agreed(reading for _, reading in readings) or Reading.unread("ambiguous")
        yield Found(both, at_edge[-1][0].start(), at_edge[-1][0].end())


def _label_lines(text: str, lines: list[str], scale: Scale) -> Iterator[Found]:
    edges = {0: lines[0], len(lines) - 1: lines[-1]} if lines else {}
    for line in edges.values():
        if (
            _HEADING.match(line)
            or (re.search("[0-9]", line) and scale.kind != "choices")
            or len(line) > SHORT_REPLY
        ):
            continue
        reading = whole_answer(_BULLET.sub("", line), scale)
        start = text.find(line) if line is lines[0] else text.rfind(line)
        if reading is not None and not is_quoted(text, start, start + len(line)):
            yield Found(reading, start, start + len(line))


def _has_several_heads(lines: list[str], scale: Scale) -> bool:
    """Tell whether two lines begin with different answers: a menu or a list that is repeated."""
    heads = {
        answer.reading
        for line in lines[:20]
        if (answer := answer_at_head(line[:SHORT_REPLY], scale))
        and _STANDS_ALONE.match(answer.rest)
        and answer.rest.strip()
    }
    return len(heads) > 1


def _heads(text: str, lines: list[str], scale: Scale) -> Iterator[Found]:
    """Read what a short reply begins with, "4 - polite", or a word and what follows it: "Yes, it does"."""
    short = len(text) <= SHORT_REPLY
    match = _LEADING_NUMBER.match(text) if scale.kind != "choices" else None
    if (
        match
        and (short or "/" in match.group("answer"))
        and len(_LIST_LINE.findall(text)) < 2
        and not _is_list_number(text, match)
    ):
        answer = answer_at_head(_BULLET.sub("", text[:SHORT_REPLY]), scale)
        if answer is not None and not _SUBJECT.match(text, match.end("answer")):
            yield Found(answer.reading, 0, match.end("answer"))
    worded = worded_number(text, scale) if short else None
    if worded is not None and not is_quoted(text, max(0, len(text) - 2), len(text)):
        yield Found(worded, 0, len(text))
    first = lines[0]
    if first[:1].isalpha() and "(" not in first.split(")")[0]:
        answer = answer_at_head(first, scale)
        if answer is not None and _STANDS_ALONE.match(answer.rest) and not re.match(NUMBER, first):
            yield Found(answer.reading, 0, len(first) - len(answer.rest))


def _is_list_number(text: str, match: re.Match[str]) -> bool:
    """Tell whether a reply begins with the number of an item: "2) The date is missing.", "1. It greets."."""
    number, rest = match.group("answer"), text[match.end("answer") :]
    if rest.startswith(")") and "(" not in text[: match.start("answer")]:
        return True
    if not re.match(r"\.\s", rest):
        return False
    if re.match(
        rf"\.\s+(?:{NUMBER}|(?:jan|feb|mär|mar|apr|ma[iy]|jun|jul|aug|sep|o[ck]t|nov"
        rf"|de[zc])[^\W\d_]{{0,6}}\b)",
        rest,
        re.IGNORECASE,
    ):
        return True
    # A list begins with 1, and its items are sentences; "1. Rude" names the point.
    return number == "1" and len(rest.split()) > 4


def worded_number(text: str, scale: Scale, *, tagged: bool = False) -> Reading[float] | None:
    """Return the number that a few words introduce and nothing follows: "Good (3)", "Yes, 0"."""
    match = _FEW_WORDS_THEN_NUMBER.match(text)
    if match is None or len(match.group("words").split()) > 4:
        return None
    words = match.group("words")
    if not _LETTERS.search(words):
        return None
    if not _SUMS_UP.search(words) and (
        _ASPECT.search(words) or (match.group("sign")[0] in ":=" and not tagged)
    ):
        return None
    return whole_answer(match.group("answer"), scale)
