"""The `fields:` mapping: what it names wins, what it does not is recognised, what is wrong in it is said."""

import pytest

from evaldrop.errors import DatasetError
from tests.evaldrop.datasets.reading_of import problems_of, record_of, survey_of


def test_a_mapping_reads_a_shape_nobody_knows():
    row = {"q": {"text": "Why?"}, "turns": [{"text": "So."}], "owner": "me"}
    record = record_of(row, {"prompt": "q.text", "reference": "turns[0].text"})
    assert (record.prompt, record.reference) == ("Why?", ("So.",))
    assert record.metadata["owner"] == "me"


def test_a_mapping_wins_over_recognition():
    row = {"input": "q", "output": "the ideal answer", "metadata": {}}
    record = record_of(row, {"reference": "output"})
    assert (record.prompt, record.reference, record.responses) == ("q", ("the ideal answer",), {})


def test_a_mapping_adds_to_a_recognised_shape():
    row = {"prompt": "q", "referenceResponse": "r", "meta": {"doc": 7}}
    record = record_of(row, {"group": "meta.doc"})
    assert (record.reference, record.group) == (("r",), "7")


def test_a_mapping_may_use_a_key_that_its_shape_needs():
    row = {"instruction": "q", "dataset": "d"}
    record = record_of(row, {"group": "dataset"})
    assert (record.prompt, record.category, record.group) == ("q", "d", "d")


def test_a_mapped_prompt_replaces_the_one_the_row_has():
    record = record_of({"prompt": "template", "question": "Why?"}, {"prompt": "question"})
    assert record.prompt == "Why?"
    assert record.metadata == {"prompt": "template"}


def test_a_key_with_dots_is_a_key_before_it_is_a_path():
    assert record_of({"a.b": "key", "a": {"b": "path"}}, {"prompt": "a.b"}).prompt == "key"


def test_responses_are_named_by_the_target_or_the_source():
    row = {"prompt": "q", "old": "a", "new": "b"}
    assert record_of(row, {"responses.v1": "old"}).responses == {"v1": "a"}
    assert record_of(row, {"responses": "new"}).responses == {"new": "b"}
    assert record_of({"prompt": "q", "all": {"x": "y"}}, {"responses": "all"}).responses == {"x": "y"}


def test_metadata_can_be_mapped_whole_or_by_name():
    row = {"prompt": "q", "tags": {"a": 1}, "lang": "de"}
    record = record_of(row, {"metadata": "tags", "metadata.language": "lang"})
    assert record.metadata == {"a": 1, "language": "de"}
    assert record_of(row, {"metadata": "lang"}).metadata["lang"] == "de"


def test_messages_can_be_mapped_as_a_prompt():
    record = record_of({"chat": [{"role": "user", "content": "Hi"}]}, {"prompt": "chat"})
    assert record.prompt_text == "Hi"


def test_a_row_without_the_mapped_prompt_says_which_path_it_lacks():
    (said,) = problems_of({"q": {}}, {"prompt": "q.text"})
    assert said == (
        'faq.jsonl line 1: no prompt: the row has no "q.text". '
        "Correct the row, or `fields` in the evaluation."
    )


def test_a_path_that_no_row_has_is_a_problem_of_the_file():
    survey = survey_of({"prompt": "a"}, {"prompt": "b"}, fields={"reference": "gold.text"})
    assert survey.n_accepted == 2
    assert [str(problem) for problem in survey.problems] == [
        'faq.jsonl: fields: no row has "gold.text", mapped to reference. Correct `fields` in the evaluation.'
    ]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"promt": "q"}, 'fields: "promt" is not a field of a record. Did you mean "prompt"?'),
        ({"zzz": "q"}, 'fields: "zzz" is not a field of a record. Use one of id, prompt'),
        ({"prompt.x": "q"}, 'fields: "prompt.x" is not a field'),
        ({"responses.": "q"}, 'fields: "responses." is not a field'),
        ({"prompt": ""}, 'fields: "", for prompt, is not a path'),
        ({"prompt": "a[x]"}, 'fields: "a[x]", for prompt, is not a path'),
    ],
)
def test_a_wrong_mapping_is_refused_before_any_row(fields, message):
    with pytest.raises(DatasetError, match=r"^fields: ") as caught:
        record_of({"prompt": "x"}, fields)
    assert message in str(caught.value)


def test_what_a_guardrail_should_stop_may_stand_anywhere():
    fields = {"expected_blocked": "labels.block"}
    row = {"input": "q", "target": "a", "labels": {"block": False}}
    assert record_of(row, fields).expected_blocked is False
    assert record_of({"input": "q", "expected_blocked": True}).expected_blocked is True
    assert record_of({"prompt": "q", "expected_blocked": None}).expected_blocked is None


@pytest.mark.parametrize(("value", "kind"), [("yes", "a string"), (1, "a number"), ([True], "a list")])
def test_expected_blocked_is_true_or_false_and_nothing_like_it(value, kind):
    """Read as a truth, "no" and "false" would both mean that the guardrail should stop the request."""
    what = f'faq.jsonl line 1: "expected_blocked" is {kind}, not true or false.'
    problems = problems_of({"prompt": "q", "expected_blocked": value})
    assert problems == [f'{what} Make "expected_blocked" true or false.']
    mapped = problems_of({"prompt": "q", "block": value}, {"expected_blocked": "block"})
    assert f'"block" is {kind}, not true or false' in mapped[0]
