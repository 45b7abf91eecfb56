"""
The reports of one small run, word for word, without dates.

After a change that is meant: `python -m tests.evaldrop.report.test_golden` writes them anew; look at the
difference.
"""

import os
import re
import tempfile
from datetime import datetime
from pathlib import Path

import pytest

from evaldrop.steps.build_scorecard.build import build_scorecard
from tests.evaldrop.run_folders import (
    CORRECTNESS,
    TONE,
    failed_response,
    record,
    response,
    row,
    run_json,
    write_run,
)

DURATION_S = 75
GOLDEN = Path(__file__).parent / "golden"
NAMES = ("report.html", "summary.md", "scorecard.csv", "junit.xml")
SCRUBBED = (
    (r"<style>.*?</style>", "<style>…</style>"),
    (r'(Content-Security-Policy" content=")[^"]*', r"\1…"),
    (r'(class="(?:chunk|details)">)[^<]*', r"\1…"),
    (r'<script>"use strict";.*?</script>', "<script>…</script>"),
    (r"2026-11-21[T ][0-9:+]*( UTC)?", "…"),
    (r'time="[0-9.]+"', 'time="…"'),
)


def reports(folder: Path) -> dict[str, str]:
    """Build a run in which something of everything happens, and return its scrubbed reports."""
    gate = ["correctness.pass_rate >= 0.99", "cost_usd < 5", "coverage >= 0.5"]
    records = [record(f"r{n}", category="billing" if n % 3 else "returns") for n in range(36)]
    rows = [
        row(
            f"r{n}",
            failed_response("lite")
            if n == 35
            else response("lite", scores={"correctness": n % 3 > 0, "tone": 3}),
            response("haiku", scores={"correctness": 1, "tone": 5 if n % 5 else 4}),
        )
        for n in range(36)
    ]
    run = run_json(criteria=[CORRECTNESS, TONE], evaluation={"gate": gate, "metrics": ["length_words"]})
    manifest = write_run(folder, run=run, records=records, succeeded=rows)
    # The run ends when its manifest is written: the clock of whoever runs this tells nothing.
    ended = datetime.fromisoformat(run["started_at"]).timestamp() + DURATION_S
    os.utime(manifest, (ended, ended))
    build_scorecard(str(folder))
    return {name: _scrubbed((folder / name).read_text()) for name in NAMES}


def _scrubbed(text: str) -> str:
    for pattern, replacement in SCRUBBED:
        text = re.sub(pattern, replacement, text, flags=re.DOTALL)
    return text


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    return reports(tmp_path_factory.mktemp("runs") / "support" / "run-1")


@pytest.mark.parametrize("name", NAMES)
def test_the_reports_of_a_small_run_are_as_they_were(built, name):
    assert built[name] == (GOLDEN / name).read_text(), f"meant? python -m {__name__}"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as out:
        for name, text in reports(Path(out) / "support" / "run-1").items():
            GOLDEN.mkdir(exist_ok=True)
            (GOLDEN / name).write_text(text)
            print(f"wrote {name}")  # noqa: T201 - a command's answer
