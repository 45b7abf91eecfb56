"""ValidateDataset: a run's request in; its folder, with `run.json` written, out."""

from typing import Any

from evaldrop.definition import RunRequest
from evaldrop.validation import validate_dataset


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """
    Check a dataset and its evaluation.

    Raises:
        InputError: Something is wrong with them; nothing has been spent.
    """
    return validate_dataset(RunRequest.model_validate(event))
