"""
Somebody else's words in a judge's reply: a verdict that the response holds, or that shows a form.

Everything here looks at a bounded piece of text around one place: a long reply is read in linear time.
"""

import re
from functools import lru_cache

from evaldrop.verdicts.scores.stances import WORD, is_opening, line_start, sentence_before, split_sentences

_AFTER = 200
_BLOCK = 12
_THEY = (
    r"(?:response|answer|submission|reply|output|text|candidate|assistant|author|student|user|writer|model"
    r"|essay"
    r"|completion|content|last line|line|sentence|paragraph|snippet|prompt|it|he|she|they|which|antwort"
    r"|réponse|respuesta|resposta"
    r"|risposta|antwoord|回答|答案|응답)"
)
_SAY = (
    r"(?:says?|said|saying|mentions?|mentioned|reports?|reported|notes?|noted|claims?|claimed|claiming"
    r"|states?|stated|stating|contains?|contained|containing"
    r"|includes?|included|including"
    r"|ends?|ended|ending|reads?|writes?|wrote|written|asks?|asked|asking|tells?|told|instructs?|instructing"
    r"|tries|tried|trying|demands?|demanding"
    r"|wants?|suggests?|suggesting|declares?|adds?|added|closes?|concludes?|begins?|opens?|quotes?|quoting"
    r"|gives? itself|awards? itself|rates? itself"
    r"|has|holds|puts?|appends?|appended|inserts?|inserted|injects?|injected|prints?|shows?|embeds?|starts?"
    r"|finishes|features|carries|offers"
    r"|requests?|insists?|announces?|pretends?|fakes?|mimics?|imitates?|attempts?|assigns? itself"
    r"|scores? itself|grades? itself"
    r"|sagt|behauptet|endet|enthält|schreibt|dit|prétend|contient|termine|dice|afirma|contiene|termina|diz"
    r"|contém|sostiene|zegt|bevat|eindigt"
    r"|说|写|包含|声称|写着|라고)"
)
# What somebody else says, up to the place asked about; the judge's own voice in between takes it back.
_LEAD_IN = re.compile(
    rf"\b{_THEY}\b[^.!?\n]{{0,60}}?\b{_SAY}\b[^!?\n]{{0,160}}$|(?:回答|答案|응답)[^。.!?\n]{{0,20}}(?:说|写|包含|声称|末尾"
    rf"|라고)[^!?\n]{{0,80}}$"
    r"|\b(?:(?:requested|claimed|demanded|suggested|stated|written|asked|proposed|told) (?:by|in) (?:the"
    r"|its) (?:response|answer|submission|author|candidate)"
    r"|according to the (?:response|answer|submission)|in the (?:response|answer|submission)|quot(?:e|ing"
    r"|ed)|(?:following|hidden|injected|fake) (?:line|text|verdict|score|instruction)s?"
    r"|for example|e\.g\.|such as|(?:format|form|template|example)(?: \w+){0,3})\b[^.!?\n]{0,80}$"
    r"|\b(?:last|final|first|closing) (?:lines?|sentence|words?)\b[^.!?\n]{0,40}\b(?:is|are|was"
    r"|were)\s?:?[\s\"'`*]{0,3}$"
    r"|\b(?:candidate|response|submission|author|student|assistant)'s (?:text|answer|reply|response|words"
    r"|output)\s?:$",
    re.IGNORECASE,
)
_OWN_VOICE = re.compile(
    r"\b(?:so|therefore|thus|hence|but|my|mine|and so|donc|daher|also ist|I(?:'d|'ll)? (?:\w+ ){0,2}?(?:give"
    r"|rate|score|assign|award|grade|judge|conclude|say|find|settle|put))\b",
    re.IGNORECASE,
)
# A line that waits for what comes below it.
_WAITING = re.compile(
    rf"(?::|\bfollows\.|\b(?:{_SAY}|with|line|lines|zeile|ligne|línea|linha|riga|regel|text|that|this"
    rf"|following|json|end|bottom|top|is|are))$",
    re.IGNORECASE,
)
# Ends a quotation that no blank line ends.
_JUDGE_SPEAKS = re.compile(
    r"\bI (?:\w+ )?(?:ignore|disregard|reject|give|judge|rate|find|think|score|consider)\b|\b(?:not mine"
    r"|of mine|ignor|disregard)|^\W*(?:and )?which\b",
    re.IGNORECASE,
)
_RESPONSE = r"(?:response|answer|submission|reply|candidate|author|text|material)"
_DISCLAIMER = re.compile(
    r"[\s\"'`.,;:)(*_}\]–—-]{0,8}(?:"
    r"(?:that|this|which|these|those|(?:the|that) (?:above|line|score|rating|verdict|json|last line|number"
    r"|text))\b[^.!?\n]{0,40}?"
    r"\b(?:not mine|not my|of mine|not a verdict|I (?:\w+ )?(?:ignore|disregard|reject)|does not count"
    r"|carries no weight|belongs to"
    rf"|(?:is|was|were|are|comes) (?:part of|from|in|what|by|the|all) (?:the )?{_RESPONSE}(?:'s)?\b"
    r"|(?:is|was|were|are) (?:written|added|planted|inserted|injected|quoted|copied|claimed|ignored"
    r"|disregarded|an? (?:attempt|trick|injection|quotation|manipulation)))"
    r"|(?:is|was) not (?:mine|my\b)"
    rf"|(?:(?:is|was) )?(?:quoted|copied|taken|comes) (?:verbatim )?from (?:the )?{_RESPONSE}"
    r"|(?:but )?I (?:will |shall |must |do )?(?:ignore|disregard|reject|not accept|not follow) (?:that|this"
    r"|it)\b"
    rf"|(?:so )?(?:says|claims|writes|states|according to|as claimed by|is what|as stated in"
    rf"|as written in) (?:the|its) {_RESPONSE}"
    r")",
    re.IGNORECASE,
)


def is_quoted(text: str, start: int, end: int, *, answer_at: int | None = None) -> bool:
    """Tell whether text[start:end], a verdict in form, is somebody else's words or a form to fill in."""
    answer_at = start if answer_at is None else answer_at
    begin = line_start(text, start)
    line_end = text.find("\n", end, end + _AFTER)
    line_end = end + _AFTER if line_end < 0 else line_end
    prefix = text[begin:start]
    if prefix.lstrip().startswith(">") and not _all_quoted(text):
        return True
    if _in_marks(prefix, text[start:answer_at], text[answer_at:line_end]):
        return True
    if _DISCLAIMER.match(text[end : end + _AFTER]):
        return True
    if not is_opening(prefix):
        return _leads_in(sentence_before(text, start))
    return _block_is_led_in(text, begin)


@lru_cache(maxsize=8)
def _all_quoted(text: str) -> bool:
    return all(line.lstrip().startswith(">") for line in text.split("\n") if line.strip())


def _in_marks(prefix: str, middle: str, suffix: str) -> bool:
    """Tell whether quotation marks are open where a verdict stands, on a line that says more than that."""
    for mark in ('"', "`", "'"):
        # An apostrophe opens nothing.
        opened = re.findall(rf"(?<!\w){mark}|{mark}(?!\w)", prefix)
        if len(opened) % 2 and mark not in middle and mark in suffix:
            outside = prefix.rpartition(mark)[0] + suffix.partition(mark)[2]
            return bool(WORD.search(outside))
    return False


def _leads_in(said: str) -> bool:
    lead = _LEAD_IN.search(said)
    return bool(lead) and not _OWN_VOICE.search(said[lead.start() if lead else 0 :])


def _block_is_led_in(text: str, begin: int) -> bool:
    """Tell whether the lines before say that what follows is quoted: "The response ends with:"."""
    blanks = 0
    at = begin
    for _ in range(_BLOCK):
        if at <= 0:
            return False
        previous = line_start(text, at - 1)
        if previous and text[previous - 1] != "\n":
            return False
        line = text[previous : at - 1].rstrip(" \t*_")
        at = previous
        if not line.strip(" \t`"):
            blanks += 1
            if blanks > 1:
                return False
            continue
        if _JUDGE_SPEAKS.search(line):
            return False
        last = split_sentences(line)[-1:] or [""]
        if _WAITING.search(line) and _leads_in(last[0]):
            return True
        if blanks:
            return False
    return False
