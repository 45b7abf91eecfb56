"""Which records turned better and worse from one candidate to another, and what both answered."""

import pytest

from evaldrop.report.turned_records import turned_records
from evaldrop.scorecard.baseline.scores_table import read_scores
from tests.evaldrop.improved_runs import ORIGINAL, QUESTION, TUNED, built, loaded, write_improved
from tests.evaldrop.run_folders import TONE

SCORES = [(5, 3), (1, 5), (2, 2), (3, 4), (None, 5), (4, 5)]


def turned_of(folder, scores, *, most=20, **more):
    built(folder, scores, **more)
    run = loaded(folder / "runs/support/run-1")
    return turned_records(run, read_scores(run.folder), (TUNED, ORIGINAL), most=most)


@pytest.fixture(scope="module")
def turned(tmp_path_factory):
    return turned_of(tmp_path_factory.mktemp("turned"), SCORES, criterion=TONE)


def test_those_that_turned_most_are_first_and_those_without_a_score_are_in_neither(turned):
    assert [pair.place.record_id for pair in turned.better] == ["r1", "r3", "r5"]
    assert [pair.place.record_id for pair in turned.worse] == ["r0"]
    assert (turned.n_better, turned.n_worse) == (3, 1)
    assert [pair.place.gain for pair in turned.better] == [1.0, 0.25, 0.25]
    assert turned.worse[0].place.loss == 0.5


def test_both_responses_scores_and_rationales_are_there(turned):
    pair = turned.better[0]
    assert (pair.prompt, pair.references) == ("prompt of r1", ("yes",))
    assert (pair.then.response, pair.now.response) == ("an answer of lite", "an answer of tuned")
    (score,) = pair.scores
    assert (score.criterion, score.was, score.now, score.change) == ("tone", 1, 5, "better")
    assert (score.why_then, score.why_now) == ("pro says so", "pro says so")


def test_no_more_than_are_asked_for_are_read_and_all_are_counted(tmp_path):
    found = turned_of(tmp_path, SCORES, most=1, criterion=TONE)
    assert ([pair.place.record_id for pair in found.better], found.n_better) == (["r1"], 3)


def test_where_less_is_better_a_fall_is_a_turn_to_the_better(tmp_path):
    found = turned_of(tmp_path, [(1, 0), (0, 1), (1, 1)], criterion=QUESTION)
    assert [pair.place.record_id for pair in found.better] == ["r0"]
    assert [pair.place.record_id for pair in found.worse] == ["r1"]
    assert found.worse[0].scores[0].change == "worse"


def test_a_run_without_its_tables_is_none(tmp_path):
    run = loaded(write_improved(tmp_path, SCORES, criterion=TONE))
    with pytest.raises(Exception, match=r"scores\.parquet"):
        read_scores(run.folder)
