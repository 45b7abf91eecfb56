"""A run against its baseline on the page: what changed, and the records to read."""

import base64
import gzip
import json
import re
from pathlib import Path
from typing import Any

import pytest

from evaldrop.report.rows import HAS_REGRESSED
from evaldrop.steps.build_scorecard.build import build_scorecard
from tests.evaldrop.run_folders import record, response, row, run_json, write_run

FLAGS, ID = 1, 2
GOOD, BAD = {"correctness": 1, "tone": 5}, {"correctness": 0, "tone": 1}


def write(folder: Path, run_id: str, day: int, failing: set[int], **run: Any) -> Path:
    rows = [
        row(
            f"r/{n:02}",
            response("lite", scores=BAD if n in failing else GOOD),
            response("haiku", scores=GOOD),
        )
        for n in range(60)
    ]
    content = run_json(run_id=run_id, started_at=f"2026-11-{day}T09:00:00+00:00", **run)
    write_run(folder / run_id, run=content, records=[record(f"r/{n:02}") for n in range(60)], succeeded=rows)
    return folder / run_id


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "support"
    first = write(folder, "run-1", 20, set())
    build_scorecard(str(first))
    second = write(folder, "run-2", 21, set(range(0, 60, 2)), baseline=str(first))
    build_scorecard(str(second))
    return (second / "report.html").read_text()


def test_a_decided_change_is_named_and_coloured(page):
    section = page[page.index('id="baseline"') :].partition("</section>")[0]
    assert "run-1" in section
    assert "<b>regressed</b>" in section
    assert 'class="worse"' in section


def test_the_records_that_lost_most_are_linked_and_marked(page):
    section = page[page.index('id="baseline"') :].partition("</section>")[0]
    assert '<a href="#record=r%2F00">r/00</a>' in section
    rows = [
        entry
        for packed in re.findall(r'class="chunk">(.*?)</script>', page)
        for entry in json.loads(gzip.decompress(base64.b64decode(packed)))
    ]
    assert {row[ID] for row in rows if row[FLAGS] & HAS_REGRESSED} == {f"r/{n:02}" for n in range(0, 60, 2)}


def test_without_a_baseline_there_is_no_such_section(tmp_path):
    alone = write(tmp_path / "support", "run-1", 20, set())
    build_scorecard(str(alone))
    assert 'id="baseline"' not in (alone / "report.html").read_text()
