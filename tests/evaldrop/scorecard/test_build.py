"""Small runs, worked out by hand: what goes in, and every number that must come out."""

import pytest

from evaldrop import storage
from evaldrop.scorecard import build_scorecard
from tests.evaldrop.run_folders import record, response, row, run_json, write_run

RUN_FILES = (
    "responses.parquet", "verdicts.parquet", "comparisons.parquet", "scorecard.json", "scorecard.csv", "summary.md",
    "junit.xml", "report.html", "history.json",
)  # fmt: skip


@pytest.fixture
def folder(tmp_path):
    return str(tmp_path / "support" / "run-1")


def test_every_file_of_the_runs_folder_is_written(folder, tmp_path):
    scores = {"correctness": 1, "tone": 4}
    rows = [row(f"r{n}", response("lite", scores=scores), response("haiku", scores=scores)) for n in range(3)]
    write_run(folder, run=run_json(), records=[record(f"r{n}") for n in range(3)], succeeded=rows)

    scorecard = build_scorecard(folder)

    assert scorecard.records.evaluated == 3
    assert all(storage.exists(storage.join(folder, name)) for name in RUN_FILES)
    assert (tmp_path / "index.html").is_file()
