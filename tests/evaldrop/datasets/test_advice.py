"""Advice names what cannot be seen and where the prompt probably is, and never makes a prompt of an ID."""

import time

import pytest

from evaldrop.datasets.advice import did_you_mean, likely_path
from tests.evaldrop.datasets.reading_of import problems_of, record_of, survey_of


@pytest.mark.parametrize(
    ("key", "named"),
    [
        ("\ufeffprompt", 'the key "<U+FEFF>prompt" holds U+FEFF (zero width no-break space)'),
        ("prompt\u00a0", 'the key "prompt<U+00A0>" holds U+00A0 (no-break space)'),
        ("pro\u200bmpt", 'the key "pro<U+200B>mpt" holds U+200B (zero width space)'),
        ("pro\u00admpt", 'the key "pro<U+00AD>mpt" holds U+00AD (soft hyphen)'),
        ("\u2060prompt\u200d", "holds U+2060 (word joiner) and U+200D (zero width joiner)"),
        ("prompt\u3000", 'the key "prompt<U+3000>" holds U+3000 (ideographic space)'),
        (" prompt ", 'the key " prompt " holds blanks around it'),
    ],
)
def test_a_character_of_a_key_that_is_not_seen_is_named_by_code_point(key, named):
    (said,) = problems_of({key: "Why?", "reference": "So."})
    assert named in said
    assert said.endswith('Remove it, so that the key is "prompt".')


@pytest.mark.parametrize("key", ["\ufeffquestion", "question\u00a0", "input\u200b", "messages\u00a0"])
def test_so_it_is_in_the_keys_of_other_tools(key):
    (said,) = problems_of({key: "Why?", "answer": "So."})
    assert "U+" in said
    assert "so that the key is" in said


def test_a_key_beside_the_prompt_is_named_as_well():
    (hint,) = survey_of({"prompt": "Why?", "reference\u00a0": "So."}).hints
    assert str(hint) == (
        'faq.jsonl line 1: unknown key "reference<U+00A0>" (1 row), kept in metadata; '
        'it holds U+00A0 (no-break space). Did you mean "reference"?'
    )


def test_an_id_shows_what_is_not_seen_in_it():
    rows = [{"prompt": "a", "id": "q1\u200b"}, {"prompt": "b", "id": "q2"}, {"prompt": "c", "id": "q1\u200b"}]
    survey = survey_of(*rows)
    assert 'the id "q1<U+200B>" was already used on line 1' in str(survey.problems[0])
    assert "ids with characters that are not seen: 1 (line 1 with U+200B (zero width space))" in str(
        survey.hints[0]
    )


@pytest.mark.parametrize(
    "key",
    [
        "prompt_id",
        "promptId",
        "prompt-id",
        "PromptID",
        "prompt id",
        "prompt_ids",
        "prompt_hash",
        "prompt_version",
    ],
)
def test_an_id_is_never_renamed_to_prompt(key):
    (said,) = problems_of({key: "a-17", "n": 3})
    assert "Rename" not in said
    assert "fields" not in said
    assert did_you_mean(key) is None


def test_a_misspelt_prompt_is_still_found():
    assert 'Rename "Promt" to "prompt"' in problems_of({"Promt": "Why?", "prompt_id": "p1"})[0]
    assert (
        'Rename "massages" to "messages"' in problems_of({"massages": [{"role": "user", "content": "x"}]})[0]
    )


@pytest.mark.parametrize(
    ("row", "path"),
    [
        ({"q": "Why?", "a": "So."}, "q"),
        ({"prompt_id": "p1", "body": {"q": "What is it?"}}, "body.q"),
        ({"id": "p1", "item": {"question": "Why?", "hint": "Because of the rain?"}}, "item.question"),
        ({"id": "p1", "data": {"turns": [{"text": "Tell me."}]}, "answer": "x"}, "data.turns[0].text"),
        ({"sample": {"chat": [{"role": "user", "content": "Hi"}]}, "name": "n"}, "sample.chat"),
        (
            {"frage": "Warum ist der Himmel blau?", "antwort": "Wegen der Streuung des Lichts an Molekülen."},
            "frage",
        ),
        ({"note": "A long text that is about something else.", "user_prompt": "Say hi"}, "user_prompt"),
        ({"prompt_id": "p1", "prompt_text": "Say hi", "gold": "Hi there, how are you?"}, "prompt_text"),
        ({"a.b": {"c": "hidden"}, "text": "seen"}, "text"),
        ({"n": 1, "flag": True}, None),
        ({"id": "x", "url": "https://a.example"}, None),
    ],
)
def test_the_likely_path_is_named(row, path):
    assert likely_path(row) == path


def test_the_path_that_is_advised_is_one_that_works():
    row = {"id": "p1", "rounds": [{"text": "Tell me."}], "gold": "x"}
    (said,) = problems_of(row)
    assert said.endswith(
        'If it is rounds[0].text, write fields: {prompt: "rounds[0].text"} in the evaluation.'
    )
    assert record_of(row, {"prompt": "rounds[0].text"}).prompt == "Tell me."


def test_without_any_text_the_keys_are_named():
    assert problems_of({"n": 1, "prompt_id": "x"}) == [
        'faq.jsonl line 1: no prompt; the row has n, prompt_id. Give every record a "prompt" or "messages".'
    ]


def test_hostile_rows_cost_no_time():
    begun = time.perf_counter()
    deep: dict = {}
    for _ in range(90):
        deep = {"a_": deep, "b" * 1000: ["x"] * 1000}
    problems_of(
        {"aA" * 50_000: 1, "a_" * 50_000: 2, **{f"k{n}": [n] * 50 for n in range(2_000)}, "deep": deep}
    )
    assert time.perf_counter() - begun < 5


def test_a_response_that_may_be_given_or_ideal_is_not_guessed_at():
    (hint,) = survey_of({"prompt": "Why?", "response": "So."}).hints
    assert "fields: {responses.NAME: response}" in str(hint)
    assert "fields: {reference: response}" in str(hint)
    row = {"prompt": "Why?", "response": "So."}
    assert record_of(row, {"reference": "response"}).reference == ("So.",)
    assert record_of(row, {"responses.old": "response"}).responses == {"old": "So."}


@pytest.mark.parametrize("key", ["output", "outputs"])
def test_an_output_alone_is_a_response_and_how_else_it_may_be_meant_is_said(key):
    row = {key.replace("out", "in"): "Why?", key: "So."}
    (hint,) = survey_of(row).hints
    assert f"fields: {{reference: {key}}}" in str(hint)
    assert record_of(row, {"reference": key}).reference == ("So.",)
    assert record_of(row, {"reference": key}).responses == {}


def test_a_reference_that_is_mapped_as_a_response_is_no_reference_any_more():
    record = record_of({"instruction": "i", "output": "o"}, {"responses.m": "output"})
    assert (record.responses, record.reference) == ({"m": "o"}, ())


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"examples": [{"question": "Why?", "answer": "So."}]}, 'the rows seem to be inside "examples"'),
        ({"items": [{"prompt": "Why?"}], "total": 1}, 'the rows seem to be inside "items"'),
        ({"rows": [{"row_idx": 0, "row": {"question": "Why?"}}]}, 'the rows seem to be inside "rows"'),
        ({"results": {"results": [{"prompt": {"raw": "Why?"}}]}}, 'to be inside "results.results"'),
        ({"prompt": ["Why?"] * 5, "reference": ["So."] * 5}, "or a column of several"),
        ({"q1": {"prompt": "Why?"}, "q2": {"prompt": "How?"}}, "the object holds rows by their names"),
        ({"prompt": {"0": "Why?", "1": "How?"}}, "is a column, not a string: one object holds all rows"),
        ({"Find x": "Find y", "0": "1", "4": "2", "B": "C"}, "no prompt among the names Find x, 0, 4, B"),
    ],
)
def test_a_file_taken_for_one_row_is_not_mapped_to_its_first(row, said):
    (problem,) = problems_of(row)
    assert said in problem
    assert "fields:" not in problem


@pytest.mark.parametrize(
    "row",
    [
        {"question_id": 1, "text": "An answer.", "model_id": "v", "answer_id": "a", "metadata": {}},
        {"question_id": 81, "answer_id": "a", "model_id": "v", "choices": [{"turns": ["One.", "Two."]}]},
        {"custom_id": "r1", "response": {"body": {"choices": [{"message": {"content": "Hello."}}]}}},
        {"chosen": "Human: What?", "rejected": "Human: What?"},
    ],
)
def test_what_a_model_said_is_never_advised_as_the_prompt(row):
    (problem,) = problems_of(row)
    assert "no prompt: the row holds an answer, and no question" in problem


def test_of_several_questions_the_first_is_named():
    assert likely_path({"questions": ["When?", "Where was it?"]}) == "questions[0]"


@pytest.mark.parametrize("key", ["target", "expected", "ideal", "ground_truth", "label", "solution"])
def test_a_key_that_may_hold_the_ideal_answer_is_told_how_to_map(key):
    (hint,) = survey_of({"prompt": "Why?", key: "So."}).hints
    assert str(hint).endswith(
        f"If it is the ideal answer, write fields: {{reference: {key}}} in the evaluation."
    )
