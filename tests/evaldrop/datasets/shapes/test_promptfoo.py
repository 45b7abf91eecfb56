"""promptfoo's assertions become what they mean, or are kept and said."""

import pytest

from tests.evaldrop.datasets.reading_of import record_of, survey_of


def puzzle(*assertions, **variables):
    return {"vars": variables or {"riddle": "What am I?"}, "assert": list(assertions)}


@pytest.mark.parametrize(
    "kind", ["equals", "contains", "icontains", "similar", "factuality", "model-graded-factuality"]
)
def test_a_lone_comparison_with_a_text_is_the_reference(kind):
    assert record_of(puzzle({"type": kind, "value": "echo"})).reference == ("echo",)


def test_contains_any_is_any_of():
    assert record_of(puzzle({"type": "contains-any", "value": ["a", "b"]})).reference == ("a", "b")


def test_rubrics_become_criteria_named_by_their_metric_or_kind():
    record = record_of(
        puzzle(
            {"type": "llm-rubric", "value": "Do not apologize"},
            {"type": "llm-rubric", "value": "Be kind"},
            {"type": "g-eval", "value": ["Coherent", "Brief"], "metric": "Quality"},
        )
    )
    assert record.criteria == {
        "llm_rubric": "Do not apologize",
        "llm_rubric_2": "Be kind",
        "Quality": "Coherent\nBrief",
    }


def test_rubrics_join_the_criteria_the_row_already_names():
    row = puzzle({"type": "llm-rubric", "value": "Be kind"})
    assert record_of({**row, "criteria": ["tone"]}).criteria == {"tone": None, "llm_rubric": "Be kind"}


def test_two_texts_that_must_both_occur_are_not_one_reference_of_any():
    both = [{"type": "contains", "value": "a"}, {"type": "contains", "value": "b"}]
    record = record_of(puzzle(*both))
    assert record.reference == ()
    assert record.metadata["assert"] == both


def test_a_whole_text_is_preferred_to_a_part_as_reference():
    part, whole = {"type": "contains", "value": "8"}, {"type": "equals", "value": "18"}
    record = record_of(puzzle(part, whole))
    assert record.reference == ("18",)
    assert record.metadata["assert"] == [part]


def test_what_is_not_carried_over_is_kept_and_said():
    row = puzzle({"type": "javascript", "value": "output.length < 9"}, {"type": "cost", "threshold": 0.002})
    survey = survey_of(row, row)
    assert [hint.what for hint in survey.hints if "promptfoo" in hint.what] == [
        'promptfoo assertion "javascript" is not carried over; it is kept in metadata (2 rows)',
        'promptfoo assertion "cost" is not carried over; it is kept in metadata (2 rows)',
    ]


def test_variables_in_an_assertion_are_filled_in_and_unknown_ones_left():
    record = record_of(
        puzzle({"type": "equals", "value": "{{ name }} {{other}}"}, name="Ada", question="Who?")
    )
    assert record.reference == ("Ada {{other}}",)


def test_a_numeric_value_is_a_reference():
    assert record_of(puzzle({"type": "equals", "value": 8})).reference == ("8",)


def test_list_variables_are_said_not_to_multiply():
    (hint,) = survey_of({"vars": {"city": ["Rome", "Oslo"]}}).hints
    assert "once per value of a list variable" in hint.what
