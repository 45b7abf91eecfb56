"""The layout of a reply made plain: tables as tagged lines, LaTeX, HTML and what was struck out."""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from evaldrop.verdicts.languages import CJK_SCORE, SCORE
from evaldrop.verdicts.wording import any_of, bare

_STRUCK = re.compile(r"~~[^~\n]{1,200}~~|<(del|s|strike)>[^<>\n]{0,200}</\1>", re.IGNORECASE)
_LATEX_TEXT = re.compile(r"\\(?:text|textbf|textit|mathbf|mathrm|emph|underline)\s?\{([^{}\n]{0,80})\}")
_LATEX_FRACTION = re.compile(r"\\[dt]?frac\s?\{([0-9.]{1,6})\}\s?\{([0-9.]{1,6})\}")
_LATEX_NUMBER = re.compile(r"\$\s{0,2}([0-9.]{1,6}(?:\s?/\s?[0-9.]{1,6})?)\s{0,2}\$")
_LATEX_SIGNS = re.compile(r"\\[()\[\],;! ]|\\(?:quad|qquad|displaystyle)\b")
# Elements that hold what somebody else said, or what the judge says aside.
_ASIDE = re.compile(
    r"<(quote|blockquote|response|submission|candidate|example|rationale|explanation|justification|feedback"
    r"|comments?)"
    r"(?:\s[^<>\n]{0,80})?>.*?</\1\s?>",
    re.DOTALL | re.IGNORECASE,
)
_FENCED_OFF = re.compile(
    r"\[(?:begin|start)[ _](?:of[ _])?(?:the )?(response|submission|answer"
    r"|data)\].{0,20000}?\[end[ _](?:of[ _])?(?:the )?\1\]",
    re.DOTALL | re.IGNORECASE,
)
_INLINE_TAG = re.compile(
    r"</?(?:b|i|em|strong|u|span|code|font|mark|small|sup|tt)(?:\s[^<>\n]{0,80})?>", re.IGNORECASE
)
_BLOCK_TAG = re.compile(
    r"</?(?:p|br|div|h[1-6]|ul|ol|li|output|final|body|html|section|verdicts|criteria|evaluation"
    r"|results?)\s?/?>",
    re.IGNORECASE,
)
_RULE_LINE = re.compile(r"\s*\|?(?:\s*:?-{2,}:?\s*\|)*\s*:?-{2,}:?\s*\|?\s*$")
_SCORE_HEADER = re.compile(
    rf"(?:{any_of((*SCORE, *CJK_SCORE, 'mark', 'points', 'value', 'note', 'nota', 'voto'))})", re.IGNORECASE
)
_MAX_ROWS = 200


@lru_cache(maxsize=8)
def laid_plain(text: str) -> str:
    """Return `text` without the markup that stands around or between a tag and its answer."""
    if "~~" in text or "</" in text or "/>" in text or "<br" in text:
        text = _STRUCK.sub(" ", text)
        rest = _ASIDE.sub("\n", text)
        # A reply that is one explanation has nothing else to say it in.
        text = rest if bare(rest) else text
        text = _BLOCK_TAG.sub("\n", _INLINE_TAG.sub("", text))
    if "[" in text:
        text = _FENCED_OFF.sub("\n", text)
    if "$" in text:
        text = _LATEX_NUMBER.sub(r"\1", text)
    if "\\" in text:
        text = _LATEX_FRACTION.sub(r"\1/\2", _LATEX_TEXT.sub(r"\1", text))
        text = _LATEX_SIGNS.sub(" ", text)
    return _tables_as_lines(text) if "|" in text else text


def _tables_as_lines(text: str) -> str:
    lines = text.split("\n")
    # Found by the rule between head and body; without one, bars are only bars.
    rules = [
        at
        for at, line in enumerate(lines[:-1])
        if at and "-" in line and "|" in line and _RULE_LINE.match(line)
    ]
    for at in reversed(rules[:_MAX_ROWS]):
        end = at + 1
        while end < len(lines) and "|" in lines[end]:
            end += 1
        rows = [_cells(line) for line in lines[at + 1 : end]]
        lines[at - 1 : end] = _as_tags(_cells(lines[at - 1]), rows)
    return "\n".join(lines)


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def _as_tags(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield `criterion: score` for every row under a header with a score; otherwise `header: cell`."""
    columns = [at for at, title in enumerate(header) if at and _SCORE_HEADER.search(title)]
    for row in rows:
        if len(columns) == 1:
            if len(row) > columns[0]:
                yield f"{row[0]}: {row[columns[0]]}"
        else:
            yield from (f"{title}: {cell}" for title, cell in zip(header, row, strict=False) if title)
