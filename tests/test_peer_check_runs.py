"""A whole run of a peer's dataset: its assertions are criteria, and what means nothing here is told."""

import json

import pyarrow.parquet as pq
import pytest

from evaldrop.checks import CHECKED_BY
from tests.whole_runs import called, only_run

EVALUATION = """
name: promptfoo
candidates: [{name: lite, model: "us.amazon.nova-lite-v1:0"}]
checks: [{max_words: 200}]
"""
CODE = {"type": "javascript", "value": "output.length"}
TESTS = [
    {
        "vars": {"question": "Capital of France?"},
        "assert": [
            {"type": "equals", "value": "Paris", "weight": 2},
            {"type": "icontains-any", "value": ["paris", "lutetia"], "metric": "Names it"},
            {"type": "latency", "threshold": 60_000},
            CODE,
        ],
    },
    {
        "vars": {"question": "Capital of Italy?"},
        "assert": [{"type": "not-contains", "value": "Milan"}, {"type": "equals", "value": "Rome"}, CODE],
    },
]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("peer")
    (folder / "evaluation.yaml").write_text(EVALUATION, encoding="utf-8")
    (folder / "tests.jsonl").write_text("\n".join(map(json.dumps, TESTS)), encoding="utf-8")
    done = called("run", folder / "tests.jsonl", "--bedrock", "simulated:latency=0", "--out", folder / "runs")
    assert done.returncode == 0, done.stdout + done.stderr
    return only_run(folder / "runs")


def test_assertions_are_criteria_of_the_records_that_have_them(run):
    rows = pq.read_table(run / "verdicts.parquet").to_pylist()
    assert {row["judge"] for row in rows} == {CHECKED_BY}
    scored = {name: sum(row["criterion"] == name and row["score"] is not None for row in rows)
              for name in {row["criterion"] for row in rows}}  # fmt: skip
    own = {"equals": 2, "Names_it": 1, "max_latency_ms": 1, "not_contains": 1}
    assert scored == {"max_words": 2, **own}


def test_what_is_not_carried_over_is_told_in_the_scorecard_and_the_report(run):
    told = (
        'promptfoo assertion "javascript" is not carried over (it runs code); it is kept in metadata (2 rows)'
    )
    card = json.loads((run / "scorecard.json").read_text())
    assert any(told in each for each in card["dataset"]["notes"])
    assert "is not carried over (it runs code)" in (run / "report.html").read_text(encoding="utf-8")
