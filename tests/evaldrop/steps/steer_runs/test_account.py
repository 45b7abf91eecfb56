"""Running runs steered through fakes of Step Functions and CloudWatch."""

import json

import pytest
from botocore.exceptions import ClientError

from evaldrop.bedrock.families.requests import candidate_call, judge_call
from evaldrop.errors import AwsError
from evaldrop.evaluation import Candidate, Judge
from evaldrop.steps.steer_runs.account import StackAccount, models_of
from evaldrop.steps.steer_runs.steer import Steered, steer_runs

MACHINE = "arn:aws:states:eu-west-1:123456789012:stateMachine:Evaluate"
LITE, PRO = "eu.amazon.nova-lite-v1:0", "eu.amazon.nova-pro-v1:0"
STATE = {
    "max_concurrency": 50,
    "candidates": [{"name": "lite", "api": "converse", "request": {"ModelId": LITE}}],
    "judges": {"pro/1": {"model": PRO}},
}


def map_arn(number, label="Records"):
    return f"arn:aws:states:eu-west-1:123456789012:mapRun:Evaluate/{label}:{number}"


class StepFunctions:
    """One running execution with Map Runs: number to what DescribeMapRun says."""

    def __init__(self, maps, *, state=STATE, extra=()):
        self.maps = {map_arn(number): found for number, found in maps.items()}
        self.extra = list(extra)
        self.state = state
        self.set = {}

    def get_paginator(self, operation):
        return self if operation == "list_executions" else ListMapRuns(self)

    def paginate(self, **asked):
        assert asked == {"stateMachineArn": MACHINE, "statusFilter": "RUNNING"}
        return [{"executions": []}, {"executions": [{"executionArn": "arn:run-1", "name": "run-1"}]}]

    def get_execution_history(self, *, executionArn, **_):  # noqa: N803 - boto3's words
        assert executionArn == "arn:run-1"
        left = {"name": "PrepareRecords", "output": json.dumps(self.state)}
        entered = {"type": "TaskStateEntered", "stateEnteredEventDetails": {"name": "PrepareRecords"}}
        return {"events": [entered, {"stateExitedEventDetails": left}] if self.state else [entered]}

    def describe_map_run(self, *, mapRunArn):  # noqa: N803
        return self.maps[mapRunArn]

    def update_map_run(self, *, mapRunArn, maxConcurrency):  # noqa: N803
        self.set[mapRunArn] = maxConcurrency


class ListMapRuns:
    def __init__(self, of):
        self.of = of

    def paginate(self, *, executionArn):  # noqa: N803
        assert executionArn == "arn:run-1"
        return [{"mapRuns": [*({"mapRunArn": arn} for arn in self.of.maps), *self.of.extra]}]


class CloudWatch:
    """Counts by model and metric, in two minutes of each half."""

    def __init__(self, counts):
        self.counts = counts

    def get_metric_data(self, *, MetricDataQueries, StartTime, EndTime):  # noqa: N803
        assert (EndTime - StartTime).total_seconds() == 120
        results = []
        for query in MetricDataQueries:
            metric = query["MetricStat"]["Metric"]
            count = self.counts.get((metric["Dimensions"][0]["Value"], metric["MetricName"]), 0)
            results.append({"Id": query["Id"], "Values": [count / 2, count / 2] if count else []})
        return {"MetricDataResults": results}


def describing(concurrency, *, pending=100, status="RUNNING"):
    return {"status": status, "maxConcurrency": concurrency, "itemCounts": {"pending": pending}}


def steered(functions, counts):
    account = StackAccount(MACHINE, step_functions=functions, cloudwatch=CloudWatch(counts))
    return steer_runs(account)


THROTTLED = {(LITE, "Invocations"): 400, (PRO, "Invocations"): 300, (PRO, "InvocationThrottles"): 100}


def test_a_run_whose_judge_is_throttled_evaluates_fewer_records_at_a_time():
    functions = StepFunctions({1: describing(40)})
    assert steered(functions, THROTTLED) == [Steered(run_id="run-1", before=40, after=28)]
    assert functions.set == {map_arn(1): 28}


def test_afterwards_it_evaluates_more_again_and_what_need_not_change_is_left_alone():
    functions = StepFunctions({1: describing(40), 2: describing(50)})
    steered(functions, {(LITE, "Invocations"): 400})
    assert functions.set == {map_arn(1): 45}


def test_map_runs_that_have_ended_or_start_nothing_more_or_run_jobs_are_left_alone():
    over = [{"mapRunArn": map_arn(8), "stopDate": "then"}, {"mapRunArn": map_arn(9, "Jobs")}]
    functions = StepFunctions({1: describing(40, pending=0), 2: describing(40, status="FAILED")}, extra=over)
    assert steered(functions, THROTTLED) == []


def test_a_run_whose_own_number_is_not_known_is_left_alone():
    functions = StepFunctions({1: describing(40)}, state=None)
    assert steered(functions, THROTTLED) == []


def test_models_are_those_that_the_workflows_state_calls_by_what_metrics_call_them():
    """By the very functions that make the state."""
    arn = "arn:aws:bedrock:eu-west-1:123456789012:imported-model/def456"
    candidates = [
        Candidate(name="lite", model=LITE),
        Candidate(name="own", model=arn, api="invoke_model", family="llama"),
        Candidate(name="given", model="given"),
    ]
    judge = judge_call(Judge(name="pro", model=PRO), system="", tool={}, reminder="")
    calls = [candidate_call(each, request_key="k") for each in candidates]
    assert models_of({"candidates": calls, "judges": {"pro/1": judge}}) == {LITE, "def456", PRO}


def test_what_aws_refuses_is_said():
    class Denied:
        def get_paginator(self, _operation):
            raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "ListExecutions")

    with pytest.raises(AwsError, match="which runs are running is not known"):
        steer_runs(StackAccount(MACHINE, step_functions=Denied(), cloudwatch=object()))
