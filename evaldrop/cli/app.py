"""The commands, put together; and how errors leave the process."""

import io
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated

import typer

from evaldrop.cli import exits
from evaldrop.cli.advice import with_advice
from evaldrop.cli.commands.adopt import adopt
from evaldrop.cli.commands.bedrock_eval import bedrock_eval
from evaldrop.cli.commands.bedrock_import import bedrock_import
from evaldrop.cli.commands.bless import bless
from evaldrop.cli.commands.calibrate import calibrate
from evaldrop.cli.commands.compare import compare
from evaldrop.cli.commands.criteria import criteria
from evaldrop.cli.commands.diff import diff
from evaldrop.cli.commands.doctor import doctor
from evaldrop.cli.commands.export import export
from evaldrop.cli.commands.fetch import fetch
from evaldrop.cli.commands.gate import gate
from evaldrop.cli.commands.history import history
from evaldrop.cli.commands.init import init
from evaldrop.cli.commands.keys import keys
from evaldrop.cli.commands.local import local
from evaldrop.cli.commands.plan import plan
from evaldrop.cli.commands.prove import prove
from evaldrop.cli.commands.rejudge import rejudge
from evaldrop.cli.commands.report import report
from evaldrop.cli.commands.rescore import rescore
from evaldrop.cli.commands.review import review
from evaldrop.cli.commands.run import run
from evaldrop.cli.commands.runs import runs
from evaldrop.cli.commands.schema import schema
from evaldrop.cli.commands.serve import serve
from evaldrop.cli.commands.stop import stop
from evaldrop.cli.commands.submit import submit
from evaldrop.cli.commands.trend import trend
from evaldrop.cli.commands.usage import usage
from evaldrop.cli.commands.validate import validate
from evaldrop.cli.commands.view import view
from evaldrop.cli.commands.watch import watch
from evaldrop.cli.completing import rejoin_colons
from evaldrop.cli.output import complain, prepare_streams, shown, stderr
from evaldrop.cli.usage import misuse_in_words
from evaldrop.errors import EvaldropError
from evaldrop.shipped import VERSION

# Here, for no command may import another.
bedrock_eval.command("import")(bedrock_import)

app = typer.Typer(
    name="evaldrop",
    help="Evaluate language models on a dataset: responses, verdicts, a scorecard with intervals, a report.",
    epilog="Start with: `evaldrop init my-evaluation`",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
)
# As a newcomer meets them: help lists groups and commands in this order.
_GROUPS: Mapping[str, Sequence[Callable[..., object] | typer.Typer]] = {
    "Run": (init, run, stop, validate, plan),
    "Read": (report, view, trend, export),
    "Compare and decide": (compare, diff, gate, bless, adopt),
    "Judge again, and by people": (rescore, rejudge, review, calibrate, prove),
    "Deploy": (serve, doctor, submit, watch, runs, fetch, local),
    "Bedrock's evaluation jobs": (bedrock_eval,),
    "Keys and usage": (keys, usage, history),
    "Look up": (criteria, schema),
}
for _panel, _commands in _GROUPS.items():
    for _command in _commands:
        if isinstance(_command, typer.Typer):
            app.add_typer(_command, rich_help_panel=_panel)
        else:
            app.command(rich_help_panel=_panel)(_command)


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"evaldrop {VERSION}")  # noqa: T201 - the answer itself
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", is_eager=True, callback=_print_version)
    ] = False,
) -> None: ...


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
