"""What docs/deploying.md tells whoever deploys to copy: a policy and a program."""

import json
import re
import sys
from pathlib import Path
from types import SimpleNamespace

ROOT = Path(__file__).parent.parent.parent
PAGE = (ROOT / "docs" / "deploying.md").read_text()

# What the commands call, and the permission that it takes. S3 asks for its read permission on HEAD, too.
ACTIONS = {
    "describe_stacks": {"cloudformation:DescribeStacks"},
    "head_object": {"s3:GetObject", "s3:GetObjectVersion"},
    "get_object": {"s3:GetObject", "s3:GetObjectVersion"},
    "put_object": {"s3:PutObject"},
    "list_objects_v2": {"s3:ListBucket"},
    "list_executions": {"states:ListExecutions"},
    "start_execution": {"states:StartExecution"},
    "describe_execution": {"states:DescribeExecution"},
    "get_execution_history": {"states:GetExecutionHistory"},
    "list_map_runs": {"states:ListMapRuns"},
    "describe_map_run": {"states:DescribeMapRun"},
    "stop_execution": {"states:StopExecution"},
    "list_model_invocation_jobs": {"bedrock:ListModelInvocationJobs"},
}
CALLS = (
    re.compile(r"\b_?(?:s3|states|cloudformation)\.(\w+)\("),
    re.compile(r'get_paginator\("(\w+)"\)'),
)
NO_CALLS = {"get_paginator"}


# What doctor calls beside those, by which it looks at an account.
OF_DOCTOR = {
    "list_foundation_models": {"bedrock:ListFoundationModels"},
    "converse": {"bedrock:InvokeModel"},
    "get_foundation_model": {"bedrock:GetFoundationModel"},
    "list_service_quotas": {"servicequotas:ListServiceQuotas"},
    "list_aws_default_service_quotas": {"servicequotas:ListAWSDefaultServiceQuotas"},
    "list_stack_resources": {"cloudformation:ListStackResources"},
    "describe_alarms": {"cloudwatch:DescribeAlarms"},
    "get_schedule": {"scheduler:GetSchedule"},
    "get_bucket_notification_configuration": {"s3:GetBucketNotification"},
    "get_bucket_versioning": {"s3:GetBucketVersioning"},
    "list_subscriptions_by_topic": {"sns:ListSubscriptionsByTopic"},
    "get_queue_attributes": {"sqs:GetQueueAttributes"},
}
IN_CHECKUP = (
    re.compile(r"\b(?:s3|sqs|sns|cloudwatch|bedrock|runtime)\.(\w+)\("),
    re.compile(r'client\("\w+"\)\.(\w+)\('),
    re.compile(r'get_paginator\(\s*"(\w+)"\s*\)'),
    re.compile(r'_by_name\(quotas, "(\w+)"\)'),
)
# Anybody may ask who they are; HEAD of a bucket and of an object is in the policy of who submits.
ANYBODYS = {"get_caller_identity", "head_bucket", "head_object"}


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def called(folder, calls):
    """Return the operations of AWS that the modules of a folder call."""
    text = "".join(path.read_text() for path in folder.glob("*.py"))
    return {name for call in calls for name in call.findall(text)} - NO_CALLS


def allowed_by(policy):
    allowed = set()
    for statement in json.loads(policy)["Statement"]:
        actions = statement["Action"]
        allowed |= {actions} if isinstance(actions, str) else set(actions)
    return allowed


DEPLOYED = ROOT / "evaldrop" / "running" / "deployed"


def test_the_policy_of_who_submits_allows_what_the_commands_call_and_nothing_else():
    assert called(DEPLOYED, CALLS) == ACTIONS.keys()
    assert allowed_by(blocks("json")[0]) == set().union(*ACTIONS.values())


def test_the_policy_of_doctor_allows_what_it_calls_beside_those_and_nothing_else():
    assert called(DEPLOYED / "checkup", IN_CHECKUP) - ANYBODYS == OF_DOCTOR.keys()
    _, policy = blocks("json")
    assert allowed_by(policy) == set().union(*OF_DOCTOR.values())


def test_dead_letters_go_back_to_whom_they_were_meant_for_and_leave_the_queue(monkeypatch):
    batches = [
        [{"Body": '{"detail": 1}', "ReceiptHandle": "a"}],
        [{
            "Body": "{}",
            "ReceiptHandle": "b",
            "MessageAttributes": {"TARGET_ARN": {"StringValue": "arn:report-failure"}},
        }],
        [],
    ]  # fmt: skip
    invoked, deleted = [], []
    clients = {
        "sqs": SimpleNamespace(
            receive_message=lambda **_: {"Messages": batch} if (batch := batches.pop(0)) else {},
            delete_message=lambda **given: deleted.append(given["ReceiptHandle"]),
        ),
        "lambda": SimpleNamespace(invoke=lambda **given: invoked.append(given)),
    }
    monkeypatch.setitem(sys.modules, "boto3", SimpleNamespace(client=clients.get))
    exec(compile(blocks("python")[0], "docs/deploying.md", "exec"), {})
    assert [(each["FunctionName"], each["Payload"]) for each in invoked] == [
        ("...", b'{"detail": 1}'),
        ("arn:report-failure", b"{}"),
    ]
    assert {each["InvocationType"] for each in invoked} == {"Event"}
    assert deleted == ["a", "b"]
    assert not batches
