"""A survey counts what is in a dataset, in one pass and bounded memory."""

import hashlib
import io
import json

import pytest

from evaldrop.datasets import survey, survey_dataset
from evaldrop.datasets.seen import SeenIds
from evaldrop.errors import DatasetError
from tests.evaldrop.datasets.reading_of import survey_of

BEDROCK = {"prompt": "q", "referenceResponse": "r", "category": "math"}


def test_the_recognised_shape_is_told_in_a_sentence():
    survey = survey_of(BEDROCK, {"prompt": "q2", "referenceResponse": "r"})
    assert survey.shape == "bedrock_evaluation"
    assert survey.recognised == (
        "recognised as Bedrock evaluation rows: prompt; reference from referenceResponse; category",
    )


def test_rows_of_evaldrops_own_shape_are_not_said_to_be_mapped():
    assert survey_of({"prompt": "q"}).recognised == ("recognised as evaldrop rows: prompt",)


def test_mapped_fields_are_told():
    assert survey_of({"q": "x"}, fields={"prompt": "q"}).recognised == (
        "read by the evaluation's fields: prompt from q",
    )
    assert survey_of({"prompt": "x", "g": 1}, fields={"group": "g"}).recognised == (
        "recognised as evaldrop rows: prompt; by the evaluation's fields: group from g",
    )
    assert survey_of({"zzz": 1}).recognised == ("not recognised",)


def test_everything_countable_is_counted():
    survey = survey_of(
        {"prompt": "a", "reference": "r", "category": "x", "metadata": {"lang": "de"}, "criteria": ["tone"]},
        {"prompt": "b", "context": "c", "category": 5, "criteria": {"warm": "Is it?", "tone": None}},
        {"prompt": "c", "responses": {"m1": "r", "m2": "s"}, "metadata": {"lang": "en", "prompt": "p"}},
        {"messages": [{"role": "user", "content": "d"}], "category": "x"},
        {"prompt": 3},
    )
    assert (survey.n_read, survey.n_accepted, survey.n_rejected, survey.n_problems) == (5, 4, 1, 1)
    assert survey.with_field == {
        "reference": 1, "context": 1, "category": 3, "criteria": 2, "checks": 0, "responses": 1,
        "choices": 0,
    }  # fmt: skip
    assert survey.categories == {"x": 2, "5": 1}
    assert survey.candidates == {"m1": 1, "m2": 1}
    assert survey.criteria == {"tone": 2, "warm": 1}
    assert survey.criteria_by_name == {"tone": 1}
    assert survey.variables == {
        "prompt": 3,
        "category": 3,
        "lang": 2,
        "messages": 1,
        "reference": 1,
        "context": 1,
    }


def test_the_digest_is_that_of_all_bytes():
    data = b'\xef\xbb\xbf[{"prompt": "a"}]' + b" " * 300_000
    survey = survey_dataset(lambda: io.BytesIO(data), source="faq.json")
    assert survey.sha256 == hashlib.sha256(data).hexdigest()


def test_the_stream_is_closed():
    stream = io.BytesIO(b'{"prompt": "a"}')
    survey_dataset(lambda: stream, source="faq.jsonl")
    assert stream.closed


def test_the_first_thousand_problems_are_kept_and_all_are_counted():
    survey = survey_of(*['{"prompt": 1, "id": []}'] * 800)
    assert survey.n_problems == 1600
    assert len(survey.problems) == 1000
    assert survey.n_more_problems == 600
    assert str(survey.problems[-1]).startswith("faq.jsonl line 500: ")


def test_mixed_shapes_are_a_hint_and_a_problem_once_rows_fail():
    rows = [BEDROCK, {**BEDROCK, "prompt": "q2"}, {"question": "q3", "answer": "a"}]
    mixed = "faq.jsonl: rows have 2 shapes: 2 Bedrock evaluation rows, 1 question and answer rows. Keep one"
    survey = survey_of(*rows)
    assert len(survey.shapes) == 2
    assert survey.problems == ()
    assert str(survey.hints[0]).startswith(mixed)
    survey = survey_of(*rows, {})
    assert str(survey.problems[0]).startswith(mixed)
    assert survey.n_problems == 2


def test_a_row_without_an_optional_key_is_no_other_shape():
    assert survey_of(BEDROCK, {"prompt": "no reference"}).shapes == {"bedrock_evaluation": 2}
    assert survey_of({"input": "q", "target": "t"}, {"input": "q"}).shapes == {"inspect": 2}


def test_a_bare_row_with_a_key_of_its_own_is_another_shape():
    assert len(survey_of(BEDROCK, {"prompt": "q", "reference": "r", "messages": None}).shapes) == 2


def test_a_misspelt_key_is_hinted_at_once_with_its_count():
    survey = survey_of({"prompt": "a"}, {"prompt": "b", "refrence": "r"}, {"prompt": "c", "refrence": "r"})
    assert [str(hint) for hint in survey.hints] == [
        'faq.jsonl line 2: unknown key "refrence" (2 rows), kept in metadata. Did you mean "reference"?'
    ]
    (hint,) = survey_of({**BEDROCK, "categroy": "x"}).hints
    assert 'Did you mean "category"?' in str(hint)


def test_an_unknown_key_of_another_tool_is_no_hint():
    assert survey_of({**BEDROCK, "difficulty": 3}).hints == ()
    assert "Move it into metadata" in str(survey_of({"prompt": "x", "difficulty": 3}).hints[0])


def test_a_mapped_key_is_not_unknown():
    assert survey_of({"prompt": "x", "difficulty": 3}, fields={"category": "difficulty"}).hints == ()


def test_hints_on_keys_are_bounded():
    assert len(survey_of({"prompt": "x", **{f"key{n}": n for n in range(500)}}).hints) == 100


def test_names_are_counted_to_a_bound_and_the_rest_is_said(monkeypatch):
    monkeypatch.setattr(survey, "MAX_NAMES_KEPT", 3)
    found = survey_of(*({"prompt": "x", "category": n, "criteria": [f"c{n}"]} for n in range(5)))
    assert len(found.categories) == 3
    assert len(found.criteria_by_name) == 3
    assert "faq.jsonl: more than 3 different categories. Only the first are counted by name." in map(
        str, found.hints
    )


def test_an_unreadable_file_is_an_error_not_a_survey():
    with pytest.raises(DatasetError, match=r"faq\.jsonl is empty"):
        survey_of("")


def test_a_million_ids_fit_in_a_small_lambda_and_are_told_apart():
    seen = SeenIds()
    assert all(seen.first_line(f"record-{n}", n + 1) is None for n in range(5_000))
    assert [seen.first_line(f"record-{n}", 9_999) for n in (0, 2_500, 4_999)] == [1, 2_501, 5_000]
    # 12 bytes a slot, and between a quarter and a half of the slots in use.
    bytes_held = len(seen._digests) * seen._digests.itemsize + len(seen._lines) * seen._lines.itemsize
    assert bytes_held <= 48 * 5_000


def test_a_dataset_is_not_held_in_memory():
    tracemalloc = pytest.importorskip("tracemalloc")
    line = json.dumps({"prompt": "x" * 20_000}).encode() + b"\n"

    class Endless(io.RawIOBase):
        left = 400

        def read(self, size=-1):
            self.left -= 1
            return line if self.left > 0 else b""

    tracemalloc.start()
    try:
        found = survey_dataset(Endless, source="faq.jsonl")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert found.n_accepted == 399
    assert found.n_accepted * len(line) > 7_900_000
    assert peak < 3_000_000


def test_every_key_left_aside_is_told_and_an_empty_one_is_not():
    row = {"question": "q", "answer": "a", "knowledge_category": "Cities", "notes": None, "tags": []}
    (sentence,) = survey_of(row, {"question": "q2", "answer": "a", "source": "web"}).recognised
    assert sentence.endswith(". Left aside, kept in metadata: knowledge_category, source")


def test_each_shape_of_a_mixed_file_is_told():
    survey = survey_of(BEDROCK, {**BEDROCK, "prompt": "q2"}, {"user_input": "x", "reference": "y"})
    assert survey.recognised == (
        "recognised as Bedrock evaluation rows: prompt; reference from referenceResponse; category",
        "recognised as ragas 0.2 samples: prompt from user_input; reference",
    )


def test_of_a_path_that_is_mapped_the_key_is_not_left_aside():
    row = {"q": {"text": "Why?"}, "turns": [{"text": "So."}], "owner": "me"}
    assert survey_of(row, fields={"prompt": "q.text", "reference": "turns[0].text"}).recognised == (
        (
            "read by the evaluation's fields: prompt from q.text, reference from turns[0].text. "
            "Left aside, kept in metadata: owner"
        ),
    )


def test_what_is_told_of_keys_is_bounded():
    rows = [{"prompt": f"p{n}", f"key{n}": n} for n in range(500)]
    assert len(survey_of(*rows).recognised[0]) < 1_000


def test_a_null_on_one_row_does_not_make_another_shape_of_it():
    """Or the answer would be a response on one row and the reference on the next."""
    rows = [
        {"question": "q1", "answer": "a", "contexts": ["c"], "ground_truth": "g"},
        {"question": "q2", "answer": "a", "contexts": None, "ground_truth": None},
    ]
    survey = survey_of(*rows)
    assert survey.shapes == {"ragas_0_1": 2}
    assert survey.with_field["responses"] == 2
