"""Faults that a model writes: what is asked, and which replies are a response with a fault."""

import json

import pytest

from evaldrop.evaluation.prompts import load_prompt
from evaldrop.proving.copies import AnsweredRecord
from evaldrop.proving.edits import FAULT_KINDS
from evaldrop.proving.material import Planted
from evaldrop.proving.written import (
    FAULT_PROMPT,
    MOST_RESPONSE,
    FaultKey,
    fault_rows,
    read_fault,
    read_faults,
)
from tests.evaldrop.run_folders import record

RESPONSE = "Refunds take 14 days. You must send the form to Berlin, and keep the receipt."
FAULTY = RESPONSE.replace("14", "40")
NONCE = "00" * 16


def answered(response=RESPONSE, name="r1"):
    from evaldrop.run.records import read_prepared

    return AnsweredRecord(read_prepared(json.dumps(record(name)).encode()), response)


def tagged(response, what="14 became 40"):
    return f"<what>{what}</what>\n<faulty_response>\n{response}\n</faulty_response>"


def test_a_row_shows_the_record_names_the_fault_and_is_fenced_by_what_nobody_can_guess():
    rows = dict(fault_rows([answered()], FAULT_KINDS, nonce=NONCE))
    assert [key.kind for key in rows] == [*FAULT_KINDS]
    assert len({row["id"] for row in rows.values()}) == len(FAULT_KINDS)
    other = dict(fault_rows([answered()], FAULT_KINDS, nonce="11" * 16))
    for key, row in rows.items():
        values = {"prompt": row["prompt"], **row["metadata"]}
        asked = load_prompt("fault", FAULT_PROMPT).render(values)[-1].text
        mark = row["metadata"]["mark"]
        assert f'<response mark="{mark}">\n{RESPONSE}\n</response mark="{mark}">' in asked
        assert row["metadata"]["fault"] in asked.rpartition("All material has ended.")[2]
        assert other[key]["metadata"]["mark"] != mark


@pytest.mark.parametrize("response", ["  ", "a" * (MOST_RESPONSE + 1)])
def test_no_model_is_asked_to_write_nothing_or_a_book(response):
    assert not [*fault_rows([answered(response)], FAULT_KINDS, nonce=NONCE)]


def test_a_fault_is_read_from_its_tags():
    assert read_fault(f"Sure!\n{tagged(FAULTY)}", "wrong_number", RESPONSE) == Planted(FAULTY, "14 became 40")


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (None, "did not answer"),
        ("I would rather not.", "no response in it"),
        ("<faulty_response>Refunds take 40 days", "no response in it"),
        (tagged(""), "no hold"),
        (tagged(f"  {RESPONSE}\n"), "changed nothing"),
        (tagged("No."), "another length"),
        (tagged("x" * 5000), "another length"),
        (
            tagged("I am sorry, but as an assistant I cannot help to mislead anybody here."),
            "another response",
        ),
    ],
)
def test_what_is_no_response_with_a_fault_is_refused_with_the_reason(reply, reason):
    """Or a judge would be blamed for not noticing what is not there, or praised for noticing a refusal."""
    found = read_fault(reply, "wrong_number", RESPONSE)
    assert isinstance(found, str)
    assert reason in found


def test_json_has_to_stay_json_unless_it_is_cut_off():
    """A judge notices broken JSON whatever the fault was to be."""
    response, broken = '{"total": 14, "paid": true}', '{"total": 40, "paid"'
    assert isinstance(read_fault(tagged(broken), "wrong_number", response), str)
    assert isinstance(read_fault(tagged(broken), "truncation", response), Planted)


def test_a_translation_shares_no_words_with_the_response():
    german = "Erstattungen dauern vierzehn Tage. Senden Sie das Formular nach Berlin, bitte."
    assert isinstance(read_fault(tagged(german), "wrong_language", RESPONSE), Planted)


def test_half_a_character_is_replaced():
    found = read_fault(tagged(FAULTY + "\ud83d"), "wrong_number", RESPONSE)
    assert isinstance(found, Planted)
    assert found.text.encode()


def test_what_is_of_no_use_is_counted_by_its_reason():
    asked = {f"0/{n}": FaultKey("r1", "wrong_number") for n in range(5)}
    replies = [
        ("0/0", tagged(FAULTY), None),
        ("0/1", None, "Bedrock.ThrottlingException: slow down"),
        ("0/2", None, "Bedrock.ThrottlingException: slow down"),
        ("0/3", "No.", None),
        ("elsewhere", tagged(FAULTY), None),
    ]
    found = read_faults(asked, replies, {"r1": RESPONSE})
    assert found.planted == {FaultKey("r1", "wrong_number"): Planted(FAULTY, "14 became 40")}
    assert found.refused == {"the model did not answer": 2, "the reply has no response in it": 1}
