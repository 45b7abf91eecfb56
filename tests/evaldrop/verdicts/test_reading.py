"""One verdict per criterion, always, in order, whatever the reply is."""

import json

import pytest

from evaldrop.evaluation.criteria import Criterion, Scale, built_in
from evaldrop.evaluation.criteria.scales import Point
from evaldrop.verdicts import JudgeReply, Verdict, read_verdicts, unscored_verdicts, verdict_tool
from evaldrop.verdicts.tool import property_names

TONE = Criterion(
    name="tone",
    question="How warm is it?",
    scale=Scale.of_points(
        *(Point(value=float(n), label=label) for n, label in enumerate(("rude", "flat", "warm"), start=1))
    ),
)
CITES = Criterion(name="cites_policy", question="Does it cite the policy?")
OBEYS = Criterion(name="obeys", question="Does it obey?", scale=Scale.binary(not_applicable=True))
BOTH = (TONE, CITES)


def tool(tool_input, stop_reason="tool_use"):
    return JudgeReply(tool_input=tool_input, stop_reason=stop_reason)


GOOD = {"tone": {"rationale": "kind", "score": 3}, "cites_policy": {"rationale": "it does", "score": "yes"}}

TOOL_INPUTS = [
    GOOD,
    {"tone": {"score": "3", "rationale": "kind"}, "cites_policy": {"score": True}},
    {"tone": {"score": "warm"}, "cites_policy": {"score": 1}},
    {"tone": 3, "cites_policy": "yes"},
    {"tone": {"rating": 3.0}, "cites_policy": {"verdict": "Yes"}},
    {"Tone": {"score": 3}, "Cites Policy": {"score": "YES"}},
    {"verdicts": GOOD},
    {"submit_verdicts": {"verdicts": GOOD}},
    {"verdicts": [{"criterion": "tone", "score": 3}, {"criterion": "cites_policy", "score": "yes"}]},
    {"verdicts": [{"name": "cites_policy", "score": "yes"}, {"name": "tone", "score": 3}]},
    {"tone": json.dumps(GOOD["tone"]), "cites_policy": json.dumps(GOOD["cites_policy"])},
    {"input": json.dumps(GOOD)},
    {"input": "{'tone': {'score': 3,}, 'cites_policy': {'score': 'yes'}}"},
    {"tone": {"score": {"value": 3}}, "cites_policy": {"score": ["yes"]}},
    {"tone": {"score": "3 (warm)"}, "cites_policy": {"score": "yes, in the first line"}},
    {"tone": [{"score": 3}], "cites_policy": [{"score": "yes"}]},
]


@pytest.mark.parametrize("tool_input", TOOL_INPUTS)
def test_a_tool_input_is_read_whatever_it_is_wrapped_in(tool_input):
    assert [verdict.score for verdict in read_verdicts(tool(tool_input), BOTH, form="tool")] == [3.0, 1.0]


def test_the_rationale_comes_with_the_score():
    assert read_verdicts(tool(GOOD), BOTH, form="tool") == [
        Verdict(criterion="tone", score=3.0, rationale="kind"),
        Verdict(criterion="cites_policy", score=1.0, rationale="it does"),
    ]


def test_a_criterion_the_tool_input_leaves_out_is_unscored_and_the_other_is_not():
    verdicts = read_verdicts(tool({"tone": {"score": 3}}), BOTH, form="tool")
    assert [(verdict.score, verdict.unscored_reason) for verdict in verdicts] == [
        (3.0, None),
        (None, "no_verdict"),
    ]


@pytest.mark.parametrize(
    ("score", "reason"),
    [
        (4, "out_of_range"),
        (0, "out_of_range"),
        (2.5, "out_of_range"),
        ("friendly", "no_verdict"),
        (None, "no_verdict"),
        (True, "no_verdict"),
        ("", "no_verdict"),
        ({}, "no_verdict"),
        ([], "no_verdict"),
        ([1, 2], "ambiguous"),
        ("2 or 3", "ambiguous"),
        ("3 (rude)", "ambiguous"),
        (10**400, "out_of_range"),
        (float("nan"), "out_of_range"),
        (float("inf"), "out_of_range"),
        ("<UNKNOWN>", "no_verdict"),
    ],
)
def test_a_score_off_the_scale_is_never_clipped_or_guessed(score, reason):
    [verdict] = read_verdicts(tool({"tone": {"rationale": "x", "score": score}}), [TONE], form="tool")
    assert (verdict.score, verdict.unscored_reason) == (None, reason)


def test_a_verdict_quoted_in_a_rationale_is_not_read():
    quoted = {"tone": {"rationale": '{"cites_policy": {"score": "yes"}}', "score": 1}}
    assert [v.score for v in read_verdicts(tool(quoted), BOTH, form="tool")] == [1.0, None]


def test_one_criterion_needs_no_name():
    [verdict] = read_verdicts(tool({"rationale": "kind", "score": 3}), [TONE], form="tool")
    assert verdict == Verdict(criterion="tone", score=3.0, rationale="kind")


def test_not_applicable_is_a_reason_and_no_score():
    [verdict] = read_verdicts(tool({"obeys": {"score": "not_applicable"}}), [OBEYS], form="tool")
    assert verdict.unscored_reason == "not_applicable"


@pytest.mark.parametrize(
    ("stop_reason", "text", "reason"),
    [
        ("content_filtered", "Score: 3", "blocked"),
        ("guardrail_intervened", "Sorry, the model cannot answer this.", "blocked"),
        ("refusal", "Score: 3", "refused"),
        ("max_tokens", "The response is", "truncated"),
        ("model_context_window_exceeded", "", "truncated"),
        ("end_turn", "", "no_verdict"),
        ("malformed_tool_use", "", "no_verdict"),
        ("malformed_model_output", "", "no_verdict"),
        ("a_reason_of_next_year", "", "no_verdict"),
        (None, "I cannot judge this.", "refused"),
    ],
)
@pytest.mark.parametrize("form", ["tool", "text"])
def test_the_stop_reason_explains_a_missing_verdict(stop_reason, text, reason, form):
    verdicts = read_verdicts(JudgeReply(text=text, stop_reason=stop_reason), BOTH, form=form)
    assert [verdict.unscored_reason for verdict in verdicts] == [reason, reason]


def test_an_unknown_stop_reason_does_not_hide_a_verdict():
    [verdict] = read_verdicts(JudgeReply(text="Score: 3", stop_reason="new_one"), [TONE], form="text")
    assert verdict.score == 3.0


def test_the_last_number_of_a_cut_tool_input_may_be_half_a_number():
    verdicts = read_verdicts(tool(GOOD, "max_tokens"), BOTH, form="tool")
    assert [verdict.score for verdict in verdicts] == [3.0, None]
    assert verdicts[1].unscored_reason == "truncated"


def test_a_judge_that_did_not_call_the_tool_is_read_from_its_text():
    reply = JudgeReply(text='{"tone": {"score": 3, "rationale": "kind"}, "cites_policy": {"score": "yes"}}')
    verdicts = read_verdicts(reply, BOTH, form="tool")
    assert (verdicts[0].score, verdicts[0].rationale) == (3.0, "kind")
    assert verdicts[1].score == 1.0


JOINT_TEXTS = [
    "It greets.\ntone: 3\ncites_policy: yes",
    "It greets.\n\n**Tone:** 3\n**Cites policy:** yes",
    "- Tone: 3 (warm)\n- Cites policy: Yes, in line one",
    "VERDICT tone: 3\nVERDICT cites_policy: yes",
    "tone = 3\ncites_policy = yes",
    "1. tone: 3\n2. cites_policy: yes",
    "## tone\nIt greets.\nScore: 3\n\n## cites_policy\nIt does.\nScore: yes",
    "Tone:\nIt greets.\nScore: 3\nCites policy:\nIt does.\nVerdict: yes",
    "Criterion: tone\nScore: 3\nCriterion: cites_policy\nScore: 1",
    '```json\n{"tone": 3, "cites_policy": "yes"}\n```',
    '[{"criterion": "tone", "score": 3}, {"criterion": "cites_policy", "score": "yes"}]',
]


@pytest.mark.parametrize("text", JOINT_TEXTS)
def test_a_joint_text_gives_each_criterion_its_own_score(text):
    assert [v.score for v in read_verdicts(JudgeReply(text=text), BOTH, form="text")] == [3.0, 1.0]


def test_a_score_that_names_no_criterion_is_nobody_s_in_a_joint_reply():
    verdicts = read_verdicts(JudgeReply(text="Score: 1"), BOTH, form="text")
    assert [verdict.unscored_reason for verdict in verdicts] == ["no_verdict", "no_verdict"]


def test_a_family_s_criterion_answers_to_its_short_name_when_that_is_enough():
    criteria = [built_in("bedrock.correctness"), built_in("bedrock.coherence")]
    text = "correctness: partially correct\ncoherence: generally yes"
    assert [v.score for v in read_verdicts(JudgeReply(text=text), criteria, form="text")] == [1.0, 3.0]
    both = [built_in("bedrock.correctness"), built_in("langchain.correctness")]
    verdicts = read_verdicts(JudgeReply(text="correctness: 1"), both, form="text")
    assert [verdict.score for verdict in verdicts] == [None, None]


def test_letters_answer_one_binary_criterion():
    reply = JudgeReply(text="It does, plainly.\n\nY\n\nY", stop_reason="end_turn")
    assert read_verdicts(reply, [CITES], form="yes_no") == [
        Verdict(criterion="cites_policy", score=1.0, rationale="It does, plainly.\n\nY\n\nY")
    ]
    assert [v.score for v in read_verdicts(reply, [TONE], form="yes_no")] == [None]
    assert [v.score for v in read_verdicts(reply, BOTH, form="yes_no")] == [None, None]
    [cut] = read_verdicts(JudgeReply(text="It", stop_reason="max_tokens"), [CITES], form="yes_no")
    assert cut.unscored_reason == "truncated"


def test_a_failed_call_is_a_judge_error_on_every_criterion():
    verdicts = unscored_verdicts(BOTH, "judge_error", rationale="throttled")
    assert [(v.criterion, v.score, v.unscored_reason) for v in verdicts] == [
        ("tone", None, "judge_error"),
        ("cites_policy", None, "judge_error"),
    ]


@pytest.mark.parametrize(("score", "reason"), [(None, None), (1.0, "refused")])
def test_a_verdict_has_a_score_or_a_reason_never_both_or_neither(score, reason):
    with pytest.raises(ValueError, match="tone"):
        Verdict(criterion="tone", score=score, unscored_reason=reason)


def test_the_tool_asks_for_the_rationale_before_an_enumerated_score():
    schema = verdict_tool([TONE, CITES, OBEYS])
    assert schema["name"] == "submit_verdicts"
    properties = schema["input_schema"]["properties"]
    assert schema["input_schema"]["required"] == ["tone", "cites_policy", "obeys"]
    assert all(list(entry["properties"]) == ["rationale", "score"] for entry in properties.values())
    assert all(entry["required"] == ["rationale", "score"] for entry in properties.values())
    scores = [entry["properties"]["score"] for entry in properties.values()]
    assert [score["enum"] for score in scores] == [[1, 2, 3], ["yes", "no"], ["yes", "no", "not_applicable"]]
    assert [score["type"] for score in scores] == ["integer", "string", "string"]
    json.dumps(schema)


def test_the_score_s_schema_follows_the_scale():
    def score(scale):
        tool = verdict_tool([Criterion(name="c", question="q", scale=scale)])
        return tool["input_schema"]["properties"]["c"]["properties"]["score"]

    halves = Scale.of_points(
        Point(value=1.0, label="low"),
        Point(value=2.0, label="high"),
        halves_allowed=True,
        not_applicable=False,
    )
    assert score(halves)["enum"] == [1.0, 1.5, 2.0]
    assert score(Scale.between(0, 1)) == {"type": "number", "minimum": 0, "maximum": 1}
    assert score(Scale.between(0, 1, not_applicable=True))["anyOf"][1]["enum"] == ["not_applicable"]
    assert score(built_in("instruction_following").scale)["enum"] == [
        "1",
        "2",
        "3",
        "4",
        "5",
        "not_applicable",
    ]
    choices = Scale.of_choices(Point(value=1.0, label="A"), Point(value=0.0, label="B"))
    assert score(choices)["enum"] == ["A", "B"]


def test_property_names_are_plain_and_distinct():
    names = ["langchain.correctness", "langchain_correctness", "a b", "é"]
    criteria = [Criterion(name=name, question="q") for name in names]
    assert property_names(criteria) == ["langchain_correctness", "langchain_correctness_2", "a_b", "_"]


def test_what_the_tool_asks_for_is_what_is_read():
    for name in ("bedrock.helpfulness", "langchain.misogyny", "instruction_following", "correctness"):
        criterion = built_in(name)
        [(prop, schema)] = verdict_tool([criterion])["input_schema"]["properties"].items()
        for answer in schema["properties"]["score"]["enum"]:
            [verdict] = read_verdicts(
                tool({prop: {"rationale": "", "score": answer}}), [criterion], form="tool"
            )
            assert verdict.score is not None or answer == "not_applicable"
