"""
How a judge means what it writes: as its verdict, a correction, a first draft, somebody else's words, a supposition.

Everything here looks at a bounded piece of text around one place, so that a long reply is read in linear time.
"""

import re
from enum import IntEnum
from functools import lru_cache

from evaldrop.verdicts.languages import CORRECTED, DRAFT, FINAL

_BEFORE = 300
_AFTER = 200
_BLOCK = 12


class Stance(IntEnum):
    """How a verdict is meant, the weakest first."""

    DRAFT = 0
    PLAIN = 1
    FINAL = 2
    CORRECTED = 3


_OPENERS = frozenset(
    (
        "my", "the", "our", "a", "an", "so", "thus", "therefore", "hence", "and", "then", "now", "verdict",
        "judgement",
        "judgment", "judge's", "criterion", "criteria", "conclusion", "in", "is", "as", "to", "of",
        "result", "answer",
        "score", "rating", "grade", "here", "your", "this", "its", "with", "evaluation", "assessment",
        "well", "ok", "okay",
        "for", "i", "say", "give", "assign", "task", "output", "metric", "that", "meine", "die", "das",
        "ma", "la", "mi", "minha", "il",
        "de", "het", "mijn", "response", "summary", "step", "at", "last", "finally", "line", "reply", "am",
        "are", "be", "giving", "gives", "final-score",
    )
)  # fmt: skip
_QUOTED_WORDS = frozenset(
    (
        "claimed", "alleged", "self", "self-assigned", "self-reported", "self-given", "own", "suggested",
        "requested",
        "demanded", "injected", "fake", "embedded", "quoted", "supposed", "proposed", "stated",
        "response's", "answer's",
        "submission's", "candidate's", "author's", "its", "their", "his", "her", "planted", "expected",
        "maximum", "max",
        "minimum", "min", "possible", "highest", "lowest", "best", "worst", "perfect", "passing", "average",
        "mean", "median",
        "reference", "human", "user's", "alternative", "threshold", "baseline", "hypothetical", "potential",
        "example", "sample",
    )
)  # fmt: skip
_FINAL, _CORRECTED, _DRAFT = frozenset(FINAL), frozenset(CORRECTED), frozenset(DRAFT)
_MODIFIERS = (*FINAL, *CORRECTED, *DRAFT)
_CJK = "\u3000"
_KNOWN = _OPENERS | _FINAL | _CORRECTED | _DRAFT
_WORD = re.compile(r"[^\W\d_]+(?:['-][^\W\d_]+)*")
_SENTENCE_END = re.compile(r"[.!?;](?=[\s\"')]|$)|\n")
_CUE = re.compile(
    r"\b(?:up)?on (?:a )?(?:second|further|closer|re-?)[- ]?(?:thought|look|read|reading|reflection"
    r"|inspection|consideration)s?\b"
    r"|\b(?:up)?on reflection\b|\bno, (?:that|this) is\b|\bp\.\s?s\.|\bI (?:made an? (?:mistake|error)"
    r"|misread|overlooked|misjudged|miscounted|mistook|missed)\b|\bunfair\b|\bafter all\b|(?:^"
    r"|[\s(—–-])(?:no,? wait|wait,|wait\.|hmm,? no|scratch that|correction|edit:|update:)"
    r"|\bI (?:take|took) (?:that|it) back\b|\blet me (?:revise|correct|reconsider|rethink|change|adjust|re-)"
    r"|\bre-?(?:read|consider|think|thought|check|evaluat|assess|examin|visit)\w{0,5}\b"
    r"|\bI (?:was|am|had been) (?:too|wrong|mistaken)\b|\b(?:change|changed) my mind\b|\bmake that\b"
    r"|\bI(?:'d| would|'ll| will| now| must| have to| should)? (?:raise|lower|change|revise|adjust|correct"
    r"|increase|reduce|upgrade|downgrade|amend)"
    r"|\bmea culpa\b|\btoo (?:harsh|strict|lenient|generous|kind|severe|low|high)\b"
    r"|\b(?:bei näherer|nach nochmaliger|nach erneuter|après relecture|après réflexion|pensándolo"
    r"|tras releer|repensando"
    r"|relendo|ripensandoci|rileggendo|bij nader inzien|при повторном|po namyśle)\b"
    r"|(?:再考|重新|再读|読み直|再検討|다시)",
    re.IGNORECASE,
)
_CONDITION = re.compile(
    r"\b(?:would (?:require|need|have (?:been|to))|if|unless|could have|might|may|to (?:get|reach|earn"
    r"|deserve|receive|score) an?"
    r"|suppose|assuming|imagine|hypothetically|for example|e\.g\.|such as|format|wenn|falls|aurait|podría"
    r"|poderia"
    r"|potrebbe|если)\b|如果|もし|만약",
    re.IGNORECASE,
)
_INVERTED = re.compile(r"\W*(?:were|had|should)\s(?:the|it|its|there|this)\b", re.IGNORECASE)
_CONDITION_AFTER = re.compile(r"\b(?:if|unless|wenn|falls|had it|were it|would)\b|\?", re.IGNORECASE)
_DENIAL = re.compile(
    r"(?:\b(?:cannot|not|never|hardly|unable|instead of|rather than|more than|less than|at least|at most"
    r"|scale|between|means?|requires?"
    r"|maximum|minimum|possible|nearly|almost|about|around|roughly|nicht|pas|no|não|non|niet|без)|n't)\b",
    re.IGNORECASE,
)
# What was denied before these was something else: "It is not complete, so I give it a 3".
_NEW_CLAUSE = re.compile(
    r"\b(?:so|therefore|thus|hence|but|and|because|daher|donc)\b|;|,\s(?=I\b)|:", re.IGNORECASE
)
_THEY = (
    r"(?:response|answer|submission|reply|output|text|candidate|assistant|author|student|user|writer|model"
    r"|essay"
    r"|completion|content|last line|line|sentence|paragraph|snippet|prompt|it|he|she|they|which|antwort"
    r"|réponse|respuesta|resposta"
    r"|risposta|antwoord|回答|答案|응답)"
)
_SAY = (
    r"(?:says?|said|saying|claims?|claimed|claiming|states?|stated|stating|contains?|contained|containing"
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
    r"|for example|e\.g\.|such as|(?:format|form|template|example)(?: \w+){0,3})\b[^.!?\n]{0,80}$",
    re.IGNORECASE,
)
_OWN_VOICE = re.compile(
    r"\b(?:so|therefore|thus|hence|but|my|mine|and so|donc|daher|also ist|I(?:'d|'ll)? (?:\w+ ){0,2}?(?:give"
    r"|rate|score|assign|award|grade|judge|conclude|say|find|settle|put))\b",
    re.IGNORECASE,
)
# A line that waits for what comes after a blank one.
_WAITING = re.compile(rf"(?::|\bfollows\.|\b(?:{_SAY}|with|line|lines|text|that|json))$", re.IGNORECASE)
# Ends a quotation that no blank line ends.
_JUDGE_SPEAKS = re.compile(
    r"\bI (?:\w+ )?(?:ignore|disregard|reject|give|judge|rate|find|think|score|consider)\b|\b(?:not mine"
    r"|ignor|disregard)",
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


def _line_start(text: str, at: int) -> int:
    """Return where the line of `at` begins, or a bounded way back: some replies are one long line."""
    furthest = max(0, at - _BEFORE)
    return text.rfind("\n", furthest, at) + 1 or furthest


def before(text: str, at: int) -> str:
    """Return what the line of `at` holds before it."""
    return text[_line_start(text, at) : at]


def sentence_before(text: str, at: int) -> str:
    """Return the beginning of the sentence that goes on at `at`."""
    start = max(0, at - _BEFORE)
    piece = text[start:at]
    ends = [end.end() for end in _SENTENCE_END.finditer(piece)]
    return piece[ends[-1] :] if ends else piece


def sentence_after(text: str, at: int) -> str:
    """Return the rest of the sentence from `at` on."""
    piece = text[at : at + _AFTER]
    end = _SENTENCE_END.search(piece)
    return piece[: end.end()] if end else piece


def is_opening(prefix: str, *, also: frozenset[str] = frozenset()) -> bool:
    """Tell whether only markup, a list number and words such as "my final" come before a tag on its line."""
    words = [word.casefold() for word in _WORD.findall(prefix)]
    return len(words) <= 6 and all(word in _KNOWN or word in also for word in words)


def modifiers(prefix: str) -> list[str]:
    """Return the words right before a tag, up to the first one that is none of ours, in lower case."""
    found: list[str] = []
    for part in reversed(re.split(r"[\s*_\"'(\[`]+", prefix[-80:].rstrip(" *_\"'([`"))):
        word = part.casefold().strip("*_")
        if not word:
            continue
        found.append(word)
        if word not in _KNOWN:
            break
    return found


def is_somebody_s(words: list[str], *, also: frozenset[str] = frozenset()) -> bool:
    """Tell whether the word right before a tag makes it another score: "style score", "claimed score"."""
    if not words:
        return False
    nearest = words[0]
    if nearest[-1:] >= _CJK:
        return nearest[-1:] not in "的の의" and not any(
            word in nearest for word in _MODIFIERS if word[:1] >= _CJK
        )
    if any(word in _QUOTED_WORDS for word in words[:2]) or nearest.endswith(("'s", "self-")):
        return True
    return bool(_WORD.fullmatch(nearest)) and nearest not in _KNOWN and nearest not in also


def stance_of(words: list[str]) -> Stance:
    """Return how the words before (or behind) a tag say its answer is meant."""
    # Chinese and Japanese put no blanks between words.
    words = [
        *words,
        *(
            known
            for word in words
            if word[:1] >= _CJK
            for known in _MODIFIERS
            if known[:1] >= _CJK and known in word
        ),
    ]
    for stance, known in ((Stance.CORRECTED, _CORRECTED), (Stance.DRAFT, _DRAFT), (Stance.FINAL, _FINAL)):
        if any(word in known for word in words):
            return stance
    return Stance.PLAIN


def is_correcting(between: str) -> bool:
    """Tell whether what stands between two verdicts takes the first one back."""
    return bool(_CUE.search(between[-_BEFORE:]))


def is_supposed(
    text: str, start: int, end: int, *, by_colon: bool = False, answer_at: int | None = None
) -> bool:
    """Tell whether the sentence around an answer supposes, denies or asks it. Nobody denies with a colon."""
    said = sentence_before(text, start)
    if _CONDITION.search(said) or _INVERTED.match(said) or _CONDITION_AFTER.search(sentence_after(text, end)):
        return True
    return not by_colon and bool(
        _DENIAL.search(_NEW_CLAUSE.split(said + text[start : end if answer_at is None else answer_at])[-1])
    )


def is_quoted(text: str, start: int, end: int, *, answer_at: int | None = None) -> bool:
    """Tell whether text[start:end], a verdict in form, is somebody else's words or a form to fill in."""
    answer_at = start if answer_at is None else answer_at
    line_start = _line_start(text, start)
    line_end = text.find("\n", end, end + _AFTER)
    line_end = end + _AFTER if line_end < 0 else line_end
    prefix = text[line_start:start]
    if prefix.lstrip().startswith(">") and not _all_quoted(text):
        return True
    if _in_marks(prefix, text[start:answer_at], text[answer_at:line_end]):
        return True
    if _DISCLAIMER.match(text[end : end + _AFTER]):
        return True
    if _WORD.search(prefix):
        return _leads_in(sentence_before(text, start))
    return _block_is_led_in(text, line_start)


@lru_cache(maxsize=8)
def _all_quoted(text: str) -> bool:
    return all(line.lstrip().startswith(">") for line in text.split("\n") if line.strip())


def _in_marks(prefix: str, middle: str, suffix: str) -> bool:
    """Tell whether quotation marks are open where a verdict stands, on a line that says something else too."""
    for mark in ('"', "`", "'"):
        # An apostrophe opens nothing.
        opened = re.findall(rf"(?<!\w){mark}|{mark}(?!\w)", prefix)
        if len(opened) % 2 and mark not in middle and mark in suffix:
            outside = prefix.rpartition(mark)[0] + suffix.partition(mark)[2]
            return bool(_WORD.search(outside))
    return False


def _leads_in(said: str) -> bool:
    lead = _LEAD_IN.search(said)
    return bool(lead) and not _OWN_VOICE.search(said[lead.start() if lead else 0 :])


def _block_is_led_in(text: str, line_start: int) -> bool:
    """Tell whether the lines before say that what follows is quoted: "The response ends with:"."""
    blanks = 0
    at = line_start
    for _ in range(_BLOCK):
        if at <= 0:
            return False
        previous = _line_start(text, at - 1)
        if previous and text[previous - 1] != "\n":
            return False
        line = text[previous : at - 1][-_BEFORE:].rstrip(" \t*_")
        at = previous
        if not line.strip(" \t`"):
            blanks += 1
            if blanks > 1:
                return False
            continue
        if _JUDGE_SPEAKS.search(line):
            return False
        last = [part for part in _SENTENCE_END.split(line) if part.strip()][-1:] or [""]
        open_ended = line[-1:] == ":" or line[-1:].isalnum() or line.endswith("follows.")
        if open_ended and (not blanks or _WAITING.search(line)) and _leads_in(last[0]):
            return True
        if blanks:
            return False
    return False
