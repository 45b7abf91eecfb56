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
# What spreadsheets take for a formula, after blanks and characters that are not seen, which some skip.
_UNSEEN = r"[\s\x00-\x1f\u200b-\u200f\u2028-\u202e\u2060\ufeff]"
_FORMULA = re.compile(rf"[\t\r\n]|{_UNSEEN}*[-=+@\uff1d\uff0b\uff0d\uff20]")
# C0 and C1 controls but tab and newline, and what reorders text.
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
# XML 1.0 cannot hold these, not even escaped.
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def markdown(text: str) -> str:
    """Return text that Markdown shows as it is, on one line: no markup, link or mention."""
    line = " ".join(_CONTROL.sub("", text).split())
    return _MARKDOWN.sub(lambda match: "".join(f"&#{ord(character)};" for character in match[0]), line)


def csv_text(rows: Iterable[Iterable[object]]) -> str:
    """Return rows as CSV in which no cell is a formula."""
    stream = io.StringIO()
    csv.writer(stream).writerows([csv_cell(cell) for cell in row] for row in rows)
    return stream.getvalue()


def csv_cell(value: object) -> object:
    """Return a cell that no spreadsheet takes for a formula; numbers stay numbers."""
    if not isinstance(value, str):
        return value
    text = value.replace("\x00", "")
    return f"'{text}" if _FORMULA.match(text) else text


def xml(text: str) -> str:
    """Return text without characters that XML cannot hold; markup is the writer's to escape."""
    return _NOT_XML.sub("\ufffd", text)


def script_json(value: Any) -> str:
    """Return JSON that may stand inside a script element: nothing in it ends the element."""
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
