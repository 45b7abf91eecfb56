"""A stack's API in memory: its functions, the services they call (moto), and the engine."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from moto import mock_aws
from moto.stepfunctions.models import stepfunctions_backends

from evaldrop import storage
from evaldrop.api.stack import stack_api
from evaldrop.bedrock.simulated.rehearsal import Rehearsal
from evaldrop.bedrock.simulated.runtime import SimulatedRuntime
from evaldrop.engine import (
    Execution,
    bedrock_invoke_model,
    dynamodb_update_item,
    execute,
    lambda_invoke,
    sdk_integration,
    sns_publish,
)
from evaldrop.running.batch_jobs import integrations_of_jobs
from evaldrop.running.deployed import clients
from evaldrop.running.handlers import HANDLERS
from evaldrop.running.local_aws.objects import S3Objects
from evaldrop.running.stored_bodies import get_object, with_stored_bodies
from evaldrop.running.workflow import state_machine
from evaldrop.store.dynamodb import DynamoStore
from lambdas.api import handler as api
from lambdas.report_failure import handler as report_failure
from lambdas.start_run import handler as start_run
from tests.evaldrop.api.asking import Answered, answered, event
from tests.evaldrop.steps.start_run.test_events import created
from tests.evaldrop.store.stores import TABLE, make_table

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:Api"
ROLE = "arn:aws:iam::123456789012:role/any"
INPUT, OUTPUT = "drop", "results"


class _WithMapRuns:
    """moto's Step Functions, which knows no Map Runs: of none that is here any has begun."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def list_map_runs(self, **_: Any) -> dict[str, Any]:
        return {"mapRuns": []}


class ApiStack:
    """The stack, asked as API Gateway asks it; what AWS would do by itself is done when a test says so."""

    def __init__(self) -> None:
        self.s3, self.states, self.sns, self.sqs = map(boto3.client, ("s3", "stepfunctions", "sns", "sqs"))
        for bucket in (INPUT, OUTPUT):
            self.s3.create_bucket(Bucket=bucket)
        self.s3.put_bucket_versioning(Bucket=INPUT, VersioningConfiguration={"Status": "Enabled"})
        make_table(boto3.client("dynamodb"))
        self.store = DynamoStore(TABLE)
        definition = json.dumps({"StartAt": "End", "States": {"End": {"Type": "Succeed"}}})
        self.machine = self.states.create_state_machine(
            name="EvaluateDataset", definition=definition, roleArn=ROLE
        )["stateMachineArn"]
        self.topic = self.sns.create_topic(Name="results")["TopicArn"]
        self._mail = self.sqs.create_queue(QueueName="mail")["QueueUrl"]
        queue = self.sqs.get_queue_attributes(QueueUrl=self._mail, AttributeNames=["QueueArn"])
        self.sns.subscribe(TopicArn=self.topic, Protocol="sqs", Endpoint=queue["Attributes"]["QueueArn"])

    @property
    def environment(self) -> dict[str, str]:
        """What the stack writes into its functions' environments."""
        return {
            "EVALDROP_INPUT_BUCKET": INPUT,
            "EVALDROP_OUT": f"s3://{OUTPUT}/runs",
            "EVALDROP_STATE_MACHINE": self.machine,
            "EVALDROP_TOPIC": self.topic,
            "EVALDROP_MAX_DATASET_BYTES": "1000000",
            "EVALDROP_STORE": f"dynamodb:{TABLE}",
        }

    def ask(
        self, method: str, target: str, body: Any = None, *, who: str = "ada", **headers: str
    ) -> Answered:
        """Ask by a key that API Gateway has checked."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        asked = event(method, target, body, headers=named, gateway_key=who)
        return answered(api.handler(asked, SimpleNamespace(invoked_function_arn=FUNCTION)))

    def uploaded(self) -> list[dict[str, Any]]:
        """S3's events of all that was ever put into the input bucket, in that order."""
        found = self.s3.list_object_versions(Bucket=INPUT).get("Versions", [])
        return [
            created(each["Key"], version=each["VersionId"], size=each["Size"])
            for each in sorted(found, key=lambda each: each["LastModified"])
            # The rule's; what has another ending calls nothing.
            if each["Key"].endswith(".jsonl")
        ]

    def deliver(self, *events: dict[str, Any]) -> list[str]:
        """Hand events of S3 to StartRun and return what it did; raise what the queue would keep."""
        done = []
        for each in events or self.uploaded():
            outcome = start_run.handler(each, SimpleNamespace(aws_request_id="request-1"))
            done += [name for name, uris in outcome.items() for _ in uris]
        return done

    def executions(self) -> dict[str, dict[str, Any]]:
        """Executions by name."""
        listed = self.states.list_executions(stateMachineArn=self.machine)["executions"]
        return {
            each["name"]: self.states.describe_execution(executionArn=each["executionArn"]) for each in listed
        }

    def record_ids(self, run_id: str) -> list[str]:
        """IDs of a run's records, of its folder's records.jsonl."""
        folder = self.store.run(run_id).folder
        lines = storage.read_bytes(f"{folder}/records.jsonl").splitlines()
        return [json.loads(line)["record_id"] for line in lines]

    def messages(self) -> list[str]:
        """Subjects of what the topic was sent since the last time."""
        received = self.sqs.receive_message(QueueUrl=self._mail, MaxNumberOfMessages=10).get("Messages", [])
        for each in received:
            self.sqs.delete_message(QueueUrl=self._mail, ReceiptHandle=each["ReceiptHandle"])
        return [json.loads(each["Body"])["Subject"] for each in received]

    def execute(self, run_id: str) -> Execution:
        """Do what Step Functions does with an execution: by our engine, with simulated models."""
        given = json.loads(self.executions()[run_id]["input"])
        # As a runtime of its own: the run itself is no rehearsal, and what it costs is charged.
        runtime = SimulatedRuntime(Rehearsal(latency=0), max_in_flight=8)

        async def published(message: dict[str, Any]) -> dict[str, Any]:
            self.sns.publish(TopicArn=self.topic, Subject=message["Subject"], Message=message["Message"])
            return {"MessageId": run_id}

        async def updated(update):
            return boto3.client("dynamodb").update_item(**update)

        ended = asyncio.run(
            execute(
                state_machine(),
                given,
                integrations={
                    "lambda:invoke": lambda_invoke(HANDLERS),
                    "aws-sdk:bedrockruntime:converse": sdk_integration(
                        "bedrock-runtime", "Converse", runtime.converse
                    ),
                    "bedrock:invokeModel": bedrock_invoke_model(
                        with_stored_bodies(runtime.invoke_model, storage)
                    ),
                    "aws-sdk:bedrockruntime:invokeGuardrailChecks": None,
                    "aws-sdk:s3:getObject": sdk_integration("s3", "GetObject", get_object(storage)),
                    "sns:publish": sns_publish(published),
                    "dynamodb:updateItem": dynamodb_update_item(updated),
                    **integrations_of_jobs(None),
                },
                store=S3Objects(boto3.client),
                name=run_id,
            )
        )
        # moto executes nothing, and has no call that ends an execution so.
        kept = stepfunctions_backends["123456789012"]["us-east-1"].describe_execution(
            self.executions()[run_id]["executionArn"]
        )
        kept.status, kept.error, kept.cause = ended.status, ended.error, ended.cause
        return ended

    def tell_ended(self, run_id: str) -> bool:
        """Hand EventBridge's event of an execution that ended to ReportFailure."""
        execution = self.executions()[run_id]
        detail = {
            "executionArn": execution["executionArn"],
            "stateMachineArn": self.machine,
            "name": run_id,
            "status": execution["status"],
        }
        told: bool = report_failure.handler({"detail": detail}, None)["told"]
        return told


@contextmanager
def api_stack() -> Iterator[ApiStack]:
    """Give a stack, in memory, while the block lasts."""
    with pytest.MonkeyPatch.context() as patch, mock_aws():
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "testing")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"):
            patch.delenv(name, raising=False)
        patch.setattr(boto3, "DEFAULT_SESSION", None)
        patch.setattr(storage, "_client", boto3.client("s3"))
        made = clients.client
        patch.setattr(
            clients,
            "client",
            lambda service: _WithMapRuns(made(service)) if service == "stepfunctions" else made(service),
        )
        stack = ApiStack()
        for name, value in stack.environment.items():
            patch.setenv(name, value)
        yield stack
        stack_api.cache_clear()
