"""What holds for every reply: no error, no score off the scale, no care about fences and blanks."""

import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from evaldrop.evaluation.criteria import BUILT_IN, Criterion, Scale
from evaldrop.evaluation.criteria.scales import Point
from evaldrop.verdicts import JudgeReply, read_preference, read_verdicts
from evaldrop.verdicts.pairs.scores import parse_pair
from evaldrop.verdicts.scores.letters import parse_yes_no
from evaldrop.verdicts.scores.parsing import parse_score
from evaldrop.verdicts.scores.structured import entries_of

SCALES = [
    Scale.binary(),
    Scale.between(0, 1),
    Scale.between(1, 10),
    Scale.of_points(*(Point(value=float(n), label=str(n)) for n in range(1, 6)), halves_allowed=True),
    BUILT_IN["bedrock.helpfulness"].scale,
    Scale.of_choices(Point(value=1.0, label="A"), Point(value=0.25, label="B"), Point(value=0.0, label="A.")),
    BUILT_IN["instruction_following"].scale,
]
CHOICES = Scale.of_choices(*(Point(value=float(n), label=label) for n, label in enumerate(("1", "2", "Tie"))))
PIECES = [
    *(
        "Score: ",
        "Rating: [[",
        "]]",
        "[[",
        "4",
        "3.5",
        "11",
        "-1",
        "/10",
        "/5",
        " or ",
        "Y",
        "N",
        "yes",
        "no",
    ),
    *("A", "B", "tie", "n/a", "\n", "\n\n", "```", "```json\n", "{", "}", "[", "]", '"score": ', "'score': "),
    *('"tone": ', ",", ":", "**", "Output (a) is better.", "Output (b) is better", "I cannot", "<think>"),
    *("</think>", "<answer>", "</answer>", "Assistant 1: ", "Assistant 2: ", "very helpful", "Final "),
    *("I would give it a ", "\u200b", "½", "“", "\\", "//", "#", "/*", "null", "NaN", "1e999", "Tone", "("),
    *(")", "1. ", "2. ", "> ", "=", "•", "٣", "４"),
]
replies = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=8)), max_size=14).map("".join)
scales = st.sampled_from(SCALES)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10) | st.sampled_from(PIECES),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["tone", "score", "rationale", "verdicts", "name", "x"]), inner, max_size=3
        )
    ),
    max_leaves=8,
)


@settings(max_examples=400, deadline=None)
@given(text=replies, scale=scales, truncated=st.booleans())
@example(text="[" * 5000, scale=SCALES[0], truncated=False)
@example(text='{"a":' * 3000, scale=SCALES[0], truncated=True)
@example(text='{"score": 1' + "0" * 5000 + "}", scale=SCALES[2], truncated=False)
def test_a_score_is_on_the_scale_or_has_a_reason(text, scale, truncated):
    reading = parse_score(text, scale, name="tone", truncated=truncated)
    assert (reading.value is None) != (reading.reason is None)
    assert reading.value is None or scale.holds(reading.value)


@settings(max_examples=150, deadline=None)
@given(text=replies)
def test_no_parser_raises_or_answers_off_its_menu(text):
    pair = parse_pair(text, SCALES[2]).value
    assert pair is None or all(1 <= score <= 10 for score in pair)
    assert read_preference(JudgeReply(text=text), ("A", "B")).place in ("first", "second", "tie", None)
    assert parse_score(text, CHOICES).value in (0, 1, 2, None)
    assert parse_yes_no(text).value in (True, False, None)


@settings(max_examples=200, deadline=None)
@given(
    tool_input=st.none()
    | st.dictionaries(st.sampled_from(["tone", "score", "verdicts", "cites"]), values, max_size=4),
    text=replies,
    stop_reason=st.sampled_from([None, "end_turn", "max_tokens", "refusal", "content_filtered", "?"]),
    form=st.sampled_from(["tool", "text", "yes_no"]),
    scale=scales,
)
def test_every_criterion_gets_one_verdict_in_order(tool_input, text, stop_reason, form, scale):
    criteria = [Criterion(name="tone", question="q", scale=scale), Criterion(name="cites", question="q")]
    reply = JudgeReply(text=text, tool_input=tool_input, stop_reason=stop_reason)
    verdicts = read_verdicts(reply, criteria, form=form)
    assert [verdict.criterion for verdict in verdicts] == ["tone", "cites"]
    for verdict, criterion in zip(verdicts, criteria, strict=True):
        assert verdict.score is None or criterion.scale.holds(verdict.score)


# A fence opened or a thought begun inside the reply changes what the outer ones mean.
unfenced = replies.filter(lambda text: not any(mark in text for mark in ("```", "~~~", "<think", "\\")))


@settings(max_examples=300, deadline=None)
@given(
    text=unfenced,
    scale=scales,
    before=st.sampled_from(["", " ", "\n\n", "\t"]),
    after=st.sampled_from(["", "  ", "\n"]),
)
def test_blanks_and_fences_around_a_reply_change_nothing(text, scale, before, after):
    plain = parse_score(text, scale, name="tone")
    assert parse_score(before + text + after, scale, name="tone") == plain
    assert parse_score(f"```\n{text}\n```", scale, name="tone") == plain
    assert parse_score(f"{before}```json\n{before}{text}{after}\n```{after}", scale, name="tone") == plain


@given(score=st.sampled_from([1, 2, 3, 4, 5]), rationale=st.text(max_size=200))
@settings(max_examples=150, deadline=None)
def test_json_is_read_whatever_its_rationale_says(score, rationale):
    scale = SCALES[3]
    assert parse_score(json.dumps({"rationale": rationale, "score": score}), scale).value == score
    assert (
        parse_score(json.dumps({"rationale": rationale, "score": score}, ensure_ascii=False), scale).value
        == score
    )


@pytest.mark.parametrize(
    "filler",
    [
        "x ",
        "{",
        "[[",
        "score ",
        "Score: ",
        "\n",
        "I'd rate ",
        "<think>",
        '"',
        "A ",
        "1. ",
        "* ",
        "first or ",
        "preferred: ",
        "第一个",
    ],
)
def test_a_long_reply_is_read_in_good_time(filler):
    # 200 KB; a search that is quadratic in the reply would not end within the suite's patience.
    text = filler * (200_000 // len(filler)) + "\nFinal score: 3"
    for scale in (SCALES[3], SCALES[4]):
        assert parse_score(text, scale, name="tone").value in (3.0, None)
    read_preference(JudgeReply(text=text), ("A", "B"))
    parse_pair(text, SCALES[2])
    parse_yes_no(text)


ODD_SCORES = ["4", "yes", "4 - polite", "n/a", "", " {}", '["tone"]', '{"tone": 5}', '{"score": 2}']
SCORES = st.one_of(st.integers(-2, 12), st.floats(-2, 12), st.sampled_from(ODD_SCORES))
GIVEN = st.dictionaries(
    st.sampled_from(["tone", "Tone", "to ne", "correctness", "score", "name", "rationale", "-"]),
    st.fixed_dictionaries({"rationale": st.sampled_from(["", "because", '{"tone": 1}']), "score": SCORES}),
    min_size=1,
)


@given(
    value=GIVEN,
    name=st.sampled_from(["tone", "correctness", "score", "rationale", "to-ne", "!"]),
    alone=st.booleans(),
)
def test_what_is_to_the_letter_as_asked_is_read_as_anything_else_would_be(value, name, alone):
    """A member more makes it a reply that is not; what was given for a criterion stays the same."""
    searched = entries_of({**value, "note": 7}, names=[name], alone=False)
    assert entries_of(value, names=[name], alone=False) == searched
    if searched:
        assert entries_of(value, names=[name], alone=alone) == searched
