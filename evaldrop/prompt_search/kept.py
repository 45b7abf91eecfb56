"""What a search keeps in its run's folder: how far it is, and which part a record belongs to."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import orjson
from pydantic import ValidationError

from evaldrop import storage
from evaldrop.errors import StorageError, first_line
from evaldrop.prompt_search.state import PARTS_FILE, SEARCH_FILE, Part, SearchFile

if TYPE_CHECKING:
    # Only named here: what runs a run must not wait for its types.
    from evaldrop.run.definition import RunDefinition


def read_search(folder: str) -> SearchFile | None:
    """
    Return the search of a run's folder, None where there is none.

    Raises:
        StorageError: It cannot be read, or is none.
    """
    uri = storage.join(folder, SEARCH_FILE)
    if not storage.exists(uri):
        return None
    try:
        return SearchFile.model_validate_json(storage.read_bytes(uri))
    except ValidationError as error:
        raise StorageError(f"{uri}: no search for prompts ({first_line(error)})") from error


def search_of(run: "RunDefinition") -> SearchFile | None:
    """
    Return the search of a run, or of the run whose responses it reads anew; None where neither made one.

    Raises:
        StorageError: It cannot be read, or is none.
    """
    found = read_search(run.folder)
    if found is None and run.parent is not None:
        return read_search(run.parent.folder)
    return found


def write_search(folder: str, search: SearchFile) -> None:
    """Write the search of a run's folder; it is replaced as a whole."""
    storage.write_bytes(storage.join(folder, SEARCH_FILE), search.model_dump_json(indent=1).encode() + b"\n")


def read_parts(folder: str) -> dict[str, Part]:
    """
    Return the part of each record of a run that is in train or dev; all others are its test records.

    Raises:
        StorageError: The file cannot be read, or is none.
    """
    uri = storage.join(folder, PARTS_FILE)
    if not storage.exists(uri):
        return {}
    try:
        parts = orjson.loads(storage.read_bytes(uri))
        return {str(name): part for name, part in parts.items() if part in ("train", "dev")}
    except (ValueError, AttributeError) as error:
        raise StorageError(f"{uri}: no parts of a dataset ({error!r})") from error


def write_parts(folder: str, parts: Mapping[str, Part]) -> None:
    """Write which records are in train and dev."""
    kept = {name: part for name, part in parts.items() if part != "test"}
    storage.write_bytes(storage.join(folder, PARTS_FILE), orjson.dumps(kept) + b"\n")


def turn_folder(folder: str, turn: int) -> str:
    """Return the folder of a turn's files, in that of a run."""
    return storage.join(folder, f"prompts/turn-{turn}")


def search_in_words(folder: str) -> str:
    """Return what the search of a run's folder does; nothing where none goes on, or its file is no search."""
    try:
        kept = read_search(folder)
    except StorageError:
        return ""
    return kept.doing if kept else ""
