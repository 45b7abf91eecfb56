"""The pages that users read, taken apart: every fenced block with its language and place."""

import re
import shlex
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from markdown_it import MarkdownIt

from tests.whole_runs import ROOT

PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")),
    *sorted((ROOT / "docs").glob("*.md")),
]
COMMAND_LINE = ROOT / "docs" / "command-line.md"


@dataclass(frozen=True)
class Block:
    """A fenced block; `heading` is the last one above it, `line` that of its fence."""

    page: str
    heading: str
    line: int
    language: str
    text: str

    @property
    def place(self) -> str:
        return f"{self.page}:{self.line}"


def blocks(*languages: str) -> list[Block]:
    """Return the blocks of these languages, of all by default, in the order of the pages."""
    found = [block for page in PAGES for block in _blocks(page)]
    return [block for block in found if not languages or block.language in languages]


@cache
def _blocks(page: Path) -> list[Block]:
    found, heading, before = [], "", ""
    for token in MarkdownIt().parse(page.read_text(encoding="utf-8")):
        if before == "heading_open":
            heading = token.content
        before = token.type
        if token.type in {"fence", "code_block"} and token.map:
            where = page.relative_to(ROOT).as_posix()
            # The examples in the help of commands are indented, and no other page indents one.
            language = "sh" if token.type == "code_block" and page == COMMAND_LINE else token.info.strip()
            found.append(Block(where, heading, token.map[0] + 1, language, token.content))
    return found


def spans(page: Path) -> list[str]:
    """Return what a page sets in backticks within its sentences and tables, each on one line."""
    inline = [
        child.content
        for token in MarkdownIt().enable("table").parse(page.read_text(encoding="utf-8"))
        for child in token.children or ()
        if child.type == "code_inline"
    ]
    return [" ".join(text.split()) for text in inline]


@dataclass(frozen=True)
class Command:
    """A command of a shell block. Its output goes to a file, `to`, or to the variable that it `sets`."""

    place: str
    words: tuple[str, ...]
    to: str | None = None
    sets: str | None = None

    @property
    def shown(self) -> str:
        return shlex.join(self.words)


def commands(block: Block) -> list[Command]:
    """Return the commands of a shell block, or of a console's lines after `$ `, in order."""
    lines = block.text.replace("\\\n", " ").splitlines()
    if block.language == "console":
        lines = [line[2:] for line in lines if line.startswith("$ ")]
    return [_command(block.place, line) for line in lines if line.strip() and not line.startswith("#")]


def _command(place: str, line: str) -> Command:
    kept = re.fullmatch(r"(\w+)=\$\((.*)\)", line)
    words = shlex.split(kept[2] if kept else line, comments=True)
    to = next((place for place, word in enumerate(words) if word in {">", ">>"}), len(words))
    written = words[to + 1] if to < len(words) else None
    return Command(place, tuple(words[:to]), written, kept[1] if kept else None)


RUN_ID = r"\d{8}T\d{6}Z-[0-9a-f]{6,8}"
RUN_FOLDER = rf"runs/[\w-]+/(?:{RUN_ID}|RUN_ID)"


def looks_as_shown(shown: str, real: str, *, varies: tuple[str, ...]) -> bool:
    """
    Return whether an output is what a page shows.

    Spaces and line breaks may differ; `…` leaves something out; what one of `varies` matches may be another
    of its kind.
    """
    parts = re.split(f"({'|'.join(('…', *varies))})", " ".join(shown.split()))
    pattern = "".join(re.escape(part) if n % 2 == 0 else _other(part, varies) for n, part in enumerate(parts))
    return re.fullmatch(pattern, " ".join(real.split())) is not None


def _other(part: str, varies: tuple[str, ...]) -> str:
    return next((one for one in varies if re.fullmatch(one, part)), ".*")
