"""What comes back is stored whole, or refused with every problem; and no file that is there is changed."""

import csv
import io
import json
from pathlib import Path

import pytest

from evaldrop import storage
from evaldrop.errors import InputError, StorageError
from evaldrop.report.review.exporting import export_review
from evaldrop.report.review.importing import import_file, import_review
from evaldrop.run.definition import RunDefinition
from evaldrop.scorecard.calibration import calibrate
from evaldrop.scorecard.calibration.labels import read_labels, write_labels
from tests.evaldrop.report.review.reviewed_runs import FIRST, NOW, bring_back, write_reviewed_run


@pytest.fixture
def folder(tmp_path):
    return write_reviewed_run(tmp_path, records=30)


# What is wrong is told, and nothing is stored


def test_every_problem_is_told_with_its_line_and_nothing_is_stored(folder, tmp_path):
    with pytest.raises(InputError) as caught:
        bring_back(folder, tmp_path, item3_tone="9", item5_correctness="perhaps")
    told = str(caught.value).splitlines()
    assert len(told) == 2
    assert "line 7: '9' is no score on tone; use 1, 2, 3, 4, 5, or ? to pass" in told[0]
    assert "line 10: 'perhaps' is no score on correctness; use no, yes, or ? to pass" in told[1]
    assert read_labels(folder) == []


def review_file(exported, tmp_path, answers, **changes):
    key = json.loads(Path(exported.key).read_text())
    file = tmp_path / "answers.json"
    file.write_text(
        json.dumps({"kind": "evaldrop-review", "review_id": key["review_id"], "answers": answers, **changes})
    )
    return str(file)


@pytest.mark.parametrize(("answers", "problem"), [
    ([{"item": 99, "criterion": "tone", "score": 3}], "no item 99 in this review (1 to 24)"),
    ([{"item": 1, "criterion": "warmth", "score": 3}], 'item 1 was not asked for "warmth"'),
    ([{"item": 1, "criterion": "tone", "score": score} for score in (3, 4)], "two different scores"),
    ([{"item": 1, "criterion": "tone", "score": None}], "no row has a score"),
    ([], "no answers in it"),
])  # fmt: skip
def test_what_does_not_fit_the_review_is_refused(folder, tmp_path, answers, problem):
    exported = export_review(folder, sample=24, seed=1)
    with pytest.raises(InputError) as caught:
        import_review(review_file(exported, tmp_path, answers), folder, rater=None, imported_at=NOW)
    assert problem in str(caught.value)


@pytest.mark.parametrize("review", ["ffffffffff", "../../../run", "", "None"])
def test_a_review_of_another_run_is_refused(folder, tmp_path, review):
    exported = export_review(folder, sample=24, seed=1)
    file = review_file(exported, tmp_path, [{"item": 1, "criterion": "tone", "score": 3}], review_id=review)
    with pytest.raises(InputError, match="was not exported from"):
        import_review(file, folder, rater=None, imported_at=NOW)


def test_rows_of_two_reviews_are_refused(folder, tmp_path):
    file = tmp_path / "two.csv"
    file.write_text("review,item,criterion,score\nabc,1,tone,3\ndef,1,tone,3\n")
    with pytest.raises(InputError, match="rows of several reviews"):
        import_review(str(file), folder, rater=None, imported_at=NOW)


def test_a_broken_key_is_no_labels(folder, tmp_path):
    exported = export_review(folder, sample=24, seed=1)
    file = review_file(exported, tmp_path, [{"item": 1, "criterion": "tone", "score": 3}])
    Path(exported.key).write_text("{}")
    with pytest.raises(StorageError, match="not a review's key"):
        import_review(file, folder, rater=None, imported_at=NOW)


@pytest.mark.parametrize(("row", "problem"), [
    ("r99,xanthippe,tone,3", 'no response of candidate "xanthippe" to record "r99"'),
    ("r1,nobody,tone,3", 'no response of candidate "nobody"'),
    ("r1,xanthippe,warmth,3", 'no criterion "warmth" in this run'),
    ("r1,xanthippe,tone,6", "'6' is no score on tone"),
    ("r2,xanthippe,tone,4", "r2 / xanthippe / tone has two different scores"),
])  # fmt: skip
def test_labels_of_ones_own_are_checked_as_well(folder, tmp_path, row, problem):
    file = tmp_path / "own.csv"
    file.write_text(f"record_id,candidate,criterion,score\nr2,{FIRST},tone,3\n{row}\n")
    with pytest.raises(InputError, match="line 3: ") as caught:
        import_review(str(file), folder, rater=None, imported_at=NOW)
    assert problem in str(caught.value)


def test_very_many_problems_are_not_all_told(folder, tmp_path):
    file = tmp_path / "own.csv"
    file.write_text("record_id,candidate,criterion,score\n" + "r99,x,tone,3\n" * 60)
    with pytest.raises(InputError, match="and 10 more problems"):
        import_review(str(file), folder, rater=None, imported_at=NOW)


# Storing


def test_an_import_changes_no_file_that_is_there(folder, tmp_path):
    first = Path(bring_back(folder, tmp_path).labels)
    content = first.read_bytes()
    second = Path(bring_back(folder, tmp_path, item1_tone="?", now="2026-11-21T11:00:00+00:00").labels)
    assert first != second
    assert first.read_bytes() == content
    assert second.name.startswith("20261121T110000Z-Ada-")


def test_a_line_that_is_no_label_is_named(folder, tmp_path):
    done = bring_back(folder, tmp_path)
    Path(done.labels).write_text('{"score": 3}\n')
    with pytest.raises(StorageError, match=r"jsonl line 1: not a label"):
        read_labels(folder)


def test_a_run_without_a_folder_above_it_has_nowhere_to_keep_labels(folder, tmp_path):
    bring_back(folder, tmp_path)
    labels = read_labels(folder)
    assert read_labels("/") == []
    with pytest.raises(StorageError, match="kept in the folder above"):
        write_labels("/", labels)


def test_on_s3_it_is_the_same(bucket, tmp_path):
    local = Path(write_reviewed_run(tmp_path, records=6))
    for path in local.rglob("*"):
        if path.is_file():
            place = f"s3://{bucket}/runs/support/run-1/{path.relative_to(local).as_posix()}"
            storage.write_bytes(place, path.read_bytes())
    folder = f"s3://{bucket}/runs/support/run-1"
    exported = export_review(folder, sample=6, seed=1)
    content = storage.read_bytes(exported.sheet).decode("utf-8-sig")
    filled = tmp_path / "filled.csv"
    rows = list(csv.reader(io.StringIO(content, newline="")))
    for number, row in enumerate(rows[1:]):
        row[3] = "yes" if row[2] == "correctness" else str(1 + number % 5)
    with filled.open("w", newline="") as stream:
        csv.writer(stream).writerows(rows)
    done = import_review(str(filled), folder, rater="Ada", imported_at=NOW)
    assert done.labels.startswith(f"s3://{bucket}/runs/support/labels/")
    assert calibrate(RunDefinition.load(folder)).criteria["tone"].n_labelled == 6


# Whatever a file holds, what is wrong with it is told

_OF_A_REVIEW = '{"kind": "evaldrop-review", "review_id": "a", "answers": [%s]}'
_OF_PREFERENCES = '{"record": "a", "candidate": "b", "baseline": "c", "preferred": %s}'
_SHEET = "record,candidate,baseline,preferred\n"
_HOSTILE = {
    "nested deep": "[" * 100_000,
    "nested deep, with half a surrogate pair": '"\\ud83d", ' + "[" * 100_000,
    "an integer of 5,000 digits": "9" * 5_000,
    "an integer that no float holds": '{"item": 1, "criterion": "tone", "score": 1' + "0" * 400 + "}",
    "cut off": '"',
    "NaN": "NaN",
}


@pytest.mark.parametrize("value", _HOSTILE.values(), ids=_HOSTILE)
@pytest.mark.parametrize("form", [_OF_A_REVIEW, _OF_PREFERENCES])
def test_hostile_json_is_refused_in_words(folder, tmp_path, form, value):
    file = tmp_path / "answers.json"
    file.write_text(form.replace("%s", value))
    with pytest.raises(InputError, match="line 1: not JSON"):
        import_file(str(file), folder, rater=None, imported_at=NOW)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (_OF_PREFERENCES % '"b"' + "\n[1]\n", "line 2: not an object"),
        (_OF_PREFERENCES % '"b"' + "\n5\n{]\n", "line 3: not JSON"),
        (_SHEET + "a,b,c,b,more,and more\n", 'no response of candidate "b"'),
        (_SHEET + "a,b\n", "no row says which response is preferred"),
        (_SHEET + 'a,b,c,"' + "b" * 200_000 + '"\n', "line 2: "),
        (_SHEET + '"a\nb",b,c,b\nc,b,d,b\n', "row 3 (line 4)"),
    ],
)
def test_odd_rows_of_preferences_are_told_with_their_line(folder, tmp_path, text, problem):
    file = tmp_path / "preferences.csv"
    file.write_text(text)
    with pytest.raises(InputError) as caught:
        import_file(str(file), folder, rater=None, imported_at=NOW)
    assert problem in str(caught.value)
