"""Where an evaluation's scorers are looked for on one machine."""

from pathlib import Path

from evaldrop import storage


def import_folders(evaluation_uri: str | None) -> tuple[str, ...]:
    """Return where scorers are looked for before what is installed: beside the evaluation, then here."""
    beside = storage.parent(evaluation_uri) if evaluation_uri and not storage.is_s3(evaluation_uri) else None
    return tuple(dict.fromkeys([*([storage.absolute(beside)] if beside else []), str(Path.cwd())]))
