"""A run of a stack that goes on: what its execution is given, and when there is none."""

import json
from types import SimpleNamespace

import pytest

from evaldrop.errors import InputError
from evaldrop.run.request import RunRequest
from evaldrop.running.deployed.resuming import DeployedRest, rest_of_run
from tests.evaldrop.evaluations import prepare

MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:EvaluateDataset"
EXECUTION = MACHINE.replace("stateMachine", "execution")
STACK = SimpleNamespace(
    machine_arn=MACHINE, execution_arn=lambda run_id: f"{EXECUTION}:{run_id}"
)  # fmt: skip
EVALUATION = {
    "name": "small",
    "candidates": [{"name": "a", "model": "own.a"}],
    "judges": [{"name": "j", "model": "own.j"}],
    "criteria": ["correctness"],
}


class MissingError(Exception):
    """There is no such execution."""


class ExistsError(Exception):
    """There is one of this name already."""


class States:
    """Step Functions with some executions, by name."""

    exceptions = SimpleNamespace(ExecutionDoesNotExist=MissingError, ExecutionAlreadyExists=ExistsError)

    def __init__(self, running=(), ended=(), taken=()):
        self._running, self._ended, self._taken = running, ended, taken
        self.started = []

    def get_paginator(self, name):
        assert name == "list_executions"
        return self

    def paginate(self, **asked):
        assert asked == {"stateMachineArn": MACHINE, "statusFilter": "RUNNING"}
        found = [{"name": name, "executionArn": f"{EXECUTION}:{name}"} for name in self._running]
        return [{"executions": found}]

    def describe_execution(self, **asked):
        if asked["executionArn"].rpartition(":")[2] not in (*self._running, *self._ended):
            raise MissingError
        return {}

    def start_execution(self, **asked):
        assert asked["stateMachineArn"] == MACHINE
        name = asked["name"]
        if name in self._taken:
            raise ExistsError
        self.started.append((name, json.loads(asked["input"])))
        return {"executionArn": f"{EXECUTION}:{name}"}


def rest(run_id="run-1"):
    request = RunRequest(
        run_id=run_id, dataset="s3://in/d.jsonl", out="s3://out/runs", budget_usd=2, rest=True
    )
    return DeployedRest(folder=f"s3://out/runs/small/{run_id}", request=request, records=3)


def test_each_execution_that_goes_on_has_a_name_of_its_own_and_the_runs_id():
    states = States(running=("other",), ended=("run-1", "run-1-again-1"))
    run = rest().start(STACK, states)
    [(name, given)] = states.started
    assert name == "run-1-again-2"
    assert (given["run_id"], given["rest"], given["budget_usd"]) == ("run-1", True, 2)
    assert (run.run_id, run.execution_arn) == ("run-1", f"{EXECUTION}:run-1-again-2")


def test_the_longest_id_leaves_room_for_the_name():
    states = States()
    rest("r" * 80).start(STACK, states)
    assert len(states.started[0][0]) <= 80


@pytest.mark.parametrize(
    "states",
    [States(running=("run-1",)), States(running=("run-1-again-1",)), States(taken=("run-1-again-1",))],
)
def test_a_run_that_is_going_on_is_refused(states):
    with pytest.raises(InputError, match="run-1 is going on"):
        rest().start(STACK, states)
    assert states.started == []


def test_a_request_says_that_it_is_for_the_rest_only_where_it_is():
    plain = RunRequest(run_id="r", dataset="d", out="o")
    assert "rest" not in plain.model_dump(mode="json")
    assert RunRequest.model_validate(plain.model_dump(mode="json")) == plain


def test_what_is_left_is_counted_and_asked_for_as_the_run_began(tmp_path):
    rows = [{"id": name, "prompt": "Why?", "reference": "So."} for name in ("a", "b")]
    state, _ = prepare(tmp_path, evaluation=EVALUATION, rows=rows)
    found = rest_of_run(state["run"]["folder"], budget_usd=3, go_on=None)
    assert found.records == 2
    assert (found.request.run_id, found.request.budget_usd, found.request.rest) == ("run-1", 3, True)


@pytest.mark.parametrize(("asked", "is_going_on"), [(None, True), (True, True), (False, False)])
def test_who_was_left_out_stays_so_unless_it_is_asked_otherwise(tmp_path, asked, is_going_on):
    rows = [{"id": "a", "prompt": "Why?", "reference": "So."}]
    state, _ = prepare(tmp_path, evaluation=EVALUATION, rows=rows, go_on=True)
    assert rest_of_run(state["run"]["folder"], budget_usd=3, go_on=asked).request.go_on == is_going_on
