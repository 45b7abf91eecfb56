"""
Where a run is kept: `<out>/<evaluation>/<run_id>`.

Needs no package: whoever completes a command line asks here with every key.
"""

from evaldrop import storage

RUN_FILE = "run.json"
DEFAULT_OUT = "runs"
"""The folder that runs are kept in where nothing else is said."""


def run_folder(out: str, evaluation: str, run_id: str) -> str:
    """Return the folder of a run."""
    return storage.join(out, evaluation, run_id)


def has_begun(folder: str) -> bool:
    """Tell whether a folder is a run's: ValidateDataset has written its `run.json`."""
    return storage.exists(storage.join(folder, RUN_FILE))


def out_of(folder: str) -> str:
    """Return the folder that runs are kept in, of a run's folder; "" for a path that is not so deep."""
    parts = folder.rstrip("/").split("/")
    # "s3:", "" and the bucket are no folders of their own.
    return "/".join(parts[:-2]) if len(parts) > (4 if parts[0] == "s3:" else 2) else ""
