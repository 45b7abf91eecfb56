"""What is tried on AWS, one step after another; each ends with what was seen, or with an AssertionError."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import botocore.exceptions

from evaldrop.running.deployed.stack import Stack
from tests.whole_runs import ROOT

DATASET = ROOT / "datasets" / "support-faq" / "records.jsonl"
RECORDS = 12
"""Records of each run: enough for the map to be under way when it is stopped."""

_REFUSED_MODEL = "amazon.nova-premier-v1:0"
"""A model that the stack does not allow; by its own ID, which no Region refuses for being of another."""


@dataclass(frozen=True, kw_only=True)
class Account:
    """
    The stack that is tried.

    Attributes:
        client: Returns boto3's client of a service.
        kept: Folder for the histories of executions: what AWS answered, to hold the engine against.
        patience_s: How long a run may take.
    """

    stack: Stack
    start_run: str
    client: Callable[[str], Any]
    kept: Path
    patience_s: float = 1800
    look_every_s: float = 5

    def drop(self, name: str, *, evaluation: str | None = None, limit: int = RECORDS) -> str:
        """Upload the sample under a name of its own, an evaluation of its own beside it; return its key."""
        s3, key = self.client("s3"), f"datasets/acceptance-{name}/records.jsonl"
        if evaluation is not None:
            sidecar = f"datasets/acceptance-{name}/evaluation.yaml"
            s3.put_object(Bucket=self.stack.input_bucket, Key=sidecar, Body=evaluation.encode())
        s3.put_object(
            Bucket=self.stack.input_bucket,
            Key=key,
            Body=DATASET.read_bytes(),
            Metadata={"evaldrop-limit": str(limit)},
        )
        return key

    def execution_of(self, key: str) -> str:
        """Wait for the run that a dataset started; return its ARN."""
        states, wanted = self.client("stepfunctions"), f"s3://{self.stack.input_bucket}/{key}"

        def found() -> str | None:
            for each in states.list_executions(stateMachineArn=self.stack.machine_arn)["executions"]:
                arn = each["executionArn"]
                if json.loads(states.describe_execution(executionArn=arn)["input"])["dataset"] == wanted:
                    return str(arn)
            return None

        return str(self.wait_for(found, f"no run of {key} has started"))

    def ended(self, arn: str) -> Mapping[str, Any]:
        """Wait for an execution's end; return its description, and keep its history."""
        states = self.client("stepfunctions")

        def over() -> Mapping[str, Any] | None:
            described: Mapping[str, Any] = states.describe_execution(executionArn=arn)
            return None if described["status"] in {"RUNNING", "PENDING_REDRIVE"} else described

        described = self.wait_for(over, f"{arn} has not ended")
        pages = states.get_paginator("get_execution_history").paginate(executionArn=arn)
        events = [event for page in pages for event in page["events"]]
        self.kept.mkdir(parents=True, exist_ok=True)
        file = self.kept / f"{arn.rpartition(':')[2]}.json"
        file.write_text(json.dumps(events, default=str, indent=1), encoding="utf-8")
        return described  # type: ignore[no-any-return]

    def scorecard(self, described: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the scorecard of a run that succeeded."""
        assert described["status"] == "SUCCEEDED", f"{described['status']}: {described.get('cause')}"
        folder = json.loads(described["output"])["run"]["folder"]
        bucket, _, prefix = folder.removeprefix("s3://").partition("/")
        body = self.client("s3").get_object(Bucket=bucket, Key=f"{prefix}/scorecard.json")["Body"]
        read: Mapping[str, Any] = json.loads(body.read())
        return read

    def wait_for(self, look: Callable[[], Any], otherwise: str) -> Any:
        """Look until something is seen."""
        deadline = time.monotonic() + self.patience_s
        while time.monotonic() < deadline:
            if seen := look():
                return seen
            time.sleep(self.look_every_s)
        raise AssertionError(f"{otherwise} after {self.patience_s:.0f} s")


def drop(account: Account) -> str:
    """A dataset dropped in the bucket becomes a scorecard over all of its records."""
    card = account.scorecard(account.ended(account.execution_of(account.drop("drop"))))
    assert card["records"]["evaluated"] == RECORDS, card["records"]
    return f"{RECORDS} records evaluated for {card['cost_usd']['total']} USD"


def on_demand(account: Account) -> str:
    """StartRun, called as the schedule calls it, evaluates what is in the bucket."""
    key = account.drop("weekly")
    account.ended(account.execution_of(key))
    answered = account.client("lambda").invoke(
        FunctionName=account.start_run,
        Payload=json.dumps({"datasets": [{"dataset": key, "limit": 2}]}).encode(),
    )
    said = json.loads(answered["Payload"].read())
    assert "FunctionError" not in answered, said
    return f"started {json.dumps(said)}"


def redrive(account: Account) -> str:
    """A run that was stopped under way is finished by a redrive, and counts each record once."""
    states = account.client("stepfunctions")
    arn = account.execution_of(account.drop("redrive"))

    def under_way() -> bool:
        runs = states.list_map_runs(executionArn=arn)["mapRuns"]
        counts = [states.describe_map_run(mapRunArn=each["mapRunArn"])["itemCounts"] for each in runs]
        return any(each["running"] + each["succeeded"] for each in counts)

    account.wait_for(under_way, "no record was begun")
    states.stop_execution(executionArn=arn, cause="acceptance: stopped to be redriven")
    stopped = account.ended(arn)["status"]
    assert stopped == "ABORTED", f"it had {stopped} before it could be stopped"

    def redriven() -> bool:
        # A Map Run that still waits for its Express children refuses: it is asked again.
        try:
            states.redrive_execution(executionArn=arn)
        except botocore.exceptions.ClientError as error:
            if error.response["Error"]["Code"] != "ExecutionNotRedrivable":
                raise
            return False
        return True

    account.wait_for(redriven, "the run may not be redriven")
    card = account.scorecard(account.ended(arn))
    assert card["records"]["evaluated"] == RECORDS, card["records"]
    return f"stopped, redriven, {RECORDS} records counted once"


def refused(account: Account) -> str:
    """A model that the stack does not allow ends the run before its first call, by name."""
    evaluation = (
        "name: acceptance-refused\n"
        f"candidates: [{{name: premier, model: {_REFUSED_MODEL}}}]\n"
        "judges: [{name: pro, model: geo.amazon.nova-pro-v1:0}]\n"
        "criteria: [correctness]\n"
    )
    ended = account.ended(account.execution_of(account.drop("refused", evaluation=evaluation)))
    assert ended["status"] == "FAILED", ended["status"]
    refusal = f'model "{_REFUSED_MODEL}" is none that this stack may use'
    assert refusal in ended["cause"], ended["cause"]
    return f"{ended['error']}: {ended['cause'][:160]}"


def alarms(account: Account) -> str:
    """The run that failed has raised an alarm."""
    pages = account.client("cloudformation").get_paginator("list_stack_resources")
    names = [
        each["PhysicalResourceId"]
        for page in pages.paginate(StackName=account.stack.name)
        for each in page["StackResourceSummaries"]
        if each["ResourceType"] == "AWS::CloudWatch::Alarm"
    ]
    cloudwatch = account.client("cloudwatch")

    def raised() -> list[str]:
        described = [
            alarm
            for start in range(0, len(names), 100)
            for alarm in cloudwatch.describe_alarms(AlarmNames=names[start : start + 100])["MetricAlarms"]
        ]
        return [each["AlarmName"] for each in described if each["StateValue"] == "ALARM"]

    return f"raised: {', '.join(account.wait_for(raised, 'no alarm was raised'))}"


STEPS: Mapping[str, Callable[[Account], str]] = {
    "drop": drop,
    "on-demand": on_demand,
    "redrive": redrive,
    "refused": refused,
    "alarms": alarms,
}
"""In the order in which they are tried."""
