"""Sentences on a terminal: broken between words, and never inside a number, a name or a path."""

import re

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

# Not at a no-break space, which a sentence has where it must not break, nor in a command to paste.
_WORD = re.compile(r" *(?:`evaldrop [^`\n]+`|[^ ])+ *")


def print_prose(console: Console, sentences: str, *, indent: int = 0, head: str = "") -> None:
    """
    Print sentences in rich's markup, broken between words; in a file or a log each is one line.

    A word that is longer than a line, such as a path, stays whole: a terminal copies it as one.

    Args:
        console: Where to.
        sentences: In rich's markup.
        indent: Cells before every line: of reasons below one another the further lines could not be told
            from the first.
        head: What is in the first line's indent, in rich's markup.
    """
    before = console.render_str(head)
    before.pad_right(max(0, indent - before.cell_len))
    for line in console.render_str(sentences).split("\n", allow_blank=True):
        places = [] if console.soft_wrap else breaks(line.plain, console.width - indent)
        for part in line.divide(places):
            part.rstrip()
            console.print(before.append_text(part), soft_wrap=True)
            before = Text(" " * indent)


def breaks(line: str, room: int) -> list[int]:
    """Return where a line is broken between words; a word that is longer than the room stays whole."""
    places, used = [], 0
    for word in _WORD.finditer(line):
        if used and used + cell_len(word[0].rstrip(" ")) > room:
            places.append(word.start())
            used = 0
        used += cell_len(word[0])
    return places
