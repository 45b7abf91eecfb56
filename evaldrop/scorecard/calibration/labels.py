"""
People's labels, kept with the evaluation: `<out>/<evaluation>/labels/`, one file per import.

A file is written once and never changed, so imports that happen at the same time lose nothing.
"""

import hashlib
import re
from collections.abc import Sequence

from pydantic import ValidationError

from evaldrop import storage
from evaldrop.errors import StorageError
from evaldrop.scorecard.calibration.label import Label

FOLDER = "labels"


def labels_folder(run_folder: str) -> str | None:
    """Return where the labels of a run's evaluation are; None for a run without a folder above it."""
    above = storage.parent(run_folder)
    return None if above is None else storage.join(above, FOLDER)


def response_digest(text: str) -> str:
    """Return the digest by which a label knows the response it is about."""
    return hashlib.sha256(text.encode()).hexdigest()


def write_labels(run_folder: str, labels: Sequence[Label]) -> str:
    """
    Store one import's labels in a file of its own, and return its URI.

    Raises:
        StorageError: It cannot be written.
    """
    folder = labels_folder(run_folder)
    if folder is None:
        raise StorageError(
            f"{run_folder}: a run's labels are kept in the folder above it, and there is none."
        )
    content = b"".join(label.model_dump_json().encode() + b"\n" for label in labels)
    stamp = re.sub(r"[^0-9TZ]", "", labels[0].imported_at.replace("+00:00", "Z"))
    # A person's name may hold a slash, which would make a folder of its own.
    rater = re.sub(r"[^A-Za-z0-9]+", "-", labels[0].rater).strip("-")[:40] or "rater"
    # The digest keeps two imports of the same moment apart.
    uri = storage.join(folder, f"{stamp}-{rater}-{hashlib.sha256(content).hexdigest()[:8]}.jsonl")
    storage.write_bytes(uri, content)
    return uri


def read_labels(run_folder: str) -> list[Label]:
    """
    Return every label of a run's evaluation, the oldest import first.

    Raises:
        StorageError: A line is no label.
    """
    folder = labels_folder(run_folder)
    if folder is None:
        return []
    found = []
    for uri in storage.list_files(folder):
        if uri.endswith(".jsonl"):
            for number, line in enumerate(storage.read_bytes(uri).splitlines(), start=1):
                found.append(_label(line, uri, number))
    # By time and not by file: of one person's answers the last one counts.
    return sorted(found, key=lambda label: label.imported_at)


def _label(line: bytes, uri: str, number: int) -> Label:
    try:
        return Label.model_validate_json(line)
    except ValidationError as error:
        first = error.errors()[0]
        raise StorageError(f"{uri} line {number}: not a label ({first['loc']}: {first['msg']})") from error
