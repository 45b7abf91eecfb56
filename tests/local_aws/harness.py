"""A running local AWS, as an end-to-end test holds it: clients, an upload, what came of it, and faults."""

import json
import os
import subprocess
import sys
import time
import uuid
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import SimpleNamespace

import boto3
from botocore.config import Config

ROOT = Path(__file__).parent.parent.parent
FOLDER = ROOT / "cdk.out" / "local"
QUICK = "simulated:latency=0"
"""The usual runtime: no faults, no waiting."""

PATIENCE_S = 120


@dataclass(frozen=True)
class Message:
    """What a subscriber of the topic got."""

    subject: str
    text: str


@dataclass
class LocalAws:
    """
    A local AWS in a process of its own; everything but the faults goes through its endpoint.

    Attributes:
        outputs: The stack's.
        functions: Names of functions by state: `StartRun`, `ValidateDataset`, …
        role: ARN of the state machine's.
        gaps: What is not rehearsed.
        keys: A person's, as environment variables.
    """

    process: subprocess.Popen
    _inbox: list = field(default_factory=list)

    def __post_init__(self):
        facts = SimpleNamespace(**self._answer())
        self.endpoint, self.outputs, self.functions = facts.endpoint, facts.outputs, facts.functions
        self.role, self.gaps, self.messages_url = facts.role, facts.gaps, facts.messages_url
        self.logs = Path(facts.logs)
        self.keys = {
            "AWS_ACCESS_KEY_ID": facts.access_key,
            "AWS_SECRET_ACCESS_KEY": facts.secret_key,
            "AWS_DEFAULT_REGION": facts.region,
        }
        self._clients = {}
        self._datasets = {}

    @property
    def input(self):
        """The input bucket's name."""
        return self.outputs["InputBucket"]

    @property
    def output(self):
        """The output bucket's name."""
        return self.outputs["OutputBucket"]

    @property
    def machine(self):
        """The state machine's ARN."""
        return self.outputs["StateMachine"]

    # Clients

    @cached_property
    def _session(self):
        return self.session()

    def session(self, **others):
        """Return a session with a person's keys, or with others."""
        given = {
            "aws_access_key_id": self.keys["AWS_ACCESS_KEY_ID"],
            "aws_secret_access_key": self.keys["AWS_SECRET_ACCESS_KEY"],
            "region_name": self.keys["AWS_DEFAULT_REGION"],
        }
        return boto3.Session(**given | others)

    def client(self, service):
        """Return a boto3 client of the endpoint, as anybody would make one."""
        if service not in self._clients:
            config = Config(proxies={}, retries={"max_attempts": 1})
            self._clients[service] = self._session.client(service, endpoint_url=self.endpoint, config=config)
        return self._clients[service]

    def cli(self, *arguments, cwd=None):
        """Run the AWS CLI on the endpoint, with no configuration of its own; return what it printed."""
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PYTHON"))
        }
        done = subprocess.run(
            [sys.executable, "-m", "awscli", "--endpoint-url", self.endpoint, *map(str, arguments)],
            env={**environment, **self.keys, "AWS_CONFIG_FILE": os.devnull, "NO_PROXY": "localhost"},
            cwd=cwd,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    # Uploads and runs

    def fresh_key(self, name="records.jsonl"):
        """Return a key below the datasets' prefix that no other test uses."""
        return f"datasets/{uuid.uuid4().hex[:12]}/{name}"

    def upload(self, content, key=None, *, evaluation=None, metadata=None):
        """
        Put a dataset into the input bucket, and its sidecar beside it first; return its key.

        Args:
            content: Bytes, a path, or a list of records.
            key: Where; a fresh one when not given.
            evaluation: Text of an `evaluation.yaml` for it.
            metadata: The dataset's.
        """
        key = key or self.fresh_key()
        if evaluation is not None:
            place = f"{key.rpartition('/')[0]}/evaluation.yaml"
            self.client("s3").put_object(Bucket=self.input, Key=place, Body=evaluation.encode())
        self.client("s3").put_object(
            Bucket=self.input, Key=key, Body=_bytes(content), Metadata=metadata or {}
        )
        return key

    def executions(self, key=None):
        """Return the descriptions of all executions, or of those for a dataset, the newest first."""
        client = self.client("stepfunctions")
        pages = client.get_paginator("list_executions").paginate(stateMachineArn=self.machine)
        arns = [each["executionArn"] for page in pages for each in page["executions"]]
        # Asked ten times a second by who waits: of another dataset's it is enough to have looked once.
        for arn in arns:
            if arn not in self._datasets:
                given = client.describe_execution(executionArn=arn)["input"]
                self._datasets[arn] = json.loads(given)["dataset"]
        wanted = f"s3://{self.input}/{key}"
        own = [arn for arn in arns if key is None or self._datasets[arn] == wanted]
        return [client.describe_execution(executionArn=arn) for arn in own]

    def finished(self, key, runs=1):
        """Wait until a dataset has so many runs and all of them are over; return them, the newest first."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            found = self.executions(key)
            if len(found) >= runs and all(each["status"] != "RUNNING" for each in found):
                return found
            time.sleep(0.1)
        raise AssertionError(f"{key}: {len(found)} of {runs} runs, {[each['status'] for each in found]}")

    def folder_of(self, execution):
        """Return the prefix of a finished run's folder in the output bucket."""
        return json.loads(execution["output"])["run"]["folder"].removeprefix(f"s3://{self.output}/")

    def files(self, prefix):
        """Return the names of the objects below a prefix of the output bucket, without the prefix."""
        pages = self.client("s3").get_paginator("list_objects_v2").paginate(Bucket=self.output, Prefix=prefix)
        return {
            entry["Key"].removeprefix(prefix).lstrip("/")
            for page in pages
            for entry in page.get("Contents", ())
        }

    def read(self, key):
        """Return an object of the output bucket."""
        return self.client("s3").get_object(Bucket=self.output, Key=key)["Body"].read()

    def messages(self, about=""):
        """Take the topic's messages whose text has a part out of the local queue."""
        self._receive()
        found = [message for message in self._inbox if about in message.text]
        self._inbox = [message for message in self._inbox if about not in message.text]
        return found

    def _receive(self):
        sqs = self.client("sqs")
        while got := sqs.receive_message(QueueUrl=self.messages_url, MaxNumberOfMessages=10).get("Messages"):
            for each in got:
                body = json.loads(each["Body"])
                self._inbox.append(Message(body.get("Subject", ""), body["Message"]))
                sqs.delete_message(QueueUrl=self.messages_url, ReceiptHandle=each["ReceiptHandle"])

    def dead_letters(self):
        """Take what lies in the stack's dead-letter queue."""
        sqs, url = self.client("sqs"), self._own_url(self.outputs["DeadLetterQueue"])
        found = []
        while got := sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
        ).get("Messages"):
            for each in got:
                found.append(each)
                sqs.delete_message(QueueUrl=url, ReceiptHandle=each["ReceiptHandle"])
        return found

    def _own_url(self, url):
        return self.client("sqs").get_queue_url(QueueName=url.rpartition("/")[2])["QueueUrl"]

    # Faults and facts, behind the endpoint's back

    def bedrock(self, spec):
        """
        Have another runtime answer from now on.

        Args:
            spec: As `--bedrock` says it, or `module#name` of a callable that takes an answer key.
        """
        self._do("bedrock", spec)

    def calls(self):
        """Return the calls that ended: dicts with model, digest and outcome ("answered", or a code)."""
        return self._do("calls")

    def forget_calls(self):
        """Count from here, once what an earlier test began is over."""
        deadline = time.monotonic() + PATIENCE_S
        list_running = self.client("stepfunctions").list_executions
        while list_running(stateMachineArn=self.machine, statusFilter="RUNNING")["executions"]:
            assert time.monotonic() < deadline, "what an earlier test began does not end"
            time.sleep(0.1)
        self._do("forget_calls")

    def deliver_again(self, times=1):
        """Deliver the next event so many times more."""
        self._do("deliver_again", times)

    def kill_next(self, function, when="before"):
        """
        Kill a function's process at its next event.

        Args:
            function: A state's name.
            when: "before" it does anything, or "after" all is done and before it can say so.
        """
        self._do("kill_next", function, when)

    def wait_for_events(self):
        """Wait until uploads have been announced, and functions are done with them, retries included."""
        self._do("wait_for_events")

    def pass_time(self, **how_long):
        """Move the schedules' clock on, as timedelta takes it, and fire what became due."""
        from datetime import timedelta

        self._do("pass_time", timedelta(**how_long).total_seconds())

    def now(self):
        """Return the schedules' time."""
        from datetime import datetime

        return datetime.fromisoformat(self._do("now"))

    def _do(self, what, *how):
        print(json.dumps({"do": what, "with": how}), file=self.process.stdin, flush=True)
        return self._answer()

    def _answer(self):
        line = self.process.stdout.readline()
        assert line, "the local AWS ended; its standard error says why"
        answer = json.loads(line)
        assert "error" not in answer, answer["error"]
        return answer["result"]

    def close(self):
        """End it, with all its processes."""
        self.process.stdin.close()
        try:
            self.process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()


def start(folder=FOLDER, *, bedrock=QUICK, hurry=20, checkout=ROOT):
    """
    Start a local AWS from a checkout, this one as a rule.

    Args:
        folder: Where bundles are kept from one time to the next.
        bedrock: As `LocalAws.bedrock` takes it.
        hurry: Waits between retries of a workflow are divided by it.
        checkout: Where the stack's settings and sources are.
    """
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return LocalAws(
        subprocess.Popen(
            [sys.executable, "-m", "tests.local_aws.host", str(folder), bedrock, str(hurry)],
            cwd=checkout,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
    )


def _bytes(content):
    if isinstance(content, bytes):
        return content
    if isinstance(content, Path):
        return content.read_bytes()
    return "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in content).encode()
