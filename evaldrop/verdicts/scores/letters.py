"""The Y or N of a judge that was asked to reason first and then to print the letter on its own line."""

import re
from collections.abc import Iterable

from evaldrop.verdicts.languages import NO, YES
from evaldrop.verdicts.scores.quotations import is_quoted
from evaldrop.verdicts.verdict import Reading, agreed
from evaldrop.verdicts.wording import any_of, bare, is_refusal, lines_of, plain_text, visible_text

_YES = rf"(?:{any_of(YES)})"
_NO = rf"(?:{any_of(NO)})(?!\s?/\s?a\b)"  # "n/a" is no "no"
# A line that puts the question once more and answers it holds a letter as well; one of a list asks another.
_LETTER_LINE = re.compile(
    rf"^\W*(?:(?P<yes>{_YES})|(?P<no>{_NO}))[^\w?]*$|^[^\W\d][^?\n]{{0,300}}\?\s(?:(?P<y>Y)|(?P<n>N))\W*$",
    re.IGNORECASE,
)
_TAGGED_LETTER = re.compile(
    r"(?<!\w)(?:answer|verdict|decision|grade|conclusion|judge?ment|result|rating"
    r"|score)[\"'*_`]{0,3}\s*(?:is|:|=|[-–—])"
    rf"[\s\"'*_`:(\[]*(?:(?P<yes>{_YES})|(?P<no>{_NO}))(?![\w/])",
    re.IGNORECASE,
)
# One capital letter, or yes and no after the end of a sentence: "certainly" ends in y and says nothing.
_CLOSING_LETTER = re.compile(
    r"(?:^|[.!?:;\n]|\bis|\bare)[\s\"'*_`(\[]*(?:(?P<yes>Y|Yes|YES)|(?P<no>N|No|NO))[\s\"'*_`)\].!]*$"
)
_OPENING_LETTER = re.compile(
    rf"^\W*(?:(?P<yes>{_YES})|(?P<no>{_NO}))(?=\s*[.,:;!*)\n]|\s+[-–]|$)", re.IGNORECASE
)


# "Y, N" opens with both.
_OTHER = {True: re.compile(r"\bN\b"), False: re.compile(r"\bY\b")}


def parse_yes_no(text: str, *, truncated: bool = False) -> Reading[bool]:
    """
    Read the Y or N of a judge that is to reason first and then to print the letter on its own line, twice.

    A line that holds the letter alone counts first, then a tagged letter, then one that closes or opens the
    reply. Letters inside words never count. Y on one line and N on another is ambiguous, quoted or not.
    """
    plain = plain_text(visible_text(text))
    lines = lines_of(plain)
    ranked: tuple[Iterable[re.Match[str] | None], ...] = (
        map(_LETTER_LINE.match, lines),
        (
            match
            for match in _TAGGED_LETTER.finditer(plain)
            if not is_quoted(plain, match.start(), match.end())
        ),
        # The end alone: in a long reply the search would try every sentence.
        [_CLOSING_LETTER.search(plain[-200:])],
        [_OPENING_LETTER.match(plain)],
    )
    for matches in ranked:
        reading = agreed(_letter(match, plain) for match in matches if match)
        if reading is not None:
            return reading
    if is_refusal(plain):
        return Reading.unread("refused")
    if any(bare(line).casefold() in ("n/a", "not applicable") for line in lines[-1:]):
        return Reading.unread("not_applicable")
    return Reading.unread("truncated" if truncated else "no_verdict")


def _letter(match: re.Match[str], plain: str) -> Reading[bool]:
    is_yes = (match.groupdict().get("y") or match.group("yes")) is not None
    line = plain[match.end() : match.end() + 40].split("\n")[0] if match.re is _OPENING_LETTER else ""
    return Reading.unread("ambiguous") if _OTHER[is_yes].search(line) else Reading(is_yes)
