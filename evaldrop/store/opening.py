"""Which store: `sqlite:PATH` on one machine, `dynamodb:TABLE` in a stack. Imports each when it is opened."""

from typing import TYPE_CHECKING

from evaldrop import storage
from evaldrop.errors import InputError

if TYPE_CHECKING:
    from evaldrop.store.protocol import Store

STORE = "EVALDROP_STORE"
"""The environment variable that tells a function its store."""
FILE = "runs.sqlite"
"""The store of an output folder, in it."""


def open_store(uri: str, *, patience_s: float = 30) -> "Store":
    """
    Return a store; a file is made when it is not there.

    Args:
        uri: The store's.
        patience_s: How long a file is waited for that others write to.

    Raises:
        InputError: The URI is of neither kind.
    """
    kind, _, where = uri.partition(":")
    if where and kind == "sqlite":
        from evaldrop.store.sqlite import SqliteStore

        return SqliteStore(storage.local_path(where), patience_s=patience_s)
    if where and kind == "dynamodb":
        from evaldrop.store.dynamodb import DynamoStore

        return DynamoStore(where)
    raise InputError(f"{uri}: a store is sqlite:PATH or dynamodb:TABLE.")


def store_of(out: str) -> str:
    """Return the URI of an output folder's own store, whether it is there or not."""
    return f"sqlite:{storage.join(out, FILE)}"


def is_kept(out: str) -> bool:
    """Tell whether an output folder on this machine has a store."""
    return not storage.is_s3(out) and storage.exists(storage.join(out, FILE))
