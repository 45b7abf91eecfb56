"""Answers of several models to one question are one record; rows that ask something else stay apart."""

import json

import pytest

from evaldrop.datasets import Record, Rejected, merging
from tests.evaldrop.datasets.reading_of import read_bytes, survey_of


def rows_of(*rows):
    return read_bytes("\n".join(map(json.dumps, rows)).encode())


def answer(instruction, generator, **further):
    return {
        "instruction": instruction,
        "output": f"{generator} on {instruction}",
        "generator": generator,
        **further,
    }


@pytest.mark.parametrize(
    "order",
    [[("i", "a"), ("i", "b"), ("j", "a"), ("j", "b")], [("i", "a"), ("j", "a"), ("i", "b"), ("j", "b")]],
    ids=["side by side", "model after model"],
)
def test_each_question_is_one_record_with_all_its_answers_whatever_the_order(order):
    survey = survey_of(*(answer(*each) for each in order))
    assert (survey.n_read, survey.n_accepted, survey.n_rejected) == (4, 2, 0)
    assert survey.candidates == {"a": 2, "b": 2}
    assert "2 rows joined an earlier one that asks the same" in survey.recognised[0]
    assert survey.hints == ()
    records = rows_of(*(answer(*each) for each in order))
    assert [record.prompt for record in records] == ["i", "j"]
    assert records[1].responses == {"a": "a on j", "b": "b on j"}


def test_what_is_asked_includes_the_input_the_context_and_the_category():
    records = rows_of(
        answer("Sort.", "a", input="3, 1"),
        answer("Sort.", "b", input="9, 8"),
        answer("Sort.", "b", input="3, 1", dataset="other"),
    )
    assert [list(record.responses) for record in records] == [["a"], ["b"], ["b"]]


def test_a_models_second_answer_begins_a_second_record():
    records = rows_of(answer("i", "a"), answer("i", "a"), answer("i", "b"))
    assert [sorted(record.responses) for record in records] == [["a", "b"], ["a"]]


def test_one_id_may_stand_on_all_answers_to_a_question_and_on_no_other():
    first, *others = rows_of(
        {"id": "q1", "prompt": "p", "response": "x", "model": "m1"},
        {"id": "q1", "prompt": "p", "response": "y", "model": "m2", "reference": "z"},
        {"id": "q1", "prompt": "another", "response": "y", "model": "m2"},
    )
    assert isinstance(first, Rejected)
    assert 'the id "q1" was already used on line 1' in str(first.problems[0])
    (record,) = others
    assert (record.id, record.responses, record.reference) == ("q1", {"m1": "x", "m2": "y"}, ("z",))


def test_a_row_in_between_goes_on_at_once():
    records = rows_of(answer("i", "a"), {"prompt": "p"}, answer("i", "b"))
    assert [record.line for record in records] == [2, 1]


def test_answers_wait_in_bounded_memory_and_one_that_comes_too_late_is_told(monkeypatch):
    monkeypatch.setattr(merging, "MAX_WAITING_CHARACTERS", 200)
    rows = [answer(f"question {n} {'x' * 50}", "a") for n in range(10)]
    *outcomes, waiting = rows_of(*rows, answer(rows[0]["instruction"], "b"))
    refused = [outcome for outcome in outcomes if isinstance(outcome, Rejected)]
    assert len(outcomes) == 10
    assert isinstance(waiting, Record)
    (problem,) = refused[0].problems
    assert str(problem) == (
        "faq.jsonl line 11: another answer to the question of line 1, too far below it. "
        "Put the answers to one question next to each other."
    )
