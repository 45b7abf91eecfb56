"""Choices are shown with letters; the right one is found by letter, label, index or text, never guessed."""

import json

import pytest

from evaldrop.datasets import Record
from evaldrop.datasets.reading import MAX_WAITING_ROWS
from tests.evaldrop.datasets.reading_of import problems_of, read_bytes, record_of, survey_of

FOUR = ["trout", "bat", "newt", "wasp"]
SHOWN = "Mammal?\n\nA) trout\nB) bat\nC) newt\nD) wasp"
BAT = ("B", "B) bat", "bat")


def records_of(*rows):
    return read_bytes("\n".join(map(json.dumps, rows)).encode())


@pytest.mark.parametrize(
    "row",
    [
        {"choices": FOUR, "answer": "B"},
        {"choices": FOUR, "answer": "b"},
        {"choices": FOUR, "answer": "(B)"},
        {"choices": FOUR, "answer": "B."},
        {"choices": FOUR, "answer": ["B"]},
        {"choices": FOUR, "answer": "bat"},
        {"choices": FOUR, "answer": " Bat "},
        {"choices": FOUR, "answer": 1},
        {"choices": FOUR, "answer": "1"},
        {"choices": FOUR, "answer": 1.0},
        {"choices": FOUR, "answer": None, "label": 1},
        {"choices": json.dumps(FOUR), "answer": "B"},
        {"choices": str(FOUR), "answer": "B"},
        {"options": FOUR, "answer": "B", "answer_index": 1},
        {"options": FOUR, "correct_option": 1},
        {"endings": FOUR, "label": "1", "ind": 3},
        {"options": ["(A) trout", "(B) bat", "(C) newt", "(D) wasp"], "label": "B"},
        {"options": ["A. trout", "B. bat", "C. newt", "D. wasp"], "label": 1},
        {"options": dict(zip("ABCD", FOUR, strict=True)), "answer": "bat", "answer_idx": "B"},
        {"options": dict(zip("1234", FOUR, strict=True)), "answer": 2},
        {"choices": {"text": FOUR, "label": ["A", "B", "C", "D"]}, "answerKey": "B"},
        {"choices": {"text": FOUR, "label": ["1", "2", "3", "4"]}, "answerKey": "2"},
        {"choices": [{"label": c, "text": t} for c, t in zip("ABCD", FOUR, strict=True)], "answerKey": "B"},
        dict(zip("ABCD", FOUR, strict=True)) | {"answer": "B"},
        dict(zip(("option_a", "option_b", "option_c", "option_d"), FOUR, strict=True)) | {"answer": "B"},
        dict(zip(("option_a", "option_b", "option_c", "option_d"), FOUR, strict=True))
        | {"answer": "option_b"},
        dict(zip(("option1", "option2", "option3", "option4"), FOUR, strict=True)) | {"answer": "2"},
        dict(zip(("opa", "opb", "opc", "opd"), FOUR, strict=True)) | {"cop": 1},
        dict(zip(("answer0", "answer1", "answer2", "answer3"), FOUR, strict=True)) | {"label": 1},
        {"mc1_targets": {"choices": FOUR, "labels": [0, 1, 0, 0]}},
        {"options": "A) trout B) bat C) newt D) wasp", "answer": "B"},
        {"options": "A. trout\nB. bat\nC. newt\nD. wasp", "answer": "bat"},
        {"answers": FOUR, "label": 1},
        {"target_scores": dict(zip(FOUR, (0, 1, 0, 0), strict=True))},
        {"choices": FOUR, "answer": "B. bat"},
        {"options": "trout|bat|newt|wasp", "answer": "bat"},
        {"options": "trout; bat; newt; wasp", "answer": "B"},
        {"options": "trout\nbat\nnewt\nwasp", "answer": 1},
        dict(zip(("Option A", "Option B", "Option C", "Option D"), FOUR, strict=True))
        | {"Correct Answer": "B"},
        {"choices": FOUR, "answer": "(B) Bat"},
        {"options": [{"text": text, "correct": text == "bat"} for text in FOUR]},
        {"options": [{"text": text, "isCorrect": int(text == "bat")} for text in FOUR]},
        {"answers": [{"text": text, "is_correct": text == "bat"} for text in FOUR]},
    ],
    ids=lambda row: json.dumps(row)[:60],
)
def test_the_right_choice_is_found_however_it_is_said(row):
    """By letter or by text, since models answer with either."""
    record = record_of({"question": "Mammal?", **row})
    assert record.prompt == SHOWN
    assert record.reference == BAT


@pytest.mark.parametrize(
    ("row", "prompt", "reference"),
    [
        ({"question": {"stem": "Q?", "choices": [{"text": "x", "label": "A"}, {"text": "y", "label": "B"}]},
          "answerKey": "B"}, "Q?\n\nA) x\nB) y", "B"),
        ({"question_stem": "Q?", "choices": {"text": ["x", "y"], "label": ["A", "B"]}, "answerKey": "A"},
         "Q?\n\nA) x\nB) y", "A"),
        ({"ctx": "He runs", "ctx_a": "He", "endings": ["home", "away"], "label": "0"},
         "He runs\n\nA) home\nB) away", "A"),
        ({"sentence": "The _ ran", "option1": "cat", "option2": "dog", "answer": "1"},
         "The _ ran\n\nA) cat\nB) dog", "A"),
        ({"goal": "Boil", "sol1": "pot", "sol2": "hat", "label": 0}, "Boil\n\nA) pot\nB) hat", "A"),
        ({"premise": "It rained.", "question": "effect", "choice1": "wet", "choice2": "dry", "label": 0},
         "It rained.\n\nWhat happened as a result?\n\nA) wet\nB) dry", "A"),
        ({"context": "c", "question": "Q?", "answerA": "x", "answerB": "y", "answerC": "z", "label": "3"},
         "Q?\n\nA) x\nB) y\nC) z", "C"),
        ({"query": "Q?", "context": "c", "options": ["x", "y"], "cop": 0}, "Q?\n\nA) x\nB) y", "A"),
        ({"article": "c", "question": "Q?", "options": ["x", "y", "z", "v", "w"], "answer": "E"},
         "Q?\n\nA) x\nB) y\nC) z\nD) v\nE) w", "E"),
        ({"prompt": "Q?", "choices": ["x", "y"], "answer": "y"}, "Q?\n\nA) x\nB) y", "B"),
        ({"prompt": "Q?\nA. x\nB. y", "choices": ["x", "y"], "answer": "B"}, "Q?\nA. x\nB. y", "B"),
        ({"prompt": "Is 9 or 15 prime?", "choices": ["9", "15"], "answer": "A"},
         "Is 9 or 15 prime?\n\nA) 9\nB) 15", "A"),
    ],
)  # fmt: skip
def test_the_rows_of_published_benchmarks_are_read(row, prompt, reference):
    record = record_of(row)
    assert record.prompt == prompt
    assert record.reference[0] == reference
    assert record.context == (row.get("article") or row.get("context"))


def test_a_file_says_itself_whether_its_answers_count_from_0_or_from_1():
    """A row rarely does: 1 of 2 may be either, and a wrong guess would be a wrong number."""
    rows = [{"question": f"Q{n}?", "choices": ["w", "x", "y", "z"], "answer": n} for n in (1, 2)]
    from_0 = records_of(*rows, {"question": "Q?", "choices": ["w", "x", "y", "z"], "answer": 0})
    assert [record.reference[0] for record in from_0] == ["B", "C", "A"]
    from_1 = records_of(*rows, {"question": "Q?", "choices": ["w", "x", "y", "z"], "answer": 4})
    assert [record.reference[0] for record in from_1] == ["A", "B", "D"]
    undecided = survey_of(*rows)
    assert 'no row tells whether "answer" counts the choices from 0 or from 1' in str(undecided.hints[0])
    assert "an index counted from 0" in undecided.recognised[0]


def test_rows_keep_their_order_and_all_wait_no_longer_than_they_must():
    row = {"question": "Q?", "choices": ["w", "x", "y", "z"], "answer": 2}
    rows = [{**row, "id": n} for n in range(MAX_WAITING_ROWS + 50)]
    rows[7] = {"id": 7, "prompt": "no choices"}
    records = records_of(*rows)
    assert [record.id for record in records] == [str(n) for n in range(MAX_WAITING_ROWS + 50)]


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ({"choices": ["x", "y"], "answer": "Z"}, '"answer" is none of the choices (A, B), neither by letter'),
        ({"choices": ["x", "y"], "answer": 5}, '"answer" is 5, and there are 2 choices, counted from 0'),
        ({"choices": ["B", "A"], "answer": "A"}, '"answer" is one choice by its letter or index and another'),
        ({"choices": [1, 2, 3, 4], "answer": 2}, '"answer" is one choice by its letter or index and another'),
    ],
)
def test_an_answer_that_may_mean_two_choices_or_none_is_refused(row, problem):
    (said,) = problems_of({"question": "Q?", **row})
    assert problem in said


@pytest.mark.parametrize(
    ("choices", "answer", "letter"),
    [
        ([9, 15, 17, 21], 17, "C"),
        (["1", "2", "3", "4"], "2", "B"),
        (["1", "2", "3", "4"], 2, "C"),
        ([0, 1, 2, 3], 2, "C"),
        (["True", "False"], True, "A"),
    ],
)
def test_of_choices_that_are_numbers_an_answer_is_read_by_its_type(choices, answer, letter):
    assert record_of({"question": "Q?", "choices": choices, "answer": answer}).reference[0] == letter


@pytest.mark.parametrize("hidden", [{}, {"answer": None}, {"label": -1}, {"label": ""}])
def test_without_an_answer_the_choices_are_shown_and_that_is_said(hidden):
    survey = survey_of({"question": "Q?", "choices": ["x", "y"], **hidden})
    assert survey.with_field["reference"] == 0
    assert "no answer says which choice is right; there is no reference (1 row)" in str(survey.hints[0])


def test_a_mapped_answer_is_read_as_one_of_the_choices():
    row = {"question": "Q?", "choices": ["x", "y"], "my_answer": 1}
    assert record_of(row, {"reference": "my_answer"}).reference == ("B", "B) y", "y")


@pytest.mark.parametrize(
    "row",
    [
        {"prompt": "Q?", "choices": [{"text": "a", "index": 0}, {"text": "b", "index": 1}]},
        {"prompt": "Q?", "choices": ["only one"]},
        {"question": "Q?", "answer_a": "x", "answer_b": "y", "winner": "a"},
        {"question": "Q?", "options": {"temperature": 0, "top_p": 1}},
    ],
)
def test_what_only_looks_like_choices_is_left_aside(row):
    record = record_of(row)
    assert (record.prompt, record.reference) == ("Q?", ())


def test_a_choice_that_is_another_choices_letter_is_right_by_its_own_letter_only():
    record = record_of({"question": "Q?", "choices": ["C", "D", "E", "F"], "label": 0})
    assert record.reference == ("A", "A) C")


def test_long_choices_and_columns_cost_no_time():
    record = record_of({"question": "Q?", "choices": ["(A" * 20_000, "x"], "answer": "x"})
    assert isinstance(record, Record)


@pytest.mark.parametrize(
    "row",
    [
        {"messages": [{"role": "user", "content": "Mammal?"}], "choices": FOUR, "answer": "B"},
        {"instruction": "Mammal?", "choices": FOUR, "output": "bat"},
        {"question": "Mammal?", "choices": FOUR, "answer": 1, "response": "C", "model": "m"},
        {"question": "Mammal?", "choices": FOUR, "answer": "C", "contexts": ["c"], "ground_truth": "B"},
        {"prompt": "Mammal?", "choices": FOUR, "referenceResponse": "B"},
        {"input": "Mammal?", "options": FOUR, "expected": "B", "output": "C"},
    ],
)
def test_no_tools_row_loses_the_choices_its_reference_is_one_of(row):
    """Asked without them, no model can answer as the reference has it."""
    record = record_of(row)
    assert record.prompt_text == SHOWN
    assert record.reference == BAT


@pytest.mark.parametrize("key", ["choices", "options"])
def test_beside_a_reference_that_is_none_of_them_a_list_is_something_else(key):
    record = record_of({"prompt": "Q?", key: ["verbose", "terse"], "reference": "A long text."})
    assert (record.prompt, record.reference) == ("Q?", ("A long text.",))
    assert record.metadata == {key: ["verbose", "terse"]}


def test_a_letter_before_another_choices_text_is_none_of_them():
    (said,) = problems_of({"question": "Mammal?", "choices": FOUR, "answer": "A. bat"})
    assert "neither by letter nor by text" in said


def test_answers_that_are_marked_wrong_are_no_references():
    marked = [{"text": text, "correct": text in ("bat", "newt")} for text in FOUR]
    record = record_of({"question": "Mammal?", "answers": marked})
    assert record.reference == (*BAT, "C", "C) newt", "newt")


def test_mathqas_capital_problem_shows_its_choices():
    record = record_of({"Problem": "Gain?", "options": "a ) rs . 400 , b ) rs . 300", "correct": "a"})
    assert record.prompt == "Gain?\n\na) rs . 400\nb) rs . 300"
    assert record.reference == ("a", "a) rs . 400", "rs . 400")


def test_choices_beside_a_mapped_prompt_are_said_not_to_be_shown():
    row = {"Frage": "Mammal?", "options": FOUR, "correct": "B"}
    (hint,) = survey_of(row, fields={"prompt": "Frage"}).hints
    assert 'the choices in "options" are not shown' in str(hint)
    shown = {**row, "Frage": "Mammal? " + " or ".join(FOUR)}
    assert survey_of(shown, fields={"prompt": "Frage"}).hints == ()


def test_choices_that_cannot_be_told_apart_are_said_not_to_be_shown():
    (hint,) = survey_of({"question": "Mammal?", "options": "trout, bat, newt", "answer": "B"}).hints
    assert '"options" is a text in which no choices can be told apart' in str(hint)
