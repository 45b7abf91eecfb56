"""The short way of reading a plain reply comes to what the long one does, for whatever it takes."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from evaldrop.bedrock.families import replies
from evaldrop.bedrock.families.tool_calls import calls_text

_COUNTS = st.one_of(st.integers(-2, 10**9), st.none(), st.booleans(), st.floats(), st.just("7"))
_TEXTS = st.one_of(
    st.text(max_size=20),
    st.sampled_from(["", "<think>a</think>b", "[THINK]x[/THINK] y", "a < b", "assistantfinal", "\ud83d"]),
)
_BLOCKS = st.one_of(
    st.fixed_dictionaries({"Text": st.one_of(_TEXTS, st.none())}),
    st.fixed_dictionaries(
        {"ToolUse": st.fixed_dictionaries({"Input": st.one_of(st.just({}), st.just({"a": 1}), _TEXTS)})}
    ),
    st.just({"ReasoningContent": {"ReasoningText": {"Text": "hm"}}}),
    st.just({"Text": "a", "ToolUse": {"Input": {}}}),
    st.none(),
)
_REPLIES = st.fixed_dictionaries(
    {
        "Output": st.fixed_dictionaries(
            {"Message": st.fixed_dictionaries({"Content": st.lists(_BLOCKS, max_size=2)})}
        ),
        "StopReason": st.sampled_from(
            [
                "end_turn",
                "tool_use",
                "max_tokens",
                "stop_sequence",
                "END_TURN",
                "stop",
                "refusal",
                "error",
                None,
            ]
        ),
        "Usage": st.fixed_dictionaries(
            {"InputTokens": _COUNTS, "OutputTokens": _COUNTS},
            optional={"TotalTokens": _COUNTS, "CacheReadInputTokens": _COUNTS},
        ),
        "Metrics": st.fixed_dictionaries({"LatencyMs": _COUNTS}),
    },
    optional={"ServiceTier": st.just({"Type": "flex"}), "Trace": st.just({}), "Body": st.just({})},
)


def _is_same(short, long):
    # nan is not itself; nothing of the short way is one.
    return short == long and [type(each) for each in short] == [type(each) for each in long]


@settings(max_examples=500, deadline=None)
@given(_REPLIES)
def test_a_plain_reply_is_read_as_any_other_is(raw):
    short = replies._plain(raw)
    if short is not None:
        assert _is_same(short, replies._read_any("converse", raw))
        if short.tool_input is None:
            assert calls_text(raw) == ""


def test_the_commonest_replies_are_read_the_short_way():
    usage = {"InputTokens": 1, "OutputTokens": 2, "TotalTokens": 3}
    for block in ({"Text": "Yes."}, {"ToolUse": {"ToolUseId": "t", "Name": "n", "Input": {"a": 1}}}):
        raw = {
            "Output": {"Message": {"Role": "assistant", "Content": [block]}},
            "StopReason": "end_turn",
            "Usage": usage,
            "Metrics": {"LatencyMs": 5},
        }
        assert replies._plain(raw) is not None


def test_what_is_no_reply_at_all_is_left_to_the_long_way():
    for raw in (
        None,
        [],
        "x",
        {},
        {"Output": None},
        {"Output": {"Message": {"Content": [7]}}},
        json.loads("1"),
    ):
        assert replies._plain(raw) is None
        assert replies.read_reply("converse", raw).error is not None
