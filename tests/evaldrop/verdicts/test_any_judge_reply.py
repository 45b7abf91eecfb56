"""Whatever a judge says, in whatever form it was asked: a verdict, or a named reason why there is none."""

import json
from typing import get_args

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from evaldrop.bedrock.families.replies import read_reply
from evaldrop.evaluation.criteria import Criterion, Scale
from evaldrop.verdicts import JudgeReply, read_pair_scores, read_preference, read_verdicts
from evaldrop.verdicts.verdict import UnscoredReason
from tests.evaldrop.verdicts.test_properties import SCALES, replies, scales, values

REASONS = frozenset(get_args(UnscoredReason))
KEYS = [
    "tone",
    "cites",
    "score",
    "scores",
    "verdicts",
    "preferred",
    "preference",
    "winner",
    "first",
    "second",
    "A",
    "B",
]
INPUTS = st.dictionaries(st.sampled_from([*KEYS, "rationale"]) | st.text(max_size=4), values, max_size=4)
TEXTS = st.one_of(
    replies,
    st.text(max_size=60),
    st.text(st.characters(), max_size=20).map(lambda text: text + "\ud83d"),
    (values | INPUTS).map(json.dumps),
    INPUTS.map(lambda said: f"```json\n{json.dumps(said, ensure_ascii=False)}\n```"),
    INPUTS.map(repr),
)
STOPS = st.sampled_from(
    [None, "end_turn", "tool_use", "max_tokens", "length", "refusal", "content_filtered", "", "?"]
)
REPLIES = st.builds(JudgeReply, text=TEXTS, tool_input=st.none() | INPUTS, stop_reason=STOPS)
HUGE = 10**400


def _is_told(value, reason):
    """Either a value or a reason that has a name, and never both."""
    assert (value is None) != (reason is None)
    assert reason is None or reason in REASONS


@pytest.mark.fuzz
@given(reply=REPLIES, form=st.sampled_from(["tool", "text", "yes_no"]), scale=scales)
@example(reply=JudgeReply(tool_input={"tone": HUGE, "cites": -HUGE}), form="tool", scale=SCALES[1])
@example(reply=JudgeReply(text='{"tone": {"score": ' + "[" * 9_000), form="text", scale=SCALES[2])
@example(reply=JudgeReply(text="Tone: " + "9" * 9_000), form="text", scale=SCALES[3])
def test_any_reply_is_a_verdict_on_each_criterion(reply, form, scale):
    scale = Scale.binary() if form == "yes_no" else scale
    criteria = [Criterion(name="tone", question="q", scale=scale), Criterion(name="cites", question="q")]
    criteria = criteria[:1] if form == "yes_no" else criteria
    verdicts = read_verdicts(reply, criteria, form=form)
    assert [verdict.criterion for verdict in verdicts] == [criterion.name for criterion in criteria]
    for verdict, criterion in zip(verdicts, criteria, strict=True):
        _is_told(verdict.score, verdict.unscored_reason)
        assert verdict.score is None or criterion.scale.holds(verdict.score)
        assert isinstance(verdict.rationale, str)


@pytest.mark.fuzz
@given(
    reply=REPLIES,
    names=st.sampled_from([("A", "B"), ("first", "second"), ("1", "2"), ("(a)", "<b>")]),
    tie=st.booleans(),
)
@example(reply=JudgeReply(text='{"preferred": ' + "[" * 9_000), names=("A", "B"), tie=True)
def test_any_reply_is_a_preference(reply, names, tie):
    found = read_preference(reply, names, tie=tie)
    _is_told(found.place, found.unscored_reason)
    assert found.place in {"first", "second", "tie", None}
    assert isinstance(found.rationale, str)


@pytest.mark.fuzz
@given(reply=REPLIES, names=st.sampled_from([("A", "B"), ("first", "second"), ("(a)", "<b>")]))
@example(reply=JudgeReply(tool_input={"scores": [HUGE, -HUGE]}), names=("A", "B"))
@example(reply=JudgeReply(text="A: " + "9" * 9_000 + ", B: 1e999"), names=("A", "B"))
def test_any_reply_is_a_pair_of_scores(reply, names):
    scale = Scale.between(1, 10)
    found = read_pair_scores(reply, scale, names)
    _is_told(found.place, found.unscored_reason)
    assert (found.scores is None) == (found.place is None)
    assert all(scale.holds(score) for score in found.scores or ())


@pytest.mark.fuzz
@given(sent=values | INPUTS | st.fixed_dictionaries({"Output": st.fixed_dictionaries({"Message": values})}))
def test_any_body_that_a_judge_sends_is_a_verdict(sent):
    """All the way from what a results file holds."""
    read = read_reply("converse", sent)
    (verdict,) = read_verdicts(
        JudgeReply(text=read.text, tool_input=read.tool_input, stop_reason=read.stop_reason),
        [Criterion(name="tone", question="q")],
        form="tool",
    )
    _is_told(verdict.score, verdict.unscored_reason)


# As deep as JSON is read at all; no example, for hypothesis itself gives up on showing it.
@pytest.mark.parametrize("levels", [99, 900])
@pytest.mark.parametrize(
    "around", [lambda deep: deep, lambda deep: {"score": deep}, lambda deep: {"x": {"tone": deep}}]
)
def test_what_nests_deep_is_no_verdict_and_no_error(levels, around):
    said = {name: around(json.loads("[" * levels + "]" * levels)) for name in ("tone", "preferred", "scores")}
    for reply in (JudgeReply(tool_input=said), JudgeReply(text=json.dumps(said))):
        (verdict,) = read_verdicts(reply, [Criterion(name="tone", question="q")], form="tool")
        assert verdict.unscored_reason in REASONS
        assert read_preference(reply, ("A", "B")).unscored_reason in REASONS
        assert read_pair_scores(reply, Scale.between(1, 10)).unscored_reason in REASONS
