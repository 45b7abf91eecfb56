"""An answer that nothing marks: `4`, `- 2`, "4 - polite", "Yes, it does", one behind the last sentence."""

import re
from collections.abc import Iterator

from evaldrop.evaluation.criteria.scales import Scale
from evaldrop.verdicts.languages import UNITS
from evaldrop.verdicts.scores.answers import FRACTION, ReadAnswer, answer_at_head, whole_answer
from evaldrop.verdicts.scores.quotations import is_quoted
from evaldrop.verdicts.scores.stances import ScoreMark
from evaldrop.verdicts.verdict import Reading, agreed
from evaldrop.verdicts.wording import NUMBER, SHORT_REPLY, any_of, lines_of

# "# Output (a):" opens a section; it does not choose.
_HEADING = re.compile(r"\s*#+\s.*\D$|.*:[\s*_]*$")
_BULLET = re.compile(r"^\s*(?:[-–•·*▪►‣◦]|[*+]\s)\s+")
# "Yes, it does", "B) it has a gap": the answer is over before the reason begins.
_STANDS_ALONE = re.compile(r"[.:,;!)]|\s*[–—-]\s|\s*$|\n")
_LIST_LINE = re.compile(r"^\s*\(?[0-9]{1,3}(?:[.):]|\s*[=–-])\s", re.MULTILINE)
_LEADING_NUMBER = re.compile(
    rf"^[^\w.<>≤≥~±$€£-]{{0,12}}-?(?P<answer>{FRACTION})(?P<next>[\s*_`\"')\]]*(?:[.:,;–—(\n-]|$))"
)
_UNIT = rf"(?:\s?(?:{any_of(UNITS)}))?"
_NUMBER_LINE = re.compile(
    rf"^[^\w\n.<>≤≥~≈±$€£-]{{0,12}}(?:-\s+)?\(?(?P<answer>[-+]?{FRACTION}{_UNIT})[^\w\n%°€$£/+-]{{0,12}}$",
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
_SUMS_UP = re.compile(
    r"(?:overall|total|final(?:ly)?|result|insgesamt|gesamt|correction)[\s*_]*$", re.IGNORECASE
)
_CLOSING_NUMBER = re.compile(
    rf"(?:\w[\"')*_\]]{{0,3}}[.!?;][\"')*_]{{0,3}}\s+(?:so|thus|hence|therefore|overall|finally)?,?\s*"
    r"|\b(?:so|thus|hence|therefore|then|in conclusion|overall|donc|daher|luego|portanto|quindi"
    r"|dus)[,:]?\s+(?:an?\s+)?"
    r"|\b(?:agrees|matches|is (?:so|it))[.,:;]\s+|\b(?:is|are|was|were|seems)\s(?:\w{1,12}\s)?(?:missing"
    r"|wrong|right|correct|incorrect|incomplete|complete|absent|good|bad|fine|vague|unclear|perfect|poor"
    r"|false|true|off|lacking|omitted|left out|misstated|misquoted|named|there|present|thin|clear|supported"
    r"|unsupported|accurate|inaccurate|outdated|invented)[.,:;]\s+"
    r"|\b(?:corrige|korrigiere|corrijo|correggo|corrigeer|corrected|revised|instead)\s?[:,]?\s+(?:to\s)?)"
    rf"[*_\"'(\[]{{0,3}}(?P<answer>{FRACTION}(?:\s+(?:points?|stars?))?)[*_\"')\]]{{0,3}}[.!]?\s*$",
    re.IGNORECASE,
)
_ABBREVIATED = re.compile(
    r"\b(?:no|nr|p|pp|fig|sec|ch|vol|art|vs|ca|max|min|num|eq|q|n)\.\s+$", re.IGNORECASE
)
_CHOICE_HEAD = re.compile(r"(?<![\w(])\(?(?P<label>\w{1,20})[):]\s")
_DIGIT = re.compile("[0-9]")
_LETTERS = re.compile(r"[^\W\d_]")
_LAST_SENTENCE = re.compile(r"[.!?;)]\s+(?P<answer>[^.!?;:\n]{1,60})[.!]?\s*$")
# "Yes, there are several errors" answers another question than it was asked.
_CLAUSE = re.compile(
    r"[\s,.:;–—-]{1,4}(?P<clause>(?:there|it|this|I (?:see|found|find|spotted|noticed)|several|some|many"
    r"|a few|two|three|[0-9]"
    r"|multiple|no|not|errors?|mistakes?|wrong|correct|right|es gibt|il y a|hay|há|ci sono"
    r"|er zijn)\b[^.,;\n]{0,60})",
    re.IGNORECASE,
)
_FAULT = re.compile(
    r"\b(?:errors?|mistakes?|wrong|incorrect|inaccura\w{1,6}|flaws?|problems?|issues?|fehler|erreurs?"
    r"|errores|erros|errori"
    r"|fouten)\b",
    re.IGNORECASE,
)
_FINE = re.compile(r"\b(?:correct|right|accurate|true|fine|flawless|faultless)\b", re.IGNORECASE)
_NONE = re.compile(
    r"\b(?:no|not|isn't|aren't|without|free of|never|any|nothing|keine?|pas|ningún|nenhum|nessun|geen)\b",
    re.IGNORECASE,
)
_SHORT_ANSWER = 80
_COUNTS = re.compile(
    r"\b(?:how (?:many|much|often|old|long)|wie ?viele?|combien|cuánt[oa]s?|quant[oaie]s?|hoeveel"
    r"|which (?:day|year|page))\b[^?\n]{0,120}\?\W*$",
    re.IGNORECASE,
)
_MISSES = re.compile(r"\b(?:missing|lacking|omitted|left out|misleading|false|bad)\b", re.IGNORECASE)
_TO_QUESTION = re.compile(r"\?\s+(?P<answer>[^?\n]{1,80}?)(?=\.\s|$)", re.MULTILINE)
_SO_LABEL = re.compile(
    r"\b(?:so|therefore|hence|thus)[,:]?\s+(?:it is |it's )?(?P<answer>[^.!?;:,\n]{1,60})[.!]\s*$",
    re.IGNORECASE,
)


def unmarked(text: str, scale: Scale) -> Iterator[ScoreMark]:
    """Yield answers that nothing marks: a line of its own, the head or the end of a reply."""
    lines = lines_of(text)
    whole = whole_answer(text, scale) if len(text) <= _SHORT_ANSWER and len(lines) == 1 else None
    if whole is not None:
        yield ScoreMark(whole, 0, len(text))
        return
    yield from _number_lines(text, lines, scale)
    yield from _label_lines(text, lines, scale)
    if lines and not _has_several_heads(lines, scale):
        yield from _heads(text, lines, scale)
    if scale.kind == "binary" and "?" in text:
        yield from _to_questions(text, scale)
    tail_start = max(0, len(text) - SHORT_REPLY)
    tail = text[tail_start:]
    closing = _CLOSING_NUMBER.search(tail)
    last = _LAST_SENTENCE.search(tail)
    so = _SO_LABEL.search(tail)
    for match, only_labels in ((closing, False), (last, True), (so, True)):
        if match is None or (only_labels and _DIGIT.search(match.group("answer"))):
            continue
        # "1. 2" is an item and no sentence with a score behind it.
        if not only_labels and _ABBREVIATED.search(tail[max(0, match.start() - 8) : match.start("answer")]):
            continue
        if not only_labels and not _LETTERS.search(tail[max(0, match.start() - 40) : match.start("answer")]):
            continue
        if not only_labels and _COUNTS.search(tail[: match.start("answer")]):
            continue
        reading = whole_answer(match.group("answer"), scale)
        start, end = tail_start + match.start("answer"), tail_start + match.end("answer")
        if reading is not None and not is_quoted(text, start, end):
            yield ScoreMark(reading, start, len(text))


def _to_questions(text: str, scale: Scale) -> Iterator[ScoreMark]:
    """Read what answers the one question of a reply; several that are answered otherwise are no verdict."""
    given = [
        (match, answer.reading)
        for match in _TO_QUESTION.finditer(text)
        if (answer := answer_at_head(match["answer"], scale)) and _STANDS_ALONE.match(answer.rest)
    ]
    if not given or (len(given) == 1 and given[0][0].end() < len(text)):
        return
    reading = agreed(reading for _, reading in given)
    question = text[max(0, given[0][0].start() - 120) : given[0][0].start()].split("\n")[-1]
    if _MISSES.search(question) or _FAULT.search(question):
        # "Is anything missing? No."
        reading = Reading.unread("ambiguous")
    if reading is not None and (len(given) == 1 or reading.value is None):
        yield ScoreMark(reading, given[0][0].start(), len(text))


def _number_lines(text: str, lines: list[str], scale: Scale) -> Iterator[ScoreMark]:
    """Read the number that is the first or the last line; several lines of numbers are a list."""
    if scale.kind == "choices" or not lines:
        return
    found = [*_NUMBER_LINE.finditer(text)]
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
        yield ScoreMark(both, at_edge[-1][0].start(), at_edge[-1][0].end())


def _label_lines(text: str, lines: list[str], scale: Scale) -> Iterator[ScoreMark]:
    edges = {0: lines[0], len(lines) - 1: lines[-1]} if lines else {}
    for line in edges.values():
        if (
            _HEADING.match(line)
            or (_DIGIT.search(line) and scale.kind != "choices")
            or len(line) > SHORT_REPLY
        ):
            continue
        reading = whole_answer(_BULLET.sub("", line), scale)
        start = text.find(line) if line is lines[0] else text.rfind(line)
        if reading is not None and not is_quoted(text, start, start + len(line)):
            yield ScoreMark(reading, start, start + len(line))


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


def _heads(text: str, lines: list[str], scale: Scale) -> Iterator[ScoreMark]:
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
            yield ScoreMark(answer.reading, 0, match.end("answer"))
    worded = worded_number(text, scale) if short else None
    if worded is not None and not is_quoted(text, max(0, len(text) - 2), len(text)):
        yield ScoreMark(worded, 0, len(text))
    first = lines[0]
    if first[:1].isalpha() and "(" not in first.split(")")[0]:
        answer = answer_at_head(first, scale)
        if answer is not None and _STANDS_ALONE.match(answer.rest) and not first[:1].isdigit():
            torn = (scale.kind == "binary" and _contradicts(answer)) or (
                scale.kind == "choices" and _is_menu(first, scale)
            )
            reading = Reading[float].unread("ambiguous") if torn else answer.reading
            yield ScoreMark(reading, 0, len(first) - len(answer.rest))


def _is_menu(line: str, scale: Scale) -> bool:
    """Tell whether a line goes through the choices: "A) no B) yes"."""
    heads = {match["label"] for match in _CHOICE_HEAD.finditer(line) if whole_answer(match["label"], scale)}
    return len(heads) > 1


def _contradicts(answer: ReadAnswer) -> bool:
    """Tell whether a yes or no says the opposite in its next words: "Yes, there are several errors"."""
    match = _CLAUSE.match(answer.rest)
    clause = match.group("clause") if match else ""
    faulty, fine = bool(_FAULT.search(clause)), bool(_FINE.search(clause))
    if faulty == fine or answer.reading.value is None:
        return False
    return (fine != bool(_NONE.search(clause))) != bool(answer.reading.value)


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
