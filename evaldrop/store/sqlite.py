"""
The store on one machine: a SQLite file beside the runs.

What a key has used is no counter but the sum over its runs, of integers: it cannot differ from them.
"""

import sqlite3
from collections.abc import Iterable, Mapping
from pathlib import Path

from evaldrop.store import changes
from evaldrop.store.charges import (
    Account,
    By,
    Charge,
    accounts_of,
    ceilings,
    charge_of,
    day_of,
    limited,
    requests_used_up,
)
from evaldrop.store.model import (
    Choice,
    Ending,
    Key,
    Limits,
    Page,
    RunQuery,
    StoredRun,
    Usage,
    in_utc,
)
from evaldrop.store.pages import key_after, page_of
from evaldrop.store.refusals import conflict, key_conflict, unknown_key, unknown_run
from evaldrop.store.sqlite_file import SqliteFile

_SUMS = (
    "count(*), coalesce(sum(records), 0), coalesce(sum(input_tokens), 0), coalesce(sum(output_tokens), 0), "
    "coalesce(sum(spent), 0), coalesce(sum(reserved), 0)"
)


class SqliteStore:
    """See `evaldrop.store.protocol.Store`. Any number of processes and threads may use one file."""

    def __init__(self, path: str | Path, *, patience_s: float = 30) -> None:
        """`patience_s`: how long others' transactions are waited for before a StorageError."""
        self._file = SqliteFile(path, patience_s=patience_s)

    def close(self) -> None:
        """Give the file back. Another call opens it again."""
        self._file.close()

    def admit(self, run: StoredRun, limits: Limits, *, now: str) -> tuple[StoredRun, bool]:
        """Note a run, count it and reserve its estimate, all of it or nothing."""
        run = changes.admitted(run, in_utc(now))
        with self._file.writing() as connection:
            if known := _run(connection, run.run_id):
                if known.request_sha256 != run.request_sha256:
                    raise conflict(run.run_id)
                return known, False
            for ceiling in ceilings(run, limits, now):
                ceiling.check(_used(connection, limited(run.owner), ceiling.period))
            _put(connection, run)
        return run, True

    def withdraw(self, run_id: str) -> None:
        """Forget a run that was admitted and could not be begun."""
        with self._file.writing() as connection:
            connection.execute("DELETE FROM runs WHERE run_id = ? AND state = 'admitted'", (run_id,))

    def begin(self, run: StoredRun) -> None:
        """Note that a run goes on."""
        with self._file.writing() as connection:
            _put(connection, changes.begun(_run(connection, run.run_id), run))

    def end(self, run_id: str, ending: Ending, *, run: StoredRun | None = None) -> None:
        """Note how a run ended, and settle its estimate."""
        with self._file.writing() as connection:
            known = _run(connection, run_id) or (changes.begun(None, run) if run else None)
            if known is None:
                raise unknown_run(run_id)
            _put(connection, changes.ended(known, ending, run))

    def choose(self, run_id: str, choice: Choice) -> None:
        """Note which candidate was taken."""
        with self._file.writing() as connection:
            known = _run(connection, run_id)
            if known is None:
                raise unknown_run(run_id)
            _put(connection, changes.chosen(known, choice))

    def run(self, run_id: str) -> StoredRun | None:
        """Return a run."""
        with self._file.reading() as connection:
            return _run(connection, run_id)

    def runs(self, query: RunQuery) -> Page:
        """Return runs, the newest first."""
        conditions, values = _conditions(query)
        where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
        order = "ORDER BY started_at DESC, run_id DESC LIMIT ?"
        with self._file.reading() as connection:
            rows = connection.execute(
                f"SELECT body FROM runs {where} {order}",  # noqa: S608 - of constants; values are bound
                (*values, query.limit + 1),
            ).fetchall()
        return page_of([StoredRun.model_validate_json(body) for (body,) in rows], query.limit)

    def rebuild(self, runs: Iterable[StoredRun]) -> int:
        """Note runs as their folders have them."""
        n = 0
        self._file.make()
        for run in runs:
            # One by one: a run that ends meanwhile does not wait for all folders to be read.
            with self._file.writing() as connection:
                _put(connection, changes.rebuilt(_run(connection, run.run_id), run))
            n += 1
        return n

    def count_request(self, key_id: str, limits: Limits, *, now: str) -> None:
        """Count a request of a key."""
        day = in_utc(now)[:10]
        with self._file.writing() as connection:
            row = connection.execute(
                "SELECT n FROM requests WHERE key_id = ? AND day = ?", (key_id, day)
            ).fetchone()
            n = row[0] if row else 0
            if limits.requests_per_day is not None and n >= limits.requests_per_day:
                raise requests_used_up(limits, now)
            connection.execute("INSERT OR REPLACE INTO requests VALUES (?, ?, ?)", (key_id, day, n + 1))
            if not n:
                # Once a day. Not yesterday's: a request of just before midnight may come after this one.
                connection.execute("DELETE FROM requests WHERE day < date(?, '-1 day')", (day,))

    def usage(self, month: str, *, by: By) -> Mapping[str, Usage]:
        """Return what was used in a month."""
        low, high = _days(month)
        with self._file.reading() as connection:
            rows = connection.execute(
                f"SELECT {by}, {_SUMS} FROM runs WHERE day >= ? AND day < ? GROUP BY {by} ORDER BY {by}",  # noqa: S608 - `by` is one of three words
                (low, high),
            ).fetchall()
        return {name: Charge(*sums).usage() for name, *sums in rows}

    def used(self, key_id: str, period: str) -> Usage:
        """Return what a key has used in a month or on a day."""
        with self._file.reading() as connection:
            return _used(connection, Account("key", key_id), period).usage()

    def add_key(self, key: Key) -> None:
        """Keep a key."""
        with self._file.writing() as connection:
            known = _key(connection, "key_id", key.key_id)
            if known == key:
                return
            if known or (key.digest and _key(connection, "digest", key.digest)):
                raise key_conflict(key.key_id)
            connection.execute(
                "INSERT INTO keys VALUES (?, ?, ?, ?)",
                (key.key_id, key.name, key.digest, key.model_dump_json()),
            )

    def revoke_key(self, key_id: str, *, now: str) -> None:
        """Revoke a key."""
        with self._file.writing() as connection:
            key = _key(connection, "key_id", key_id)
            if key is None:
                raise unknown_key(key_id)
            if key.revoked_at is None:
                body = key.model_copy(update={"revoked_at": in_utc(now)}).model_dump_json()
                connection.execute("UPDATE keys SET body = ? WHERE key_id = ?", (body, key_id))

    def keys(self) -> tuple[Key, ...]:
        """Return all keys, by name."""
        with self._file.reading() as connection:
            rows = connection.execute("SELECT body FROM keys ORDER BY name, key_id").fetchall()
        return tuple(Key.model_validate_json(body) for (body,) in rows)

    def key(self, key_id: str) -> Key | None:
        """Return a key by its ID."""
        with self._file.reading() as connection:
            return _key(connection, "key_id", key_id)

    def key_of(self, digest: str) -> Key | None:
        """Return the key whose secret has this SHA-256, unless it is revoked."""
        with self._file.reading() as connection:
            key = _key(connection, "digest", digest)
        return key if key and key.revoked_at is None else None


def _run(connection: sqlite3.Connection, run_id: str) -> StoredRun | None:
    row = connection.execute("SELECT body FROM runs WHERE run_id = ?", (run_id,)).fetchone()
    return StoredRun.model_validate_json(row[0]) if row else None


def _put(connection: sqlite3.Connection, run: StoredRun) -> None:
    names = {account.by: account.name for account in accounts_of(run.owner)}
    charge = charge_of(run)
    connection.execute(
        "INSERT OR REPLACE INTO runs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            run.run_id, run.started_at, run.state, run.evaluation,
            names["customer"], names["key"], names["user"], day_of(run),
            charge.records, charge.input_tokens, charge.output_tokens, charge.spent, charge.reserved,
            run.model_dump_json(),
        ),
    )  # fmt: skip


def _used(connection: sqlite3.Connection, account: Account, period: str) -> Charge:
    low, high = _days(period)
    row = connection.execute(
        f"SELECT {_SUMS} FROM runs WHERE {account.by} = ? AND day >= ? AND day < ?",  # noqa: S608 - three words
        (account.name, low, high),
    ).fetchone()
    return Charge(*row)


def _days(period: str) -> tuple[str, str]:
    """Return the days from which and before which a month's or a day's text begins so."""
    return period, f"{period}~"


def _conditions(query: RunQuery) -> tuple[list[str], list[str]]:
    wanted = {
        "user = ?": query.user,
        "key = ?": query.key_id,
        "customer = ?": query.customer,
        "evaluation = ?": query.evaluation,
        "state = ?": query.state,
        "started_at >= ?": query.since,
        "started_at < ?": query.until,
    }
    given = {condition: value for condition, value in wanted.items() if value is not None}
    conditions, values = list(given), list(given.values())
    if query.after is not None:
        conditions.append("(started_at, run_id) < (?, ?)")
        values += key_after(query.after)
    return conditions, values


def _key(connection: sqlite3.Connection, column: str, value: str) -> Key | None:
    row = connection.execute(
        f"SELECT body FROM keys WHERE {column} = ?",  # noqa: S608 - one of two words
        (value,),
    ).fetchone()
    return Key.model_validate_json(row[0]) if row else None
