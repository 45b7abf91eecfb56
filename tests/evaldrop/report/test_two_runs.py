"""Two runs side by side: what was answered then and now, and what keeps them from being compared."""

import re

import pytest

from evaldrop.errors import InputError
from evaldrop.report.comparing import compare_runs_of
from evaldrop.report.serving import Folder
from evaldrop.report.two_runs import open_two_runs
from evaldrop.report.two_runs_page import two_runs_json, two_runs_page
from evaldrop.steps.build_scorecard.build import build_scorecard
from tests.evaldrop.run_folders import (
    CORRECTNESS,
    TONE,
    failed_response,
    judgement,
    record,
    response,
    row,
    run_json,
    write_run,
)  # fmt: skip


def write(out, run_id, answers, **run):
    """`answers`: record: (text, correctness, tone) of lite; None for a failed call."""

    def of(said):
        if said is None:
            return failed_response("lite")
        text, correctness, tone = said
        scores = {"correctness": correctness, "tone": tone}
        return response("lite", text, judgements=[judgement(scores, rationale=f"because of {text}")])

    folder = str(out / "support" / run_id)
    evaluation = {"candidates": [{"name": "lite", "model": "m1"}], **run.pop("evaluation", {})}
    write_run(
        folder,
        run=run_json(run_id=run_id, evaluation=evaluation, **run),
        records=[record(name) for name in answers],
        succeeded=[row(name, of(said)) for name, said in answers.items()],
    )
    build_scorecard(folder)
    return folder


THEN = {"same": ("a", 1, 5), "changed": ("b", 1, 5), "better": ("c", 0, 4), "worse": ("d", 1, 5),
        "worst": ("e", 1, 5), "mended": None, "old": ("f", 1, 5)}  # fmt: skip
NOW = {"same": ("a", 1, 5), "changed": ("B", 1, 5), "better": ("C", 1, 4), "worse": ("d", 1, 3),
       "worst": ("E", 0, 1), "mended": ("g", 1, 5), "new": ("h", 1, 5)}  # fmt: skip


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    out = tmp_path_factory.mktemp("runs")
    return write(out, "run-2", NOW), write(out, "run-1", THEN)


@pytest.fixture(scope="module")
def runs(folders):
    return open_two_runs(*folders)


def test_what_lost_most_comes_first_and_what_is_the_same_last(runs):
    assert [place.record_id for place in runs.places] == [
        "worst", "worse", "better", "changed", "mended", "same"
    ]  # fmt: skip
    # All of the scale on correctness and on tone; half of tone's.
    assert [place.loss for place in runs.places[:2]] == [2, 0.5]


@pytest.mark.parametrize(("only", "names"), [
    ("worse", ["worst", "worse"]), ("better", ["better"]),
    ("changed", ["worst", "better", "changed", "mended"]),
])  # fmt: skip
def test_only_what_is_asked_for_is_chosen(runs, only, names):
    assert [place.record_id for place in runs.chosen(only)] == names


def test_records_of_one_run_alone_are_counted_and_left_out(runs):
    assert runs.in_common.startswith(
        "6 records in both (1 only in run-2, 1 only in run-1); of 6 responses 4 have"
    )


def test_what_is_not_there_is_wrong_use(runs, folders, tmp_path):
    with pytest.raises(InputError, match="--record old: not in both"):
        runs.chosen(record_id="old")
    with pytest.raises(InputError, match=r"--candidate haiku: not in both runs\. In both: lite"):
        runs.chosen(candidate="haiku")
    with pytest.raises(InputError, match="no run is there"):
        open_two_runs(folders[0], str(tmp_path))


def test_a_pair_has_both_answers_with_scores_and_reasons(runs):
    worst, mended = runs.pairs([runs.places[0], runs.places[4]])
    assert (worst.prompt, worst.then.response, worst.now.response) == ("prompt of worst", "e", "E")
    (moved, _) = worst.scores
    assert moved == ("correctness", 1, 0, "because of e", "because of E", "worse")
    assert mended.then == (None, "ThrottlingException: slow down")
    assert [(score.was, score.now, score.change) for score in mended.scores] == [
        (None, 1, "same"), (None, 5, "same"),
    ]  # fmt: skip


def test_runs_of_another_dataset_and_question_are_shown_and_nothing_is_decided(folders, tmp_path):
    other = write(
        tmp_path,
        "run-3",
        {"worst": ("e", 1, 5)},
        criteria=[CORRECTNESS, {**TONE, "question": "Else?"}],
        dataset={**run_json()["dataset"], "sha256": "cd" * 32},
    )
    found = open_two_runs(other, folders[1])
    assert found.criteria == ["correctness", "tone"]
    assert not found.comparison.comparable
    assert any("the dataset is another" in said for said in found.comparison.obstacles)
    page = two_runs_page(found, found.places)
    assert "Nothing is decided about the difference" in page
    assert "criterion tone: another question" in page
    assert "not compared" in page


def test_texts_of_models_stand_on_the_page_as_data_alone(tmp_path):
    hostile = "</script><script>alert(1)</script>"
    folders = [write(tmp_path, name, {hostile: (hostile, 1, 5)}) for name in ("run-2", "run-1")]
    runs = open_two_runs(*folders)
    page = two_runs_page(runs, runs.places)
    assert "alert(1)" not in page
    assert page.count("<script") == 2
    assert two_runs_json(runs, runs.places)["responses"][0]["now"]["response"] == hostile


def test_a_run_is_not_compared_with_itself(folders):
    """Of a run's own folder no name is its name."""
    own = Folder(folders[0], lambda: "", {"/compare": compare_runs_of}).answer("/compare?a=&b=")
    above = Folder(folders[0].rsplit("/", 2)[0], lambda: "", {"/compare": compare_runs_of})
    twice = above.answer("/compare?a=support/run-2&b=support//run-2")
    for answer in (own, twice):
        assert (answer.status, answer.body.decode()) == (
            409, "This is one run, given twice. Choose two in the history.\n"
        )  # fmt: skip


@pytest.mark.parametrize("name", [
    "..", "../support/run-2", "%2e%2e%2fsupport%2frun-2", "support%252frun-2", "support%5crun-2",
    "support/run-2%00", "support/run-2%0d%0aX: y", "%80%ff", "x" * 300,
])  # fmt: skip
def test_what_is_no_runs_name_is_not_found(folders, name):
    folder = Folder(folders[0].rsplit("/", 2)[0], lambda: "", {"/compare": compare_runs_of})
    for query in (f"a={name}&b=support/run-1", f"a=support/run-2&b={name}"):
        answer = folder.answer(f"/compare?{query}")
        assert answer.status == 404
        assert not re.search(rb"[\x00-\x09\x0b-\x1f]", answer.body)


def test_two_runs_of_a_folder_that_is_viewed_are_compared(folders):
    folder = Folder(folders[0].rsplit("/", 2)[0], lambda: "", {"/compare": compare_runs_of})
    page = folder.answer("/compare?a=support/run-2&b=support/run-1").body.decode()
    assert "6 records in both" in page
    assert '<a href="/">all runs</a>' in page
    missing = folder.answer("/compare?a=support/run-2&b=../support/run-1%1b")
    assert (missing.status, missing.body) == (
        404,
        b"There is no run ../support/run-1\\x1b here. Choose two in the history.\n",
    )
