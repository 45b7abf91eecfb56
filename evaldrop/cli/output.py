"""
What is written where: results to stdout, everything about them to stderr.

Text of unknown origin (of models, datasets, files' names, AWS) never reaches a terminal raw.
"""

import io
import json
import os
import sys
from collections.abc import Iterable
from typing import IO, Any, TextIO

import typer
from rich.console import Console, ConsoleOptions, RenderableType
from rich.markup import escape
from rich.segment import Segment

from evaldrop.cli.prose import print_prose
from evaldrop.report.escape import UNSEEN, visible, visible_json

UNBOUND_COLUMNS = 160


class _GuardedConsole(Console):
    """
    A console that shows what is not seen, and whose reader (head, less) may leave before all is said.

    rich would end the process with 1 then, which says that a gate failed; the exit code stays the command's.
    """

    def on_broken_pipe(self) -> None:
        """Say the rest to nobody."""
        self.quiet = True
        _say_to_nobody(self.file)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """Render, without what a terminal would act on but for rich's own: the last guard before it."""
        # Columns are right only where `shown` did this before: rich has measured the texts by now.
        for segment in super().render(renderable, options):
            if segment.control or not UNSEEN.search(segment.text):
                yield segment
            else:
                yield Segment(visible(segment.text), segment.style)


def prepare_streams() -> None:
    """Have stdout and stderr write what their encoding lacks as escapes; closed ones are nobody's."""
    # Without them (`>&-`) whatever asks them anything would fail.
    sys.stdout = sys.stdout or _open_nowhere()
    sys.stderr = sys.stderr or _open_nowhere()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _open_nowhere() -> TextIO:
    return open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123 - a stream, open to the end


def _say_to_nobody(stream: IO[str]) -> None:
    # In the pipe's place, so that what Python still holds in a buffer is no fault at its end.
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def stdout() -> Console:
    """Return the console of results."""
    return _console(sys.stdout)


def stderr() -> Console:
    """Return the console of progress and complaints."""
    return _console(sys.stderr)


def _console(stream: TextIO) -> Console:
    return _GuardedConsole(
        stderr=stream is sys.stderr,
        highlight=False,
        # A name such as "arn:aws:key:…" would be shown with a picture of a key in it.
        emoji=False,
        soft_wrap=not stream.isatty(),
        width=_width(stream),
    )


def _width(stream: TextIO) -> int | None:
    """Return the columns of a stream that is no terminal: a file or a log cuts no table off."""
    # rich takes 80 columns where there is no terminal, and would cut tables in a CI log.
    return None if stream.isatty() or "COLUMNS" in os.environ else UNBOUND_COLUMNS


def plain(text: str) -> str:
    """Return a text in which what a terminal would act on, or not show, is written out."""
    return visible(text)


def shown(text: str) -> str:
    """Return a text as rich prints it literally."""
    # Brackets are rich's markup: "[red]" in a response would colour, "[/x]" would raise.
    return escape(plain(text))


def complain(message: str) -> None:
    """Print an error, a line per problem."""
    console = stderr()
    # Not splitlines, to which half a dozen controls are line ends as well.
    for line in message.split("\n"):
        print_prose(console, f"[red]error[/red] {shown(line)}" if line.strip() else "")


def warn(message: str) -> None:
    """Print what is worth a look."""
    print_prose(stderr(), f"[yellow]note[/yellow] {shown(message)}")


def say_commands(head: str, commands: Iterable[str]) -> None:
    """Print commands to paste, each unbroken on a line of its own at any width, behind what they are for."""
    console = stderr()
    print_prose(console, shown(head))
    print_commands(console, commands)


def print_commands(console: Console, commands: Iterable[str]) -> None:
    """Print commands to paste, each unbroken on a line of its own at any width."""
    for command in commands:
        # No colour, no indent, nothing before it: a triple click takes the line. rich would break it.
        console.print(shown(command), soft_wrap=True)


def say_simulated(console: Console) -> None:
    """Print that what follows is a rehearsal."""
    console.print(
        "[bold yellow]SIMULATED[/bold yellow]: a rehearsal. No model is called and no money is spent."
    )


def is_attended() -> bool:
    """Tell whether a person at a terminal can be asked something."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def confirmed(question: str) -> bool:
    """Ask a person, on stderr: stdout may be read by a program."""
    return typer.confirm(question, err=True)


def print_json(content: Any) -> None:
    """Print one JSON document for scripts."""
    print_json_text(json.dumps(content, indent=2, ensure_ascii=False, default=str))


def print_json_text(text: str) -> None:
    """Print JSON that is written already; what is not seen, as escapes of the same value."""
    is_unicode = (sys.stdout.encoding or "").lower().startswith("utf")
    print_text(visible_json(text, is_ascii=not is_unicode))


def print_text(text: str) -> None:
    """Print a text that is inert already as it is, for a program or a file."""
    try:
        # By print and not by rich, which wraps lines and reads brackets as markup.
        print(text, flush=True)  # noqa: T201
    except BrokenPipeError:
        _say_to_nobody(sys.stdout)
