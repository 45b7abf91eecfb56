"""Whole runs for tests: a small evaluation on disk, and `evaldrop` as a process of its own."""

import contextlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from unittest import mock

from evaldrop.cli import main

ROOT = Path(__file__).parent.parent

EVALUATION = """
name: small
candidates:
  - {name: first, model: "test.first-v1:0"}
  - {name: second, model: "test.second-v1:0"}
judges: [{name: judge, model: "amazon.nova-pro-v1:0"}]
criteria: [correctness]
metrics: [token_f1]
"""


def write_evaluation(folder: Path, *, records: int, evaluation: str = EVALUATION) -> Path:
    """Write an evaluation and its dataset, and return the dataset's path."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "evaluation.yaml").write_text(evaluation, encoding="utf-8")
    dataset = folder / "records.jsonl"
    with dataset.open("w", encoding="utf-8") as lines:
        for number in range(records):
            row = {
                "id": f"record-{number}",
                "prompt": f"Question {number}: how long do I have to send something back?",
                "reference": "30 days from delivery.",
                "category": ["returns", "delivery"][number % 2],
            }
            lines.write(json.dumps(row) + "\n")
    return dataset


def environment(endpoint: str | None = None) -> dict[str, str]:
    """Return the environment of a process that may call an endpoint on this machine, and nothing else."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    access = {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    place = {"AWS_ENDPOINT_URL_BEDROCK_RUNTIME": endpoint, **access} if endpoint else {}
    return {**kept, **place, "PYTHONPATH": str(ROOT), "NO_COLOR": "1", "COLUMNS": "160"}


def command(*arguments: object) -> list[str]:
    """Return the command line of evaldrop."""
    return [sys.executable, "-m", "evaldrop", *map(str, arguments)]


def evaldrop(
    *arguments: object, cwd: Path = ROOT, env: Mapping[str, str] | None = None, timeout_s: float = 120
) -> subprocess.CompletedProcess[str]:
    """Run evaldrop to its end."""
    return subprocess.run(
        command(*arguments),
        cwd=cwd,
        env=dict(env or environment()),
        capture_output=True,
        text=True,
        timeout=timeout_s,
    )


def called(
    *arguments: object, cwd: Path = ROOT, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """
    Run evaldrop to its end in this process, for a claim that is not about a process.

    A new Python imports all of it again, which takes as long as a small run.
    """
    out, errors = io.StringIO(), io.StringIO()
    with (
        contextlib.chdir(cwd),
        mock.patch.dict(os.environ, env or environment(), clear=True),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(errors),
    ):
        code = main(list(map(str, arguments)))
    return subprocess.CompletedProcess(arguments, code, out.getvalue(), errors.getvalue())


def only_run(out: Path) -> Path:
    """Return the folder of the only run below a folder."""
    runs: Sequence[Path] = [file.parent for file in out.glob("*/*/run.json")]
    assert len(runs) == 1, runs
    return runs[0]
