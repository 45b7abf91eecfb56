"""What PrepareRecords writes: who is asked what, who is not asked, and what is refused."""

import json

import pytest

from evaldrop.errors import DatasetError
from evaldrop.steps.prepare_records import prepare as preparation
from tests.evaldrop.evaluations import JUDGE, LITE, PRO, ROW, SMALL, lines, prepare

NOBODY_KNOWS = "the-answer-nobody-may-tell"


def test_a_record_is_written_with_what_is_known_about_it(tmp_path):
    row = {
        **ROW, "category": "returns", "group": "g", "system": "S", "context": "C",
        "expected_blocked": True, "metadata": {"k": 1},
    }  # fmt: skip
    _, (record,) = prepare(tmp_path, rows=[row])
    assert {name: record[name] for name in record if name != "calls"} == {
        "record_id": "r1",
        "line": 1,
        "prompt": ROW["prompt"],
        "system": "S",
        "context": "C",
        "reference": ["30 days"],
        "category": "returns",
        "group": "g",
        "expected_blocked": True,
        "metadata": {"k": 1},
        "not_applicable": {},
    }
    assert record["calls"].keys() == {"record_id", "requests", "given", "judgements", "comparisons"}


def test_a_record_keeps_what_gives_it_back_as_the_dataset_has_it(tmp_path):
    turns = [{"role": "user", "content": "Hello"}, {"role": "assistant", "content": "Yes?"},
             {"role": "user", "content": "So"}]  # fmt: skip
    rows = [{"id": "r1", "messages": turns, "reference": "30 days", "criteria": {"short": "Is it short?"}}]
    _, (record,) = prepare(tmp_path, rows=rows)
    assert record["prompt"] == "user: Hello\n\nassistant: Yes?\n\nuser: So"
    assert record["messages"] == [
        {"role": "user", "characters": 5},
        {"role": "assistant", "characters": 4},
        {"role": "user", "characters": 2},
    ]
    assert record["criteria"] == {"short": "Is it short?"}


def test_the_state_names_reader_writer_and_limits(tmp_path):
    evaluation = {**SMALL, "max_concurrency": 7, "tolerated_failure_percentage": 3}
    state, _ = prepare(tmp_path, evaluation)
    root = str(tmp_path / "runs")
    everything = {"bucket": root, "key": "small/run-1/records.jsonl"}
    assert state["reader"] == {"bucket": root, "key": "small/run-1/first.jsonl"}
    assert state["rest"] == {"reader": everything, "tolerated_failure_percentage": 3}
    assert state["writer"] == {"bucket": root, "prefix": "small/run-1/results"}
    # Of two records one that fails is half of them.
    assert (state["max_concurrency"], state["tolerated_failure_percentage"]) == (7, 100)
    assert state["run"]["folder"] == f"{root}/small/run-1"
    assert [call["name"] for call in state["candidates"]] == ["lite"]


def test_max_in_flight_overrides_the_evaluations_concurrency(tmp_path):
    assert prepare(tmp_path, max_in_flight=9)[0]["max_concurrency"] == 9


def test_limit_prepares_only_the_first_records(tmp_path):
    _, records = prepare(tmp_path, rows=[{**ROW, "id": f"r{n}"} for n in range(5)], limit=2)
    assert [record["record_id"] for record in records] == ["r0", "r1"]


PEEKING = (
    "## system\n{% if reference %}{{ reference }}{% endif %}{{ reference is defined }}\n## user\n{{ prompt }}"
)


@pytest.mark.parametrize("api", ["converse", "invoke_model"])
def test_a_reference_never_reaches_a_candidate(tmp_path, api):
    row = {**ROW, "reference": [NOBODY_KNOWS, NOBODY_KNOWS + "-2"]}
    evaluation = {**SMALL, "candidates": [{**LITE, "api": api}], "prompt": "peek.v1"}
    _, (record,) = prepare(tmp_path, evaluation, [row], {"candidate/peek.v1": PEEKING})
    assert NOBODY_KNOWS not in json.dumps(record["calls"]["requests"])
    assert "False" in json.dumps(record["calls"]["requests"])
    assert NOBODY_KNOWS in record["calls"]["judgements"][0]["before"]


def test_a_prompt_that_prints_the_reference_to_a_candidate_is_refused(tmp_path):
    with pytest.raises(DatasetError, match="reference"):
        prepare(tmp_path, {**SMALL, "prompt": "peek.v1"}, prompts={"candidate/peek.v1": "{{ reference }}"})


def test_a_conversation_is_sent_as_it_is_below_the_prompts_system_text(tmp_path):
    messages = [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Hello"},
        {"role": "user", "content": "May I return it?"},
    ]
    _, (record,) = prepare(tmp_path, rows=[{"messages": messages, "reference": "x", "system": "Be kind."}])
    (request,) = record["calls"]["requests"].values()
    assert request == {
        "System": [{"Text": "Be kind."}],
        "Messages": [{"Role": turn["role"], "Content": [{"Text": turn["content"]}]} for turn in messages],
    }
    assert record["prompt"] == "user: Hi\n\nassistant: Hello\n\nuser: May I return it?"


def test_a_lone_message_is_a_prompt(tmp_path):
    _, (record,) = prepare(
        tmp_path, rows=[{"messages": [{"role": "user", "content": "Hi"}], "reference": "x"}]
    )
    (request,) = record["calls"]["requests"].values()
    assert request["Messages"] == [{"Role": "user", "Content": [{"Text": "Hi"}]}]


def test_candidates_of_one_prompt_and_layout_share_a_request(tmp_path):
    bodies = [{**LITE, "name": name, "api": "invoke_model"} for name in ("a", "b")]
    state, (record,) = prepare(tmp_path, {**SMALL, "candidates": [LITE, PRO, *bodies]})
    assert record["calls"]["requests"].keys() == {"answer.v1/converse", "answer.v1/nova"}
    assert {call["request_key"] for call in state["candidates"]} == record["calls"]["requests"].keys()


def test_a_response_in_the_dataset_is_judged_and_not_asked_for(tmp_path):
    rows = [{**ROW, "responses": {"lite": "30 days", "GPT 4": "a month"}}, {**ROW, "id": "r2"}]
    state, (first, second) = prepare(tmp_path, rows=rows)
    assert first["calls"]["given"] == {"lite": {"text": "30 days"}, "GPT-4": {"text": "a month"}}
    assert first["calls"]["requests"] == {}
    assert second["calls"]["requests"].keys() == {"answer.v1/converse"}
    assert {call["name"]: call["api"] for call in state["candidates"]} == {
        "lite": "converse",
        "GPT-4": "given",
    }
    assert first["calls"]["judgements"][0]["fences"].keys() == {"lite", "GPT-4"}


def test_what_a_child_gets_is_within_the_payload_quota_at_its_largest(tmp_path):
    long = [{"name": f"c{n}", "question": "Is it so? " + "x" * 2_000} for n in range(30)]
    evaluation = {**SMALL, "criteria": long, "tolerated_invalid_percentage": 99}
    evaluation["judges"] = [{**JUDGE, "mode": "per_criterion"}]
    rows = [
        {**ROW, "id": f"r{size}", "prompt": "p" * size, "responses": {"old": "r" * size * 40}}
        for size in range(100, 4_000, 500)
    ]
    state, records = prepare(tmp_path, evaluation, rows)
    assert lines(tmp_path, "rejected.jsonl"), (
        "the largest must be beyond the quota for this test to say anything"
    )
    for record in records:
        child = {"record": record["calls"], "candidates": state["candidates"], "judges": state["judges"]}
        assert len(json.dumps(child, separators=(",", ":"), ensure_ascii=False).encode()) <= 256 * 1024


def test_a_record_that_is_too_large_is_refused_with_its_size_and_without_its_text(tmp_path):
    given = {"responses": {"lite": "p" * 200_000}}
    rows = [ROW, {**ROW, "id": "big", "metadata": {"k": "kept"}, **given}]
    _, records = prepare(tmp_path, {**SMALL, "tolerated_invalid_percentage": 50}, rows)
    assert [record["record_id"] for record in records] == ["r1"]
    (refused,) = lines(tmp_path, "rejected.jsonl")
    assert refused["line"] == 2
    assert "come to 20" in refused["reason"]
    assert "The most are: 200,0" in refused["reason"]
    assert "the response given as lite" in refused["reason"]
    assert "Shorten the response of lite" in refused["reason"]
    assert "prompt" not in refused["row"]
    assert refused["row"]["metadata"] == {"k": "kept"}


def test_a_record_that_lacks_what_the_prompt_needs_is_refused_by_name(tmp_path):
    rows = [{**ROW, "city": "Oslo", "street": "A"}, {**ROW, "id": "r2"}]
    evaluation = {**SMALL, "prompt": "own.v1", "tolerated_invalid_percentage": 50}
    _, records = prepare(
        tmp_path, evaluation, rows, {"candidate/own.v1": "{{ prompt }} {{ city }} {{ street }}"}
    )
    assert [record["record_id"] for record in records] == ["r1"]
    (refused,) = lines(tmp_path, "rejected.jsonl")
    assert refused["reason"] == (
        "prompt candidate/own.v1 needs city, street, which this record does not have."
    )


def test_too_many_refused_records_stop_the_run_with_the_first_reasons(tmp_path):
    rows = [{**ROW, "city": "Oslo"}, *({**ROW, "id": f"r{n}"} for n in range(2, 40))]
    with pytest.raises(DatasetError) as error:
        prepare(tmp_path, {**SMALL, "prompt": "own.v1"}, rows, {"candidate/own.v1": "{{ city }}"})
    told = str(error.value).splitlines()
    assert told[0] == "38 of 39 records cannot be evaluated; tolerated_invalid_percentage is 0."
    assert told[1].startswith("faq.jsonl line 2: prompt candidate/own.v1 needs city")
    assert len(told) == 1 + preparation.MAX_REASONS + 1
    assert told[-1] == "… and 18 more"
