"""`evaldrop history`: the store of runs, made again of their folders."""

import typer

from evaldrop.cli.output import stderr
from evaldrop.cli.stores import OutOrStack, StackInstead, store_here, store_of_stack
from evaldrop.run.place import DEFAULT_OUT

history = typer.Typer(
    name="history",
    help="""
    Look after the history, which `evaldrop runs`, `trend` and `usage`, and the API, ask for runs.

    Example:

        evaldrop history rebuild
    """,
    no_args_is_help=True,
    rich_markup_mode="markdown",
)


@history.callback()
def _group() -> None: ...


@history.command("rebuild")
def rebuild(out: OutOrStack = None, stack: StackInstead = None) -> None:
    """
    Read all runs' folders, and note in the history what they say; make the history where there is none.

    Keys, what they have used up, who started a run, estimates and choices stay: no folder holds them all.

    Examples:

        evaldrop history rebuild --out runs

        evaldrop history rebuild --stack evaldrop
    """
    from evaldrop import storage
    from evaldrop.running.history.from_folders import runs_below

    if out is not None or stack is None:
        n = store_here(out, make=True).rebuild(runs_below(storage.absolute(out or DEFAULT_OUT)))
    else:
        from evaldrop.running.deployed.clients import client
        from evaldrop.running.deployed.stack import deployed_stack
        from evaldrop.running.history.executions import runs_of_stack

        deployed = deployed_stack(stack)
        n = store_of_stack(deployed).rebuild(runs_of_stack(deployed, client("stepfunctions")))
    stderr().print(f"read into the history: {n:,} {'run' if n == 1 else 'runs'}.")
