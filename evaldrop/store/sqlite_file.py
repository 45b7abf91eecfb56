"""A SQLite file that many threads and processes use at once: its connections and its transactions."""

import os
import sqlite3
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

from evaldrop.errors import StorageError
from evaldrop.store.sqlite_schema import prepare


class SqliteFile:
    """
    A file, made when it is not there.

    Connections are kept and lent, as many as there are at a time: with the last one SQLite would put its log
    away, which takes longer than a transaction.
    """

    def __init__(self, path: str | Path, *, patience_s: float) -> None:
        """`patience_s`: how long another's transaction is waited for."""
        self.path = Path(path)
        self._patience_s = patience_s
        self._idle: deque[sqlite3.Connection] = deque()
        self._inherited: deque[sqlite3.Connection] = deque()
        self._turn = Lock()
        self._process = os.getpid()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """
        Lend a connection. Each statement sees what is committed as it begins, and waits for nobody.

        Raises:
            StorageError: The file cannot be read.
        """
        with self._errors(), self._lent() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """
        Lend a connection in a transaction of its own: nobody else writes until the block ends.

        Raises:
            StorageError: The file cannot be written, or others write all the time.
        """
        with self._errors(), self._in_turn(), self._lent() as connection:
            # At once and not with the first write: what is read before it would have to be read again.
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    @contextmanager
    def _in_turn(self) -> Iterator[None]:
        """
        Wait for the other threads: SQLite's own waiting is a sleep, after which the fastest is next.

        Processes wait for each other that way, and are few.
        """
        self._notice_fork()
        turn = self._turn
        if not turn.acquire(timeout=self._patience_s):
            raise StorageError(f"{self.path}: {_BUSY}")
        try:
            yield
        finally:
            turn.release()

    def make(self) -> None:
        """Make the file if it is not there, and nothing else."""
        with self._errors(), self._lent():
            pass

    def close(self) -> None:
        """Close the connections that nobody uses; the file can be used again."""
        while (connection := self._take()) is not None:
            connection.close()

    @contextmanager
    def _lent(self) -> Iterator[sqlite3.Connection]:
        connection = self._take() or self._opened()
        is_sound = True
        try:
            yield connection
        except sqlite3.Error:
            is_sound = False
            raise
        finally:
            if is_sound:
                self._idle.append(connection)
            else:
                connection.close()

    def _take(self) -> sqlite3.Connection | None:
        self._notice_fork()
        try:
            return self._idle.pop()
        except IndexError:
            return None

    def _notice_fork(self) -> None:
        if os.getpid() != self._process:
            # SQLite's connections must not be used, nor closed, on the other side of a fork; and whoever had
            # the turn is not there to give it back.
            self._inherited.extend(self._idle)
            self._idle, self._turn, self._process = deque(), Lock(), os.getpid()

    def _opened(self) -> sqlite3.Connection:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        # Transactions are begun and ended here, and by no guess of the driver's.
        connection = sqlite3.connect(
            self.path, timeout=self._patience_s, isolation_level=None, check_same_thread=False
        )
        try:
            prepare(connection, str(self.path))
            _log_ahead(connection)
            # A process that is killed loses nothing by it; a machine without power the last moments.
            connection.execute("PRAGMA synchronous = NORMAL")
        except BaseException:
            connection.close()
            raise
        return connection

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise StorageError(f"{self.path}: {error.strerror or error}") from error
        except sqlite3.OperationalError as error:
            what = _BUSY if _is_busy(error) else str(error)
            raise StorageError(f"{self.path}: {what}") from error
        except sqlite3.DatabaseError as error:
            raise StorageError(f"{self.path}: {error}. {_REBUILD}") from error


def _log_ahead(connection: sqlite3.Connection) -> None:
    """Let readers never wait for a writer, nor a writer for readers: once for all who use the file."""
    try:
        connection.execute("PRAGMA journal_mode = WAL")
    except sqlite3.OperationalError as error:
        # Others use the file at this moment. It works without, and who opens it next sets it.
        if not _is_busy(error):
            raise


def _is_busy(error: sqlite3.OperationalError) -> bool:
    return error.sqlite_errorcode & 0xFF in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


_BUSY = "others write to it all the time. evaldrop history rebuild notes later what is not noted now."
_REBUILD = "Move it away; evaldrop history rebuild makes another of the runs' folders."
