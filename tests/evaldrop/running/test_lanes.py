"""A run's lanes: by what its own file says, and only where calling more slowly helps."""

import asyncio
import time
from contextlib import nullcontext

import orjson
import pytest

from evaldrop.bedrock.opening import open_runtime
from evaldrop.bedrock.specification import is_throttled_by_load
from evaldrop.engine import Observer
from evaldrop.evaluation.delivery import ModelQuota
from evaldrop.running.here import execute_here, new_run
from evaldrop.running.lanes import in_lanes, limits_of_run


def write(folder, evaluation):
    (folder / "run.json").write_bytes(orjson.dumps({"evaluation": evaluation}))
    return str(folder)


def test_limits_are_those_of_the_runs_own_file(tmp_path):
    folder = write(tmp_path, {"limits": {"m": {"rpm": 5, "tpm": None}}})
    assert limits_of_run(folder) == {"m": ModelQuota(rpm=5)}


def test_a_run_of_an_earlier_version_has_none(tmp_path):
    assert limits_of_run(write(tmp_path, {})) == {}


@pytest.mark.parametrize(
    ("bedrock", "helps"),
    [
        ("aws", True),
        ("openai=http://localhost:1/v1", True),
        ("simulated", False),
        ("simulated:throttling=0.3", False),
        ("simulated:throttling=0.3,rpm=60", True),
        (" simulated:tpm=60", True),
    ],
)
def test_throttles_by_chance_do_not_slow_a_run_down(bedrock, helps):
    assert is_throttled_by_load(bedrock) == helps


def test_the_file_is_read_by_the_first_call_and_holds_for_the_next(tmp_path):
    said = [{"role": "user", "content": [{"text": "What is it?"}]}]
    request = {"modelId": "us.amazon.nova-lite-v1:0", "messages": said}

    async def run():
        runtime = open_runtime("simulated:latency=0", max_in_flight=4)
        laned = in_lanes(runtime, folder=str(tmp_path), bedrock="simulated:latency=0")
        write(tmp_path, {"limits": {"us.amazon.nova-lite-v1:0": {"rpm": 300}}})
        began = time.monotonic()
        # Five leave at once, and five a second after them.
        await asyncio.gather(*(laned.converse(request) for _ in range(7)))
        await laned.close()
        return time.monotonic() - began

    assert asyncio.run(run()) >= 0.39


class Finished(Observer):
    """When calls of models ended."""

    def __init__(self):
        self.at = []

    def task_finished(self, resource, error, will_retry):
        if resource.endswith(":converse"):
            assert error is None
            self.at.append(time.monotonic())


def test_the_calls_of_a_whole_run_keep_to_its_limits(tmp_path):
    rows = "".join(f'{{"id": "r{n}", "prompt": "What is {n}?"}}\n' for n in range(24))
    (tmp_path / "faq.jsonl").write_text(rows, encoding="utf-8")
    model = "us.amazon.nova-lite-v1:0"
    lite = {"name": "lite", "model": model}
    evaluation = {
        "name": "paced",
        "candidates": [lite],
        "metrics": ["length_words"],
        "limits": {model: {"rpm": 600}},
    }
    (tmp_path / "evaluation.yaml").write_bytes(orjson.dumps(evaluation))
    run = new_run(
        str(tmp_path / "faq.jsonl"),
        evaluation=None,
        bedrock="simulated:latency=0",
        out=str(tmp_path / "runs"),
        limit=None,
        max_in_flight=None,
    )
    finished = Finished()
    execution = execute_here(run, lambda _meter: nullcontext(finished), pytest.fail)
    assert execution.status == "SUCCEEDED"
    # Ten are there at once, and those after them leave ten a second.
    assert len(finished.at) == 24
    assert finished.at[-1] - finished.at[-11] >= 0.9
