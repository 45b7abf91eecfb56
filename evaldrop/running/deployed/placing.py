"""Where in the input bucket a dataset is put, and the evaluation that belongs to it."""

from pathlib import Path

from evaldrop.errors import InputError
from evaldrop.steps.start_run.events import DATASET_ENDINGS, DATASETS, EVALUATIONS

SUBMITTED = f"{EVALUATIONS}submitted/"
"""Where evaluations go that are given for one run: each in a folder named by its content."""

_FOLDER = DATASETS.rstrip("/")


def dataset_key(dataset: Path, *, here: Path) -> str:
    """
    Return the key of a dataset: below `datasets/` as it lies below a folder of that name on this machine.

    Without such a folder its path from here counts; for one that does not lie below here its folder's name.

    Args:
        dataset: An absolute path.
        here: The folder that the command is given in.
    """
    parts = dataset.parts[1:]
    if _FOLDER in parts[:-1]:
        innermost = len(parts) - 2 - parts[-2::-1].index(_FOLDER)
        return "/".join(parts[innermost:])
    if dataset.is_relative_to(here):
        return f"{DATASETS}{dataset.relative_to(here).as_posix()}"
    return f"{DATASETS}{'/'.join(parts[-2:])}"


def chosen_key(key: str) -> str:
    """
    Return a key that was asked for.

    Raises:
        InputError: No run would be started for a dataset there.
    """
    name = key.rpartition("/")[2]
    if key.startswith(DATASETS) and key.endswith(DATASET_ENDINGS) and name not in DATASET_ENDINGS:
        return key
    raise InputError(f'--key {key}: a dataset lies below "{DATASETS}" and ends in .json or .jsonl.')


def sidecar_key(key: str) -> str:
    """Return where the evaluation lies that decides for this dataset alone, before any other."""
    return f"{key.rpartition('.')[0]}.yaml"
