"""The tables of `runs.sqlite`, and how a file gets them."""

import sqlite3

from evaldrop.errors import StorageError

VERSION = 1
# Of evaldrop's stores alone: another program's database is not to be written into.
APPLICATION = 0x65764472

SCHEMA = (
    """
    CREATE TABLE runs (
        run_id TEXT PRIMARY KEY, started_at TEXT NOT NULL, state TEXT NOT NULL, evaluation TEXT,
        customer TEXT, key TEXT, user TEXT, body TEXT NOT NULL
    )
    """,
    "CREATE INDEX by_time ON runs (started_at, run_id)",
    "CREATE INDEX by_state ON runs (state, started_at, run_id)",
    "CREATE INDEX by_evaluation ON runs (evaluation, started_at, run_id)",
    "CREATE INDEX by_customer ON runs (customer, started_at, run_id)",
    "CREATE INDEX by_key ON runs (key, started_at, run_id)",
    "CREATE INDEX by_user ON runs (user, started_at, run_id)",
    """
    CREATE TABLE counters (
        kind TEXT NOT NULL, period TEXT NOT NULL, name TEXT NOT NULL,
        runs INTEGER NOT NULL, records INTEGER NOT NULL,
        input_tokens INTEGER NOT NULL, output_tokens INTEGER NOT NULL,
        spent INTEGER NOT NULL, reserved INTEGER NOT NULL, estimated INTEGER NOT NULL,
        PRIMARY KEY (kind, period, name)
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE requests (
        key_id TEXT NOT NULL, day TEXT NOT NULL, n INTEGER NOT NULL, PRIMARY KEY (key_id, day)
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE keys (
        key_id TEXT PRIMARY KEY, name TEXT NOT NULL, digest TEXT UNIQUE, body TEXT NOT NULL
    ) WITHOUT ROWID
    """,
    f"PRAGMA application_id = {APPLICATION}",
    f"PRAGMA user_version = {VERSION}",
)


def prepare(connection: sqlite3.Connection, path: str) -> None:
    """
    Give a new file its tables, whoever else is about to.

    Raises:
        StorageError: It is another program's, or of a later version.
    """
    if _is_ready(connection, path):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Another may have made them since.
        if not _is_ready(connection, path):
            _refuse_others(connection, path)
            for statement in SCHEMA:
                connection.execute(statement)
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def _is_ready(connection: sqlite3.Connection, path: str) -> bool:
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if application == APPLICATION and version > VERSION:
        raise StorageError(f"{path}: made by a later version of evaldrop. Use that one.")
    return bool(application == APPLICATION)


def _refuse_others(connection: sqlite3.Connection, path: str) -> None:
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if tables:
        raise StorageError(f"{path}: a database of another program.")
