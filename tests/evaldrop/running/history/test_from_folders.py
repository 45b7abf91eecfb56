"""What a folder says of its run: how it ended, whose it was, what it used."""

import shutil

import pytest

from evaldrop.run.lock import locked
from evaldrop.run.request import Owner
from evaldrop.running.history.from_folders import runs_below, stored_run
from tests.evaldrop.running.history.finished import begin, finish

OWNER = {"user": "ann", "key_id": "k1", "customer": "acme"}


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    """Two finished runs and one that has begun, of two evaluations."""
    out = tmp_path_factory.mktemp("runs")
    finish(out, "r1", hour=9, owner=OWNER, labels=["new prompt"])
    finish(out, "r2", hour=11, evaluation="other")
    begin(out, "r3", hour=10, estimate={"cost_usd": {"low": 0.1, "likely": 0.2, "high": 0.3}})
    (out / "support" / "no-run").mkdir()
    (out / "support" / "broken").mkdir()
    (out / "support" / "broken" / "run.json").write_text("{}")
    return out


def test_a_finished_run_is_what_its_scorecard_says(out):
    run = stored_run(str(out / "support" / "r1"))

    assert (run.run_id, run.state, run.evaluation) == ("r1", "finished", "support")
    assert run.started_at == "2026-11-21T09:00:00+00:00"
    assert (run.owner, run.labels) == (Owner(**OWNER), ("new prompt",))
    assert run.folder == str(out / "support" / "r1")
    ending = run.ending
    # 3 records, 2 candidates of 100 and 10 tokens, each judged once with 200 and 20.
    assert (ending.records, ending.input_tokens, ending.output_tokens) == (3, 1800, 180)
    assert ending.cost_usd == pytest.approx(0.15924, rel=0.5)
    assert [candidate.name for candidate in ending.candidates] == ["lite", "haiku"]
    assert ending.candidates[0].overall == 1
    assert ending.decision == "no gate"
    assert ending.recommendation


def test_a_run_without_a_scorecard_goes_on_while_somebody_writes_to_it(out):
    folder = str(out / "support" / "r3")

    with locked(folder, doing="evaldrop run"):
        assert (stored_run(folder).state, stored_run(folder).ending) == ("running", None)
    stopped = stored_run(folder)

    assert (stopped.state, stopped.ending.cost_usd) == ("stopped", None)
    assert "nobody works at it" in stopped.ending.why
    assert stopped.estimate_usd == 0.2


def test_what_the_history_kept_is_enough_where_other_files_cannot_be_read(out, tmp_path):
    folder = tmp_path / "support" / "r1"
    shutil.copytree(out / "support" / "r1", folder)
    for name in ("scorecard.json", "run.json"):
        whole = stored_run(str(folder))
        (folder / name).write_text("{}")
        kept = stored_run(str(folder))

        assert kept.ending.cost_usd == whole.ending.cost_usd
        assert kept.ending.candidates == whole.ending.candidates
        assert kept.owner == Owner(**OWNER)
        assert kept.ending.input_tokens == 0


def test_all_runs_below_a_folder_come_the_newest_first_without_what_nobody_can_read(out):
    assert [run.run_id for run in runs_below(str(out))] == ["r2", "r3", "r1"]
    assert [run.run_id for run in runs_below(str(out), evaluation="support")] == ["r3", "r1"]
    assert [run.run_id for run in runs_below(str(out), limit=1)] == ["r2"]
    assert list(runs_below(str(out / "nowhere"))) == []
