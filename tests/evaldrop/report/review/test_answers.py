"""Files as people send them back."""

import csv
import json

import pytest

from evaldrop.report.review import answers
from evaldrop.report.review.answers import Score, read_answers, read_score
from tests.evaldrop.scorecard.calibration.test_agreement import BINARY, MENU, SHARE, TONE


@pytest.mark.parametrize(("said", "criterion", "score"), [
    ("yes", BINARY, 1), ("N", BINARY, 0), (" Yes ", BINARY, 1), ("1", BINARY, 1), ("0.0", BINARY, 0),
    (1, BINARY, 1),
    ("3", TONE, 3), ("3,0", TONE, 3), ("'2", TONE, 2), ("polite", TONE, 3), ("RUDE", TONE, 1), (2.0, TONE, 2),
    ("a", MENU, 1.0), (0.5, MENU, 0.5), ("0,25", SHARE, 0.25),
])  # fmt: skip
def test_a_score_is_a_number_or_a_label(said, criterion, score):
    assert read_score(said, criterion) == Score(score, None)


@pytest.mark.parametrize(("said", "criterion"), [
    ("2", BINARY), ("maybe", BINARY), ("4", TONE), ("2.5", TONE), ("nan", TONE), ("inf", SHARE),
    ("1.01", SHARE),
    ("0.5", MENU), ("D", MENU), (7, TONE), (True, BINARY), ([1], TONE), ("n/a", TONE), (float("nan"), SHARE),
])  # fmt: skip
def test_what_is_not_on_the_scale_is_no_score(said, criterion):
    assert read_score(said, criterion) is None


def test_empty_is_unanswered_and_a_question_mark_passes():
    assert read_score("", TONE) == read_score(None, TONE) == Score(None, "unanswered")
    assert read_score("?", TONE) == Score(None, "cannot_tell")


def sheet(*rows, header="review,item,criterion,score", end="\r\n"):
    return end.join([header, *rows, ""]).encode("utf-8-sig")


def test_a_sheet_is_read_whatever_the_spreadsheet_did_to_it():
    plain = read_answers(sheet("abc,1,tone,3", "abc,2,tone,"))
    semicolons = read_answers(sheet("abc;1;tone;3", "abc;2;tone;", header="review;item;criterion;score"))
    tabs = read_answers(
        sheet("abc\t1\ttone\t3", "abc\t2\ttone", header="Review\tItem\tCriterion\tScore", end="\n")
    )
    assert plain == semicolons == tabs
    assert [(a.review_id, a.item, a.criterion, a.said) for a in plain.answers] == [
        ("abc", "1", "tone", "3"), ("abc", "2", "tone", ""),
    ]  # fmt: skip


def test_other_encodings_and_moved_or_added_columns_do_no_harm():
    content = "score,mine,item,criterion,review\n3,caf\xe9,1,tone,abc\n".encode("cp1252")
    (answer,) = read_answers(content).answers
    assert (answer.said, answer.item) == ("3", "1")


def test_a_place_is_the_row_and_the_line_where_cells_hold_line_breaks():
    content = sheet(
        'abc,1,tone,3,"a\nb"',
        "abc,2,tone,9,x",
        "",
        "abc,3,tone,8,x",
        header="review,item,criterion,score,text",
    )
    assert [a.where for a in read_answers(content).answers] == ["line 2", "row 3 (line 4)", "row 5 (line 6)"]


def test_labels_of_ones_own_name_record_and_candidate():
    (answer,) = read_answers(
        sheet("r1,lite,tone,3,Ada", header="record_id,candidate,criterion,score,rater")
    ).answers
    assert answer[3:] == ("r1", "lite", "tone", "3", "Ada")
    assert answer.item is None


@pytest.mark.parametrize(("content", "problem"), [
    (b"a,b,c\n1,2,3\n", "line 1: the columns must be"),
    (b"", "line 1: the columns must be"),
    (b'{"kind": "evaldrop-review",\n "answers": [', "line 2: not JSON"),
    (b'{"kind": "other", "answers": []}', "line 1: not a saved review"),
    (b'{"kind": "evaldrop-review", "answers": {}}', "line 1: not a saved review"),
    (b'{"kind": "evaldrop-review", "answers": [{"item": 1}, 7]}', "answer 1"),
])  # fmt: skip
def test_a_file_that_is_none_says_so(content, problem):
    assert read_answers(content).problems[0].startswith(problem)


def test_what_the_page_saves_is_read_with_the_line_of_each_answer():
    rows = [
        {"item": 1, "criterion": "tone", "score": 3},
        {"item": 2, "criterion": "tone", "score": None, "reason": "cannot_tell"},
        {"item": 3, "criterion": "tone", "score": None, "reason": "?!"},
    ]
    lines = ",\n".join("  " + json.dumps(row, separators=(",", ":")) for row in rows)
    head = '{\n "kind": "evaldrop-review",\n "review_id": "abc",\n "rater": "Ada",\n "answers": ['
    text = f"{head}\n{lines}\n ]\n}}\n"
    read = read_answers(text.encode())
    assert read.rater == "Ada"
    assert read.problems == []
    assert [(a.where, a.item, a.said) for a in read.answers] == [
        ("answer 1 (line 6)", "1", 3), ("answer 2 (line 7)", "2", "?"), ("answer 3 (line 8)", "3", ""),
    ]  # fmt: skip


def test_a_file_written_anew_has_no_lines_to_name():
    rows = [{"item": 1, "criterion": "tone", "score": 3}]
    text = json.dumps(
        {"kind": "evaldrop-review", "review_id": "abc", "rater": " ", "answers": rows}, indent=4
    )
    read = read_answers(text.encode())
    assert (read.rater, read.answers[0].where) == (None, "answer 1")


def test_a_cell_beyond_all_measure_is_a_problem_and_not_a_crash(monkeypatch):
    monkeypatch.setattr(answers, "_LONGEST_CELL", 20)
    try:
        read = read_answers(sheet("abc,1,tone,3", f"abc,2,tone,{'3' * 50}"))
        assert len(read.answers) == 1
        assert read.problems == ["line 3: not CSV (field larger than field limit (20))"]
        first = read_answers(("review" * 20 + ",item\n").encode())
        assert first.problems[0].startswith("line 1: not CSV")
    finally:
        csv.field_size_limit(131_072)
