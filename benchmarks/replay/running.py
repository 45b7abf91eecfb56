"""Runs evaldrop, as a process of its own, on a dataset and an evaluation made from recorded data."""

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow.parquet as pq

from benchmarks.replay.recorded import Recorded, serving
from evaldrop.cli import exits

ROOT = Path(__file__).parent.parent.parent


class Run(NamedTuple):
    """A finished run: its scorecard, and its folder."""

    scorecard: Mapping[str, Any]
    folder: Path

    def table(self, name: str) -> list[dict[str, Any]]:
        """Return the rows of a table."""
        rows: list[dict[str, Any]] = pq.read_table(self.folder / f"{name}.parquet").to_pylist()
        return rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A reply that evaldrop reads otherwise than its authors recorded it."""

    where: str
    record_id: str
    recorded: str
    read: str
    reply: str


class Figure(NamedTuple):
    """A published number, and ours."""

    name: str
    published: float
    ours: float

    @property
    def is_exact(self) -> bool:
        """Whether both are the same number, up to what a float cannot hold."""
        return abs(self.published - self.ours) <= 1e-9 * max(1.0, abs(self.published))


class Replayed(NamedTuple):
    """
    What came of a replay.

    `as_recorded` are the figures that replies make, computed with what their authors recorded in the place of
    `readings`: when these are exact, every difference comes from one of them.
    """

    figures: list[Figure]
    readings: list[Reading]
    as_recorded: list[Figure]


def read_lines(file: Path) -> Iterator[dict[str, Any]]:
    """Yield the objects of a JSONL file."""
    with file.open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def run_evaluation(
    folder: Path,
    *,
    evaluation: Mapping[str, Any],
    records: Iterable[Mapping[str, Any]],
    prompts: Mapping[str, str],
    replies: Iterable[Recorded],
) -> Run:
    """
    Write an evaluation with its dataset and judge prompts, and run it against the recorded replies.

    Raises:
        RuntimeError: The run failed; the message is what evaldrop said.
    """
    folder.mkdir(parents=True)
    # JSON is YAML.
    (folder / "evaluation.yaml").write_text(json.dumps(evaluation), encoding="utf-8")
    for name, text in prompts.items():
        file = folder / "prompts" / "judge" / f"{name}.md"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    dataset = folder / "records.jsonl"
    dataset.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    with serving(replies) as url:
        command = [sys.executable, "-m", "evaldrop", "run", str(dataset), "--bedrock", "aws", "--yes"]
        done = subprocess.run(
            [*command, "--out", str(folder / "runs")],
            cwd=ROOT,
            env=_environment(url),
            capture_output=True,
            text=True,
            timeout=900,
        )
    # 1 and 2 are decisions of a gate; there is none here.
    # Inconclusive, where recorded judges are not to be read: that is what is looked at.
    if done.returncode not in (exits.PASSED, exits.GATE_INCONCLUSIVE):
        raise RuntimeError(f"evaldrop run ended with {done.returncode}:\n{done.stderr}\n{done.stdout}")
    run = next((folder / "runs").glob("*/*/scorecard.json")).parent
    return Run(json.loads((run / "scorecard.json").read_text(encoding="utf-8")), run)


def literal(text: str) -> str:
    """Return a text that Jinja2 renders as it is."""
    return "{% raw %}" + text + "{% endraw %}"


def _environment(url: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return {
        **kept,
        "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": url,
        "AWS_ACCESS_KEY_ID": "replay",
        "AWS_SECRET_ACCESS_KEY": "replay",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_COLOR": "1",
    }
