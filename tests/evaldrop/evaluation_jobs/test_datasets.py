"""Rows of evaluation jobs: what a candidate is asked as one text, in files of at most 1,000."""

import asyncio
import json
from pathlib import Path

import pytest

from evaldrop.bedrock.opening import open_runtime
from evaldrop.errors import StorageError
from evaldrop.evaluation.prompts import Turn
from evaldrop.evaluation_jobs.datasets import (
    DatasetPlan,
    count_rows,
    dataset_uri,
    prompts_uri,
    write_datasets,
)
from evaldrop.evaluation_jobs.prompts import source_of_run
from evaldrop.run.request import RunRequest
from evaldrop.running.workflow import run_locally
from evaldrop.steps.prepare_evaluation_jobs.asked_text import one_text
from tests.evaldrop.evaluation_jobs.sources import dataset_of, planned, rows, source_of


def lines_of(path):
    return [json.loads(line) for line in Path(path).read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """The folder of a rehearsed run, one of whose records is a conversation and one a perturbed one."""
    folder = tmp_path_factory.mktemp("run")
    talk = [
        {"role": "user", "content": "Hello: user: you"},
        {"role": "assistant", "content": "Yes?"},
        {"role": "user", "content": "What is 1 + 1?"},
    ]
    records = [*rows(3), {"id": "talk", "messages": talk, "reference": "2", "group": "g"}]
    dataset = dataset_of(folder, records, robustness={"perturbations": ["case"], "n": 1})
    request = RunRequest(
        run_id="r1", dataset=dataset, out=str(folder / "runs"), bedrock="simulated:latency=0"
    )
    place = str(folder / "runs/sums/r1")
    runtime = open_runtime(request.bedrock, max_in_flight=8)
    assert asyncio.run(run_locally(request, runtime, folder=place)).status == "SUCCEEDED"
    return place


def test_a_question_is_itself_and_a_system_text_comes_before_it():
    assert one_text([Turn("user", "Why?")]) == "Why?"
    assert one_text([Turn("system", "Be kind."), Turn("user", "Why?")]) == "Be kind.\n\nWhy?"


def test_of_a_conversation_each_turn_says_who_speaks():
    turns = [Turn("user", "Hi"), Turn("assistant", "Yes?"), Turn("user", "Why?")]

    assert one_text(turns) == "user: Hi\n\nassistant: Yes?\n\nuser: Why?"


def test_rows_are_what_bedrock_reads_and_their_records_are_told_apart(tmp_path):
    records = [{"id": "a", "prompt": "Why?", "reference": ["So.", "Or so."], "category": "c", "group": "g"}]
    source = source_of(tmp_path, records)
    write_datasets(source, planned(source).tallies, str(tmp_path / "jobs"))

    (row,) = lines_of(dataset_uri(str(tmp_path / "jobs"), "1-bare-v1-1"))
    (index,) = lines_of(prompts_uri(str(tmp_path / "jobs")))
    assert row == {"prompt": "Why?", "referenceResponse": "So.", "category": "c"}
    assert (index["record_id"], index["group"], index["dataset"]) == ("a", "g", "1-bare-v1-1")


def test_1001_prompts_are_two_files_of_about_the_same_length(tmp_path):
    source = source_of(tmp_path, rows(1_001))
    write_datasets(source, planned(source).tallies, str(tmp_path / "jobs"))

    lengths = [len(lines_of(dataset_uri(str(tmp_path / "jobs"), f"1-bare-v1-{part}"))) for part in (1, 2)]
    assert lengths == [501, 500]


def test_a_prompt_file_that_wants_what_a_record_has_not_leaves_it_out(tmp_path):
    (tmp_path / "prompts/candidate").mkdir(parents=True)
    (tmp_path / "prompts/candidate/who.v1.md").write_text("{{ name }}: {{ prompt }}")
    records = [{"prompt": "Why?", "name": "Ada"}, {"prompt": "How?"}]
    source = source_of(tmp_path, records, prompt="who.v1")

    tally = count_rows(source, DatasetPlan(name="x", prompt="who.v1"))

    assert tally.n == 1
    assert "name" in tally.left_out[0].reason


def test_a_runs_responses_are_rows_with_the_prompt_that_was_answered(run, tmp_path):
    source = source_of_run(run)
    plan = planned(source, candidates=("lite",))
    write_datasets(source, plan.tallies, str(tmp_path))

    written = lines_of(dataset_uri(str(tmp_path), "1-lite-1"))
    assert [row["modelResponses"][0]["modelIdentifier"] for row in written] == ["lite"] * 4
    assert all(row["modelResponses"][0]["response"] for row in written)
    assert written[-1]["prompt"] == "user: Hello: user: you\n\nassistant: Yes?\n\nuser: What is 1 + 1?"
    assert [line["record_id"] for line in lines_of(prompts_uri(str(tmp_path)))] == ["q0", "q1", "q2", "talk"]
    assert any("rehearsal" in note for note in plan.notes)


def test_people_see_both_responses_of_a_run_in_one_row(run, tmp_path):
    source = source_of_run(run, limit=1)
    plan = planned(source, "human")
    write_datasets(source, plan.tallies, str(tmp_path))

    (row,) = lines_of(dataset_uri(str(tmp_path), "1-lite-haiku-1"))
    assert [each["modelIdentifier"] for each in row["modelResponses"]] == ["lite", "haiku"]


def test_a_record_without_a_response_is_left_out_and_no_fault(tmp_path):
    records = [*rows(2, responses={"mine": "4"}), {"id": "none", "prompt": "Why?", "reference": "So."}]
    plan = planned(source_of(tmp_path, records, candidates=[]))

    assert {row_id: row.reason for row_id, row in plan.left_out.items()} == {
        "none": "there is no response of mine"
    }


def test_a_folder_that_is_no_run_is_refused(tmp_path):
    with pytest.raises(StorageError, match="has not ended"):
        source_of_run(str(tmp_path))
