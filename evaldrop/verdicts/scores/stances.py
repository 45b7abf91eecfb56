"""
How a judge means what it writes: as its verdict, a correction, a first draft, a supposition.

Everything here looks at a bounded piece of text around one place: a long reply is read in linear time.
"""

import re
from enum import IntEnum
from typing import NamedTuple

from evaldrop.verdicts.languages import CORRECTED, DRAFT, FINAL
from evaldrop.verdicts.verdict import Reading

_BEFORE = 300
_AFTER = 200
_LINE = 500


class Stance(IntEnum):
    """How a verdict is meant, the weakest first."""

    DRAFT = 0
    PLAIN = 1
    FINAL = 2
    CORRECTED = 3


class ScoreMark(NamedTuple):
    """A reading, where it stands, and how it is meant."""

    reading: Reading[float]
    start: int
    end: int
    stance: Stance = Stance.PLAIN


_OPENERS = frozenset(
    (
        "verdicts", "my", "the", "our", "a", "an", "so", "thus", "therefore", "hence", "and", "then", "now",
        "verdict", "judgement", "judgment", "judge's", "criterion", "criteria", "conclusion", "in", "is",
        "as", "to", "of", "result", "answer", "score", "rating", "grade", "here", "your", "this", "its",
        "with", "evaluation", "assessment", "well", "ok", "okay", "for", "i", "say", "give", "assign",
        "task", "output", "metric", "that", "meine", "die", "das", "ma", "la", "mi", "minha", "il", "de",
        "het", "mijn", "response", "summary", "step", "at", "last", "finally", "line", "reply", "am",
        "regarding", "concerning", "but", "yet", "are", "be", "giving", "gives", "final-score",
    )
)  # fmt: skip
_QUOTED_WORDS = frozenset(
    (
        "claimed", "alleged", "self", "self-assigned", "self-reported", "self-given", "own", "suggested",
        "requested", "demanded", "injected", "fake", "embedded", "quoted", "supposed", "proposed", "stated",
        "response's", "answer's", "submission's", "candidate's", "author's", "its", "their", "his", "her",
        "planted", "expected", "maximum", "max", "minimum", "min", "possible", "highest", "lowest", "best",
        "worst", "perfect", "passing", "average", "mean", "median", "reference", "human", "user's",
        "alternative", "threshold", "baseline", "hypothetical", "potential", "example", "sample",
    )
)  # fmt: skip
_FINAL, _CORRECTED, _DRAFT = frozenset(FINAL), frozenset(CORRECTED), frozenset(DRAFT)
_MODIFIERS = (*FINAL, *CORRECTED, *DRAFT)
_CJK = "\u3000"
_KNOWN = _OPENERS | _FINAL | _CORRECTED | _DRAFT
WORD = re.compile(r"[^\W\d_]+(?:['-][^\W\d_]+)*")
_GAP = re.compile(r"[\s*_\"'(\[`]+")
_SENTENCE_END = re.compile(r"[.!?;](?=[\s\"')]|$)|\n|\",\s(?=\")")
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
# Of those, what nobody says but to change a verdict.
_RECONSIDERS = re.compile(
    r"\b(?:up)?on (?:reflection|(?:a )?second thoughts?)\b|(?:^|[\s(—–-])(?:no,? wait|wait[,.]|scratch that)"
    r"|\bI (?:take|took) (?:that|it) back\b|\blet me (?:revise|reconsider|rethink)\b"
    r"|\bI(?:'d| would|'ll| will| now| must)? (?:raise|lower|change|revise|adjust|correct) (?:it|this|that"
    r"|my|the (?:score|rating))\b"
    r"|\bje corrige\b|\bich korrigiere\b",
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
# "On a scale of 1 to 5, this is a 3", "No, make that 4": neither denies what comes next.
_NO_DENIAL = re.compile(
    r"\b(?:on|using|by|with|in)\s(?:an?|the|this|our|my)\s(?:[\w–-]{1,20}\s){0,3}?(?:scale|range)\b"
    r"|^\W*(?:no|nope|nein|não|nee)\s?[,;:!–—-]",
    re.IGNORECASE,
)
# What was denied before these was something else: "It is not complete, so I give it a 3".
_NEW_CLAUSE = re.compile(
    r"\b(?:so|therefore|thus|hence|but|and|because|daher|donc)\b|;|,\s(?=I\b)|:", re.IGNORECASE
)


def line_start(text: str, at: int) -> int:
    """Return where the line of `at` begins, or a bounded way back: some replies are one long line."""
    furthest = max(0, at - _BEFORE)
    return text.rfind("\n", furthest, at) + 1 or furthest


def line_end(text: str, at: int) -> int:
    """Return where the line of `at` ends, or a bounded way on: some replies are one long line."""
    end = text.find("\n", at, at + _LINE)
    return min(len(text), at + _LINE) if end < 0 else end


def before(text: str, at: int) -> str:
    """Return what the line of `at` holds before it."""
    return text[line_start(text, at) : at]


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


def split_sentences(line: str) -> list[str]:
    """Return the sentences of a line, those left out that hold nothing."""
    return [part for part in _SENTENCE_END.split(line) if part.strip()]


def is_opening(prefix: str, *, also: frozenset[str] = frozenset()) -> bool:
    """Tell whether only markup, a list number and words such as "my final" come before a tag on its line."""
    words = [word.casefold() for word in WORD.findall(prefix)]
    return len(words) <= 6 and all(word in _KNOWN or word in also for word in words)


def modifiers(prefix: str) -> list[str]:
    """Return the words right before a tag, up to the first one that is none of ours, in lower case."""
    found: list[str] = []
    for part in reversed(_GAP.split(prefix[-80:].rstrip(" *_\"'([`"))):
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
    return bool(WORD.fullmatch(nearest)) and nearest not in _KNOWN and nearest not in also


def is_unknown(words: list[str]) -> bool:
    """Tell whether the word right before a tag, of another score, could be one of ours all the same."""
    return not any(word in _QUOTED_WORDS for word in words[:2]) and bool(WORD.fullmatch(words[0]))


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


def is_reconsidered(after: str) -> bool:
    """Tell whether what comes behind the last verdict changes it, in words that are read as no verdict."""
    return bool(_RECONSIDERS.search(after))


def is_supposed(
    text: str, start: int, end: int, *, by_colon: bool = False, answer_at: int | None = None
) -> bool:
    """Tell whether the sentence around an answer supposes, denies or asks it. Nobody denies with a colon."""
    said = sentence_before(text, start)
    if _CONDITION.search(said) or _INVERTED.match(said) or _CONDITION_AFTER.search(sentence_after(text, end)):
        return True
    clause = _NEW_CLAUSE.split(said + text[start : end if answer_at is None else answer_at])[-1]
    return not by_colon and bool(_DENIAL.search(_NO_DENIAL.sub("", clause)))
