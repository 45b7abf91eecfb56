"""What to do about a file that cannot be had: the last door, where no command has said it."""

import errno
from itertools import islice

from evaldrop import storage
from evaldrop.errors import EvaldropError, StorageError
from evaldrop.nearest import did_you_mean

# As `storage` says it, whose errors a check collects as texts.
_ABSENT = ": no such file"
_NO_FILE = (": Not a directory", ": Is a directory")
_TOO_LONG, _SHORTER = ": File name too long", " Give a shorter name."
_A_FILE = " Give a file, below folders."
_WEB = ("http://", "https://")
# A folder may hold a million files, and a name that is like the wanted one is no matter of life and death.
_MOST_LISTED = 1_000


def with_advice(error: EvaldropError) -> str:
    """Return an error's words, and for a file that is not there, or not to be read, what to do."""
    said, cause = str(error), error.__cause__
    if not isinstance(error, StorageError) or not isinstance(cause, OSError):
        return "\n".join(map(problem_with_advice, said.split("\n")))
    if isinstance(cause, FileNotFoundError):
        return f"{said}.{near_file(str(cause.filename or ''))}"
    if isinstance(cause, PermissionError):
        return f"{said}. Whoever runs evaldrop must be allowed to; `ls -l` tells who is."
    if isinstance(cause, NotADirectoryError | IsADirectoryError):
        return f"{said}.{_A_FILE}"
    if cause.errno == errno.ENAMETOOLONG:
        return f"{said}.{_SHORTER}"
    if isinstance(cause, FileExistsError):
        return f"{said}: a file, and no folder. Give another place."
    return said


def problem_with_advice(problem: str) -> str:
    """Return a problem of a check, and for a file that is not there what to do."""
    if problem.endswith(_TOO_LONG):
        return f"{problem}.{_SHORTER}"
    if problem.endswith(_NO_FILE):
        return f"{problem}.{_A_FILE}"
    path = problem.removesuffix(_ABSENT)
    return problem if path == problem else f"{problem}.{near_file(path)}"


def near_file(path: str) -> str:
    """Return what was probably meant by a file that is not there, with a blank before it."""
    if path.startswith(_WEB):
        return " Nothing is read from the web: give a path or an s3:// URI."
    folder, name = storage.parent(path), path.rstrip("/").rpartition("/")[2]
    names: list[str] = []
    if folder and not storage.is_s3(path) and storage.local_path(folder).is_dir():
        listed = islice(storage.local_path(folder).iterdir(), _MOST_LISTED)
        names = [each.name for each in listed if not each.name.startswith(".")]
    return did_you_mean(name, names) or " Give one that is there: a path from this folder, or a whole one."
