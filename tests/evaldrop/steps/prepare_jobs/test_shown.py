"""A judge is shown in a job what the workflow would show it."""

import pytest

from evaldrop.engine.queries import compile_expression
from evaldrop.steps.prepare_jobs.shown import shown_of_given, shown_of_reply
from tests.evaldrop.bedrock.families.recorded_replies import BODIES, CONVERSE, TEXTS
from tests.test_model_replies import CANDIDATE_STATES, EMPTY, shown

STOPPED = {"StopReason": "guardrail_intervened", "Output": {"Message": {"Content": [{"Text": "No."}]}}}


@pytest.mark.parametrize("case", CONVERSE.values(), ids=CONVERSE)
def test_of_a_response_of_converse(case):
    expected = None if case.stop == "guardrail_intervened" else shown("ConverseWithCandidate", case.raw)
    assert shown_of_reply("converse", case.raw) == expected


@pytest.mark.parametrize("case", BODIES.values(), ids=BODIES)
def test_of_a_body(case):
    expected = None if case.stop == "guardrail_intervened" else shown("InvokeCandidate", case.raw)
    assert shown_of_reply("invoke_model", case.raw) == expected


def given_as_shown(given):
    """Return what the workflow shows of a given response."""
    expression = compile_expression(
        CANDIDATE_STATES["TakeGivenResponse"]["Assign"]["response"]["shown"]
        .removeprefix("{%")
        .removesuffix("%}")
    )
    return expression.evaluate({"states": {"input": {"name": "c"}}, "record": {"given": {"c": given}}})


@pytest.mark.parametrize("text", [*TEXTS, "", " \t\n", "\u00a0", "<think>Hm.</think>"])
@pytest.mark.parametrize("reply", [{}, {"reply": {"StopReason": "end_turn"}}], ids=["given", "earlier"])
def test_of_a_given_response(text, reply):
    given = {"text": text, **reply}
    assert shown_of_given(given) == given_as_shown(given)


def test_what_a_guardrail_stopped_is_not_judged():
    assert shown_of_reply("converse", STOPPED) is None
    assert shown_of_given({"text": "No.", "reply": STOPPED}) is None


def test_an_empty_response_is_said_to_be_empty():
    assert shown_of_given({"text": " "}) == EMPTY
