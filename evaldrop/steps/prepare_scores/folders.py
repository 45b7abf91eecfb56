"""Where an evaluation's scorers are looked for on one machine, and whether they are what they were."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

from evaldrop import storage


def import_folders(evaluation_uri: str | None) -> tuple[str, ...]:
    """Return where scorers are looked for before what is installed: beside the evaluation, then here."""
    beside = storage.parent(evaluation_uri) if evaluation_uri and not storage.is_s3(evaluation_uri) else None
    return tuple(dict.fromkeys([*([storage.absolute(beside)] if beside else []), str(Path.cwd())]))


def code_digest(reference: str, folders: Iterable[str]) -> str:
    """
    Return what stands for the file of a scorer that is in one of the folders; "" for one that is installed.

    Of what the file imports it says nothing.
    """
    parts = reference.partition(":")[0].split(".")
    for folder in folders:
        place = Path(folder, *parts)
        for file in (place.with_suffix(".py"), place / "__init__.py"):
            if file.is_file():
                return hashlib.sha256(file.read_bytes()).hexdigest()[:16]
    return ""
