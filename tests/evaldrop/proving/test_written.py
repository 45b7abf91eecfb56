"""Faults that a model writes: what is asked, and which replies are a response with a fault."""

import json
from typing import Any

import pytest

from evaldrop.proving.edits import FAULT_KINDS, FaultKind
from evaldrop.proving.material import Planted, RecordTexts
from evaldrop.proving.written import FAULT_TOOL, MOST_RESPONSE, FaultWriter, fault_request, read_fault

RESPONSE = "Refunds take 14 days. You must send the form to Berlin, and keep the receipt."
FAULTY = RESPONSE.replace("14", "40")
TEXTS = RecordTexts(
    prompt="How do I get a refund?", references=("Within 14 days.",), context="Terms of 2024."
)
BY_TOOL = FaultWriter(model="anthropic.claude-sonnet-4-5-20250929-v1:0")
BY_TEXT = FaultWriter(model="deepseek.r1-v1:0")
NONCE = "00" * 16


def reply(content: list[Any], stop: str = "end_turn") -> dict[str, Any]:
    """Return Converse's result in Step Functions' casing."""
    return {"Output": {"Message": {"Role": "assistant", "Content": content}}, "StopReason": stop}


def by_tool(response: object, what: object = "14 became 40") -> dict[str, Any]:
    """Return a reply that calls the tool."""
    given = {"what": what, "response": response}
    return reply([{"ToolUse": {"ToolUseId": "1", "Name": FAULT_TOOL, "Input": given}}], "tool_use")


@pytest.mark.parametrize("kind", FAULT_KINDS)
@pytest.mark.parametrize("writer", [BY_TOOL, BY_TEXT])
def test_a_request_shows_the_record_and_names_the_fault(kind: FaultKind, writer: FaultWriter) -> None:
    """Material stands between marks that nothing in it can know."""
    request = fault_request(kind, RESPONSE, TEXTS, writer=writer, nonce=NONCE)
    other = fault_request(kind, RESPONSE, TEXTS, writer=writer, nonce="11" * 16)

    assert request != other
    text = json.dumps(request)
    assert all(part in text for part in (RESPONSE, TEXTS.prompt, "Within 14 days.", "Terms of 2024."))
    assert (FAULT_TOOL in text) == (writer is BY_TOOL)
    assert ("<faulty_response>" in text) == (writer is BY_TEXT)


@pytest.mark.parametrize("response", ["  ", "a" * (MOST_RESPONSE + 1)])
def test_no_model_is_asked_to_write_nothing_or_a_book(response: str) -> None:
    """It would cost much and come back cut."""
    assert fault_request("padding", response, TEXTS, writer=BY_TOOL, nonce=NONCE) is None


@pytest.mark.parametrize(
    "raw",
    [
        by_tool(FAULTY),
        reply([{"Text": f"<what>14 became 40</what>\n<faulty_response>\n{FAULTY}\n</faulty_response>"}]),
    ],
)
def test_a_fault_is_read_from_a_tool_call_or_from_tags(raw: dict[str, Any]) -> None:
    """Whichever the model can do."""
    assert read_fault(raw, "wrong_number", RESPONSE) == Planted(FAULTY, "14 became 40")


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ({"Error": "Bedrock.ThrottlingException", "Cause": "Slow down."}, "was not reached"),
        (None, "is no answer"),
        (reply([{"Text": "I would rather not."}]), "no response in it"),
        (by_tool(7), "no response in it"),
        (by_tool(""), "no hold"),
        (by_tool(f"  {RESPONSE}\n"), "changed nothing"),
        (by_tool("No."), "another length"),
        (
            by_tool("I am sorry, but as an assistant I cannot help to mislead anybody here."),
            "another response",
        ),
        (reply([{"Text": FAULTY}], "max_tokens"), "was cut"),
        (reply([{"Text": ""}], "content_filtered"), "declined"),
    ],
)
def test_what_is_no_response_with_a_fault_is_refused_with_the_reason(raw: object, reason: str) -> None:
    """Or a judge would be blamed for not noticing what is not there, or praised for noticing a refusal."""
    found = read_fault(raw, "wrong_number", RESPONSE)
    assert isinstance(found, str)
    assert reason in found


def test_json_has_to_stay_json_unless_it_is_cut_off() -> None:
    """A judge notices broken JSON whatever the fault was to be."""
    response, broken = '{"total": 14, "paid": true}', '{"total": 40, "paid"'
    assert isinstance(read_fault(by_tool(broken), "wrong_number", response), str)
    assert isinstance(read_fault(by_tool(broken), "truncation", response), Planted)


def test_a_translation_shares_no_words_with_the_response() -> None:
    """And is the fault that was asked for."""
    german = "Erstattungen dauern vierzehn Tage. Senden Sie das Formular nach Berlin, bitte."
    assert isinstance(read_fault(by_tool(german), "wrong_language", RESPONSE), Planted)
