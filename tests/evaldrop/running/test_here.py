"""A run on this machine, where its workflow meets the loop."""

import gc
import json

import pytest
import uvloop

from evaldrop.engine import Execution
from evaldrop.running import here
from tests.whole_runs import called, only_run, write_evaluation


def test_ctrl_c_while_the_loop_is_made_leaves_no_warning_of_an_unawaited_workflow(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def workflow() -> Execution:
        raise AssertionError("it never begins")

    def interrupted(_workflow: object) -> Execution:
        raise KeyboardInterrupt

    monkeypatch.setattr(uvloop, "run", interrupted)
    with pytest.raises(KeyboardInterrupt):
        here._loop(workflow())
    # A coroutine that nobody awaited warns when it is collected; every warning is an error here.
    gc.collect()


def test_the_progress_has_the_dollars_of_the_runs_own_prices_and_deliveries(tmp_path):
    evaluation = """
name: small
candidates: [{name: first, model: "test.of-our-own-v1:0", delivery: flex}]
judges: [{name: judge, model: "amazon.nova-pro-v1:0"}]
criteria: [correctness]
prices:
  test.of-our-own-v1:0: {input: 500, output: 2000, flex: 0.1}
  amazon.nova-pro-v1:0: {input: 7, output: 70}
"""
    dataset = write_evaluation(tmp_path, records=4, evaluation=evaluation)
    ended = called("run", dataset, "--bedrock", "simulated:latency=0", "--out", tmp_path / "runs")
    assert ended.returncode == 0, ended.stderr
    total = json.loads((only_run(tmp_path / "runs") / "scorecard.json").read_bytes())["cost_usd"]["total"]
    told = [line for line in ended.stderr.splitlines() if line.startswith("4/4 records")][-1]
    assert f"${total:.4f}" in told
