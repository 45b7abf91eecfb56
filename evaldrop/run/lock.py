"""
One writer at a time in a run's folder.

The lock is the system's (flock), on a file that says who holds it: it is gone with the process that held it,
however that ended, and a file that was left behind blocks nobody. Processes that were forked meanwhile hold
it, too: a run that goes on waits for the last of a killed one. Over NFS it holds between machines where the
server has locks; where a file system has none, and on Windows, nothing is locked.
"""

import os
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

import orjson

from evaldrop import storage
from evaldrop.errors import InputError

try:
    import fcntl
except ImportError:  # Windows has none
    fcntl = None  # type: ignore[assignment]

LOCK: Final = "run.lock"

# The processes of a killed run end with it, but not in the same instant.
_DYING_S = 10.0


class Writer(NamedTuple):
    """Who writes to a run's folder: a command, its process, the machine that is on, and since when."""

    doing: str
    pid: int
    host: str
    since: str

    def __str__(self) -> str:
        return f"{self.doing} (process {self.pid} on {self.host}, since {self.since})"


@contextmanager
def locked(folder: str, *, doing: str) -> Iterator[None]:
    """
    Hold a run's folder while the block lasts; the folder is made where there is none. S3 has no locks.

    Args:
        folder: The run's.
        doing: What is done with it, for who comes meanwhile: a command.

    Raises:
        InputError: Another process holds it, or the folder cannot be written.
    """
    if storage.is_s3(folder):
        yield
        return
    path = storage.local_path(folder) / LOCK
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = _take(path)
        _say_who(file, doing)
    except OSError as error:
        raise InputError(
            f"{folder}: cannot be written: {error.strerror or error}. Give another folder."
        ) from error
    try:
        yield
    finally:
        # While it is held: who waits for it sees that the file is another one, or gone, and tries again.
        path.unlink(missing_ok=True)
        # Said, for forked processes hold the same lock and may outlive this block.
        if fcntl is not None:
            with suppress(OSError):  # where there are no locks
                fcntl.flock(file, fcntl.LOCK_UN)
        os.close(file)


def writer_of(folder: str) -> Writer | None:
    """
    Return who writes to a run's folder now, None where nobody does. The lock is not touched: looking blocks
    nobody.

    One on another machine is taken at the lock file's word.
    """
    try:
        said = orjson.loads((storage.local_path(folder) / LOCK).read_bytes() or b"{}")
    except (OSError, orjson.JSONDecodeError):
        return None
    return None if not isinstance(said, dict) or _is_dead(said) else _writer(said)


def is_written_to(folder: str) -> bool:
    """Tell whether a process writes to a run's folder now, as `writer_of` has it."""
    return writer_of(folder) is not None


def _writer(said: Mapping[str, Any]) -> Writer:
    pid = said.get("pid")
    return Writer(
        doing=str(said.get("doing") or "another process"),
        pid=pid if isinstance(pid, int) else 0,
        host=str(said.get("host")),
        since=str(said.get("since")),
    )


def _take(path: Path) -> int:
    patience = time.monotonic() + _DYING_S
    while True:
        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            if _is_locked(file) and _is_at(file, path):
                return file
        except BlockingIOError:
            holder = _holder(file)
            if not _is_dead(holder) or time.monotonic() > patience:
                os.close(file)
                raise InputError(_busy(path, holder)) from None
            time.sleep(0.05)
        except BaseException:
            os.close(file)
            raise
        os.close(file)


def _is_locked(file: int) -> bool:
    """Lock a file; BlockingIOError when another process has it."""
    if fcntl is not None:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise
        except OSError:
            # No locks on this file system: a run there must not be refused for that.
            return True
    return True


def _is_at(file: int, path: Path) -> bool:
    """Tell whether a file is still the one of this name: its last holder may have removed it meanwhile."""
    try:
        return os.path.samestat(os.fstat(file), path.stat())
    except FileNotFoundError:
        return False


def _say_who(file: int, doing: str) -> None:
    who = {
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "since": datetime.now(UTC).isoformat(timespec="seconds"),
        "doing": doing,
    }
    os.ftruncate(file, 0)
    os.pwrite(file, orjson.dumps(who) + b"\n", 0)


def _holder(file: int) -> dict[str, Any]:
    # Empty where the other process has locked it and not yet said so.
    with suppress(orjson.JSONDecodeError):
        said = orjson.loads(os.pread(file, 4096, 0))
        if isinstance(said, dict):
            return said
    return {}


def _is_dead(holder: dict[str, Any]) -> bool:
    pid = holder.get("pid")
    if holder.get("host") != socket.gethostname() or not isinstance(pid, int):
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def _busy(path: Path, holder: dict[str, Any]) -> str:
    who = str(_writer(holder)) if holder else "another process"
    return (
        f"{path.parent}: {who} is writing there. Wait for it to end, or stop it: Ctrl-C where it runs, or "
        "`evaldrop stop`."
    )
