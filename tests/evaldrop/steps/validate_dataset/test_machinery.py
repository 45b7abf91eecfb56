"""What a plan says of the machinery around the calls is what the workflow and the functions ask for."""

import asyncio
import json
import math
from collections import Counter
from pathlib import Path

import pytest

from benchmarks import scale
from evaldrop import storage
from evaldrop.bedrock.opening import open_runtime
from evaldrop.checks import check_from_config
from evaldrop.engine import Observer
from evaldrop.run.part_sizes import PartSizes
from evaldrop.run.request import RunRequest
from evaldrop.running.handlers import HANDLERS
from evaldrop.running.workflow import run_locally
from evaldrop.steps.validate_dataset.machinery import (
    FUNCTION_CALL_USD,
    FUNCTION_GB,
    FUNCTION_GB_S_USD,
    PART_PIECES,
    SCORER_GB,
    SCORER_S,
    TRANSITION_USD,
    PartCounts,
    machinery,
    parts_in_stack,
    result_bytes,
    scorers_usd,
)
from evaldrop.steps.validate_dataset.validate import check_dataset
from infra.functions import STEPS
from tests.parts import forced
from tests.whole_runs import write_evaluation

PART_BYTES = 1 << 17
GETS = ("open_read", "describe", "exists", "metadata", "modified_at")
PUTS = ("open_write", "copy", "list_files", "list_folders")


@pytest.mark.parametrize("asked", [2, 6])
def test_requests_to_s3_are_as_many_as_the_functions_make(asked, tmp_path, monkeypatch):
    """Each call of storage is a request; what is uploaded in pieces is reckoned apart."""
    forced(monkeypatch, PART_BYTES)
    monkeypatch.setattr(scale, "PART_BYTES", PART_BYTES)
    made = Counter()
    for name in (*GETS, *PUTS):
        monkeypatch.setattr(storage, name, counted(getattr(storage, name), name, made))
    records = scale.write_dataset(tmp_path, asked)
    event = {
        "run_id": "run-1", "dataset": str(tmp_path / "records.jsonl"), "out": str(tmp_path / "runs"),
        "bedrock": "simulated",
    }  # fmt: skip
    children = Counter()
    for name in scale.ROUNDS:
        if name == "BuildScorecard":
            event |= scale.write_results(Path(event["run"]["folder"]), records)
        event = HANDLERS[name](event, None)
        while "stage" in event.get("parts", {}):
            due = event["parts"]
            children[due["stage"]] += len(due["numbers"])
            for number in due["numbers"]:
                part = {"stage": due["stage"], "number": number}
                HANDLERS[name]({"run": event["run"], "part": part}, None)
            event = HANDLERS[name](event, None)
    parts = PartCounts(children["survey"], children["index"])
    assert parts.parts == asked
    assert parts.children == children.total()
    assert parts.gets == pytest.approx(sum(made[name] for name in GETS), rel=0.1)
    assert parts.puts == pytest.approx(sum(made[name] for name in PUTS), rel=0.1)


def counted(function, name, made):
    """Return a function that notes its calls."""

    def call(*args, **kwargs):
        made[name] += 1
        return function(*args, **kwargs)

    return call


class Entered(Observer):
    """Counts the states that were entered."""

    def __init__(self):
        self.states = Counter()

    def state_entered(self, name):
        self.states[name] += 1


def test_transitions_of_parts_are_as_many_as_the_workflow_enters(tmp_path, monkeypatch):
    dataset = write_evaluation(tmp_path, records=40, evaluation=json.dumps(scale.EVALUATION))
    entered = {}
    for name in ("whole", "parts"):
        if name == "parts":
            forced(monkeypatch, 512)
        request = RunRequest(
            run_id=name, dataset=str(dataset), out=str(tmp_path), bedrock="simulated:latency=0"
        )
        entered[name] = Entered()
        execution = asyncio.run(
            run_locally(
                request,
                open_runtime(request.bedrock, max_in_flight=4),
                folder=str(tmp_path / "bench" / name),
                observer=entered[name],
            )
        )
        assert execution.status == "SUCCEEDED"
    states = entered["parts"].states
    more = states.total() - entered["whole"].states.total() + states["WorkOnPart"]
    # A child is begun by a transition of the Map, which enters no state.
    stages = states["RunParts"]
    parts = round((states["WorkOnPart"] - 2) / 6)
    assert stages == 6
    assert PartCounts(parts, states["WorkOnPart"] - 2 - 5 * parts).transitions == more


def test_a_function_is_reckoned_at_the_memory_a_stack_gives_it():
    assert {name: STEPS[name].memory_mb / 1024 for name in FUNCTION_GB} == FUNCTION_GB


def test_pieces_of_a_part_are_those_of_four_times_its_bytes():
    assert 4 * PartSizes().part_bytes >> 23 == PART_PIECES


def test_below_a_stacks_size_there_are_no_parts_and_nothing_is_paid_for_them():
    limit = PartSizes().above_bytes
    assert parts_in_stack(limit, 1e9) == PartCounts()
    assert parts_in_stack(limit + 1, 1e9) == PartCounts(5, math.ceil(1e9 / PartSizes().part_bytes))
    assert machinery(records=10, calls=60, children_usd=1.0, parts=PartCounts()).parts_usd == 0


@pytest.mark.parametrize(
    ("options", "response_bytes", "batches"),
    [({}, 500, 200), ({"batch": 1}, 500, 10_000), ({"timeout_s": 60}, 500, 1000), ({}, 60_000, 3334)],
)
def test_scorers_are_reckoned_by_the_batches_that_are_written_for_them(options, response_bytes, batches):
    """By their number, by their time, by their bytes: three transitions and a call each."""
    check = check_from_config({"python": "s:f", **options}, path="checks[0]")
    took = scorers_usd([check.parameters], responses=10_000, response_bytes=response_bytes)
    time_usd = 10_000 * SCORER_S * SCORER_GB * FUNCTION_GB_S_USD
    assert took == pytest.approx(time_usd + batches * (3 * TRANSITION_USD + FUNCTION_CALL_USD))


def test_a_scorer_is_in_the_plan_and_in_what_the_plan_says_of_aws(tmp_path):
    planned = {}
    for name, metrics in (("with", [{"python": "my_scorers:brevity"}]), ("without", [])):
        folder = tmp_path / name
        folder.mkdir()
        text = json.dumps({**scale.EVALUATION, "metrics": metrics})
        (folder / "evaluation.yaml").write_text(text, encoding="utf-8")
        (folder / "my_scorers.py").write_text("def brevity(record, response):\n    return 1\n")
        row = json.dumps({"id": "r1", "prompt": "Where is it?", "reference": "There."})
        (folder / "records.jsonl").write_text(row, encoding="utf-8")
        request = RunRequest(run_id=name, dataset=str(folder / "records.jsonl"), out=str(folder))
        planned[name] = check_dataset(request).plan
    assert planned["without"].scorers_usd == 0
    more = planned["with"].machinery_usd - planned["without"].machinery_usd
    assert more == pytest.approx(planned["with"].scorers_usd) != 0


def test_the_results_of_calls_are_about_as_large_as_those_that_a_run_writes(tmp_path):
    scale.write_results(tmp_path, 500)
    content = next(tmp_path.rglob("SUCCEEDED_0.jsonl")).read_bytes()
    replies = [
        call["reply"]["Output"]["Message"]["Content"][0]
        for line in content.splitlines()
        for response in json.loads(line)["responses"]
        for call in (response, *response["judgements"])
    ]
    written = sum(len(scale.dumped(each.get("Text") or each["ToolUse"]["Input"])) for each in replies)
    assert len(replies) == 3000
    assert result_bytes(len(replies), written / 4) == pytest.approx(len(content), rel=0.1)


def test_a_dataset_above_a_stacks_size_is_planned_in_parts(tmp_path):
    """A plan on one machine says what a stack would do: the sizes are the stack's, not this machine's."""
    (tmp_path / "evaluation.yaml").write_text(json.dumps(scale.EVALUATION), encoding="utf-8")
    row = {"prompt": "Where is it?", "reference": "There.", "metadata": {"note": "x" * (1 << 20)}}
    dataset = tmp_path / "records.jsonl"
    with dataset.open("w", encoding="utf-8") as lines:
        for number in range(260):
            lines.write(json.dumps({"id": f"r{number}", **row}) + "\n")
    plan = check_dataset(RunRequest(run_id="one", dataset=str(dataset), out=str(tmp_path))).plan
    assert plan.parts == 5
    assert plan.to_json()["machinery_usd"] == plan.machinery_usd > plan.orchestration_usd
