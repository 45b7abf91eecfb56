"""One answer at the head of a text, read on a scale: `4`, `4/5`, `[4]`, `polite`, `4 (polite)`, `n/a`."""

import re
from functools import lru_cache
from typing import NamedTuple

from evaldrop.evaluation.criteria.scales import Scale, plain_label
from evaldrop.verdicts.languages import (
    AFTER_SCORE,
    AND_A_HALF,
    CJK_UNITS,
    MAYBE,
    NO,
    NUMBER_WORDS,
    OUT_OF,
    POINT,
    UNITS,
    YES,
)
from evaldrop.verdicts.verdict import Reading
from evaldrop.verdicts.wording import NOT_APPLICABLE, NUMBER, any_of, bare, to_float

_OPENING_MARKUP = " \t*_`\"'([{|#"
FRACTION = rf"{NUMBER}(?:\s*(?:/|(?:{any_of(OUT_OF)})(?!\w))\s*{NUMBER})?"
_CLOSING_MARKUP = "*_`\"')]}>|~"
_NUMBER_WORDS = any_of(NUMBER_WORDS)
_UNIT = rf"(?:(?:\s?(?:{any_of(CJK_UNITS)})|\s*(?:{any_of(UNITS)})(?!\w))?(?:です|とします|입니다)?)"
# A percentage, a degree, a price, or the first part of a fraction, a date, a time or a word is no score.
_NUMBER = re.compile(
    rf"(?P<number>[0-9]{{1,2}}(?:\s1/2(?!\w)|[分点點점]?(?:{AND_A_HALF}))|{NUMBER}"
    rf"|(?:{_NUMBER_WORDS})(?:[分点點점]?(?:{AND_A_HALF})"
    rf"|[\s-]?(?:{any_of(POINT)})[\s-]?(?:{_NUMBER_WORDS})(?!\w)"
    rf"|(?=[{''.join(CJK_UNITS)}])|(?![\w-]))){_UNIT}[*_`]{{0,3}}"
    rf"(?:\s*(?:/|(?:{any_of(OUT_OF)})(?!\w))\s*(?:a possible |possible )?"
    rf"(?P<whole>{NUMBER}|(?:{_NUMBER_WORDS})(?!\w)){_UNIT})?(?![\w^°$€£¥½/]|[.,:][0-9]|\s?[€£¥°])",
    re.IGNORECASE,
)
_ENDS = re.compile(
    rf"(?:{NUMBER}\s?(?:-|–|to|bis|à|a|tot|\.\.)\s?|\b(?:out of|scale of(?! ?{NUMBER}\s?(?:-|–|to)))\s"
    rf"|/\s?)(?P<high>{NUMBER})(?![\w%.,]*[0-9])|\b(?P<points>[0-9]{{1,3}})[- ]point scale",
    re.IGNORECASE,
)
_HALF = re.compile(AND_A_HALF)
_POINT = re.compile(
    rf"(?P<whole>{_NUMBER_WORDS})[\s-]?(?:{any_of(POINT)})[\s-]?(?P<tenths>{_NUMBER_WORDS})", re.IGNORECASE
)
# "5分中4分": the scale's top comes first.
_OF_FIRST = re.compile(
    rf"(?P<whole>{NUMBER})\s?(?:[分点點점]\s?)?(?:(?:満点)?中|만점에|満点で),?\s?(?P<number>{NUMBER})\s?[分点點점]?(?:です|とします"
    rf"|입니다)?(?!\w)"
)
# "<4", "~4", "$4": a bound, an estimate and a price are no scores; "<4>" is one in brackets.
_NO_SCORE_SIGN = re.compile(r"[<>≤≥≈∼~±€$£¥≲≳^]+=?\s*\.?[0-9]|#[0-9]")
_IN_SIGNS = re.compile(rf"<\s*({NUMBER})\s*>")
_SUM = re.compile(rf"{NUMBER}(?:\s?[-+–]\s?{NUMBER}){{1,9}}\s?=\s?(?P<sum>{NUMBER})")
_SCALE_FIRST = re.compile(
    rf"(?:(?:auf|sur|en|in|em|numa|op)\s)?(?:(?:eine?r?|une?|una|uma|een)\s)?(?:skala|échelle|escala|scala"
    rf"|schaal)"
    rf"\s(?:von|de|da|van)\s{NUMBER}\s*(?:-|–|bis|à|a|tot)\s*{NUMBER}\s?[:=,]\s*"
    rf"|(?:on |using )?(?:an? |the )?(?:scale (?:of |from )?)?{NUMBER}\s*(?:-|–|to)\s*{NUMBER}\s*(?:scale"
    rf"|range)?\s*[:=]\s*"
    rf"|(?:on )?an? (?:scale|range) (?:of |from )?{NUMBER}\s*(?:-|–|to)\s*{NUMBER}\s*[:=,]?\s*",
    re.IGNORECASE,
)
# Words before an answer that leave it what it is. An article would hide the choice A.
_FILLERS = re.compile(
    r"(?:(?:(?:no|without(?: an?y?)?) (?:doubt|question)(?: about (?:it|that))?|well|definitely|clearly"
    r"|certainly|absolutely|surely"
    r"|simply|just"
    r"|level|point|(?:a )?(?:score|rating|grade)(?: of)?|eindeutig|klar|natürlich|clairement|claramente"
    r"|chiaramente"
    r"|duidelijk)[\s,:]{1,3}){1,3}",
    re.IGNORECASE,
)
_ARTICLE = re.compile(
    r"an? (?=[0-9])|(?:an? )?(?:solid|strong|clear|good|weak|full|perfect|low|high|mere|generous) (?=[0-9])",
    re.IGNORECASE,
)
_IT_IS = re.compile(
    r"(?:the|this|that|its?)\s+(?:(?:answer|response|reply|submission|output|statement|text"
    r"|content)\s+)?(?:is|was)\s+"
    r"(?:therefore |thus |clearly |indeed )?",
    re.IGNORECASE,
)
# "3-4", "3 to 4", "4 5": two numbers are no verdict, and neither of them is.
_ANOTHER_NUMBER = re.compile(
    rf"[ \t]*(?:-|–|—|~|〜|&|/|;|\b(?:to|or|and|bis|oder|und|à|ou|et|o|y|e|a|of|tot|en)\b|至|到|或|から"
    rf"|または|에서)?[ \t]*"
    rf"(?:{NUMBER}|(?:{_NUMBER_WORDS})(?=[ \t]*(?:$|[.,;])))(?![\w%])"
    rf"|[ \t]*,[ \t]*{NUMBER}[ \t]*(?:$|[,;\n)\]}}]|\.(?![0-9]))"
    r"|[ \t]*(?:±|\+/-)|-[ \t]*(?:$|[\n,;)])",
    re.IGNORECASE,
)
# "3, maybe 4", "3 (edited: 4)": the judge is of two minds.
_OR_ANOTHER = re.compile(
    rf"[\s*_`\"')]{{0,4}}[,;:(\[–—-]?\s?(?:(?:and|but|it|this|und|et|y|e)\s)?"
    rf"(?:{any_of(MAYBE)})(?:\s|:\s?|(?<=[\u3000-\uffff]))(?:(?:an?|to|at|eine?|une?|una?|uma?"
    rf"|een)\s)?[*_`]{{0,3}}"
    rf"(?:{NUMBER}|(?:{_NUMBER_WORDS})(?![\w-]))(?!\s?%|\s\w{{1,20}}s\b)"
    rf"|[\s*_`\"')]{{0,4}}\.\s+(?:{any_of(MAYBE)})\s(?:an?\s)?(?:{NUMBER}"
    rf"|(?:{_NUMBER_WORDS})(?!\w))(?=[.!?]?\s*(?:$|\n))"
    rf"|\s?[(\[]\s?(?:an?\s)?{NUMBER}\s(?:at (?:most|best|least)|perhaps|maybe|possibly)",
    re.IGNORECASE,
)
_UP_TO = re.compile(rf"\s*(?:-|–|to)\s*(?P<high>{NUMBER})\s*[)\]}}>]*\s*(?:$|\n)", re.IGNORECASE)
_END_TAG = re.compile(r"^\s*</[a-zA-Z][\w-]{0,30}>")
# "4 at most", "4 (if the date is ignored)": a bound, and one of two.
_ON_CONDITION = re.compile(
    r"[\s(,;]{1,3}(?:minus|plus|less\s[0-9]|moins|menos|meno|weniger|if|unless|provided|assuming|at (?:best"
    r"|most|least)|or (?:more|less|higher|lower|above"
    r"|below|so)|tops|(?:and|or) a (?:bit|little|touch)|(?:roughly|approximately|or thereabouts|ungefähr"
    r"|environ"
    r"|aproximadamente|circa|ongeveer)(?=\W*(?:$|\n)))\b|-?ish\b|\s?\(\s?\?+\s?\)",
    re.IGNORECASE,
)
# "5 (-1 for the date)".
_TAKEN_OFF = re.compile(r"[ \t]*[(\[]\s*[-–]\s?[0-9]")
_SHARED_OUT = re.compile(
    rf"[ \t]*(?:for|on|in)\b[^.;\n]{{1,60}}?(?:[,;]|\band\b"
    rf"|\bbut\b)[^.;\n]{{0,12}}?{NUMBER}[ \t]+(?:points? )?(?:for|on|in)\b",
    re.IGNORECASE,
)
# "four (4)"; "4/5 = 80%".
_AGAIN = re.compile(rf"[ \t]*\([ \t]*(?P<number>{NUMBER}|{_NUMBER_WORDS})[ \t]*\)", re.IGNORECASE)
_ON_A_SCALE = re.compile(
    rf",?\s?\(?\s?on (?:an?|the|our) (?:scale (?:of |from )?)?(?:{NUMBER}\s?(?:-|–|to)\s?)?(?P<high>{NUMBER})"
    r"(?:[- ]point)?(?: scale)?(?!\w)\s?\)?"
    rf"|\s?\(\s?(?:[01]\s?(?:-|–|to)\s?|(?:out )?of\s)(?P<top>{NUMBER})\s?\)",
    re.IGNORECASE,
)
_AS_PERCENT = re.compile(rf"^\s*=\s*{NUMBER}\s?%")
_ARROW = re.compile(r"[ \t]*(?:→|➜|➔|⟶|⇒|-+>|=+>)(?P<after>[^\n]*)")
_AFTER_COLON = re.compile(r"[^0-9:\n]{1,60}:[ \t]*(?P<answer>[^\n]+)")
_ARITHMETIC = re.compile(r"\s*(?:[×^<>÷]|\+\s*[0-9]|[*]\s*[0-9]|=)")
_NEXT_WORD = re.compile(r"[ \t]+([^\W\d_][\w']*)(:?)")
# Ends a label: end of text, punctuation, or the beginning of a reason.
_LABEL_END = (
    r"(?=$|[.,、;:!?)\]}\"'*_`<>\n–—(|=]"
    r"|\s+(?:[-–—(=→➜➔⟶⇒]|because\b|since\b|as\b|weil\b|car\b|parce\b|porque\b|perché\b|omdat\b|not\b"
    r"|instead\b"
    r"|rather\b))"
)
_NOUN = r"(?:(?:option|choice|label|category|response|output|answer|assistant|model|antwort|réponse)\s+)?"
_LABEL_NUMBER = re.compile(rf"[\s*_]*[(\[:,=–-]+\s*(?P<number>{NUMBER})\s*(?:[)\]][\s\S]*|[\s.*_]*)$")
_BETWEEN_LABELS = re.compile(
    rf"[\s*_\"')\]]{{0,4}}(?:[,;(–—-]{{0,2}}\s?(?:{any_of(MAYBE)})(?!\w)\s?(?:an?\s)?|[,/&;+|]|\b(?:or|and"
    rf"|to|oder|und|ou|et|o|e|y|of|en)\b)[\s*_\"'(\[]{{0,4}}",
    re.IGNORECASE,
)
# "not a 5 but a 3": what is denied is an answer, and so is what is not.
_CONTRAST = re.compile(
    r"(?:not|n't|nicht|pas|no|não|non|niet|nem)\s(?!only|just|merely)(?:be\s)?(?:an?\s)?"
    r"(?P<denied>(?:[^.;:!?\n]|\.(?=[0-9])){1,40}?),?\s"
    r"(?:but|sondern|mais|sino|mas|ma|bensì|maar)\s(?:rather\s|only\s)?",
    re.IGNORECASE,
)
# "correct? No, incorrect.": what was asked is not what was answered.
_ASKED = re.compile(r"[\s*_\"')]{0,3}\?[\s*_\"']{0,3}")
_INTERJECTION = re.compile(
    r"(?:(?:no|nope|nein|hm+|well|not (?:quite|really))[\s,.:;!–-]{1,4}){1,3}", re.IGNORECASE
)
_TAKEN_BACK = re.compile(
    r"[\s,.;!–—-]{1,4}(?:wait|hold on|actually|sorry|rather|scratch that|I mean"
    r"|correction)\b[\s,.:;–—-]{0,4}",
    re.IGNORECASE,
)
_NUMBERED = re.compile(r"\.\s?[0-9]")
_NEAR = 120


class ReadAnswer(NamedTuple):
    """What was read, and the text after it."""

    reading: Reading[float]
    rest: str


def on_scale(number: float, scale: Scale) -> Reading[float]:
    """Return the score that `number` is, or `out_of_range`: it is never clipped or rounded onto the scale."""
    score = scale.nearest(number)
    return Reading.unread("out_of_range") if score is None else Reading(score)


def is_another_scale(text: str, scale: Scale) -> bool:
    """Tell whether `text` names the ends of a scale ("1 to 10", "out of 10"), and not this one's."""
    named = _ENDS.search(text)
    return named is not None and to_float(named["high"] or named["points"]) != scale.high


def whole_answer(text: str, scale: Scale) -> Reading[float] | None:
    """Return the answer that `text` is and nothing else, None when it is not one."""
    answer = answer_at_head(text, scale)
    return answer.reading if answer and not bare(answer.rest) else None


def answer_at_head(text: str, scale: Scale, *, sentence: bool = False) -> ReadAnswer | None:
    """
    Return the answer `text` begins with, None when it begins with anything else.

    `sentence` says that a tag came before: "the answer is correct" is then an answer too.
    """
    head = text.lstrip(_OPENING_MARKUP)
    in_signs = _IN_SIGNS.match(head)
    if in_signs:
        head = in_signs.group(1) + " " + head[in_signs.end() :]
    if _NO_SCORE_SIGN.match(head) or (not in_signs and _NO_SCORE_SIGN.match(text.lstrip())):
        return None
    head = head.lstrip("<~" + _OPENING_MARKUP)
    if match := NOT_APPLICABLE.match(head):
        return ReadAnswer(Reading.unread("not_applicable"), head[match.end() :])
    answer = _at_head(head, scale)
    contrast = _CONTRAST.match(head) if answer is None else None
    if contrast and whole_answer(contrast["denied"], scale):
        return _near_head(head[contrast.end() :], scale)
    if sentence and (summed := _SUM.match(head)):
        answer = _number_at_head(head[summed.start("sum") :], scale)
    if answer is None and sentence and (subject := _IT_IS.match(head)):
        answer = _label_at_head(head[subject.end() :], scale)
    # Few answers have anything before them; what an answer begins with is tried first.
    if answer is None and (filler := _FILLERS.match(head)):
        answer = _at_head(head[filler.end() :], scale)
    return answer


def _at_head(head: str, scale: Scale) -> ReadAnswer | None:
    # On a menu only a label counts: nobody asks the judge what a choice is worth.
    if scale.kind == "choices":
        return _label_at_head(head, scale)
    answer = _label_at_head(head, scale) or _number_at_head(head, scale)
    if answer is not None:
        return answer
    first = _SCALE_FIRST.match(head)
    if first and not _SUM.match(head) and is_another_scale(first.group(), scale):
        return ReadAnswer(Reading.unread("out_of_range"), "")
    if first or (first := _ARTICLE.match(head)):
        return _number_at_head(head[first.end() :], scale)
    return None


def _number_at_head(head: str, scale: Scale) -> ReadAnswer | None:
    match = _OF_FIRST.match(head) or _NUMBER.match(head)
    if match is None:
        return None
    rest = head[match.end() :]
    if rest.lstrip(" ")[:1] == "%":
        # A percentage is a score only where the scale is one of percent.
        if scale.high != 100:
            return None
        rest = rest.lstrip(" ")[1:]
    if _ON_CONDITION.match(rest) or _TAKEN_OFF.match(rest):
        return None
    if _OR_ANOTHER.match(rest):
        return ReadAnswer(Reading.unread("ambiguous"), "")
    rest = _END_TAG.sub("", rest.lstrip(_CLOSING_MARKUP), count=1)
    if arrow := _ARROW.match(rest):
        return _after_arrow(arrow.group("after"), scale)
    if _SCALE_FIRST.match(head):
        return None
    if (to := _UP_TO.match(rest)) and (_worth(match.group("number")), to_float(to.group("high"))) == (
        scale.low,
        scale.high,
    ):
        # "[1-5]" names the scale.
        return None
    reading = _value_of(match, scale)
    again = _AGAIN.match(rest)
    if again and on_scale(_worth(again.group("number")), scale) != reading:
        return ReadAnswer(Reading.unread("ambiguous"), "")
    if named := _ON_A_SCALE.match(rest):
        if to_float(named["high"] or named["top"]) != scale.high:
            return ReadAnswer(Reading.unread("out_of_range"), "")
        rest = rest[named.end() :]
    rest = _AS_PERCENT.sub("", rest, count=1)
    if _ANOTHER_NUMBER.match(rest) or _SHARED_OUT.match(rest):
        return ReadAnswer(Reading.unread("ambiguous"), "")
    if asked := _ASKED.match(rest):
        return _answered(rest[asked.end() :], scale)
    if rest[:1] == "+":
        rest = rest[1:]
    beside = _label_at_head(rest.lstrip(" \t-–—:=(,.*_"), scale)
    if beside is not None and rest.strip():
        same = beside.reading == reading
        return ReadAnswer(reading if same else Reading.unread("ambiguous"), beside.rest)
    # A number may also count something ("3 albums", "2 of the claims") rather than score.
    word = _NEXT_WORD.match(rest)
    if _ARITHMETIC.match(rest) or (word and word.group(1).casefold() not in AFTER_SCORE):
        return None
    return ReadAnswer(reading, rest)


def _after_arrow(after: str, scale: Scale) -> ReadAnswer:
    """Return the answer an arrow leads to: "2 → 4", "2 → after reading again: 4"."""
    near, far = after[:_NEAR], after[_NEAR:]
    named = _AFTER_COLON.match(near)
    answer = answer_at_head(near, scale) or (answer_at_head(named.group("answer"), scale) if named else None)
    return answer._replace(rest=answer.rest + far) if answer else ReadAnswer(Reading.unread("ambiguous"), "")


def _answered(after: str, scale: Scale) -> ReadAnswer | None:
    """Return the answer to a question that the judge put to itself: "correct? No, incorrect."."""
    # A part only: "yes? yes? yes? …" must not be followed to its end.
    near, far = after[:_NEAR], after[_NEAR:]
    answer = answer_at_head(near, scale)
    if answer is None and (interjection := _INTERJECTION.match(near)):
        answer = answer_at_head(near[interjection.end() :], scale)
    return answer and answer._replace(rest=answer.rest + far)


def _near_head(text: str, scale: Scale) -> ReadAnswer | None:
    """Return the answer `text` begins with, in a part only: a reply may deny again and again."""
    answer = _at_head(text[:_NEAR], scale)
    return answer and answer._replace(rest=answer.rest + text[_NEAR:])


def _value_of(match: re.Match[str], scale: Scale) -> Reading[float]:
    whole = match.group("whole")
    # "7/10" on a scale to 5 was given on another scale; converting it would be guessing.
    if whole is not None and _worth(whole) != scale.high:
        return Reading.unread("out_of_range")
    return on_scale(_worth(match.group("number")), scale)


def _worth(number: str) -> float:
    number = number.casefold()
    if (word := NUMBER_WORDS.get(number)) is not None:
        return word
    if "1/2" in number or _HALF.search(number):
        whole = _HALF.sub("", number.replace("1/2", "")).strip(" 分点點점")
        return NUMBER_WORDS.get(whole, 0) + 0.5 if whole in NUMBER_WORDS else to_float(whole) + 0.5
    if parts := _POINT.fullmatch(number):
        # "three point ten" is no number.
        return NUMBER_WORDS[parts["whole"]] + NUMBER_WORDS[parts["tenths"]] / 10
    return to_float(number)


def _label_at_head(head: str, scale: Scale) -> ReadAnswer | None:
    pattern = _label_pattern(scale.labels(), scale.kind)
    match = pattern.match(head) if pattern else None
    value = _label_value(match.group("label"), scale) if match else None
    if match is None or value is None or pattern is None:
        return None
    rest = head[match.end() :]
    if asked := _ASKED.match(rest):
        return _answered(rest[asked.end() :], scale)
    if arrow := _ARROW.match(rest):
        return _after_arrow(arrow.group("after"), scale)
    if taken_back := _TAKEN_BACK.match(rest):
        return _answered(rest[taken_back.end() :], scale) or ReadAnswer(Reading.unread("ambiguous"), "")
    if (joined := _BETWEEN_LABELS.match(rest)) and (other := pattern.match(rest, joined.end())):
        same = _label_value(other.group("label"), scale) == value
        return ReadAnswer(Reading(value) if same else Reading.unread("ambiguous"), "" if same else rest)
    if scale.kind == "choices":
        return None if _is_part_of_number(match.group("label"), rest) else ReadAnswer(Reading(value), rest)
    # "No. 1" counts, and says no more.
    if scale.kind == "binary" and _NUMBERED.match(rest):
        return None
    beside = _LABEL_NUMBER.match(rest)
    if beside and on_scale(to_float(beside.group("number")), scale) != Reading(value):
        return ReadAnswer(Reading.unread("ambiguous"), "")
    return ReadAnswer(Reading(value), "" if beside else rest)


def _is_part_of_number(label: str, rest: str) -> bool:
    return label[-1:].isdigit() and bool(re.match(r"[.,:/-]?[0-9]|%", rest) or _ANOTHER_NUMBER.match(rest))


def _label_value(label: str, scale: Scale) -> float | None:
    value = scale.value_of(label)
    if value is None and scale.kind == "binary":
        word = plain_label(label)
        value = 1.0 if word in YES else 0.0 if word in NO else None
    return value


@lru_cache(maxsize=256)
def _label_pattern(labels: tuple[str, ...], kind: str) -> re.Pattern[str] | None:
    if kind == "binary":
        labels = (*labels, *YES, *NO)
    elif kind == "points":
        # A point's label that is a number is read as a number: "4.5" is no "4".
        labels = tuple(label for label in labels if not re.fullmatch(NUMBER, label))
    # The longest first: "partially correct" begins with no shorter label, but "yes, fully" may.
    words = sorted({label.strip() for label in labels if label.strip()}, key=len, reverse=True)
    if not words:
        return None
    spelled = "|".join(
        r"[\s_-]+".join(re.escape(part) for part in plain_label(word).split()) for word in words
    )
    return re.compile(rf"{_NOUN}\(?(?P<label>{spelled}){_LABEL_END}", re.IGNORECASE)
