"""promptfoo's assertions become what they mean, or are kept and said."""

import pytest

from tests.evaldrop.datasets.reading_of import read_bytes, record_of, survey_of


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
    assert record.checks == ({"contains": "a"}, {"contains": "b"})


def test_a_whole_text_is_preferred_to_a_part_as_reference():
    part, whole = {"type": "contains", "value": "8"}, {"type": "equals", "value": "18"}
    record = record_of(puzzle(part, whole))
    assert record.reference == ("18",)
    assert record.checks == ({"contains": "8"}, {"equals": "18"})
    assert "assert" not in record.metadata


def test_what_is_not_carried_over_is_kept_and_said():
    row = puzzle({"type": "javascript", "value": "output.length < 9"}, {"type": "rouge-n", "value": "x"})
    survey = survey_of(row, row)
    reasons = {"javascript": "it runs code", "rouge-n": "no check means the same"}
    assert [hint.what for hint in survey.hints if "promptfoo" in hint.what] == [
        f'promptfoo assertion "{kind}" is not carried over ({why}); it is kept in metadata (2 rows)'
        for kind, why in reasons.items()
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


def test_checks_take_the_assertions_metric_as_name_and_its_weight():
    record = record_of(
        puzzle(
            {"type": "not-contains", "value": "{{ who }}", "metric": "No name of {{who}}!", "weight": 2},
            {"type": "not-contains", "value": "x", "metric": "!?", "weight": 1},
            who="Ada",
        )
    )
    assert record.checks == (
        {"not_contains": "Ada", "name": "No_name_of_Ada", "weight": 2},
        {"not_contains": "x"},
    )


def test_assertions_of_a_set_without_threshold_all_hold_and_share_its_metric():
    members = [{"type": "contains", "value": "a"}, {"type": "contains", "value": "b", "metric": "own"}]
    record = record_of(puzzle({"type": "assert-set", "assert": members, "metric": "both", "weight": 3}))
    assert record.checks == (
        {"contains": "a", "name": "both", "weight": 3},
        {"contains": "b", "name": "own", "weight": 3},
    )


def test_a_set_of_which_some_have_to_hold_is_kept_and_said():
    some = {"type": "assert-set", "threshold": 0.5, "assert": [{"type": "contains", "value": "a"}]}
    record = record_of(puzzle(some))
    assert (record.checks, record.metadata["assert"]) == ((), [some])


def test_similar_is_the_reference_and_said_to_need_a_model():
    row = puzzle({"type": "similar", "value": "echo", "threshold": 0.8})
    assert record_of(row).reference == ("echo",)
    (hint,) = [hint for hint in survey_of(row).findings if "similar" in hint.what]
    assert "(it needs a model); it is kept in metadata (1 row)" in hint.what


def test_json_to_equal_is_the_reference_as_text():
    record = record_of(puzzle({"type": "equals", "value": {"city": "{{city}}"}}, city="Köln"))
    assert record.reference == ('{"city": "Köln"}',)


def test_a_check_that_cannot_read_its_value_is_kept_and_said_not_refused():
    record = record_of(puzzle({"type": "contains", "value": "a", "weight": "much"}))
    assert record.checks == ()
    assert record.metadata["assert"] == [{"type": "contains", "value": "a", "weight": "much"}]


def test_a_tests_own_threshold_is_said_not_to_be_carried_over():
    findings = survey_of({**puzzle({"type": "contains", "value": "a"}), "threshold": 0.5}).findings
    assert any('"threshold" of a test is not carried over' in each.what for each in findings)


def test_a_result_brings_the_assertions_of_its_test():
    record = record_of(
        {
            "vars": {"who": "Ada"}, "prompt": {"raw": "Who is Ada?"}, "provider": {"id": "m"},
            "response": {"output": "A countess."},
            "testCase": {"vars": {"who": "Ada"}, "assert": [{"type": "contains", "value": "{{who}}"}]},
        }
    )  # fmt: skip
    assert (record.responses, record.checks) == ({"m": "A countess."}, ({"contains": "Ada"},))


def test_a_table_of_tests_is_read_with_its_special_columns():
    table = (
        b"question,category,__expected1,__expected2,__prefix,__metadata:topic,__description\n"
        b"Capital of France?,geo,contains:Paris,not-contains:Rome,Short: ,capitals,a test\n"
        b"Capital of Italy?,geo,Rome,,Short: ,capitals,another\n"
    )
    first, second = read_bytes(table, source="tests.csv")
    assert first.prompt == "Short: Capital of France?"
    assert first.checks == ({"contains": "Paris"}, {"not_contains": "Rome"})
    assert (first.category, first.metadata["topic"]) == ("geo", "capitals")
    assert (second.reference, second.checks) == (("Rome",), ({"equals": "Rome"},))


def test_a_table_of_tests_may_have_a_column_called_prompt():
    (record,) = read_bytes(b"prompt,__expected\nSay hello.,contains:hello\n", source="tests.csv")
    assert (record.prompt, record.checks) == ("Say hello.", ({"contains": "hello"},))


def test_a_check_does_not_take_the_name_of_a_question_with_the_same_metric():
    """promptfoo's metrics gather assertions of any kind; a check and a criterion are told by their names."""
    record = record_of(
        puzzle(
            {"type": "contains", "value": "a", "metric": "Tone"},
            {"type": "llm-rubric", "value": "Is it kind?", "metric": "Tone"},
        )
    )
    assert record.criteria == {"Tone": "Is it kind?"}
    assert record.checks == ({"contains": "a", "name": "Tone_check"},)


def test_a_tables_columns_of_settings_belong_to_their_assertion():
    table = b"question,__expected1,__expected2,__config:__expected2:metric\nq,contains:a,contains:b,B\n"
    (record,) = read_bytes(table, source="tests.csv")
    assert record.checks == ({"contains": "a"}, {"contains": "b", "name": "B"})


@pytest.mark.parametrize("value", ["x" * 200_000, 'a\r"b', '"', ",", ""])
def test_a_compact_list_that_cannot_be_parted_is_kept_and_said(value):
    """Whatever the cell holds, the row is a record."""
    record = record_of(puzzle({"type": "contains-any", "value": value}))
    assert "assert" in record.metadata or record.checks
