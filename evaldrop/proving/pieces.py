"""The pieces of a response that an edit takes hold of: sentences, list items, lines of code."""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

ITEM: Final = re.compile(r"[ \t]*(?:[-*+•·‣]|\d{1,3}[.)、])[ \t]*(?=\S)")
_FENCE: Final = re.compile(r"[ \t]*(?:```|~~~)")
_END: Final = re.compile(r"[.!?؟।…]{1,5}[\"'”’)\]»*]{0,5}(?=\s)|[。！？]+[」』”）]*")
_ABBREVIATION: Final = re.compile(
    r"(?:^|[\s(])(?:[^\W\d_]|\d{1,2}|dr|mr|mrs|ms|st|vs|no|nr|etc|approx|bzw|usw|inkl|e\.g|i\.e|z\.b|d\.h|p\.ex)$",
    re.IGNORECASE,
)
_KEYWORD: Final = re.compile(
    r"\s*(?:def|class|import|from|return|if|elif|else|for|while|try|with|function|const|let|var|public|private|"
    r"static|void|int|fn|func|use|package|#include|@\w+)\b.*[(){}=;:<]"
)
_CODE_LINE: Final = re.compile(
    r".*[;{}]\s*$|\s*[\w.\[\]'\"]+\s*[-+*/|&]?=(?!=)\s*\S|[\w.]+\([^\n]*\)\s*$|"
    r"\s*(?:SELECT|INSERT|UPDATE|DELETE|CREATE|FROM|WHERE|JOIN|GROUP BY|ORDER BY)\b|\s*import \w|\s*return\b"
)
_CJK: Final = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_WORD: Final = re.compile(r"[^\W_]+")


class Piece(NamedTuple):
    """A part of a text, from `start` to `end`, with the space behind it."""

    start: int
    end: int
    is_item: bool = False
    is_code: bool = False

    def of(self, text: str) -> str:
        """Return its own text."""
        return text[self.start : self.end]


def pieces(text: str) -> list[Piece]:
    """Return sentences, list items and lines of code in their order; headings and table rows are none."""
    bare_code, in_fence, found = is_code(text), False, list[Piece]()
    paragraph: Piece | None = None
    for line in _lines(text):
        shown = line.of(text)
        is_fence = bool(_FENCE.match(shown))
        in_fence ^= is_fence
        is_line_of_code = not is_fence and (in_fence or bare_code)
        if not (is_fence or is_line_of_code) and _is_plain(shown) and not _is_continued(shown, line, found):
            paragraph = paragraph._replace(end=line.end) if paragraph else line
            continue
        if paragraph:
            found += _sentences(text, paragraph)
            paragraph = None
        if is_line_of_code and shown.strip():
            found.append(line._replace(is_code=True))
        elif not is_fence and ITEM.match(shown):
            found.append(line._replace(is_item=True))
        elif not is_fence and _is_continued(shown, line, found):
            found[-1] = found[-1]._replace(end=line.end)
    return found + (_sentences(text, paragraph) if paragraph else [])


def _is_plain(line: str) -> bool:
    return bool(line.strip()) and not ITEM.match(line) and not line.lstrip().startswith(("#", "|"))


def _is_continued(shown: str, line: Piece, found: list[Piece]) -> bool:
    """Tell whether a line is indented right below an item, and so belongs to it."""
    follows = bool(found) and found[-1].is_item and found[-1].end == line.start
    return follows and shown[:2].isspace() and bool(shown.strip())


def _lines(text: str) -> Iterator[Piece]:
    start = 0
    for line in text.split("\n"):
        end = min(start + len(line) + 1, len(text))
        if end > start:
            yield Piece(start, end)
        start = end


def _sentences(text: str, paragraph: Piece) -> list[Piece]:
    found, start = list[Piece](), paragraph.start
    for match in _END.finditer(text, paragraph.start, paragraph.end):
        behind = text[match.end() : match.end() + 2].lstrip()
        if match[0] == "." and (
            _ABBREVIATION.search(text[max(start, match.start() - 8) : match.start()]) or behind[:1].islower()
        ):
            continue
        end = match.end()
        while end < paragraph.end and text[end].isspace():
            end += 1
        found.append(Piece(start, end))
        start = end
    if start < paragraph.end:
        found.append(Piece(start, paragraph.end))
    if len(found) == 1:
        # Lines without a full stop, as of an address or a poem.
        shown = paragraph.of(text)
        return [
            Piece(line.start + paragraph.start, line.end + paragraph.start)
            for line in _lines(shown)
            if line.of(shown).strip()
        ]
    return found


def is_code(text: str) -> bool:
    """Tell whether a whole text is code, without fences around it."""
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines or any(_FENCE.match(line) for line in lines):
        return False
    likely = sum(bool(_KEYWORD.match(line) or _CODE_LINE.match(line)) for line in lines)
    return likely > len(lines) / 2


def content_words(text: str) -> set[str]:
    """Return the words that may carry a text's content; pairs of characters where no spaces part words."""
    found = set[str]()
    for word in _WORD.findall(text.casefold()):
        if _CJK.search(word):
            found.update(word[at : at + 2] for at in range(max(1, len(word) - 1)))
        elif len(word) > 2 or word.isdigit():
            found.add(word)
    return found
