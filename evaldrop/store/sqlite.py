"""
The store on one machine: a SQLite file beside the runs.

A run and the counters that it moves are written in one transaction, before which nobody else's begins.
"""

import sqlite3
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path

from evaldrop.store import changes
from evaldrop.store.charges import (
    STACK,
    Account,
    By,
    Charge,
    Counter,
    ceilings,
    counting,
    limited,
    months_ceiling,
    requests_used_up,
)
from evaldrop.store.model import (
    ChosenCandidate,
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

_ADD = """
    INSERT INTO counters VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET
        runs = runs + excluded.runs, records = records + excluded.records,
        input_tokens = input_tokens + excluded.input_tokens,
        output_tokens = output_tokens + excluded.output_tokens,
        spent = spent + excluded.spent, reserved = reserved + excluded.reserved,
        estimated = estimated + excluded.estimated
"""


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
                joined = changes.joined(known, run)
                _put(connection, known, joined)
                return joined, False
            for ceiling in ceilings(run, limits, now):
                ceiling.check(_used(connection, Counter(limited(run.owner), ceiling.period)))
            _put(connection, None, run)
        return run, True

    def withdraw(self, run_id: str, holder: str | None = None) -> None:
        """Forget a run that was admitted and could not be begun, where nobody else holds it."""
        with self._file.writing() as connection:
            known = _run(connection, run_id)
            left = changes.withdrawn(known, holder)
            if left is not None:
                _put(connection, known, left)
            elif known is not None:
                connection.execute("DELETE FROM runs WHERE run_id = ?", (run_id,))
                _count(connection, known, None)

    def begin(self, run: StoredRun, *, monthly_usd: float | None = None) -> None:
        """Note that a run goes on, if the month has as much left."""
        with self._file.writing() as connection:
            known = _run(connection, run.run_id)
            begun = changes.begun(known, run)
            ceiling = None if monthly_usd is None else months_ceiling(known, begun, monthly_usd)
            if ceiling is not None:
                ceiling.check(_used(connection, Counter(STACK, ceiling.period)))
            _put(connection, known, begun)

    def end(self, run_id: str, ending: Ending, *, run: StoredRun | None = None) -> None:
        """Note how a run ended, and settle its estimate."""
        with self._file.writing() as connection:
            known = _run(connection, run_id)
            noted = known or (changes.begun(None, run) if run else None)
            if noted is None:
                raise unknown_run(run_id)
            _put(connection, known, changes.ended(noted, ending, run))

    def choose(self, run_id: str, choice: ChosenCandidate) -> None:
        """Note which candidate was taken."""
        with self._file.writing() as connection:
            known = _run(connection, run_id)
            if known is None:
                raise unknown_run(run_id)
            _put(connection, known, changes.chosen(known, choice))

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
            # As one row: with each, of many threads at once, the others get their turn before the next.
            (bodies,) = connection.execute(
                # Of constants; values are bound. JSON on one line has no line feed.
                f"SELECT group_concat(body, char(10)) FROM (SELECT body FROM runs {where} {order})",  # noqa: S608
                (*values, query.limit + 1),
            ).fetchone()
        runs = [_read(body) for body in (bodies.split("\n") if bodies else ())]
        return page_of(runs, query.limit)

    def rebuild(self, runs: Iterable[StoredRun]) -> int:
        """Note runs as their folders have them."""
        n = 0
        self._file.make()
        for run in runs:
            # One by one: a run that ends meanwhile does not wait for all folders to be read.
            with self._file.writing() as connection:
                known = _run(connection, run.run_id)
                _put(connection, known, changes.rebuilt(known, run))
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
        with self._file.reading() as connection:
            rows = connection.execute(
                "SELECT name, runs, records, input_tokens, output_tokens, spent, reserved, estimated "
                "FROM counters WHERE kind = ? AND period = ? ORDER BY name",
                (by, month),
            ).fetchall()
        # A run that was withdrawn leaves a counter of nothing.
        return {name: Charge(*counts).usage() for name, *counts in rows if any(counts)}

    def used(self, key_id: str, period: str) -> Usage:
        """Return what a key has used in a month or on a day."""
        with self._file.reading() as connection:
            return _used(connection, Counter(Account("key", key_id), period)).usage()

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
    return _read(row[0]) if row else None


# Whoever watches runs asks for the same list again and again, and nothing of a run that was read can change.
@lru_cache(maxsize=4096)
def _read(body: str) -> StoredRun:
    return StoredRun.model_validate_json(body)


def _put(connection: sqlite3.Connection, known: StoredRun | None, run: StoredRun) -> None:
    if run == known:
        return
    owner = run.owner
    connection.execute(
        "INSERT OR REPLACE INTO runs VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            run.run_id, run.started_at, run.state, run.evaluation,
            owner.customer, owner.key_id, owner.user, run.model_dump_json(),
        ),
    )  # fmt: skip
    _count(connection, known, run)


def _count(connection: sqlite3.Connection, before: StoredRun | None, after: StoredRun | None) -> None:
    connection.executemany(
        _ADD,
        [
            (account.by, period, account.name, *change)
            for (account, period), change in counting(before, after).items()
        ],
    )


def _used(connection: sqlite3.Connection, counter: Counter) -> Charge:
    row = connection.execute(
        "SELECT runs, records, input_tokens, output_tokens, spent, reserved, estimated FROM counters "
        "WHERE kind = ? AND period = ? AND name = ?",
        (counter.account.by, counter.period, counter.account.name),
    ).fetchone()
    return Charge(*row) if row else Charge()


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
