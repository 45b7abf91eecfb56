"""What a record scored in the baseline, while its new result streams by."""

from pathlib import Path

import pytest

from evaldrop.run.definition import RunDefinition
from evaldrop.run.results import collect, find_manifests
from evaldrop.run.tables import read_rows
from evaldrop.scorecard.baseline.drops import Drop, EarlierScores, earlier_scores
from evaldrop.scorecard.baseline.earlier_responses import EarlierResponses
from evaldrop.scorecard.baseline.scores_table import read_scores
from evaldrop.steps.build_scorecard.reading import ResultReader
from tests.evaldrop.scorecard.baseline.runs import CORRECTNESS, TONE, write
from tests.evaldrop.scorecard.baseline.test_compare import NOW, SAME, THEN

COLUMNS = ("record_id", "candidate", "response")


@pytest.fixture
def pair(tmp_path):
    """Return a function that writes a baseline and a run that is held to it, and returns both folders."""

    def written(**changes):
        then, now = str(tmp_path / "support" / "run-0"), str(tmp_path / "support" / "run-1")
        write(then, {"lite": THEN, "haiku": SAME}, run_id="run-0", **changes)
        write(now, {"lite": NOW, "haiku": SAME}, baseline=then, **changes)
        return now, then

    return written


def drops(folder, earlier=None):
    """Return each record's drops, those without any left out."""
    run = RunDefinition.load(folder)
    earlier, reader = earlier or earlier_scores(run), ResultReader(run)
    found = {
        one.record.record_id: earlier.drops(one.record.record_id, reader.read(one))
        for one in collect(folder, find_manifests(folder))
    }
    return {name: several for name, several in found.items() if any(several)}


def test_every_score_that_is_worse_is_told_with_both_numbers(pair):
    now, _ = pair()
    assert drops(now) == {
        "r0": [[Drop("correctness", 1, 0), Drop("tone", 5, 4)], []],
        "r1": [[Drop("correctness", 1, 0)], []],
        "r2": [[Drop("correctness", 1, 0), Drop("tone", 4, 2)], []],
        "r3": [[Drop("correctness", 1, 0)], []],
        "r4": [[Drop("correctness", 1, 0)], []],
        "r6": [[Drop("correctness", 1, 0)], []],
    }


def test_on_a_scale_where_low_is_good_a_rise_is_worse(pair):
    now, _ = pair(criteria=[CORRECTNESS, {**TONE, "higher_is_better": False, "pass_at": 2}])
    assert drops(now)["r4"] == [[Drop("correctness", 1, 0), Drop("tone", 2, 3)], []]


def test_records_whose_hashes_meet_are_told_apart(pair, monkeypatch):
    now, then = pair()
    plain = drops(now)
    monkeypatch.setattr("evaldrop.scorecard.baseline.drops.hash", lambda _: 7, raising=False)
    earlier = EarlierScores(RunDefinition.load(now), read_scores(then), EarlierResponses(then))
    assert drops(now, earlier) == plain
    assert earlier.drops("of no run", []) == []


def test_a_run_without_a_baseline_or_with_another_measure_has_no_earlier_scores(pair, tmp_path):
    _, then = pair()
    assert earlier_scores(RunDefinition.load(then)) is None
    other = str(tmp_path / "support" / "run-2")
    write(
        other, {"lite": NOW, "haiku": SAME}, baseline=then, criteria=[CORRECTNESS, {**TONE, "question": "?"}]
    )
    assert earlier_scores(RunDefinition.load(other)) is None
    write(other, {"lite": NOW, "haiku": SAME}, baseline=str(tmp_path / "gone"))
    assert earlier_scores(RunDefinition.load(other)) is None


def test_what_was_answered_then_is_told_with_all_its_scores(pair):
    now, then = pair()
    earlier = earlier_scores(RunDefinition.load(now))
    said, scores = earlier.before("r2", "lite")
    table = {(row[0], row[1]): row[2] for row in read_rows(f"{then}/responses.parquet", COLUMNS)}
    assert said.response == table["r2", "lite"]
    assert said.error is None
    assert scores == {"correctness": 1, "tone": 4}
    assert earlier.before("r2", "another") is earlier.before("another", "lite") is None
    earlier.close()


@pytest.mark.parametrize("content", [None, b"", b"PAR1 and no more"])
def test_of_a_table_that_cannot_be_read_only_the_scores_are_told(pair, content):
    now, then = pair()
    table = Path(then) / "responses.parquet"
    table.unlink() if content is None else table.write_bytes(content)
    earlier = earlier_scores(RunDefinition.load(now))
    assert [earlier.before(name, "lite").response for name in ("r0", "r1")] == [None, None]
    assert earlier.before("r0", "lite").scores == {"correctness": 1, "tone": 5}
    earlier.close()
