"""A search for prompts that is broken off in a stack goes on, finds the same, and pays for nothing twice."""

import json
import os
import time
from concurrent.futures import ThreadPoolExecutor

import boto3
import pytest

from evaldrop import storage
from tests.local_aws.outcomes import paid_twice, records, scorecard_of
from tests.whole_runs import called

pytestmark = pytest.mark.slow

EVALUATION = """
name: broken
candidates:
  - {name: lite, model: us.amazon.nova-lite-v1:0}
  - {name: lite_tuned, model: us.amazon.nova-lite-v1:0, prompt: {improve: answer.v1, rounds: 2, proposals: 2}}
judges: [{name: pro, model: us.amazon.nova-pro-v1:0}]
criteria: [correctness]
"""
RECORDS = 24
QUICK, SLOW = "simulated:latency=0,prompt_gain=1", "simulated:latency=0.2,prompt_gain=1"


def uploaded(aws):
    return aws.upload(records(RECORDS), evaluation=EVALUATION)


def search_of(aws, name):
    """Return what is kept of a run's search; None before there is any."""
    of_run = [each for each in aws.files("") if each.endswith(f"{name}/prompts/search.json")]
    return json.loads(aws.read(of_run[0])) if of_run else None


def stopped_in_turn(aws, turn, doing):
    """Begin a run, and stop its execution in a turn of its search; return its dataset's key and it."""
    key, client = uploaded(aws), aws.client("stepfunctions")
    end = time.monotonic() + 60
    while time.monotonic() < end:
        for execution in aws.executions(key):
            kept = search_of(aws, execution["name"])
            if kept and kept["turn"] >= turn and doing in kept["doing"]:
                time.sleep(0.3)
                client.stop_execution(executionArn=execution["executionArn"])
                [ended] = aws.finished(key)
                assert ended["status"] == "ABORTED"
                return key, ended
        time.sleep(0.05)
    raise AssertionError("the search did not come so far")


def found(aws, execution):
    """Return what a search has found, whatever it was asked in: texts of prompts and the winner's."""
    assert execution["status"] == "SUCCEEDED", execution.get("cause")
    (search,) = search_of(aws, json.loads(execution["input"])["run_id"])["searches"]
    texts = {each["id"]: each["text"] for each in search["proposals"]}
    return texts, search["winner"], search["ended"]


@pytest.fixture(scope="module")
def whole(running):
    """What is found where nothing is broken off."""
    running.bedrock(QUICK)
    running.forget_calls()
    [execution] = running.finished(uploaded(running))
    return found(running, execution), len(running.calls())


@pytest.mark.parametrize(
    ("turn", "doing"),
    [
        pytest.param(1, "trying", marks=pytest.mark.nightly),
        (2, "asking"),
        pytest.param(3, "trying", marks=pytest.mark.nightly),
    ],
)
def test_a_search_that_was_stopped_goes_on_when_it_is_redriven(aws, whole, turn, doing):
    aws.bedrock(SLOW)
    key, execution = stopped_in_turn(aws, turn, doing)
    aws.bedrock(QUICK)
    aws.client("stepfunctions").redrive_execution(executionArn=execution["executionArn"])
    [execution] = aws.finished(key)
    assert found(aws, execution) == whole[0]
    assert not paid_twice(aws.calls())
    assert scorecard_of(aws, execution)["records"]["missing"] == 0


@pytest.fixture
def given(aws, tmp_path, monkeypatch):
    """Where a command runs, with the local AWS as the endpoint of all of boto3."""
    monkeypatch.setattr(storage, "_client", None)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    access = {**aws.keys, "AWS_ENDPOINT_URL": aws.endpoint, "AWS_CONFIG_FILE": os.devnull}
    return {"cwd": tmp_path, "env": environment | access}


@pytest.mark.nightly
@pytest.mark.parametrize("turns_before", [1, 3])
def test_a_run_that_failed_in_its_search_goes_on_with_it(aws, whole, given, turns_before):
    aws.bedrock(SLOW)
    key, end = uploaded(aws), time.monotonic() + 60
    while not any(
        (kept := search_of(aws, each["name"])) and kept["turn"] >= turns_before
        for each in aws.executions(key)
    ):
        assert time.monotonic() < end
        time.sleep(0.05)
    # It is called once more, and no third time.
    for _ in range(2):
        aws.kill_next("ChoosePrompts")
    [failed] = aws.finished(key)
    assert failed["status"] == "FAILED"
    aws.bedrock(QUICK)
    [folder] = [each for each in aws.files("") if each.endswith(f"{failed['name']}/run.json")]
    uri = f"s3://{aws.output}/{folder.removesuffix('/run.json')}"
    ended = called("run", "--resume", uri, "--yes", "--json", **given)
    assert ended.returncode == 0, ended.stderr
    assert "its search for prompts goes on" in ended.stderr
    newest = max(aws.executions(key), key=lambda each: each["startDate"])
    assert found(aws, newest) == whole[0]
    assert not paid_twice(aws.calls())


def test_of_two_hundred_additions_at_once_none_is_lost(aws):
    table, key = aws.outputs["HistoryTable"], {"pk": {"S": "ADDED"}, "sk": {"S": "ADDED"}}
    client = aws.client("dynamodb")

    def add(_):
        client.update_item(
            TableName=table,
            Key=key,
            UpdateExpression="ADD n :one",
            ExpressionAttributeValues={":one": {"N": "1"}},
        )

    with ThreadPoolExecutor(32) as pool:
        list(pool.map(add, range(200)))
    assert client.get_item(TableName=table, Key=key)["Item"]["n"]["N"] == "200"
    client.delete_item(TableName=table, Key=key)
