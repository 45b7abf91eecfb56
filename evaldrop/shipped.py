"""What travels with the code: its version, the workflow, the released prompts, the sample dataset."""

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any

VERSION = "0.1.0"

_PACKAGE = Path(__file__).parent


def resource(*names: str) -> Path:
    """
    Return the path of a shipped file or folder, such as `resource("prompts", "judge")`.

    An installed copy carries them inside the package; in a checkout they are beside it.
    """
    installed = _PACKAGE.joinpath("_data", *names)
    return installed if installed.exists() else _PACKAGE.parent.joinpath(*names)


def workflow_path() -> Path:
    """Return the path of the one workflow definition."""
    installed = _PACKAGE / "_data" / "workflow.asl.json"
    return installed if installed.exists() else _PACKAGE.parent / "infra" / "workflow.asl.json"


def workflow_definition() -> dict[str, Any]:
    """Return the workflow definition, its `${Name}` placeholders not yet filled."""
    definition: dict[str, Any] = json.loads(workflow_path().read_bytes())
    return definition


@cache
def workflow_sha256() -> str:
    """Return the digest that names this version of the workflow in `run.json`."""
    return hashlib.sha256(workflow_path().read_bytes()).hexdigest()
