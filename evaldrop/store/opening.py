"""Which store: `sqlite:PATH` on one machine, `dynamodb:TABLE` in a stack."""

from evaldrop import storage
from evaldrop.errors import InputError
from evaldrop.store.protocol import Store
from evaldrop.store.sqlite import SqliteStore

STORE = "EVALDROP_STORE"
"""The environment variable that tells a function its store."""
FILE = "runs.sqlite"
"""The store of an output folder, in it."""


def open_store(uri: str) -> Store:
    """
    Return a store; a file is made when it is not there.

    Raises:
        InputError: The URI is of neither kind.
    """
    kind, _, where = uri.partition(":")
    if where and kind == "sqlite":
        return SqliteStore(storage.local_path(where))
    if where and kind == "dynamodb":
        # Imported here: on one machine nobody needs it.
        from evaldrop.store.dynamodb import DynamoStore

        return DynamoStore(where)
    raise InputError(f"{uri}: a store is sqlite:PATH or dynamodb:TABLE.")


def store_of(out: str) -> str:
    """Return the URI of an output folder's own store, whether it is there or not."""
    return f"sqlite:{storage.join(out, FILE)}"
