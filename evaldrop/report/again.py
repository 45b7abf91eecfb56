"""The command that makes a run again."""

import shlex
from collections.abc import Mapping
from typing import Any

from evaldrop import storage
from evaldrop.scorecard.model.scorecard import Scorecard

_COMMANDS = {"rescored": "rescore", "rejudged": "rejudge"}


def again(scorecard: Scorecard, run: Mapping[str, Any]) -> str:
    """Return the command that makes a run again, given its `run.json`; one on a disk is made beside it."""
    options, parent = run.get("options") or {}, run.get("parent") or {}
    command = _COMMANDS.get(str(parent.get("how")), "run")
    words = ["evaldrop", command, scorecard.dataset.uri if command == "run" else str(parent["folder"])]
    if evaluation := run.get("evaluation_uri"):
        words += ["--evaluation", str(evaluation)]
    runtime = run.get("bedrock") or ("simulated" if scorecard.simulated else "aws")
    if runtime != "aws" and command != "rescore":
        words += ["--bedrock", str(runtime)]
    if (limit := options.get("limit")) and command == "run":
        words += ["--limit", str(limit)]
    if (out := run.get("out")) and not storage.is_s3(out):
        words += ["--out", str(out)]
    return shlex.join(words)
