"""People's labels of two runs: what moved is what they see, where they saw a fair sample of both."""

import pytest

from evaldrop.scorecard.baseline.compare import compare_runs
from tests.evaldrop.report.review.reviewed_runs import FIRST, SECOND, bring_back, write_reviewed_run

RECORDS = 40


@pytest.fixture
def runs(tmp_path):
    """Two runs with other texts to every record but the first, which the judge scores as the first one's."""
    then = write_reviewed_run(tmp_path, records=RECORDS)
    return write_reviewed_run(tmp_path, records=RECORDS, run_id="run-2", answers="reply"), then


def warm(number, _place):
    return {"correctness": True, "tone": min(5, 2 + number % 4)}


def cold(number, _place):
    return {"correctness": True, "tone": max(1, 1 + number % 4)}


def moved(runs, criterion="tone", candidate=FIRST):
    return compare_runs(*runs).candidates[candidate].criteria[criterion]


def test_what_people_see_in_both_runs_decides_where_the_judge_sees_nothing(runs, tmp_path):
    now, then = runs
    assert moved(runs).difference == 0
    bring_back(then, tmp_path / "then", sample=60, answer=warm)
    bring_back(now, tmp_path / "now", sample=60, answer=cold)
    tone = moved(runs)
    # The first record's text is the same: nothing can have moved there.
    assert (tone.difference, tone.rests_on, tone.n_labelled) == (pytest.approx(-29 / 30), "people", 30)
    assert tone.decision == "regressed"
    assert tone.judge_only.difference == 0
    assert moved(runs, "overall").difference == pytest.approx(
        -29 / 30 / 8
    )  # a quarter of the scale, on one of two
    assert "by people, 30 labelled records" in compare_runs(*runs).summary


def test_labels_of_one_run_alone_leave_it_to_the_judge(runs, tmp_path):
    bring_back(runs[1], tmp_path, sample=60, answer=warm)
    tone = moved(runs)
    assert (tone.rests_on, tone.difference) == ("judge", 0)
    assert "1 record with labels in both runs is no random sample" in tone.left_out


def test_unchanged_responses_need_one_label_and_are_no_sample_by_themselves(tmp_path):
    """Half of the texts are the same in both runs, which says nothing about the half that changed."""
    then = write_reviewed_run(tmp_path, records=RECORDS)
    now = write_reviewed_run(tmp_path, records=RECORDS, run_id="run-2")  # all texts are the same
    bring_back(then, tmp_path / "then", sample=60, answer=warm)
    tone = moved((now, then))
    assert (tone.difference, tone.rests_on, tone.n_labelled) == (0, "people", 30)
    assert moved((now, then), candidate=SECOND).n_labelled == 30


def test_a_sample_of_which_half_has_changed_corrects_nothing(tmp_path, monkeypatch):
    then = write_reviewed_run(tmp_path, records=RECORDS)
    changed = "tests.evaldrop.report.review.reviewed_runs._response"
    original = __import__("tests.evaldrop.report.review.reviewed_runs", fromlist=["_response"])._response
    monkeypatch.setattr(
        changed, lambda number, place, answers: original(number, place, "reply" if number % 2 else answers)
    )
    now = write_reviewed_run(tmp_path, records=RECORDS, run_id="run-2")
    bring_back(then, tmp_path / "then", sample=60, answer=warm)
    tone = moved((now, then))
    assert tone.rests_on == "judge"
    assert "are no random sample" in tone.left_out
