"""The API on one machine, put together: store, place, door, server, and the log of its requests."""

import hashlib
import secrets
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import orjson

from evaldrop import storage
from evaldrop.api.doors import local_door
from evaldrop.api.here import FOLDER, LocalPlace
from evaldrop.api.operations import Service, utc_now
from evaldrop.api.router import Api, LogLine
from evaldrop.api.server import ApiServer, served
from evaldrop.run.lock import locked
from evaldrop.store.model import Key, Limits
from evaldrop.store.opening import open_store, store_of

ACCESS_LOG: Final = "access.jsonl"
FAULT_LOG: Final = "faults.txt"
OWN_KEY: Final = "serve"
"""ID of the key of a start: it is kept nowhere, and ends with the server."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalApi:
    """A server that listens; `token` is the key of this start, `resumed` how many runs go on."""

    address: str
    token: str
    resumed: int


@contextmanager
def serving(
    *, out: str, bedrock: str, evaluations: str, port: int = 0, at_once: int = 2
) -> Iterator[LocalApi]:
    """
    Serve the API while the block lasts; then stop what is under way, which the next server goes on with.

    Raises:
        InputError: Another server has this folder.
        StorageError: The port is taken.
    """
    folder = Path(storage.absolute(out)) / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    token = secrets.token_urlsafe(24)
    with locked(str(folder), doing="evaldrop serve"):
        uri = store_of(storage.absolute(out))
        store = open_store(uri)
        listening: list[ApiServer] = []
        place = LocalPlace(
            store=store,
            store_uri=uri,
            out=out,
            bedrock=bedrock,
            evaluations=evaluations,
            address=lambda: listening[0].address,
            at_once=at_once,
            now=utc_now,
        )
        api = Api(
            Service(store=store, place=place),
            local_door(store, _own_key(token), utc_now),
            log=appending(folder / ACCESS_LOG),
            fault=_noting(folder / FAULT_LOG),
        )
        server = ApiServer(port, api.handle, place.uploads, place.reports)
        listening.append(server)
        try:
            with served(server):
                yield LocalApi(address=server.address, token=token, resumed=place.resume())
        finally:
            place.close()


def _own_key(token: str) -> Key:
    free = Limits(requests_per_second=1000, burst=1000, requests_per_day=None, runs_per_month=None)
    digest = hashlib.sha256(token.encode()).hexdigest()
    return Key(
        key_id=OWN_KEY, name="evaldrop serve", digest=digest, role="admin", limits=free, created_at=utc_now()
    )


def appending(path: Path) -> Callable[[LogLine], None]:
    """Return what appends a line to a log; may be called by several threads at once."""

    def log(line: LogLine) -> None:
        content = orjson.dumps({"at": utc_now(), **line}) + b"\n"
        # Appended in one piece, and so whole, whoever else does.
        with path.open("ab", buffering=0) as file:
            file.write(content)

    return log


def _noting(path: Path) -> Callable[[Exception], None]:
    def note(error: Exception) -> None:
        with path.open("a", encoding="utf-8") as file:
            file.write(f"{utc_now()}\n{''.join(traceback.format_exception(error))}\n")

    return note
