"""What PrepareRecords writes: who is asked what, who is not asked, and what is refused."""

import json

import pytest

from evaldrop import preparation
from evaldrop.errors import DatasetError
from tests.evaldrop.evaluations import JUDGE, LITE, PRO, ROW, SMALL, lines, prepare

OTHER = {"name": "other", "model": "us.amazon.nova-pro-v1:0"}
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


def test_the_state_names_reader_writer_and_limits(tmp_path):
    evaluation = {**SMALL, "max_concurrency": 7, "tolerated_failure_percentage": 3}
    state, _ = prepare(tmp_path, evaluation)
    root = str(tmp_path / "runs")
    assert state["reader"] == {"bucket": root, "key": "small/run-1/records.jsonl"}
    assert state["writer"] == {"bucket": root, "prefix": "small/run-1/results"}
    assert (state["max_concurrency"], state["tolerated_failure_percentage"]) == (7, 3)
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


@pytest.mark.parametrize(
    ("mode", "repeats", "asked"),
    [
        ("joint", 1, [(["correctness", "helpfulness"], 0)]),
        ("joint", 2, [(["correctness", "helpfulness"], 0), (["correctness", "helpfulness"], 1)]),
        ("per_criterion", 1, [(["correctness"], 0), (["helpfulness"], 0)]),
        (
            "per_criterion",
            2,
            [(["correctness"], 0), (["correctness"], 1), (["helpfulness"], 0), (["helpfulness"], 1)],
        ),
    ],
)
def test_mode_and_repeats_say_how_often_a_judge_is_asked(tmp_path, mode, repeats, asked):
    evaluation = {
        **SMALL,
        "judges": [{**JUDGE, "mode": mode, "repeats": repeats}],
        "criteria": ["correctness", "helpfulness"],
    }
    _, (record,) = prepare(tmp_path, evaluation)
    judgements = record["calls"]["judgements"]
    assert [(judgement["criteria"], judgement["repeat"]) for judgement in judgements] == asked
    opened = {judgement["fences"]["lite"]["open"] for judgement in judgements}
    assert len(opened) == len(asked)


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


def constants_of(state, record):
    return [
        judgement.get("call") or state["judges"][judgement["request_key"]]
        for judgement in record["calls"]["judgements"]
    ]


def test_judge_requests_beyond_the_states_room_travel_with_their_records(tmp_path):
    rows = [{**ROW, "id": f"r{n}", "criteria": {f"own{n}": f"Is it number {n}?"}} for n in range(40)]
    state, records = prepare(tmp_path, rows=rows)
    shared = len(state["judges"])
    assert shared >= 24
    carried = [record["record_id"] for record in records if "call" in record["calls"]["judgements"][0]]
    assert carried == [f"r{n}" for n in range(shared, 40)]
    assert carried
    for number, record in enumerate(records):
        (constants,) = constants_of(state, record)
        assert f"own{number}" in json.dumps(constants)


def test_the_state_stays_small_however_long_the_criteria_are(tmp_path):
    long = [{"name": f"c{n}", "question": "Is it so? " + "x" * 9_000} for n in range(8)]
    evaluation = {**SMALL, "criteria": long, "judges": [{**JUDGE, "mode": "per_criterion"}]}
    state, (record,) = prepare(tmp_path, evaluation)
    shared = len(json.dumps(state["judges"]))
    assert shared < preparation.MAX_SHARED_JUDGE_BYTES * 1.1
    assert 0 < len(state["judges"]) < 8
    assert len(constants_of(state, record)) == 8


def test_what_a_child_gets_is_within_the_payload_quota_at_its_largest(tmp_path):
    long = [{"name": f"c{n}", "question": "Is it so? " + "x" * 2_000} for n in range(30)]
    evaluation = {**SMALL, "criteria": long, "tolerated_invalid_percentage": 99}
    evaluation["judges"] = [{**JUDGE, "mode": "per_criterion"}]
    rows = [{**ROW, "id": f"r{size}", "prompt": "p" * size} for size in range(100, 4_000, 500)]
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
    assert "Shorten its responses" in refused["reason"]
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


def pairs_of(record):
    return [
        (call["candidate"], call["baseline"], call["first"], call["second"])
        for call in record["calls"]["comparisons"]
    ]


def test_pairs_are_compared_in_both_orders_with_the_baseline(tmp_path):
    evaluation = {**SMALL, "candidates": [LITE, PRO, OTHER], "pairwise": {"baseline": "pro"}}
    state, (record,) = prepare(tmp_path, evaluation)
    assert sorted(pairs_of(record)) == [
        ("lite", "pro", "lite", "pro"),
        ("lite", "pro", "pro", "lite"),
        ("other", "pro", "other", "pro"),
        ("other", "pro", "pro", "other"),
    ]
    assert record["calls"]["comparisons"][0]["request_key"] in state["judges"]


def test_all_pairs_are_compared_once_in_both_orders(tmp_path):
    evaluation = {**SMALL, "candidates": [LITE, PRO, OTHER], "pairwise": {"all_pairs": True}}
    _, (record,) = prepare(tmp_path, evaluation)
    pairs = [pair[:2] for pair in pairs_of(record)[::2]]
    assert pairs == [("pro", "lite"), ("other", "lite"), ("other", "pro")]
    assert len(pairs_of(record)) == 6


def test_pairs_can_be_compared_without_references_and_without_criteria(tmp_path):
    evaluation = {
        "name": "small",
        "candidates": [LITE, PRO],
        "judges": [JUDGE],
        "pairwise": {"baseline": "lite"},
    }
    _, (record,) = prepare(tmp_path, evaluation, [{"id": "r1", "prompt": "Why?"}])
    assert record["calls"]["judgements"] == []
    assert len(record["calls"]["comparisons"]) == 2


def test_the_same_run_prepared_again_asks_the_same(tmp_path):
    """A resumed run finds its kept replies by the request: nonce and fences must come out the same."""
    _, first = prepare(tmp_path)
    _, second = prepare(tmp_path)
    assert first == second
    other = tmp_path / "other"
    other.mkdir()
    assert prepare(other)[1] != first
