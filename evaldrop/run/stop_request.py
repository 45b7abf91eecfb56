"""
A request to stop, as a file in a run's folder: the process that writes there heeds it as Ctrl-C.

No signal: a number may be another process's by now, or one on another machine, and Windows has none that lets
a process end its work. Asked twice is asked once.
"""

from contextlib import suppress
from typing import Final

from evaldrop import storage
from evaldrop.errors import InputError

STOP_REQUEST: Final = "run.stop"


def ask_to_stop(folder: str) -> None:
    """
    Ask whoever writes to a run's folder on this machine to stop.

    Raises:
        InputError: The folder cannot be written.
    """
    try:
        (storage.local_path(folder) / STOP_REQUEST).touch()
    except OSError as error:
        raise InputError(
            f"{folder}: cannot be written: {error.strerror or error}. Whoever began the run may stop it."
        ) from error


def is_asked_to_stop(folder: str) -> bool:
    """Tell whether somebody asked."""
    with suppress(OSError):  # a network's file system that is gone for a moment: it is asked again
        return (storage.local_path(folder) / STOP_REQUEST).exists()
    return False


def forget_request(folder: str) -> None:
    """Take the request away, where there is one: it was heeded, or is of an earlier process."""
    (storage.local_path(folder) / STOP_REQUEST).unlink(missing_ok=True)
