"""Which records are evaluated first: as few as call every candidate and judge twice."""

import json
from pathlib import Path

import pytest

from evaldrop.steps.prepare_records.first_records import FirstRecords
from tests.evaldrop.evaluations import JUDGE, LITE, PRO, ROW, SMALL, lines, prepare

TWO = {**SMALL, "candidates": [LITE, PRO]}


def rows(count, **more):
    return [{**ROW, "id": f"r{n}", **more} for n in range(count)]


def first_of(folder):
    return [line["record_id"] for line in lines(folder, "first.jsonl")]


def test_mostly_they_are_the_first_two_as_they_are_in_records_jsonl(tmp_path):
    _, records = prepare(tmp_path, TWO, rows(9))
    assert lines(tmp_path, "first.jsonl") == records[:2]


@pytest.mark.parametrize("count", [1, 2])
def test_a_small_dataset_is_first_as_a_whole(tmp_path, count):
    prepare(tmp_path, TWO, rows(count))
    assert first_of(tmp_path) == [f"r{n}" for n in range(count)]


def test_others_are_taken_to_reach_who_is_not_called_by_the_first(tmp_path):
    records = [*rows(3, responses={"pro": "given"}), *rows(9)[3:]]
    prepare(tmp_path, TWO, records)
    assert first_of(tmp_path) == ["r0", "r1", "r3", "r4"]


def test_a_judge_whose_criterion_few_records_have_is_reached(tmp_path):
    evaluation = {**SMALL, "criteria": ["bedrock.correctness"]}
    records = rows(6)
    for row in records[:4]:
        del row["reference"]
    evaluation["criteria"] = [
        {"name": "right", "question": "As {{ reference }}?", "scale": "binary", "needs_reference": True}
    ]
    prepare(tmp_path, evaluation, records)
    assert first_of(tmp_path) == ["r0", "r1", "r4", "r5"]


def test_a_judge_is_not_reached_by_what_a_guardrail_is_to_stop(tmp_path):
    records = [*rows(3, expected_blocked=True), *rows(9)[3:]]
    prepare(tmp_path, TWO, records)
    assert first_of(tmp_path) == ["r0", "r1", "r3", "r4"]


def test_perturbed_copies_are_not_asked_first(tmp_path):
    evaluation = {**SMALL, "robustness": {"perturbations": ["case"]}}
    _, records = prepare(tmp_path, evaluation, rows(4))
    assert "perturbed" in records[1]
    assert first_of(tmp_path) == ["r0", "r1"]


def test_where_nobody_is_called_all_records_come_at_once(tmp_path):
    evaluation = {"name": "small", "metrics": ["exact_match"]}
    state, _ = prepare(tmp_path, evaluation, rows(3, responses={"ours": "30 days"}))
    assert state["reader"]["key"].endswith("records.jsonl")
    assert "rest" not in state
    assert not Path(tmp_path, "runs/small/run-1/first.jsonl").exists()


def line(record_id, *, given=(), judgements=(), comparisons=(), **more):
    calls = {"record_id": record_id, "given": {name: {} for name in given}, "judgements": list(judgements)}
    return {"record_id": record_id, "calls": {**calls, "comparisons": list(comparisons), **more}}


def offered(*records, candidates=("a",), judges=("j",)):
    first = FirstRecords(candidates=candidates, judges=judges)
    for each in records:
        first.offer(each)
    return [each["record_id"] for each in first.lines]


JUDGED = {"judge": "j", "kept_replies": {}}


def test_what_an_earlier_run_answered_calls_nobody():
    kept = {"judge": "j", "kept_replies": {"a": {}}}
    records = [line("r1", given=["a"], judgements=[kept]), line("r2", given=["a"], judgements=[JUDGED])]
    assert offered(*records) == ["r2"]


def test_a_judge_without_a_response_to_judge_is_not_called():
    assert offered(line("r1", judgements=[JUDGED]), candidates=()) == []


def test_an_anchor_calls_judges_alone():
    anchor = line("r1", given=["anchor"], judgements=[JUDGED], candidates=[{"name": "anchor"}])
    assert offered(anchor, line("r2")) == ["r1", "r2"]


def test_a_judge_of_pairs_is_called_where_there_are_two_responses():
    pair = {"judge": "j", "candidate": "a", "baseline": "b"}
    alone = line("r1", comparisons=[pair], given=["a"])
    kept = line("r2", comparisons=[{**pair, "kept": {}}], given=["a", "b"])
    both = line("r3", comparisons=[pair], given=["a", "b"])
    assert offered(alone, kept, both, candidates=()) == ["r3"]


def test_records_are_as_they_are_written_also_with_letters_of_all_languages(tmp_path):
    prepare(tmp_path, {**SMALL, "judges": [JUDGE]}, rows(1, prompt="¿Cuánto? 多少 𝄞"))
    (record,) = lines(tmp_path, "first.jsonl")
    assert json.dumps(record["prompt"], ensure_ascii=False) == '"¿Cuánto? 多少 𝄞"'
