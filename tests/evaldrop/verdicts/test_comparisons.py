"""What a judge said of two responses: the tool's word, the final line, scores, and why there is none."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaldrop.evaluation.criteria import Scale
from evaldrop.verdicts import JudgeReply, read_pair_scores, read_preference

TEN = Scale.between(1, 10)
NAMES = ("first", "second")


@pytest.mark.parametrize(("text", "place"), [
    ("Reasons.\npreferred: first", "first"),
    ("preferred: second", "second"),
    ("**Preferred:** tie", "tie"),
    ("The second response is better.", "second"),
    ("It is a tie.", "tie"),
])  # fmt: skip
def test_a_preference_in_words_is_read(text, place):
    assert read_preference(JudgeReply(text=text), NAMES).place == place


@pytest.mark.parametrize(("said", "place"), [("first", "first"), (" Second ", "second"), ("TIE", "tie")])
def test_the_tools_word_counts_whatever_its_case(said, place):
    found = read_preference(JudgeReply(tool_input={"rationale": "r", "preferred": said}), NAMES)
    assert (found.place, found.rationale, found.unscored_reason) == (place, "r", None)


def test_a_tool_that_names_neither_falls_back_on_the_text():
    reply = JudgeReply(text="preferred: second", tool_input={"preferred": "the longer one"})
    assert read_preference(reply, NAMES).place == "second"


def test_a_tie_that_was_not_offered_is_no_verdict():
    found = read_preference(
        JudgeReply(text="preferred: tie", tool_input={"preferred": "tie"}), NAMES, tie=False
    )
    assert (found.place, found.unscored_reason) == (None, "no_verdict")


def test_two_different_final_lines_are_ambiguous():
    found = read_preference(JudgeReply(text="preferred: first\npreferred: second"), NAMES)
    assert found.unscored_reason == "ambiguous"


@pytest.mark.parametrize(("stop_reason", "reason"), [
    ("guardrail_intervened", "blocked"), ("content_filtered", "blocked"), ("refusal", "refused"),
])  # fmt: skip
def test_a_stopped_judge_has_no_preference_and_no_scores(stop_reason, reason):
    reply = JudgeReply(text="preferred: first\n8 9", stop_reason=stop_reason)
    assert read_preference(reply, NAMES).unscored_reason == reason
    assert read_pair_scores(reply, TEN).unscored_reason == reason


@pytest.mark.parametrize(("text", "place", "scores"), [
    ("8 9\nThe second is more detailed.", "second", (8, 9)),
    ("(9, 7.5)", "first", (9, 7.5)),
    ("Assistant 1: 8\nAssistant 2: 8", "tie", (8, 8)),
])  # fmt: skip
def test_the_higher_score_is_the_preference(text, place, scores):
    found = read_pair_scores(JudgeReply(text=text), TEN)
    assert (found.place, found.scores) == (place, scores)


def test_scores_in_the_tool_count_before_the_text():
    reply = JudgeReply(text="1 9", tool_input={"rationale": "r", "first_score": 9, "second_score": "3"})
    found = read_pair_scores(reply, TEN)
    assert (found.place, found.scores, found.rationale) == ("first", (9, 3), "r")


@pytest.mark.parametrize(("reply", "reason"), [
    (JudgeReply(text="0 9"), "out_of_range"),
    (JudgeReply(tool_input={"first_score": 3, "second_score": 11}), "out_of_range"),
    (JudgeReply(tool_input={"first_score": 3, "second_score": 1}, stop_reason="max_tokens"), "truncated"),
    (JudgeReply(tool_input={"first_score": 3}, text="Both are fine."), "no_verdict"),
])  # fmt: skip
def test_scores_that_are_none_leave_the_pair_unscored(reply, reason):
    found = read_pair_scores(reply, TEN)
    assert (found.place, found.scores, found.unscored_reason) == (None, None, reason)


KEYS = st.sampled_from(["preferred", "first_score", "second_score"])


@settings(max_examples=100)
@given(st.text(), st.dictionaries(KEYS, st.text() | st.floats()))
def test_reading_never_raises_and_never_leaves_the_scale(text, tool_input):
    reply = JudgeReply(text=text, tool_input=tool_input)
    for found in (read_preference(reply, NAMES), read_pair_scores(reply, TEN)):
        assert (found.place is None) == (found.unscored_reason is not None)
        assert found.scores is None or all(1 <= score <= 10 for score in found.scores)
