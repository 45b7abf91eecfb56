"""The program without its commands: what it says of itself, and `--version`."""

from typing import Annotated

import typer

from evaldrop.shipped import VERSION


def program() -> typer.Typer:
    """Return the program; commands are to be added."""
    app = typer.Typer(
        name="evaldrop",
        help="Evaluate language models on a dataset: responses, verdicts, a scorecard with intervals, "
        "a report.",
        epilog="Start with: `evaldrop init my-evaluation`",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode="markdown",
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_root)
    return app


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"evaldrop {VERSION}")  # noqa: T201 - the answer itself
        raise typer.Exit


def _root(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", is_eager=True, callback=_print_version)
    ] = False,
) -> None: ...
