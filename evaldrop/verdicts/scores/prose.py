"""A score in a sentence: "I would give it a 4", "it is rated as a 3", "5 in total", "I lower it to 3"."""

import re
from collections.abc import Iterator

from evaldrop.evaluation.criteria.scales import Scale
from evaldrop.verdicts.scores.answers import FRACTION, answer_at_head, is_another_scale, whole_answer
from evaldrop.verdicts.scores.quotations import is_quoted
from evaldrop.verdicts.scores.stances import ScoreMark, Stance, before, is_supposed, line_end, sentence_before
from evaldrop.verdicts.verdict import Reading
from evaldrop.verdicts.wording import NUMBER, matches_at

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
    r"|\b(?:deserves|receives|gets|earns|merits|warrants|is worth|it's worth|scores)\s+(?:an?\s+)?"
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
    r"|\b(?:verdient|erhält|bekommt|mérite|obtient|merece|recibe|recebe|merita|riceve|krijgt)\s(?:(?:une?"
    r"|una|uma|een|eine)\s)?"
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
    rf"|it)\s+(?:an?\s+)?(?={NUMBER})|\bI mean(?:t)?\s+(?:to (?:say|write|give)\s+)?(?:an?\s+)?(?={NUMBER})",
    re.IGNORECASE,
)
# A stage and its number: "After checking the facts: 4" takes a first impression back.
_STAGE = re.compile(
    r"(?:after|upon|on|having)\s(?:\w{1,12}\s){0,2}?"
    r"(?:check|compar|read|re-?read|reflect|consider|review|look|think|verif|inspect|examin|weigh"
    r"|reconsider|stud)\w{0,7}"
    rf"(?:\s[\w'-]{{1,20}}){{0,5}}\s?:\s*(?={NUMBER})",
    re.IGNORECASE | re.MULTILINE,
)
_STAGE_WORDS = frozenset(("after", "upon", "on", "having"))
# "I was too harsh: 4.", "Actually, 3.": nothing else behind it on its line.
_CORRECTS = re.compile(
    r"(?:I (?:was|am|had been|have been) (?:too|wrong|mistaken|unfair)\b[^.!?\n:0-9]{0,40}"
    r"|let me (?:correct|revise|fix|change|adjust|amend)\b[^.!?\n:0-9]{0,40})\s?[:–—]\s*"
    r"(?:(?:an?|it is|it's)\s)?"
    r"|(?:actually|rather|or rather|wait|hmm|oops|sorry|better|instead|no|nein|non)"
    r"(?:,?\s(?:no|wait|rather|actually|make it|say))?"
    rf"\s?[,:.–—]?\s+(?:(?:an?|it is an?|it's an?|it deserves an?)\s)?(?=[*_]{{0,3}}{NUMBER})",
    re.IGNORECASE,
)
_SCORED_JUST_NOW = re.compile(rf"[:=]\s?[*_]{{0,3}}{FRACTION}[*_]{{0,3}}[.!;]$")
_CORRECTING_WORDS = frozenset(
    (
        "i",
        "let",
        "actually",
        "rather",
        "or",
        "wait",
        "hmm",
        "oops",
        "sorry",
        "better",
        "instead",
        "no",
        "nein",
        "non",
    )
)
# "It should not be a 5 but a 2."
_NOT = re.compile(r"(?:not|n't) (?:be )?(?:an? )?[0-9]")
_SCORED_WORDS = frozenset(
    ("it", "this", "that", "score", "rating", "grade", "verdict", "response", "answer", "i")
)
_CONTRAST = re.compile(
    r"(?:it|this|that|score|rating|grade|verdict|response|answer|I(?:'d| would)?)\s(?:(?:is|was"
    r"|should|would|must"
    r"|deserves|gets|earns|merits|receives|give|rate|score|award|assign|does|be|it|this|an?|as)\s?){0,4}"
    r"(?=(?:not|n't)\s(?:be\s)?(?:an?\s)?[0-9])",
    re.IGNORECASE,
)
# "Is correctness 4? I think 3."
_ASKED_ITSELF = re.compile(
    r"[0-9]\s?\?\s+(?:I(?:'d)?\s(?:think|believe|find|say)|no\s?[,.:;–—-])\s"
    rf"(?:it(?:'s|\sis)\s)?(?:an?\s)?(?={NUMBER})",
    re.IGNORECASE,
)
_A_NUMBER = re.compile(r"\ban?\s[0-9./]{0,5}$")
# On a menu: "The answer is B." opens a sentence.
_CHOSEN = re.compile(
    r"(?:^|(?<=[.!?;]\s))\W{0,6}(?:(?:so|therefore|thus|hence|daher|donc|(?:up)?on (?:reflection"
    r"|second thought)|overall|in (?:sum|short|conclusion)"
    r"|no|wait|I (?:think|believe|conclude|say)(?: that)?)\b,?\s)?(?:the|my|die|meine|la|ma"
    r"|mi|a|de|het)\s"
    r"(?:final\s|best\s)?(?:answer|choice|option|label|category|verdict|antwort|réponse|respuesta|resposta"
    r"|risposta"
    r"|antwoord)\s(?:is|ist|est|es|é|è)(?!\w)\s?:?\s?(?=\S)"
    r"|(?:^|(?<=[.!?;]\s))\W{0,6}(?:answer|choice|option)\s?[:=]\s?(?=\S)|答案(?:是|为|為)[:\s]?(?=\S)",
    re.IGNORECASE | re.MULTILINE,
)
_BACKWARDS = re.compile(
    rf"(?<![\w.,/])(?P<answer>{FRACTION})(?:\s+(?:points?|stars?))?,?\s+(?P<how>in total|in sum|altogether"
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
_ASPECT_OF = re.compile(
    r"\b(?:on|in|for|regarding|as to|in terms of)\s(?:its |the )?(?P<aspect>\w{0,20}(?:ness|ity|ence|ance"
    r"|acy|tion|ency|style|tone|grammar|form|length))\b",
    re.IGNORECASE,
)
_GOT = re.compile(r"\b(?:got|received|achieved|reached|won|had|has)\s(?:an?\s)?$", re.IGNORECASE)
_RESPONSE = re.compile(r"\b(?:it|response|answer|this|submission|reply|output)\b", re.IGNORECASE)
# "It would be 5 with sources."
_WITH = re.compile(r"\s(?:with|without|were|had|but for)\b", re.IGNORECASE)
_FIRST_PERSON = frozenset(("i", "my"))
# Every phrase begins with one of these.
_PHRASE_WORDS = frozenset(
    (
        "score", "scored", "scores", "rating", "rate", "rated", "grade", "graded", "verdict", "i", "we",
        "deserves", "receives", "gets", "earns", "merits", "warrants", "is", "would", "should", "must",
        "will", "it", "this", "that", "which", "so", "response", "answer", "giving", "ich", "je", "le",
        "lhe", "doy", "otorgo", "asigno", "dou", "atribuo", "assegno", "ik", "ставлю", "verdient", "erhält",
        "bekommt", "mérite", "obtient", "merece", "recibe", "recebe", "merita", "riceve", "krijgt", "make",
        "note", "nota", "voto", "punteggio", "puntuación", "pontuação", "calificación", "bewertung", "cijfer",
        "punktzahl", "оценку",
    )
)  # fmt: skip


def phrases(text: str, scale: Scale, names: frozenset[str]) -> Iterator[ScoreMark]:
    """Yield the scores that sentences give, those left out that are supposed, denied, asked or quoted."""
    for pattern in (_PHRASE, _CHANGES):
        for match in matches_at(pattern, text, _PHRASE_WORDS):
            found = _said(text, match.end(), match.start(), scale, names)
            if found is not None and not _is_of_something_else(sentence_before(text, match.start()), names):
                yield found if pattern is _PHRASE else found._replace(stance=Stance.CORRECTED)
    if scale.kind in ("binary", "choices"):
        for match in matches_at(_LABEL_PHRASE, text, _FIRST_PERSON):
            found = _said(text, match.end(), match.start(), scale, names)
            if found is not None:
                yield found
    yield from _turns(text, scale, names)
    for match in () if text.isascii() else _CJK_PHRASE.finditer(text):
        found = _said(text, match.end(), match.start(), scale, names)
        if found is not None:
            yield found
    for match in _BACKWARDS.finditer(text):
        reading = whole_answer(match.group("answer"), scale)
        if reading is not None and not _is_void(text, match.start(), match.end()):
            yield ScoreMark(reading, match.start(), match.end(), Stance.FINAL)


def _turns(text: str, scale: Scale, names: frozenset[str]) -> Iterator[ScoreMark]:
    """Yield answers that a judge turns to: after another one, a denial or its own question; on a menu."""
    if scale.kind == "choices":
        for match in _CHOSEN.finditer(text):
            found = _said(text, match.end(), match.start(), scale, names)
            if found is not None and found.reading.value is not None:
                yield found
        return
    corrections = matches_at(_CORRECTS, text, _CORRECTING_WORDS)
    for match in (*matches_at(_STAGE, text, _STAGE_WORDS), *corrections):
        said = before(text, match.start()).rstrip(" \t*_#>-")
        if said and not said.endswith((".", "!", "?", ";")):
            continue
        # "It says 5 days. Actually, 3.": the days are corrected.
        if said and match.re is _CORRECTS and not _SCORED_JUST_NOW.search(said):
            continue
        reading = whole_answer(text[match.end() : match.end() + 40].split("\n")[0], scale)
        if reading is not None and not is_quoted(text, match.start(), match.end()):
            yield ScoreMark(reading, match.start(), line_end(text, match.end()), Stance.CORRECTED)
    for match in matches_at(_CONTRAST, text, _SCORED_WORDS) if _NOT.search(text) else ():
        found = _said(text, match.end(), match.start(), scale, names)
        if found is not None:
            yield found
    for match in _ASKED_ITSELF.finditer(text) if "?" in text else ():
        asked = sentence_before(text, match.start())
        answer = answer_at_head(text[match.end() : match.end() + 80].split("\n")[0], scale)
        about = {*asked.casefold().split()} & {*names, "score", "rating", "grade"}
        if answer and (about or _A_NUMBER.search(asked)):
            yield ScoreMark(answer.reading, match.start(), match.end() + 1, Stance.CORRECTED)


def _is_of_something_else(said: str, names: frozenset[str]) -> bool:
    """Tell whether a sentence scores an aspect ("on style it gets 4") or another thing ("the film got 4")."""
    aspect = _ASPECT_OF.search(said)
    if aspect and aspect.group("aspect").casefold() not in names:
        return True
    return bool(_GOT.search(said)) and not _RESPONSE.search(said)


def _said(text: str, at: int, start: int, scale: Scale, names: frozenset[str]) -> ScoreMark | None:
    piece = text[at : at + 80].split("\n")[0]
    answer = answer_at_head(piece, scale)
    if answer is None:
        return None
    if "scale" in text[max(0, at - 120) : at] and is_another_scale(sentence_before(text, at), scale):
        return ScoreMark(Reading.unread("out_of_range"), start, at)
    if "would be" in text[start:at] and _WITH.match(answer.rest):
        return None
    end = at + len(piece) - len(answer.rest)
    component = _COMPONENT.match(answer.rest)
    if _is_void(text, start, end, answer_at=at) or (
        component and component.group("aspect").casefold() not in names
    ):
        return None
    return ScoreMark(answer.reading, start, end)


def _is_void(text: str, start: int, end: int, *, answer_at: int | None = None) -> bool:
    return is_supposed(text, start, end, answer_at=answer_at) or is_quoted(text, start, end)
