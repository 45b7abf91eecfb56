"""Makes text of unknown origin inert where it is shown. HTML is escaped by jinja2."""

import csv
import io
import json
import re
from collections.abc import Iterable
from typing import Any

# Markdown's and GitHub's: emphasis, code, links, tables, HTML, mentions, issue numbers, entities.
_MARKDOWN = re.compile(
    r"[\\`*_{}\[\]<>|~@#&$!]|(?<=:)/(?=/)|(?<=www)\.|^\s*(?:[-+=]|\d+(?=[.)]))", re.IGNORECASE
)
# What spreadsheets take for a formula: one of these signs, after blanks, quotes and what is not seen.
_BEFORE = (
    r"[ \x00-\x08\x0b\x0c\x0e-\x1f\xa0\xad\u061c\u1680\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff"
    "\"']*"
)
_SIGN = r"[-=+@\uff1d\uff0b\uff0d\uff20]"
# Where a cell may begin: also inside a text, for who reads commas as semicolons. Its quotes then stand in the
# middle of a cell and mean nothing, so that each semicolon, tab and line end in the text begins another.
_CELL = rf"(?:^(?={{after}}{_BEFORE}[\t\r\n])|(?:^|(?<=[;\t\r\n]))(?={{after}}{_BEFORE}{_SIGN}))"
_BEGINS_FORMULA = re.compile(_CELL.format(after=""))
_MADE_TEXT = re.compile(_CELL.format(after="'") + "'")
# What is not seen and acts all the same, or hides: controls but tab and newline; separators of lines; what
# turns text around; what has no width; tags; half characters. Joiners and the two selectors of emoji stay:
# without them Persian, Hindi and many an emoji are shown wrong.
UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f"
    "\u2028-\u202e\u2060-\u206f\u3164\ud800-\udfff\ufe00-\ufe0d\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
# In JSON an escape is the same value: nothing that is not seen has to stay.
_UNSEEN_IN_JSON = re.compile(rf"{UNSEEN.pattern}|[\u200c\u200d\ufe0e\ufe0f]")
_BEYOND_ASCII = re.compile("[^\t\n -~]")
# XML 1.0 cannot hold these, not even escaped.
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def visible(text: str) -> str:
    r"""Return text in which what is not seen is seen, as `\x1b` or `\u202e`; tab and newline stay."""
    unix = text.replace("\r\n", "\n")
    return UNSEEN.sub(lambda match: match[0].encode("unicode_escape").decode("ascii"), unix)


def visible_json(text: str, *, is_ascii: bool = False) -> str:
    """Return JSON text of the same value in which what is not seen, or all beyond ASCII, is escaped."""
    pattern = _BEYOND_ASCII if is_ascii else _UNSEEN_IN_JSON
    # What is beyond 16 bits becomes two escapes, as JSON has it.
    return pattern.sub(lambda match: json.dumps(match[0])[1:-1], text)


def markdown(text: str) -> str:
    """Return text that Markdown shows as it is, on one line: no markup, link or mention."""
    line = visible(" ".join(text.split()))
    return _MARKDOWN.sub(lambda match: "".join(f"&#{ord(character)};" for character in match[0]), line)


def csv_text(rows: Iterable[Iterable[object]]) -> str:
    """Return rows as CSV in which no cell is a formula."""
    stream = io.StringIO()
    csv.writer(stream).writerows([csv_cell(cell) for cell in row] for row in rows)
    return stream.getvalue()


def csv_cell(value: object) -> object:
    """
    Return a cell of which no spreadsheet makes a formula, whether it reads commas, semicolons or tabs.

    An apostrophe stands before what would be one, inside a text as well; numbers stay numbers.
    """
    if not isinstance(value, str):
        return value
    return _BEGINS_FORMULA.sub("'", value.replace("\x00", ""))


def csv_original(text: str) -> str:
    """Return the text that `csv_cell` made a cell of."""
    return _MADE_TEXT.sub("", text)


def xml(text: str) -> str:
    """Return text without characters that XML cannot hold; markup is the writer's to escape."""
    return _NOT_XML.sub("\ufffd", text)


def script_json(value: Any) -> str:
    """Return JSON that may stand inside a script element: nothing in it ends the element."""
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
