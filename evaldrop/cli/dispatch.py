"""A command line in: the command that it names, and how errors leave the process."""

import io
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

import typer

from evaldrop.cli import exits
from evaldrop.cli.advice import with_advice
from evaldrop.cli.completing import rejoin_colons
from evaldrop.cli.output import complain, prepare_streams, shown, stderr
from evaldrop.cli.program import program
from evaldrop.cli.usage import misuse_in_words
from evaldrop.errors import EvaldropError


def main(arguments: list[str] | None = None) -> int:
    """
    Run a command.

    Returns:
        The exit code: 0 passed, 1 gate failed, 2 gate inconclusive, 3 the run failed, 64 wrong use or bad
        input, 70 a fault of ours, 130 interrupted.
    """
    prepare_streams()
    rejoin_colons(os.environ)
    try:
        # In standalone mode the parser exits by itself, with 2 for wrong use: here that is an inconclusive
        # gate.
        app = app_for(sys.argv[1:] if arguments is None else arguments)
        outcome = app(arguments, prog_name="evaldrop", standalone_mode=False)
        return outcome if isinstance(outcome, int) else exits.PASSED
    except EvaldropError as error:
        complain(with_advice(error))
        return exits.of_error(error)
    except KeyboardInterrupt:
        complain("stopped.")
        return exits.INTERRUPTED
    except BrokenPipeError:
        # The reader (head, less) has seen enough.
        # At its end Python flushes stdout, and would complain of the broken pipe on stderr.
        sys.stderr.close()
        return exits.PASSED
    except OSError as error:
        if error.errno not in exits.DISK_IS_FULL:
            return _own_fault(error, arguments)
        complain(f"what was to be written could not be: {error.strerror}. Make room, and do it again.")
        return exits.RUN_FAILED
    except SystemExit as error:
        # A library's own way out: its 1 is no gate.
        return exits.PASSED if error.code in {None, 0} else exits.FAULT_OF_OURS
    except Exception as error:  # noqa: BLE001 - the last stop: uncaught, it would end with 1, a failed gate
        code = _usage_exit(error)
        return _own_fault(error, arguments) if code is None else code


def app_for(arguments: Sequence[str]) -> typer.Typer:
    """
    Return the program with the command that arguments name, or with all where they name none.

    The modules of forty commands take longer to import than most of them to do what they are asked for.
    """
    name = arguments[0] if arguments else ""
    if not name.isalpha() or not (Path(__file__).parent / "commands" / f"{name}.py").is_file():
        from evaldrop.cli.app import app

        return app
    alone = program()
    command = getattr(import_module(f"evaldrop.cli.commands.{name}"), name)
    if isinstance(command, typer.Typer):
        alone.add_typer(command)
    else:
        alone.command()(command)
    return alone


def _own_fault(error: Exception, arguments: list[str] | None) -> int:
    # Imported here: only a fault needs it.
    from evaldrop.cli.crash import crash_in_words, write_crash

    complain(crash_in_words(error, write_crash(error, arguments)))
    return exits.FAULT_OF_OURS


def _usage_exit(error: Exception) -> int | None:
    """Return the exit code of an error of the command line's own parser, which it shows; None for others."""
    # By what it can do and not by its class: typer brings a parser of its own in some versions, click in
    # others.
    show = getattr(error, "show", None)
    if show is None:
        return exits.INTERRUPTED if type(error).__name__ == "Abort" else None
    if (words := misuse_in_words(error)) is not None:
        complain(words)
    else:
        # The help of a command that was given nothing. Through a text: it may hold what is no terminal's.
        said = io.StringIO()
        show(said)
        stderr().print(shown(said.getvalue()), end="")
    return exits.WRONG_USE
