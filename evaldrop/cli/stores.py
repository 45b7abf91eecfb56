"""Which history a command is about: a stack's with --stack, else the one beside the runs of --out."""

from typing import TYPE_CHECKING, Annotated

import typer

from evaldrop.errors import InputError
from evaldrop.run.place import DEFAULT_OUT

if TYPE_CHECKING:
    from evaldrop.running.deployed.stack import Stack
    from evaldrop.store.protocol import Store

OutOrStack = Annotated[
    str | None,
    typer.Option(
        "--out",
        "-o",
        metavar="DIR",
        help="The folder that runs are kept in, whose runs.sqlite it is; by default runs, unless a stack is "
        "named.",
    ),
]
StackInstead = Annotated[
    str | None,
    typer.Option(
        "--stack",
        "-s",
        metavar="NAME",
        envvar="EVALDROP_STACK",
        help="A deployed stack, whose table it is.",
    ),
]


def store_here(out: str | None, *, make: bool) -> "Store":
    """
    Return the store of a folder on this machine; `make` makes one where there is none.

    Raises:
        InputError: There is none, or the folder is not on this machine.
    """
    from evaldrop import storage
    from evaldrop.store.opening import is_kept, open_store, store_of

    place = out or DEFAULT_OUT
    if storage.is_s3(place):
        raise InputError(f"--out {place}: a history beside runs is on this machine. --stack names a stack's.")
    if not make and not is_kept(place):
        raise InputError(
            f"{place}: there is no history. evaldrop serve makes one, and evaldrop history rebuild."
        )
    return open_store(store_of(place))


def store_of_stack(stack: "Stack") -> "Store":
    """
    Return a stack's store.

    Raises:
        InputError: It was deployed without one.
    """
    from evaldrop.store.opening import open_store

    if stack.history is None:
        raise InputError(
            f'stack "{stack.name}" has no history: set `api` in cdk.json, and deploy it again (docs/api.md).'
        )
    return open_store(stack.history)


def chosen_store(out: str | None, stack: str | None, *, make: bool = False) -> "Store":
    """Return the store that a command's --out and --stack name."""
    # A folder that is named goes before a stack that the environment names.
    if out is not None or stack is None:
        return store_here(out, make=make)
    from evaldrop.running.deployed.stack import deployed_stack

    return store_of_stack(deployed_stack(stack))
