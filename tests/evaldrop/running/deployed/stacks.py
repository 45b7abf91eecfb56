"""A stack as CloudFormation (moto) describes it, and Step Functions as far as a run is watched by it."""

import json
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import boto3
from botocore.exceptions import ClientError

from evaldrop.run.request import RunRequest
from evaldrop.running.deployed.stack import Stack, find_stack
from evaldrop.steps.start_run.events import start_runs
from tests.evaldrop.steps.start_run.test_events import Services, created

MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:EvaluateDataset"
EXECUTION = MACHINE.replace("stateMachine", "execution")
_MAP_RUN = MACHINE.replace("stateMachine", "mapRun")

OUTPUTS = {
    "InputBucket": {"Ref": "Input"},
    "OutputBucket": {"Ref": "Output"},
    "StateMachine": MACHINE,
    "StartRunFunction": "StartRun",
    "ResultsTopic": "arn:aws:sns:us-east-1:123456789012:results",
    "DeadLetterQueue": "https://sqs.us-east-1.amazonaws.com/123456789012/dead-letters",
    "MaxDatasetBytes": "100000",
    "Caps": '{"max_run_usd": 25, "max_calls": 1000, "default_budget_usd": 10, "whose_prices": "stack"}',
}


def deploy(name="evaldrop", *, without=(), also=None) -> None:
    """Create a stack with its two buckets; `also` are outputs of what not every stack has."""
    resources = {name: {"Type": "AWS::S3::Bucket"} for name in ("Input", "Output")}
    outputs = {
        key: {"Value": value} for key, value in {**OUTPUTS, **(also or {})}.items() if key not in without
    }
    boto3.client("cloudformation").create_stack(
        StackName=name, TemplateBody=json.dumps({"Resources": resources, "Outputs": outputs})
    )
    if not without:
        # moto leaves a template's VersioningConfiguration aside
        boto3.client("s3").put_bucket_versioning(
            Bucket=found(name).input_bucket, VersioningConfiguration={"Status": "Enabled"}
        )


def found(name="evaldrop") -> Stack:
    return find_stack(name, boto3.client("cloudformation"))


class States:
    """
    Step Functions' executions: each a list of what successive looks find, the last of which stays.

    Attributes:
        executions: Moments by run ID, as `moment` makes them.
    """

    exceptions = SimpleNamespace(ClientError=ClientError)

    def __init__(self, **executions: list[dict[str, Any]]) -> None:
        self.executions = executions
        self.looks = 0
        self.interrupt_at: int | None = None
        self.stopped: list[str] = []

    def describe_execution(self, *, executionArn):  # noqa: N803 - boto3's word
        self.looks += 1
        if self.looks == self.interrupt_at:
            raise KeyboardInterrupt
        run_id = executionArn.rpartition(":")[2]
        moments = self.executions.get(run_id)
        if not moments or moments[0]["status"] == "NOT_STARTED":
            if moments and len(moments) > 1:
                moments.pop(0)
            raise ClientError(
                {"Error": {"Code": "ExecutionDoesNotExist", "Message": f"no {executionArn}"}},
                "DescribeExecution",
            )
        self._now = moments.pop(0) if len(moments) > 1 else moments[0]
        return {"executionArn": executionArn, "name": run_id, **self._now}

    def get_execution_history(self, **_):
        name = self._now["step"]
        entered = {"type": "TaskStateEntered", "stateEnteredEventDetails": {"name": name}}
        return {"events": [{"type": "TaskScheduled"}, entered]}

    def list_map_runs(self, **_):
        # That of the first records is over by then; of the order nothing is promised.
        runs = [{"mapRunArn": f"{_MAP_RUN}/Records:{n}", "startDate": n} for n in (1, 2)]
        # Those of jobs count no records.
        for label, started in (("Jobs", 3), ("Jobs", 4), ("EvaluationJobs", 5)):
            runs.append({"mapRunArn": f"{_MAP_RUN}/{label}:{started}", "startDate": started})
        return {"mapRuns": runs if self._now["counts"] else []}

    def describe_map_run(self, *, mapRunArn):  # noqa: N803 - boto3's word
        names = ("total", "succeeded", "failed", "timedOut", "aborted", "running", "pending")
        counts = {
            f"{_MAP_RUN}/Records:2": self._now["counts"],
            f"{_MAP_RUN}/Jobs:4": self._now.get("jobs"),
            f"{_MAP_RUN}/EvaluationJobs:5": self._now.get("jobs"),
        }[mapRunArn]
        return {"itemCounts": {**dict.fromkeys(names, 0), **counts}}

    def get_paginator(self, _):
        return SimpleNamespace(paginate=self._pages)

    def stop_execution(self, *, executionArn, cause):  # noqa: N803 - boto3's word
        assert cause
        self.stopped.append(executionArn)

    def _pages(self, *, stateMachineArn, statusFilter=None):  # noqa: N803 - boto3's word
        assert stateMachineArn == MACHINE
        for run_id, moments in self.executions.items():
            if statusFilter not in {None, moments[0]["status"]}:
                continue
            known = {key: moments[0][key] for key in ("status", "startDate")}
            yield {"executions": [{"name": run_id, "executionArn": f"{EXECUTION}:{run_id}", **known}]}


def moment(status="RUNNING", *, step="ValidateDataset", counts=None, out=None, dataset=None, **more):
    """What one look finds."""
    request = {"dataset": dataset or "s3://drop/datasets/faq.jsonl", "out": out}
    return {
        "status": status,
        "step": step,
        "counts": counts,
        "input": json.dumps(request),
        "startDate": datetime(2026, 11, 21, 10, tzinfo=UTC),
        **more,
    }


def started_by_upload(stack: Stack, key: str) -> RunRequest:
    """The run that StartRun starts when the newest version of a key is uploaded."""
    head = boto3.client("s3").head_object(Bucket=stack.input_bucket, Key=key)
    services = Services(metadata={(f"s3://{stack.input_bucket}/{key}", head["VersionId"]): head["Metadata"]})
    event = created(key, bucket=stack.input_bucket, version=head["VersionId"], size=head["ContentLength"])
    start_runs(event, stack.intake, services, delivery="request-1")
    (request,) = services.started.values()
    return request


def keys(bucket: str) -> list[str]:
    listed = boto3.client("s3").list_objects_v2(Bucket=bucket)
    return [each["Key"] for each in listed.get("Contents", [])]
