"""
A score in a judge's prose.

Evidence is ranked by how plainly the judge marked it as its verdict. The highest rank that holds any decides:
when all of it agrees that is the score, when two differ the reply is ambiguous. The ranks: JSON or a boxed
value, a line tagged as final, a tagged line, a tag inside a line, a phrase, a bare answer in a short reply.
"""

import re
from collections.abc import Iterable, Iterator
from enum import IntEnum
from functools import lru_cache
from typing import NamedTuple

from evaldrop.evaluation.criteria.scales import Scale
from evaldrop.verdicts.answers import answer_at_head, whole_answer
from evaldrop.verdicts.structured import score_in_json
from evaldrop.verdicts.verdict import Reading, agreed
from evaldrop.verdicts.wording import (
    NUMBER,
    SHORT_REPLY,
    bare,
    is_refusal,
    lines_of,
    plain_text,
    visible_text,
)


class Rank(IntEnum):
    """How plainly a piece of text is marked as the verdict."""

    BARE = 1
    PHRASE = 2
    INLINE_TAG = 3
    TAGGED_LINE = 4
    FINAL_TAG = 5
    BOXED = 6


class Evidence(NamedTuple):
    """A reading, its rank, and whether the text ends with it."""

    rank: Rank
    reading: Reading[float]
    at_end: bool = False


_STRONG = "rating|score|grade|verdict|judge?ment|decision"
_WEAK = (
    "answer|result|conclusion|assessment|evaluation|mark|label|classification|category|choice|response|output"
)
_FINAL = re.compile(r"final|overall", re.IGNORECASE)
# Only markup, a list number or a table bar may come before a tag that opens its line.
_LINE_OPENING = re.compile(r"[\s>*_#`\"'{,•|+-]*(?:\(?[0-9]{1,2}[.)]\s*)?[\s>*_#`\"'{,•|+-]*$")
_BOXED = re.compile(r"\[\[\s*([^\[\]\n]{1,60}?)\s*\]\]|\\boxed\{\s*(?:\\text\{)?([^{}\n]{1,60}?)\s*\}")
_ELEMENT = re.compile(
    r"<(?:parameter name=\")?(answer|score|rating|verdict|grade|judge?ment)\"?>\s*([^<>]{1,60}?)\s*<",
    re.IGNORECASE,
)
_PHRASE = re.compile(
    r"(?:\b(?:score|rating|grade)d?(?: it)?\s+(?:is|of|as|at)\s+(?:an?\s+)?"
    r"|\bI(?:'d|'ll| would| will| must)?(?:\s+\w+)?\s+(?:give|rate|score|assign|award|grade)\b"
    r"[^.!?\n0-9]{0,60}?"
    r"\s(?:an?|as|at|it|with|of|this|response)\s+"
    rf"|\b(?:deserves|receives|gets|earns|merits|warrants)\s+(?:an?\s+)?)(?={NUMBER})",
    re.IGNORECASE,
)
# "A 5 would require ...", "on a scale of 5": a number that is named and not given.
_HYPOTHETICAL = re.compile(
    r"\b(?:would require|would need|if|unless|cannot|can't|could not|couldn't|not"
    r"|unable|instead of|rather than"
    r"|scale|between|means?|requires?|maximum|minimum|possible)\b",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"[.!?](?=\s|$)|\n")
# "# Output (a):" opens a section; it does not choose.
_HEADING = re.compile(r"\s*#|.*:[\s*_]*$")
# "Yes, it does", "B) it has a gap": the answer is over before the reason begins.
_STANDS_ALONE = re.compile(r"[.:,;!)]|\s*[–—-]\s|\s*$")
_LIST_LINE = re.compile(r"^\s*[0-9]{1,2}[.)]\s", re.MULTILINE)
_LEADING_NUMBER = re.compile(rf"^\W*{NUMBER}(?:\s*(?:/|out of)\s*{NUMBER})?[\s*_`\"')\]]*(?:[.):,;–—(\n-]|$)")
_FEW_WORDS_THEN_NUMBER = re.compile(rf"^[^0-9\n(:=,-]{{1,40}}[\s*_]*[(:=,–—-]+\s*(?P<answer>{NUMBER}[^\n]*)$")
_CLOSING_NUMBER = re.compile(rf"[.!?][\"')]?\s+(?P<answer>{NUMBER}(?:\s*/\s*{NUMBER})?)\.?$")


def evidence_of(
    visible: str, plain: str, scale: Scale, *, name: str = "", alone: bool = True
) -> Iterator[Evidence]:
    """Yield every reading of a score; `plain` is `plain_text(visible)`, the rest as in `parse_score`."""
    json_reading = score_in_json(visible, scale, name=name, alone=alone)
    if json_reading is not None:
        reading, frames_reply = json_reading
        yield Evidence(Rank.BOXED if frames_reply else Rank.INLINE_TAG, reading)
    yield from _tagged(plain, scale, name=name, alone=alone)
    if alone:
        yield from _boxed(plain, scale)
        yield from _phrases(plain, scale)
        yield from _bare(plain, scale)


def _boxed(text: str, scale: Scale) -> Iterator[Evidence]:
    for match in (*_BOXED.finditer(text), *_ELEMENT.finditer(text)):
        reading = whole_answer(match.group(match.lastindex or 0), scale)
        if reading is not None:
            yield Evidence(Rank.BOXED, reading)


def _tagged(text: str, scale: Scale, *, name: str, alone: bool) -> Iterator[Evidence]:
    for match in _tag_pattern(name, alone).finditer(text):
        line_start = text.rfind("\n", 0, match.start()) + 1
        # At most 200: over a long run of markup the pattern takes time with the square of its length.
        opens_line = bool(_LINE_OPENING.match(text[line_start : match.start()][-200:]))
        rank = _tag_rank(match, opens_line=opens_line)
        reading, end = _tagged_answer(text, match, scale)
        if rank is not None and reading is not None:
            yield Evidence(rank, reading, at_end=end >= len(text))


def _tag_rank(match: re.Match[str], *, opens_line: bool) -> Rank | None:
    final = bool(_FINAL.search(match.group("modifier")))
    weak = match.group("weak") is not None and not final
    by_colon = match.group("separator") in (":", "=")
    if opens_line and not weak:
        return Rank.FINAL_TAG if final else Rank.TAGGED_LINE
    if not by_colon or (weak and not opens_line):
        return None
    return Rank.TAGGED_LINE if final else Rank.INLINE_TAG


def _tagged_answer(text: str, match: re.Match[str], scale: Scale) -> tuple[Reading[float] | None, int]:
    """Return what the tag introduces, on its line or alone on the next, and where that line ends."""
    end = _line_end(text, match.end())
    rest = text[match.end() : end]
    if bare(rest):
        answer = answer_at_head(rest, scale)
        if answer is None:
            return _worded_number(rest.strip(), scale), end
        return answer.reading, end - len(answer.rest)
    following = re.compile(r"\s*").match(text, end)
    start = following.end() if following else end
    end = _line_end(text, start)
    return whole_answer(text[start:end], scale), end


def _line_end(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end


@lru_cache(maxsize=256)
def _tag_pattern(name: str, alone: bool) -> re.Pattern[str]:
    spelled = r"[\s_.-]+".join(re.escape(part) for part in re.split(r"[\s_.-]+", name) if part)
    strong = "|".join(part for part in (spelled, _STRONG if alone else "") if part) or r"(?!)"
    weak = _WEAK if alone else r"(?!)"
    return re.compile(
        rf"(?<!\w)(?P<modifier>(?:(?:final|overall|my|total|verdict)[\s_-]+){{0,2}})"
        rf"(?:(?:{strong})(?:[\s_-](?:score|rating|verdict))?|(?P<weak>{weak}))(?!\w)"
        r"[\"'*_`\]]{0,4}\s?(?:\([^()\n]{0,40}\))?[\"'*_`\]]{0,4}\s?(?P<separator>[:=]|is\b|[-–—|])",
        re.IGNORECASE,
    )


def _phrases(text: str, scale: Scale) -> Iterator[Evidence]:
    for match in _PHRASE.finditer(text):
        before = [
            end.end() for end in _SENTENCE_END.finditer(text, max(0, match.start() - 300), match.start())
        ]
        after = _SENTENCE_END.search(text, match.end())
        sentence = text[
            before[-1] if before else max(0, match.start() - 300) : after.start() if after else len(text)
        ]
        answer = answer_at_head(text[match.end() : match.end() + 80], scale)
        if answer is not None and not _HYPOTHETICAL.search(sentence):
            yield Evidence(Rank.PHRASE, answer.reading)


def _bare(text: str, scale: Scale) -> Iterator[Evidence]:
    """Read an answer that nothing marks: the whole reply, its first or last line, a number in a short one."""
    lines = lines_of(text)
    if len(text) <= SHORT_REPLY:
        yield from _bare_number(text, scale)
    for line in {*lines[:1], *lines[-1:]} if len(lines) > 1 else ():
        reading = whole_answer(line, scale)
        # A menu's "1" is a label; on any other scale a number needs a tag or a short reply.
        proves = scale.kind == "choices" or len(text) <= SHORT_REPLY or not re.search("[0-9]", line)
        if reading is not None and proves and not _HEADING.match(line):
            yield Evidence(Rank.BARE, reading)
    if lines and lines[0][:1].isalpha():
        answer = answer_at_head(lines[0], scale)
        if answer is not None and _STANDS_ALONE.match(answer.rest) and "(" not in lines[0].split(")")[0]:
            yield Evidence(Rank.BARE, answer.reading)


def _bare_number(text: str, scale: Scale) -> Iterator[Evidence]:
    whole = whole_answer(text, scale)
    if whole is not None:
        yield Evidence(Rank.BARE, whole)
        return
    # "1. ... 2. ..." is a list of reasons, no score of 1.
    if _LEADING_NUMBER.match(text) and len(_LIST_LINE.findall(text)) < 2:
        answer = answer_at_head(text, scale)
        if answer is not None:
            yield Evidence(Rank.BARE, answer.reading)
    closing = _CLOSING_NUMBER.search(text)
    for reading in (
        _worded_number(text, scale),
        whole_answer(closing.group("answer"), scale) if closing else None,
    ):
        if reading is not None:
            yield Evidence(Rank.BARE, reading)


def _worded_number(text: str, scale: Scale) -> Reading[float] | None:
    """Return the number that a few words introduce and nothing follows: "Good (3)", "Yes, 0"."""
    match = _FEW_WORDS_THEN_NUMBER.match(text)
    if match is None or len(text[: match.start("answer")].split()) > 4:
        return None
    return whole_answer(match.group("answer"), scale)


def parse_score(
    text: str, scale: Scale, *, name: str = "", alone: bool = True, truncated: bool = False
) -> Reading[float]:
    """
    Read a score from a judge's text.

    Args:
        text: The reply.
        scale: The answers the judge was offered; nothing outside it is ever returned.
        name: The criterion's name, which may tag its verdict ("Coherence: 2").
        alone: Whether the reply is about this criterion only. If not, a bare tag ("Score: 2") proves nothing.
        truncated: Whether the reply was cut at its token limit. Its last word may then be half a number.

    Returns:
        The score, or why there is none. It never raises and never guesses.
    """
    visible = visible_text(text)
    plain = plain_text(visible)
    evidence = evidence_of(visible, plain, scale, name=name, alone=alone)
    return settled(evidence, plain, truncated=truncated)


def settled(evidence: Iterable[Evidence], plain: str, *, truncated: bool) -> Reading[float]:
    """Return what the highest-ranked evidence says, `ambiguous` when it differs, or why there is none."""
    pieces = list(evidence)
    if truncated:
        # A cut reply never reached its last line; what was tagged before that counts.
        pieces = [piece for piece in pieces if piece.rank >= Rank.TAGGED_LINE and not piece.at_end]
    rank = max((piece.rank for piece in pieces), default=None)
    # A judge that apologises and then gives a tagged score has judged.
    if is_refusal(plain) and (rank is None or rank <= Rank.PHRASE):
        return Reading.unread("refused")
    reading = agreed(piece.reading for piece in pieces if piece.rank == rank)
    return reading or Reading.unread("truncated" if truncated else "no_verdict")
