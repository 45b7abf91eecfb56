"""OpenAI's documented graders become checks of the same meaning, or are kept and said."""

import json

import pytest

from evaldrop.datasets.record_checks import read_record_check
from evaldrop.datasets.shapes.foreign_checks import NotCarriedOverError
from evaldrop.datasets.shapes.openai_graders import checks_of
from tests.evaldrop.datasets.reading_of import read_bytes, record_of, survey_of

LABELLED = {
    "type": "string_check", "name": "Match output to human label", "input": "{{ sample.output_text }}",
    "operation": "eq", "reference": "{{ item.correct_label }}",
}  # fmt: skip
TICKET = {"item": {"ticket_text": "My monitor won't turn on!", "correct_label": "Hardware"}}
MODEL = {"type": "score_model", "name": "judge", "model": "m", "input": [{"role": "user", "content": "?"}]}
ITEM = {"city": "Paris", "n": 5, "deep": {"er": "x"}}


def string_check(operation, reference, given="{{sample.output_text}}"):
    return {
        "type": "string_check",
        "name": "c",
        "input": given,
        "operation": operation,
        "reference": reference,
    }


def similarity(metric, **more):
    return {"type": "text_similarity", "name": "s", "input": "{{ sample.output_text }}",
            "reference": "{{ item.city }}", "evaluation_metric": metric, **more}  # fmt: skip


@pytest.mark.parametrize(
    ("grader", "check"),
    [
        (string_check("eq", "{{ item.city }}"), {"equals": "Paris"}),
        (string_check("ne", "{{item.city}}, {{ item.deep.er }}"), {"not_equals": "Paris, x"}),
        (string_check("like", "{{ item.city }}"), {"contains": "Paris"}),
        (string_check("ilike", "paris"), {"icontains": "paris"}),
        (string_check("eq", "{{ sample.output_text }}", given="{{ item.city }}"), {"equals": "Paris"}),
        (
            string_check("eq", "{{ item.n }}", given="{{ sample.output_json.count }}"),
            {"json_path": {"path": "$.count", "equals": 5}},
        ),
        (
            string_check("ne", "{{ item.city }}", given="{{ sample.output_json.a[0].b }}"),
            {"not_json_path": {"path": "$.a[0].b", "equals": "Paris"}},
        ),
        (similarity("fuzzy_match", pass_threshold=0.8), {"levenshtein": "Paris", "pass_at": 0.8}),
        (similarity("bleu"), {"bleu": "Paris"}),
        (similarity("gleu", pass_threshold=0.6), {"gleu": "Paris", "pass_at": 0.6}),
        (similarity("rouge_1", pass_threshold=0.5), {"rouge_1": "Paris", "pass_at": 0.5}),
        (similarity("rouge_2"), {"rouge_2": "Paris"}),
        (similarity("meteor", pass_threshold=0.5), {"meteor": "Paris", "pass_at": 0.5}),
        (similarity("rouge_l", pass_threshold=0.5), {"rouge_l": "Paris", "pass_at": 0.5}),
    ],
)
def test_a_grader_becomes_the_check_that_means_the_same(grader, check):
    assert checks_of(grader, ITEM) == [check]
    read_record_check(check, path="checks")


@pytest.mark.parametrize(
    ("grader", "why"),
    [
        (MODEL, "needs a model"),
        ({"type": "label_model", "name": "l", "labels": ["a"], "passing_labels": ["a"]}, "needs a model"),
        ({"type": "python", "source": "def grade(sample, item): return 1.0"}, "runs code"),
        ({"type": "endpoint", "url": "https://example.com"}, "calls a server"),
        ({"type": "multi", "graders": {"a": LABELLED}, "calculate_output": "a"}, "no check means the same"),
        (similarity("rouge_3"), "no check means the same"),
        (similarity("cosine"), "no check means the same"),
        (string_check("eq", "{{ item.nothing }}"), "the row lacks"),
        (string_check("like", "x", given="{{ sample.output_tools[0].function.name }}"), "no check means"),
        (string_check("between", "x"), "no check means the same"),
        (similarity("bleu", pass_threshold="high"), "its number cannot be read"),
    ],
)
def test_a_grader_that_means_nothing_here_says_why(grader, why):
    with pytest.raises(NotCarriedOverError, match=why):
        checks_of(grader, ITEM)


@pytest.mark.parametrize("is_behind", [False, True])
def test_graders_around_the_rows_of_a_file_hold_for_each(is_behind):
    around = [("testing_criteria", [LABELLED, MODEL]), ("data", [TICKET, TICKET])]
    records = read_bytes(json.dumps(dict(around[:: -1 if is_behind else 1])).encode(), source="eval.json")
    assert len(records) == 2
    for record in records:
        assert record.prompt == "My monitor won't turn on!"
        assert record.reference == ("Hardware",)
        assert record.checks == ({"equals": "Hardware", "name": "Match_output_to_human_label"},)
        assert record.metadata["testing_criteria"] == [MODEL]


def test_graders_on_a_row_of_any_shape_are_its_checks():
    """Rows of reinforcement fine-tuning are messages with more beside them, which graders call item."""
    grader = {**LABELLED, "reference": "{{ item.reference_answer }}"}
    row = {
        "messages": [{"role": "user", "content": "2 + 2?"}],
        "reference_answer": "4",
        "grader": grader,
    }
    record = record_of(row)
    assert record.checks == ({"equals": "4", "name": "Match_output_to_human_label"},)
    assert "grader" not in record.metadata


def test_what_is_not_carried_over_is_named_and_counted():
    row = {**TICKET, "graders": [LABELLED, MODEL]}
    (note,) = [each.what for each in survey_of(row, row).findings if "grader" in each.what]
    assert note.startswith('OpenAI\'s grader "score_model" is not carried over (it needs a model)')
    assert note.endswith("it is kept in metadata (2 rows)")


def test_a_metric_of_evaldrops_own_is_said_to_differ():
    row = {"item": ITEM, "graders": [string_check("eq", "{{ item.city }}"), similarity("bleu")]}
    (note,) = [each.what for each in survey_of(row).findings if "near its threshold" in each.what]
    assert note.startswith("OpenAI's grader of bleu is checked by evaldrop's bleu")


def test_the_answer_of_an_item_is_not_shown():
    """No grader is there to say which variable it is; its name does."""
    record = record_of({"item": {"ticket": "It smokes.", "priority_label": "x", "label": "Hardware"}})
    assert "Hardware" not in record.prompt
    assert record.reference == ("Hardware",)
    assert record.metadata["label"] == "Hardware"


def test_a_sample_that_was_already_answered_is_a_given_response():
    assert record_of({**TICKET, "sample": {"output_text": "Hardware"}}).responses == {"sample": "Hardware"}


def test_a_key_called_grader_that_is_none_is_left_aside_as_ever():
    record = record_of({"prompt": "q", "grader": "Ms Wren"})
    assert (record.checks, record.metadata) == ((), {"grader": "Ms Wren"})
