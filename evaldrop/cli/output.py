"""
What is written where: results to stdout, everything about them to stderr.

Model text never reaches a terminal raw.
"""

import json
import os
import re
import sys
from typing import IO, Any, TextIO

import typer
from rich.console import Console
from rich.markup import escape

UNBOUND_COLUMNS = 160

# C0 and C1 controls, separators of lines, and the marks that turn text around: a response may carry any.
# Tab and line feed are left; a carriage return is not: it would let a text overwrite its own line.
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")


class _PatientConsole(Console):
    """
    A console whose reader (head, less) may leave before all is said.

    rich would end the process with 1 then, which says that a gate failed; the exit code stays the command's.
    """

    def on_broken_pipe(self) -> None:
        """Say the rest to nobody."""
        self.quiet = True
        _say_to_nobody(self.file)


def _say_to_nobody(stream: IO[str]) -> None:
    # In the pipe's place, so that what Python still holds in a buffer is no fault at its end.
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def stdout() -> Console:
    """Return the console of results."""
    return _PatientConsole(highlight=False, soft_wrap=not sys.stdout.isatty(), width=_width(sys.stdout))


def stderr() -> Console:
    """Return the console of progress and complaints."""
    return _PatientConsole(
        stderr=True, highlight=False, soft_wrap=not sys.stderr.isatty(), width=_width(sys.stderr)
    )


def _width(stream: TextIO) -> int | None:
    """Return the columns of a stream that is no terminal: a file or a log cuts no table off."""
    # rich takes 80 columns where there is no terminal, and would cut tables in a CI log.
    return None if stream.isatty() or "COLUMNS" in os.environ else UNBOUND_COLUMNS


def plain(text: str) -> str:
    """Return a text without what a terminal would act on."""
    return _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", text)


def shown(text: str) -> str:
    """Return a text as rich prints it literally."""
    # Brackets are rich's markup: "[red]" in a response would colour, "[/x]" would raise.
    return escape(plain(text))


def complain(message: str) -> None:
    """Print an error, a line per problem."""
    console = stderr()
    for line in message.splitlines():
        console.print(f"[red]error[/red] {shown(line)}" if line.strip() else "")


def warn(message: str) -> None:
    """Print what is worth a look."""
    stderr().print(f"[yellow]note[/yellow] {shown(message)}")


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
    # By print and not by rich, which wraps lines and reads brackets as markup.
    text = json.dumps(content, indent=2, ensure_ascii=False, default=str)
    try:
        print(text, flush=True)  # noqa: T201
    except BrokenPipeError:
        _say_to_nobody(sys.stdout)
