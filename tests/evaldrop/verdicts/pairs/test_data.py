"""A preference in a tool's input or in JSON is read in every form that leaves no doubt."""

import json

import pytest

from evaldrop.verdicts import JudgeReply, read_preference

INPUTS = [
    ({"preferred": "first"}, "first"),
    ({"preferred": " Second "}, "second"),
    ({"preferred": "second response"}, "second"),
    ({"preferred": "the first one"}, "first"),
    ({"preferred": "2"}, "second"),
    ({"preferred": 2}, "second"),
    ({"preferred": 1.0}, "first"),
    ({"preferred": "Response 1"}, "first"),
    ({"preferred": "B"}, "second"),
    ({"preferred": "first."}, "first"),
    ({"preferred": "second - it names the date"}, "second"),
    ({"preferred": "The second response is better."}, "second"),
    ({"preferred": ["first"]}, "first"),
    ({"preferred": {"response": "second"}}, "second"),
    ({"preferred": {"value": "first", "reason": "second lies"}}, "first"),
    ({"preferred": '{"preferred": "second"}'}, "second"),
    ({"preferred": "tie"}, "tie"),
    ({"preferred": "Both"}, "tie"),
    ({"preferred": "neither"}, "tie"),
    ({"preference": "second"}, "second"),
    ({"Preferred": "first"}, "first"),
    ({"winner": "Response 2"}, "second"),
    ({"better_response": "first"}, "first"),
    ({"choice": "1"}, "first"),
    ({"verdict": "second"}, "second"),
    ({"answer": "[[B]]"}, "second"),
    ({"rationale": "second is better", "preferred": "first"}, "first"),
    ({"rationale": "r", "selection_made": "second"}, "second"),
    ({"input": {"rationale": "r", "preferred": "second"}}, "second"),
    ({"submit_preference": {"preferred": "first"}}, "first"),
    ({"first": True, "second": False}, "first"),
    ({"preferred": "first", "rejected": "second"}, "first"),
    ({"chosen": "second", "rejected": "first"}, "second"),
    ({"ranking": ["second", "first"]}, "second"),
    ({"ranking": "second > first"}, "second"),
    ({"ordered_models": [{"model": "first", "rank": 2}, {"model": "second", "rank": 1}]}, "second"),
    ({"ordered_models": [{"model": "first", "rank": 1}, {"model": "second", "rank": 1}]}, "tie"),
    ({"first": 1, "second": 2}, "first"),
    ({"first": {"rank": 2}, "second": {"rank": 1}}, "second"),
]  # fmt: skip

NO_INPUTS = [
    {"rationale": "first is better"},
    {"reasoning": "preferred: first"},
    {"preferred": "first or second"},
    {"preferred": ["first", "second"]},
    {"preferred": "not first"},
    {"preferred": "the longer one"},
    {"preferred": None},
    {"preferred": ""},
    {"preferred": True},
    {"preferred": 3},
    {"preferred": 1.5},
    {"preferred": "first", "winner": "second"},
    {"preferred": "first", "rejected": "first"},
    {"first": True, "second": True},
    {"first": 8, "second": 9},
    {"scores": {"first": 1, "second": 2}},
    {"first_score": 1, "second_score": 2},
    {"models": ["second", "first"]},
    {},
]  # fmt: skip


@pytest.mark.parametrize(("tool_input", "better"), INPUTS)
def test_a_tools_input_is_read_in_every_plausible_form(tool_input, better):
    assert read_preference(JudgeReply(tool_input=tool_input), ("first", "second")).place == better


@pytest.mark.parametrize("tool_input", NO_INPUTS)
def test_a_tools_input_that_names_neither_or_both_is_no_preference(tool_input):
    assert read_preference(JudgeReply(tool_input=tool_input), ("first", "second")).place is None


@pytest.mark.parametrize(("tool_input", "better"), INPUTS)
def test_the_same_is_read_from_json_in_the_text(tool_input, better):
    for text in (json.dumps(tool_input), f"Reasons.\n```json\n{json.dumps(tool_input, indent=1)}\n```"):
        assert read_preference(JudgeReply(text=text), ("first", "second")).place == better


@pytest.mark.parametrize("tool_input", NO_INPUTS)
def test_the_same_is_no_preference_in_the_text_either(tool_input):
    assert read_preference(JudgeReply(text=json.dumps(tool_input)), ("first", "second")).place is None


def test_the_tool_counts_before_the_text_and_the_text_where_the_tool_says_nothing():
    said = read_preference(
        JudgeReply(text="preferred: first", tool_input={"preferred": "second"}), ("first", "second")
    )
    assert said.place == "second"
    said = read_preference(
        JudgeReply(text="preferred: first", tool_input={"rationale": "r"}), ("first", "second")
    )
    assert (said.place, said.rationale) == ("first", "r")


@pytest.mark.parametrize(("tool_input", "better"), [
    ({"preferred": "M"}, "second"), ({"preferred": "m"}, "first"), ({"winner": "model m"}, "first"),
    ({"m": 2, "M": 1}, "second"), ({"preferred": "Model M is better."}, "second"),
])  # fmt: skip
def test_a_tools_names_are_read_as_they_are_written(tool_input, better):
    assert read_preference(JudgeReply(tool_input=tool_input), ("m", "M")).place == better


def test_a_declared_word_for_a_tie_is_read_from_the_tool():
    for said in ("0", 0):
        found = read_preference(JudgeReply(tool_input={"preferred": said}), ("1", "2"), tie_words=("0",))
        assert found.place == "tie"


def test_a_key_given_twice_differently_is_ambiguous():
    found = read_preference(
        JudgeReply(text='{"preferred": "first", "preferred": "second"}'), ("first", "second")
    )
    assert found.unscored_reason == "ambiguous"
