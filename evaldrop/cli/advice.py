"""What to do about a file that cannot be had: the last door, where no command has said it."""

from itertools import islice

from evaldrop import storage
from evaldrop.errors import EvaldropError, StorageError
from evaldrop.nearest import did_you_mean

# As `storage` says it, whose errors a check collects as texts.
_ABSENT = ": no such file"
# A folder may hold a million files, and a name that is like the wanted one is no matter of life and death.
_MOST_LISTED = 1_000


def with_advice(error: EvaldropError) -> str:
    """Return an error's words, and for a file that is not there, or not to be read, what to do."""
    said, cause = str(error), error.__cause__
    if not isinstance(error, StorageError) or not isinstance(cause, OSError):
        return said
    if isinstance(cause, FileNotFoundError):
        return f"{said}.{near_file(str(cause.filename or ''))}"
    if isinstance(cause, PermissionError):
        return f"{said}. Whoever runs evaldrop must be allowed to; `ls -l` tells who is."
    if isinstance(cause, NotADirectoryError | IsADirectoryError):
        return f"{said}. Give a file, below folders."
    return said


def problem_with_advice(problem: str) -> str:
    """Return a problem of a check, and for a file that is not there what to do."""
    path = problem.removesuffix(_ABSENT)
    return problem if path == problem else f"{problem}.{near_file(path)}"


def near_file(path: str) -> str:
    """Return what was probably meant by a file that is not there, with a blank before it."""
    folder, name = storage.parent(path), path.rstrip("/").rpartition("/")[2]
    names: list[str] = []
    if folder and not storage.is_s3(path) and storage.local_path(folder).is_dir():
        listed = islice(storage.local_path(folder).iterdir(), _MOST_LISTED)
        names = [each.name for each in listed if not each.name.startswith(".")]
    return did_you_mean(name, names) or " Give one that is there: a path from this folder, or a whole one."
