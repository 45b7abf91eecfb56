"""Executions behind a real boto3 client: what it parses was held to the service's model first."""

import asyncio
import json
import threading
from contextlib import contextmanager

import boto3
import botocore.validate
from botocore.awsrequest import AWSResponse
from botocore.config import Config

from evaldrop.engine import TaskError
from evaldrop.running.local_aws.executions import ApiError, Executions, Machine
from tests.evaldrop.engine.scripted import Objects

LAMBDA = "arn:aws:states:::lambda:invoke"
STATES = "arn:aws:states:eu-central-1:123456789012"
ROLE = "arn:aws:iam::123456789012:role/runs-it"


class Functions:
    """`lambda:invoke` whose calls wait until they are let go; replies are scripted by payload."""

    def __init__(self):
        self.calls = []
        self.fails = {}
        self.gate = threading.Event()
        self.gate.set()

    async def __call__(self, arguments, context):
        self.calls.append(arguments)
        while not self.gate.is_set():  # noqa: ASYNC110 - the gate belongs to another thread
            await asyncio.sleep(0.002)
        key = json.dumps(arguments)
        if self.fails.get(key, 0):
            self.fails[key] -= 1
            raise TaskError("Busy", "try later")
        return arguments

    def fail(self, payload, times=1):
        self.fails[json.dumps(payload)] = times


class Stand:
    """Machines by name, a client, and what they called."""

    def __init__(self, files=None, **settings):
        self.machines = {}
        self.functions = Functions()
        self.objects = Objects(files)
        self.executions = Executions(
            machines=lambda arn: self.machines.get(arn),
            integrations=lambda _machine: {"lambda:invoke": self.functions},
            store=self.objects,
            **settings,
        )
        self.client = boto3.client(
            "stepfunctions",
            region_name="eu-central-1",
            aws_access_key_id="x",
            aws_secret_access_key="x",
            config=Config(retries={"max_attempts": 0}),
        )
        self.client.meta.events.register("before-send.stepfunctions", self._answer)

    def machine(self, states, name="runner"):
        definition = {"QueryLanguage": "JSONata", "StartAt": next(iter(states)), "States": states}
        arn = f"{STATES}:stateMachine:{name}"
        self.machines[arn] = Machine(arn=arn, name=name, role_arn=ROLE, definition=json.dumps(definition))
        return arn

    def start(self, arn, data=None, name="one"):
        given = {} if data is None else {"input": json.dumps(data)}
        return self.client.start_execution(stateMachineArn=arn, name=name, **given)["executionArn"]

    def ended(self, arn):
        """Wait until an execution is no longer RUNNING, and describe it."""
        return self.wait(
            lambda: self.client.describe_execution(executionArn=arn), lambda got: got["status"] != "RUNNING"
        )

    def wait(self, read, holds):
        for _ in range(5_000):
            got = read()
            if holds(got):
                return got
            threading.Event().wait(0.002)
        raise AssertionError(f"it never came: {got}")

    def _answer(self, request, **_):
        action = request.headers["X-Amz-Target"].decode().rpartition(".")[2]
        try:
            answer, status = self.executions.answer(action, json.loads(request.body)), 200
            body = json.loads(json.dumps(answer))
            shape = self.client.meta.service_model.operation_model(action).output_shape
            problems = botocore.validate.ParamValidator().validate(body, shape)
            assert not problems.has_errors(), problems.generate_report()
        except ApiError as error:
            body, status = {"__type": error.code, "message": error.message}, error.status
        return _Response(request.url, status, json.dumps(body).encode())


class _Response(AWSResponse):
    def __init__(self, url, status, body):
        super().__init__(url, status, {"content-type": "application/x-amz-json-1.0"}, None)
        self._body = body

    @property
    def content(self):
        return self._body


@contextmanager
def stand(**settings):
    made = Stand(**settings)
    try:
        yield made
    finally:
        made.functions.gate.set()
        made.executions.close()


def task(**more):
    return {"Type": "Task", "Resource": LAMBDA, "End": True, **more}


def mapping(states, *, children="EXPRESS", **more):
    return {
        "Type": "Map",
        "Label": "Rows",
        "ItemReader": {
            "Resource": "arn:aws:states:::s3:getObject",
            "ReaderConfig": {"InputType": "JSONL"},
            "Arguments": {"Bucket": "in", "Key": "rows"},
        },
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": children},
            "StartAt": next(iter(states)),
            "States": states,
        },
        "ResultWriter": {
            "Resource": "arn:aws:states:::s3:putObject",
            "Arguments": {"Bucket": "out", "Prefix": "p"},
            "WriterConfig": {"Transformation": "COMPACT", "OutputType": "JSONL"},
        },
        "End": True,
        **more,
    }
