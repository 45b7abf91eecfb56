"""Executions as a boto3 client meets them; every answer is held to the service's model (see `stand`)."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from botocore.exceptions import ClientError

from evaldrop.running.local_aws.executions import ApiError
from tests.evaldrop.running.local_aws.executions.stand import ROLE, STATES, mapping, stand, task

ROWS = {"in/rows": "".join(f"{number}\n" for number in range(1, 7))}


@pytest.fixture
def aws():
    with stand(files=ROWS) as made:
        yield made


def refused(call, **parameters):
    with pytest.raises(ClientError) as error:
        call(**parameters)
    return error.value.response["Error"]["Code"], error.value.response["Error"]["Message"]


def kinds(aws, arn):
    return [event["type"] for event in aws.client.get_execution_history(executionArn=arn)["events"]]


# StartExecution


def test_an_execution_runs_to_its_output(aws):
    arn = aws.start(aws.machine({"T": task()}), {"a": 1})
    ended = aws.ended(arn)
    assert arn == f"{STATES}:execution:runner:one"
    assert (ended["status"], json.loads(ended["output"])) == ("SUCCEEDED", {"a": 1})
    assert ended["startDate"] <= ended["stopDate"]
    assert (ended["redriveStatus"], ended["redriveStatusReason"]) == (
        "NOT_REDRIVABLE",
        "Execution is SUCCEEDED and cannot be redriven",
    )


def test_the_context_has_the_machines_own_arns(aws):
    states = {"P": {"Type": "Pass", "Output": "{% $states.context %}", "End": True}}
    output = json.loads(aws.ended(aws.start(aws.machine(states)))["output"])
    assert output["Execution"]["Id"] == f"{STATES}:execution:runner:one"
    assert output["Execution"]["RoleArn"] == ROLE
    assert output["StateMachine"] == {"Id": f"{STATES}:stateMachine:runner", "Name": "runner"}


def test_the_same_name_and_input_start_nothing_twice_while_it_runs(aws):
    machine = aws.machine({"T": task()})
    aws.functions.gate.clear()
    first = aws.client.start_execution(stateMachineArn=machine, name="n", input="1")
    second = aws.client.start_execution(stateMachineArn=machine, name="n", input="1")
    assert (first["executionArn"], first["startDate"]) == (second["executionArn"], second["startDate"])
    code, message = refused(aws.client.start_execution, stateMachineArn=machine, name="n", input="2")
    assert (code, message) == (
        "ExecutionAlreadyExists",
        f"Execution Already Exists: '{STATES}:execution:runner:n'",
    )
    aws.functions.gate.set()
    aws.ended(first["executionArn"])
    code, _ = refused(aws.client.start_execution, stateMachineArn=machine, name="n", input="1")
    assert code == "ExecutionAlreadyExists"
    assert aws.functions.calls == [1]


def test_fifty_threads_that_start_one_name_start_one_execution(aws):
    machine = aws.machine({"T": task()})
    aws.functions.gate.clear()
    request = {"stateMachineArn": machine, "name": "n", "input": "1"}
    with ThreadPoolExecutor(50) as threads:
        answers = list(threads.map(lambda _: aws.executions.answer("StartExecution", request), range(50)))
    aws.functions.gate.set()
    aws.ended(answers[0]["executionArn"])
    assert answers == [answers[0]] * 50
    assert aws.functions.calls == [1]


def test_without_name_and_input_there_is_a_uuid_and_an_empty_object(aws):
    arn = aws.client.start_execution(stateMachineArn=aws.machine({"T": task()}))["executionArn"]
    assert len(arn.rpartition(":")[2]) == 36
    assert aws.ended(arn)["input"] == "{}"


@pytest.mark.parametrize("name", ["a b", "a/b", "a:b", "a*b", "", "x" * 81, "a\u0007b", "a\ud800b"])
def test_a_bad_name_is_refused(aws, name):
    machine = aws.machine({"T": task()})
    with pytest.raises(ApiError) as error:
        aws.executions.answer("StartExecution", {"stateMachineArn": machine, "name": name})
    assert error.value.code == "InvalidName"


@pytest.mark.parametrize("text", ["{", "", '"' + "é" * 131_073 + '"'])
def test_input_that_is_no_json_or_over_the_quota_is_refused(aws, text):
    code, _ = refused(aws.client.start_execution, stateMachineArn=aws.machine({"T": task()}), input=text)
    assert code == "InvalidExecutionInput"


@pytest.mark.parametrize(
    ("arn", "code"),
    [
        (f"{STATES}:stateMachine:nobody", "StateMachineDoesNotExist"),
        (f"{STATES}:execution:runner:one", "InvalidArn"),
        (f"{STATES}:stateMachine:runner/Rows", "ValidationException"),
    ],
)
def test_a_state_machine_that_is_none_is_refused(aws, arn, code):
    aws.machine({"T": task()})
    assert refused(aws.client.start_execution, stateMachineArn=arn)[0] == code


def test_a_definition_that_the_engine_does_not_run_is_refused_with_every_problem(aws):
    arn = aws.machine({"T": {"Type": "Task", "Resource": "arn:aws:states:::glue:startJobRun", "End": True}})
    code, message = refused(aws.client.start_execution, stateMachineArn=arn)
    assert code == "ValidationException"
    assert "runner cannot run here" in message
    assert "$.States.T" in message


def test_a_resource_that_nothing_answers_for_is_refused(aws):
    arn = aws.machine({"T": task(Resource="arn:aws:states:::sns:publish")})
    code, message = refused(aws.client.start_execution, stateMachineArn=arn)
    assert (code, message) == (
        "ValidationException",
        "runner cannot run here: nothing answers for sns:publish",
    )


def test_sync_and_unknown_actions_are_refused_by_name(aws):
    machine = aws.machine({"T": task()})
    for action, code in (
        ("StartSyncExecution", "StateMachineTypeNotSupported"),
        ("SendTaskSuccess", "UnknownOperationException"),
    ):
        with pytest.raises(ApiError, match=action) as error:
            aws.executions.answer(action, {"stateMachineArn": machine})
        assert error.value.code == code


@pytest.mark.parametrize(
    ("action", "request_", "problem"),
    [
        ("DescribeExecution", {}, "executionArn is required"),
        ("DescribeExecution", {"executionArn": 5}, "executionArn must be of type string"),
        ("ListExecutions", {"maxResults": 1001}, "maxResults must be at most 1000 in value"),
        ("ListExecutions", {"maxResults": True}, "maxResults must be of type integer"),
        ("ListExecutions", {"statusFilter": "DONE"}, "statusFilter must be one of RUNNING"),
        ("StopExecution", {"executionArn": "", "who": 1}, "executionArn must be at least 1 characters"),
        ("StopExecution", {"executionArn": "a", "who": 1}, "who is no parameter of StopExecution"),
    ],
)
def test_a_request_that_does_not_fit_the_model_is_refused(aws, action, request_, problem):
    with pytest.raises(ApiError, match=problem) as error:
        aws.executions.answer(action, request_)
    assert error.value.code == "ValidationException"


# DescribeExecution, ListExecutions


def test_a_failed_execution_says_why_and_can_be_redriven(aws):
    aws.functions.fail(1)
    ended = aws.ended(aws.start(aws.machine({"T": task()}), 1))
    assert (ended["status"], ended["error"], ended["cause"]) == ("FAILED", "Busy", "try later")
    assert ended["redriveStatus"] == "REDRIVABLE"
    assert "output" not in ended


def test_an_execution_that_takes_too_long_is_timed_out(aws):
    arn = aws.machine({"T": task()})
    definition = json.loads(aws.machines[arn].definition) | {"TimeoutSeconds": 1}
    aws.machines[arn] = replace(aws.machines[arn], definition=json.dumps(definition))
    aws.functions.gate.clear()
    ended = aws.ended(aws.start(arn))
    assert (ended["status"], ended["error"]) == ("TIMED_OUT", "States.Timeout")


def test_metadata_alone_has_no_data(aws):
    arn = aws.start(aws.machine({"T": task()}), {"secret": 1})
    aws.ended(arn)
    answer = aws.client.describe_execution(executionArn=arn, includedData="METADATA_ONLY")
    assert not {"input", "output", "inputDetails"} & answer.keys()


def test_an_execution_that_is_not_there(aws):
    nobody = f"{STATES}:execution:runner:nobody"
    calls = (aws.client.describe_execution, aws.client.list_map_runs, aws.client.get_execution_history)
    for call in calls:
        assert refused(call, executionArn=nobody)[0] == "ExecutionDoesNotExist"
    child = f"{STATES}:express:runner/Rows:nobody"
    assert refused(aws.client.describe_execution, executionArn=child)[0] == "ExecutionDoesNotExist"
    assert refused(aws.client.describe_execution, executionArn="x")[0] == "InvalidArn"
    assert (
        refused(aws.client.describe_map_run, mapRunArn=f"{STATES}:mapRun:runner/a:b")[0] == "ResourceNotFound"
    )
    assert refused(aws.client.describe_map_run, mapRunArn="x")[0] == "InvalidArn"


def test_executions_are_listed_newest_first_in_pages(aws):
    machine, other = aws.machine({"T": task()}), aws.machine({"T": task()}, name="other")
    arns = []
    for number in range(7):
        arns.append(aws.start(machine, number, name=f"n{number}"))
        aws.ended(arns[-1])
    aws.ended(aws.start(other))
    pages = list(
        aws.client.get_paginator("list_executions").paginate(
            stateMachineArn=machine, PaginationConfig={"PageSize": 3}
        )
    )
    assert [len(page["executions"]) for page in pages] == [3, 3, 1]
    assert [entry["executionArn"] for page in pages for entry in page["executions"]] == arns[::-1]


def test_executions_are_listed_by_status(aws):
    machine = aws.machine({"T": task()})
    aws.functions.fail(1)
    aws.ended(aws.start(machine, 1, name="bad"))
    aws.ended(aws.start(machine, 2, name="good"))

    def names(**filters):
        listed = aws.client.list_executions(stateMachineArn=machine, **filters)["executions"]
        return [entry["name"] for entry in listed]

    assert names() == ["good", "bad"]
    assert names(statusFilter="FAILED") == ["bad"]
    assert names(statusFilter="RUNNING") == []
    assert names(redriveFilter="REDRIVEN") == []


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({}, "ValidationException"),
        ({"stateMachineArn": f"{STATES}:stateMachine:nobody"}, "StateMachineDoesNotExist"),
        (
            {"stateMachineArn": f"{STATES}:stateMachine:runner", "statusFilter": "PENDING_REDRIVE"},
            "ValidationException",
        ),
        ({"stateMachineArn": f"{STATES}:stateMachine:runner", "nextToken": "x"}, "InvalidToken"),
        ({"stateMachineArn": f"{STATES}:stateMachine:runner", "nextToken": "W10="}, "InvalidToken"),
        ({"mapRunArn": f"{STATES}:mapRun:runner/Rows:x"}, "ResourceNotFound"),
    ],
)
def test_a_listing_that_cannot_be_is_refused(aws, given, code):
    aws.machine({"T": task()})
    assert refused(aws.client.list_executions, **given)[0] == code


# StopExecution, RedriveExecution


def test_a_stopped_execution_is_aborted_and_goes_on_when_redriven(aws):
    states = {
        "A": {"Type": "Pass", "Assign": {"kept": "{% $states.input %}"}, "Next": "T"},
        "T": {**task(), "Arguments": "call", "Next": "B"},
        "B": {"Type": "Pass", "Output": "{% [$kept, $states.input] %}", "End": True},
    }
    del states["T"]["End"]
    aws.functions.gate.clear()
    arn = aws.start(aws.machine(states), 5)
    aws.wait(lambda: aws.functions.calls, len)
    stopped = aws.client.stop_execution(executionArn=arn, error="Tired", cause="of it")
    ended = aws.client.describe_execution(executionArn=arn)
    assert (ended["status"], ended["error"], ended["cause"]) == ("ABORTED", "Tired", "of it")
    assert ended["stopDate"] == stopped["stopDate"]
    assert aws.client.stop_execution(executionArn=arn)["stopDate"] == stopped["stopDate"]

    aws.functions.gate.set()
    redriven = aws.client.redrive_execution(executionArn=arn)
    ended = aws.ended(arn)
    assert (ended["status"], json.loads(ended["output"])) == ("SUCCEEDED", [5, "call"])
    assert (ended["redriveCount"], ended["redriveDate"]) == (1, redriven["redriveDate"])
    assert aws.functions.calls == ["call", "call"]
    assert kinds(aws, arn) == [
        "ExecutionStarted", "PassStateEntered", "PassStateExited",
        "TaskStateEntered", "TaskScheduled", "TaskStarted", "ExecutionAborted",
        "ExecutionRedriven", "TaskScheduled", "TaskStarted", "TaskSucceeded", "TaskStateExited",
        "PassStateEntered", "PassStateExited", "ExecutionSucceeded",
    ]  # fmt: skip


def test_the_same_token_redrives_once(aws):
    aws.functions.fail(1, times=2)
    arn = aws.start(aws.machine({"T": task()}), 1)
    aws.ended(arn)
    first = aws.client.redrive_execution(executionArn=arn, clientToken="t")["redriveDate"]
    aws.ended(arn)
    assert aws.client.redrive_execution(executionArn=arn, clientToken="t")["redriveDate"] == first
    assert aws.functions.calls == [1, 1]
    aws.client.redrive_execution(executionArn=arn, clientToken="u")
    assert aws.ended(arn)["redriveCount"] == 2


def test_what_runs_or_succeeded_is_not_redrivable(aws):
    aws.functions.gate.clear()
    arn = aws.start(aws.machine({"T": task()}))
    code, message = refused(aws.client.redrive_execution, executionArn=arn)
    assert (code, message) == (
        "ExecutionNotRedrivable",
        f"Execution Not Redrivable: '{arn}'. Execution is RUNNING and cannot be redriven",
    )
    aws.functions.gate.set()
    aws.ended(arn)
    assert "SUCCEEDED" in refused(aws.client.redrive_execution, executionArn=arn)[1]


def test_an_execution_that_succeeds_as_it_is_stopped_runs_nothing_when_redriven(aws):
    async def stop_then_reply(arguments, _context):
        aws.functions.calls.append(arguments)
        attempts, [record] = aws.executions._attempts, aws.executions._records.values()
        attempts.stop(record, None, None)
        return "done"

    aws.executions._integrations = lambda _machine: {"lambda:invoke": stop_then_reply}
    arn = aws.start(aws.machine({"T": task()}), 1)
    assert aws.ended(arn)["status"] == "ABORTED"
    aws.client.redrive_execution(executionArn=arn)
    ended = aws.ended(arn)
    assert (ended["status"], ended["output"], aws.functions.calls) == ("SUCCEEDED", '"done"', [1])


def test_a_history_that_is_full_cannot_go_on(aws, monkeypatch):
    monkeypatch.setattr("evaldrop.running.local_aws.executions.records.MOST_EVENTS", 3)
    aws.functions.fail(1)
    arn = aws.start(aws.machine({"T": task()}), 1)
    aws.ended(arn)
    assert "history event limit exceeded" in refused(aws.client.redrive_execution, executionArn=arn)[1]


@pytest.mark.parametrize(
    ("days", "reason"), [(15, "redrivable period exceeded"), (366, "exceeded the max execution time")]
)
def test_an_execution_is_redrivable_for_two_weeks_within_a_year(days, reason):
    class Clock:
        later_s = 0.0

        def now(self):
            return 1e9 + self.later_s

        async def sleep(self, seconds):
            raise NotImplementedError

    clock = Clock()
    with stand(clock=clock) as aws:
        aws.functions.fail(1)
        arn = aws.start(aws.machine({"T": task()}), 1)
        aws.ended(arn)
        clock.later_s = days * 86_400
        assert reason in refused(aws.client.redrive_execution, executionArn=arn)[1]
        assert reason in aws.client.describe_execution(executionArn=arn)["redriveStatusReason"]


def test_a_map_run_that_was_stopped_ends_its_express_children_before_it_is_redriven(aws):
    aws.functions.gate.clear()
    arn = aws.start(aws.machine({"M": mapping({"T": task()}, MaxConcurrency=2)}))
    aws.wait(lambda: aws.functions.calls, lambda calls: len(calls) == 2)
    aws.client.stop_execution(executionArn=arn)
    [map_run] = aws.client.list_map_runs(executionArn=arn)["mapRuns"]

    def described():
        return aws.client.describe_map_run(mapRunArn=map_run["mapRunArn"])

    assert described()["status"] == "RUNNING"
    assert "stopDate" not in described()
    aws.client.redrive_execution(executionArn=arn)
    assert aws.client.describe_execution(executionArn=arn)["status"] == "RUNNING"
    assert described()["redriveCount"] == 0
    aws.functions.gate.set()
    assert aws.ended(arn)["status"] == "SUCCEEDED"
    assert sorted(aws.functions.calls) == [1, 2, 3, 4, 5, 6]
    assert described()["redriveCount"] == 1
    assert described()["itemCounts"]["succeeded"] == 6


def test_a_redrive_that_was_stopped_is_redriven_after_what_still_runs(aws):
    aws.functions.gate.clear()
    arn = aws.start(aws.machine({"M": mapping({"T": task()}, MaxConcurrency=2)}))
    aws.wait(lambda: aws.functions.calls, lambda calls: len(calls) == 2)
    for _ in range(3):
        aws.client.stop_execution(executionArn=arn)
        aws.client.redrive_execution(executionArn=arn)
    aws.functions.gate.set()
    assert aws.ended(arn)["status"] == "SUCCEEDED"
    assert sorted(aws.functions.calls) == [1, 2, 3, 4, 5, 6]


# Map Runs


def test_a_map_run_is_described_while_it_runs_and_updated(aws):
    aws.functions.gate.clear()
    arn = aws.start(aws.machine({"M": mapping({"T": task()}, MaxConcurrency=2)}))
    aws.wait(lambda: aws.functions.calls, lambda calls: len(calls) == 2)
    [map_run] = aws.client.list_map_runs(executionArn=arn)["mapRuns"]
    name = map_run["mapRunArn"]
    assert map_run["stateMachineArn"] == f"{STATES}:stateMachine:runner/Rows"
    before = aws.client.describe_map_run(mapRunArn=name)
    assert (before["status"], before["maxConcurrency"], before["executionArn"]) == ("RUNNING", 2, arn)
    assert {status: count for status, count in before["itemCounts"].items() if count} == {
        "running": 2, "pending": 4, "total": 6,
    }  # fmt: skip
    assert before["itemCounts"] == before["executionCounts"]

    aws.client.update_map_run(mapRunArn=name, maxConcurrency=5)
    aws.wait(lambda: aws.functions.calls, lambda calls: len(calls) == 5)
    after = aws.client.describe_map_run(mapRunArn=name)
    assert (after["maxConcurrency"], after["executionCounts"]["running"]) == (5, 5)

    listed = aws.client.list_executions(mapRunArn=name, maxResults=4)
    assert len(listed["executions"]) == 4
    rest = aws.client.list_executions(mapRunArn=name, maxResults=4, nextToken=listed["nextToken"])
    children = [*listed["executions"], *rest["executions"]]
    assert len({child["executionArn"] for child in children}) == 5
    assert {child["status"] for child in children} == {"RUNNING"}

    aws.functions.gate.set()
    assert aws.ended(arn)["status"] == "SUCCEEDED"
    done = aws.client.describe_map_run(mapRunArn=name)
    assert {status: count for status, count in done["itemCounts"].items() if count} == {
        "succeeded": 6, "total": 6, "resultsWritten": 6,
    }  # fmt: skip
    assert done["stopDate"] >= done["startDate"]
    assert refused(aws.client.update_map_run, mapRunArn=name, maxConcurrency=1)[0] == "ValidationException"


def test_a_lower_concurrency_starts_no_more_than_it_allows(aws):
    aws.functions.gate.clear()
    arn = aws.start(aws.machine({"M": mapping({"T": task()}, MaxConcurrency=4)}))
    aws.wait(lambda: aws.functions.calls, lambda calls: len(calls) == 4)
    [map_run] = aws.client.list_map_runs(executionArn=arn)["mapRuns"]
    aws.client.update_map_run(mapRunArn=map_run["mapRunArn"], maxConcurrency=1)
    aws.functions.gate.set()
    assert aws.ended(arn)["status"] == "SUCCEEDED"
    assert sorted(aws.functions.calls) == [1, 2, 3, 4, 5, 6]


def test_a_higher_tolerance_lets_a_map_run_succeed(aws):
    aws.functions.gate.clear()
    for row in (1, 2):
        aws.functions.fail(row)
    arn = aws.start(aws.machine({"M": mapping({"T": task()}, MaxConcurrency=2)}))
    aws.wait(lambda: aws.functions.calls, lambda calls: len(calls) == 2)
    [map_run] = aws.client.list_map_runs(executionArn=arn)["mapRuns"]
    aws.client.update_map_run(mapRunArn=map_run["mapRunArn"], toleratedFailurePercentage=50)
    aws.functions.gate.set()
    assert aws.ended(arn)["status"] == "SUCCEEDED"
    described = aws.client.describe_map_run(mapRunArn=map_run["mapRunArn"])
    assert described["toleratedFailurePercentage"] == 50
    assert described["itemCounts"]["failed"] == 2


def test_a_lower_tolerance_fails_a_map_run_at_once(aws):
    aws.functions.fail(1)
    states = {"M": mapping({"T": task()}, MaxConcurrency=1, ToleratedFailureCount=3)}
    states["M"]["ItemProcessor"]["States"]["T"] |= {"Arguments": "{% $states.input %}"}
    arn = aws.start(aws.machine(states))
    aws.ended(arn)
    assert aws.client.describe_execution(executionArn=arn)["status"] == "SUCCEEDED"
    aws.functions.calls.clear()
    aws.functions.fail(1)
    aws.functions.gate.clear()
    arn = aws.start(aws.machine(states, name="again"))
    aws.wait(lambda: aws.functions.calls, len)
    [map_run] = aws.client.list_map_runs(executionArn=arn)["mapRuns"]
    aws.client.update_map_run(mapRunArn=map_run["mapRunArn"], toleratedFailureCount=0)
    aws.functions.gate.set()
    assert aws.ended(arn)["error"] == "States.ExceedToleratedFailureThreshold"


def test_a_redriven_map_run_runs_what_did_not_succeed_under_its_own_arn(aws):
    aws.functions.fail(2)
    arn = aws.start(aws.machine({"M": mapping({"T": task()}, MaxConcurrency=1)}))
    assert aws.ended(arn)["error"] == "States.ExceedToleratedFailureThreshold"
    [map_run] = aws.client.list_map_runs(executionArn=arn)["mapRuns"]
    name = map_run["mapRunArn"]
    failed = aws.client.describe_map_run(mapRunArn=name)
    assert failed["status"] == "FAILED"
    assert {status: count for status, count in failed["itemCounts"].items() if count} == {
        "succeeded": 1, "failed": 1, "pending": 4, "total": 6, "resultsWritten": 2,
    }  # fmt: skip
    [child] = aws.client.list_executions(mapRunArn=name, statusFilter="FAILED")["executions"]
    described = aws.client.describe_execution(executionArn=child["executionArn"])
    assert (described["mapRunArn"], described["error"], described["redriveStatus"]) == (
        name, "Busy", "REDRIVABLE_BY_MAP_RUN",
    )  # fmt: skip
    assert refused(aws.client.redrive_execution, executionArn=child["executionArn"])[0] == (
        "ExecutionNotRedrivable"
    )
    assert refused(aws.client.stop_execution, executionArn=child["executionArn"])[0] == "ValidationException"
    assert refused(aws.client.get_execution_history, executionArn=child["executionArn"])[0] == "InvalidArn"

    aws.functions.gate.clear()
    aws.client.redrive_execution(executionArn=arn)
    aws.wait(lambda: aws.functions.calls, lambda calls: len(calls) == 3)
    counts = aws.client.describe_map_run(mapRunArn=name)["itemCounts"]
    assert {status: count for status, count in counts.items() if count} == {
        "succeeded": 1, "running": 1, "pending": 4, "total": 6, "resultsWritten": 2,
    }  # fmt: skip
    aws.functions.gate.set()
    assert aws.ended(arn)["status"] == "SUCCEEDED"
    assert aws.functions.calls == [1, 2, 2, 3, 4, 5, 6]
    [again] = aws.client.list_map_runs(executionArn=arn)["mapRuns"]
    assert again["mapRunArn"] == name
    done = aws.client.describe_map_run(mapRunArn=name)
    assert (done["status"], done["redriveCount"], done["itemCounts"]["succeeded"]) == ("SUCCEEDED", 1, 6)
    [redriven] = aws.client.list_executions(mapRunArn=name, redriveFilter="REDRIVEN")["executions"]
    assert redriven["executionArn"] == child["executionArn"]
    described = aws.client.describe_execution(executionArn=child["executionArn"])
    assert described["redriveStatusReason"] == "Execution is SUCCEEDED and cannot be redriven"


def test_children_wait_for_their_redrive_under_the_concurrency_limit(aws):
    for row in (1, 2, 3):
        aws.functions.fail(row)
    tolerant = mapping({"T": task()}, MaxConcurrency=1, ToleratedFailureCount=2)
    arn = aws.start(aws.machine({"M": tolerant}))
    aws.ended(arn)
    [map_run] = aws.client.list_map_runs(executionArn=arn)["mapRuns"]
    aws.functions.gate.clear()
    aws.client.redrive_execution(executionArn=arn)
    aws.wait(lambda: aws.functions.calls, lambda calls: len(calls) == 4)
    described = aws.client.describe_map_run(mapRunArn=map_run["mapRunArn"])
    assert described["executionCounts"]["pendingRedrive"] == 2
    waiting = aws.client.list_executions(mapRunArn=map_run["mapRunArn"], statusFilter="PENDING_REDRIVE")
    assert len(waiting["executions"]) == 2
    aws.functions.gate.set()
    aws.ended(arn)
    described = aws.client.describe_map_run(mapRunArn=map_run["mapRunArn"])
    assert described["executionCounts"]["pendingRedrive"] == 0


def test_items_in_batches_are_counted_as_items_and_children(aws):
    batched = mapping({"T": task()}, ItemBatcher={"MaxItemsPerBatch": 4})
    arn = aws.start(aws.machine({"M": batched}))
    aws.ended(arn)
    [map_run] = aws.client.list_map_runs(executionArn=arn)["mapRuns"]
    described = aws.client.describe_map_run(mapRunArn=map_run["mapRunArn"])
    assert (described["itemCounts"]["succeeded"], described["executionCounts"]["succeeded"]) == (6, 2)
    listed = aws.client.list_executions(mapRunArn=map_run["mapRunArn"])["executions"]
    assert sorted(child["itemCount"] for child in listed) == [2, 4]


def test_results_that_are_not_exported_are_not_written(aws):
    state = mapping({"T": task()})
    del state["ResultWriter"]
    arn = aws.start(aws.machine({"M": state}))
    assert json.loads(aws.ended(arn)["output"]) == [1, 2, 3, 4, 5, 6]
    [map_run] = aws.client.list_map_runs(executionArn=arn)["mapRuns"]
    described = aws.client.describe_map_run(mapRunArn=map_run["mapRunArn"])
    assert described["itemCounts"]["resultsWritten"] == 0


# DescribeStateMachineForExecution, GetExecutionHistory


def test_an_execution_keeps_the_definition_it_was_started_with(aws):
    arn = aws.machine({"M": mapping({"T": task()})})
    execution = aws.start(arn)
    aws.ended(execution)
    old = aws.machines[arn].definition
    aws.machines[arn] = replace(aws.machines[arn], definition="{}")
    answer = aws.client.describe_state_machine_for_execution(executionArn=execution)
    assert (answer["definition"], answer["name"], answer["roleArn"]) == (old, "runner", ROLE)
    [map_run] = aws.client.list_map_runs(executionArn=execution)["mapRuns"]
    child = aws.client.list_executions(mapRunArn=map_run["mapRunArn"])["executions"][0]
    answer = aws.client.describe_state_machine_for_execution(executionArn=child["executionArn"])
    assert (answer["stateMachineArn"], answer["label"]) == (f"{arn}/Rows", "Rows")


def test_a_history_tells_of_branches_iterations_and_failed_evaluations(aws):
    branch = {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 0, "End": True}}}
    inner = {
        "StartAt": "E",
        "States": {"E": {"Type": "Pass", "Output": "{% $states.input + 1 %}", "End": True}},
    }
    states = {
        "B": {"Type": "Parallel", "Branches": [branch], "Next": "L"},
        "L": {"Type": "Map", "Items": [1, "x"], "MaxConcurrency": 1, "ItemProcessor": inner, "End": True},
    }
    arn = aws.start(aws.machine(states))
    assert aws.ended(arn)["error"] == "States.QueryEvaluationError"
    assert kinds(aws, arn) == [
        "ExecutionStarted",
        "ParallelStateEntered", "ParallelStateStarted", "WaitStateEntered", "WaitStateExited",
        "ParallelStateSucceeded", "ParallelStateExited",
        "MapStateEntered", "MapStateStarted",
        "MapIterationStarted", "PassStateEntered", "PassStateExited", "MapIterationSucceeded",
        "MapIterationStarted", "PassStateEntered", "EvaluationFailed", "MapIterationFailed",
        "MapStateFailed", "ExecutionFailed",
    ]  # fmt: skip


def test_a_history_says_which_event_came_before_in_each_branch(aws):
    branches = [
        {"StartAt": f"{n}1", "States": {
            f"{n}1": {"Type": "Wait", "Seconds": 0, "Next": f"{n}2"}, f"{n}2": {"Type": "Pass", "End": True},
        }}
        for n in "ab"
    ]  # fmt: skip
    arn = aws.start(aws.machine({"B": {"Type": "Parallel", "Branches": branches, "End": True}}))
    aws.ended(arn)
    events = aws.client.get_execution_history(executionArn=arn)["events"]
    entered = {e["stateEnteredEventDetails"]["name"]: e for e in events if "stateEnteredEventDetails" in e}
    exited = {e["stateExitedEventDetails"]["name"]: e for e in events if "stateExitedEventDetails" in e}
    for n in "ab":
        assert entered[f"{n}2"]["previousEventId"] == exited[f"{n}1"]["id"]
        assert events[entered[f"{n}1"]["previousEventId"] - 1]["type"] == "ParallelStateStarted"


def test_a_history_comes_in_pages_in_either_order_with_or_without_data(aws):
    aws.functions.fail("x")
    arn = aws.start(aws.machine({"T": task(Arguments="x", TimeoutSeconds=9)}), {"secret": 1})
    aws.ended(arn)
    paginator = aws.client.get_paginator("get_execution_history")

    def events(**more):
        pages = paginator.paginate(executionArn=arn, PaginationConfig={"PageSize": 2}, **more)
        return [event for page in pages for event in page["events"]]

    forward = events()
    assert [event["id"] for event in forward] == [1, 2, 3, 4, 5, 6]
    assert events(reverseOrder=True) == forward[::-1]
    scheduled = forward[2]["taskScheduledEventDetails"]
    assert scheduled == {
        "resourceType": "lambda", "resource": "invoke", "region": "eu-central-1", "parameters": '"x"',
        "timeoutInSeconds": 9,
    }  # fmt: skip
    assert forward[4]["taskFailedEventDetails"]["error"] == "Busy"
    assert "secret" not in str(events(includeExecutionData=False))


# close


def test_closing_stops_what_runs_even_express_children():
    with stand(files=ROWS) as aws:
        aws.functions.gate.clear()
        aws.start(aws.machine({"M": mapping({"T": task()})}))
        aws.start(aws.machine({"T": task()}, name="other"))
        aws.wait(lambda: aws.functions.calls, lambda calls: len(calls) == 7)
        aws.executions.close()
        aws.executions.close()
        assert "executions" not in [thread.name for thread in threading.enumerate()]
        with pytest.raises(ApiError, match="closed") as error:
            aws.executions.answer("ListExecutions", {"mapRunArn": "x"})
        assert error.value.status == 503
        assert aws.objects.open_streams == 0


def test_a_fault_of_our_own_ends_the_execution(aws):
    aws.functions.fail(1)
    arn = aws.start(aws.machine({"T": task()}), 1)
    aws.ended(arn)
    aws.executions._integrations = lambda _machine: {}
    aws.client.redrive_execution(executionArn=arn)
    ended = aws.ended(arn)
    assert (ended["status"], ended["error"]) == ("FAILED", "States.Runtime")
    assert "no integration is given for the resource lambda:invoke" in ended["cause"]
