"""By which criteria a record is judged, as PrepareRecords writes it."""

import json

import pytest

from tests.evaldrop.evaluations import ROW, SMALL, prepare


def test_a_criterion_that_needs_a_reference_is_not_applicable_to_a_record_without_one(tmp_path):
    rows = [ROW, {"id": "r2", "prompt": "Why?"}]
    criteria = [
        "correctness",
        "helpfulness",
        {"name": "grounded", "question": "Is it so?", "needs_context": True},
    ]
    _, (first, second) = prepare(
        tmp_path, {**SMALL, "criteria": criteria}, [{**rows[0], "context": "C"}, rows[1]]
    )
    assert first["not_applicable"] == {}
    assert first["calls"]["judgements"][0]["criteria"] == ["correctness", "helpfulness", "grounded"]
    assert second["not_applicable"] == {"correctness": "needs a reference", "grounded": "needs a context"}
    assert second["calls"]["judgements"][0]["criteria"] == ["helpfulness"]


def test_a_record_no_criterion_applies_to_asks_no_judge(tmp_path):
    _, (_, second) = prepare(tmp_path, rows=[ROW, {"id": "r2", "prompt": "Why?"}])
    assert second["calls"]["judgements"] == []


def test_criteria_a_record_brings_are_asked_of_that_record_only_and_in_its_words(tmp_path):
    rows = [
        {**ROW, "id": "own", "criteria": {"polite": "Is it polite?"}},
        {**ROW, "id": "reworded", "criteria": {"polite": "Does it say please?"}},
        {**ROW, "id": "built in", "criteria": ["Helpfulness"]},
        {**ROW, "id": "none"},
    ]
    state, records = prepare(tmp_path, rows=rows)
    asked = {record["record_id"]: record["calls"]["judgements"][0] for record in records}
    assert {name: judgement["criteria"] for name, judgement in asked.items()} == {
        "own": ["correctness", "polite"],
        "reworded": ["correctness", "polite"],
        "built in": ["correctness", "helpfulness"],
        "none": ["correctness"],
    }
    assert "Is it polite?" in asked["own"]["before"]
    assert "Does it say please?" in asked["reworded"]["before"]
    assert asked["own"]["request_key"] != asked["reworded"]["request_key"]
    for judgement in asked.values():
        tool = json.dumps(state["judges"][judgement["request_key"]]["request"]["ToolConfig"])
        assert ("Is it polite?" in tool, "say please" in tool) != (True, True)


@pytest.mark.parametrize("written", ["Correctness", "CORRECTNESS"])
def test_a_built_in_criterion_may_be_written_in_any_case(tmp_path, written):
    _, (record,) = prepare(tmp_path, {**SMALL, "criteria": [written]}, [{**ROW, "criteria": ["correctness"]}])
    assert record["calls"]["judgements"][0]["criteria"] == ["correctness"]
