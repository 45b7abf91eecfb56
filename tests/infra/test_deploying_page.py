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
    "describe_execution": {"states:DescribeExecution"},
    "get_execution_history": {"states:GetExecutionHistory"},
    "list_map_runs": {"states:ListMapRuns"},
    "describe_map_run": {"states:DescribeMapRun"},
}
CALLS = (
    re.compile(r"\b_?(?:s3|states|cloudformation)\.(\w+)\("),
    re.compile(r'get_paginator\("(\w+)"\)'),
)
NO_CALLS = {"get_paginator"}


def block(language):
    (found,) = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    return found


def called():
    """Return the operations of AWS that the commands on a deployed stack call."""
    sources = (ROOT / "evaldrop" / "running" / "deployed").glob("*.py")
    text = "".join(path.read_text() for path in sources)
    return {name for call in CALLS for name in call.findall(text)} - NO_CALLS


def test_the_policy_of_who_submits_allows_what_the_commands_call_and_nothing_else():
    policy = json.loads(block("json"))
    allowed = set()
    for statement in policy["Statement"]:
        actions = statement["Action"]
        allowed |= {actions} if isinstance(actions, str) else set(actions)
    assert called() == ACTIONS.keys()
    assert allowed == set().union(*ACTIONS.values())


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
    exec(compile(block("python"), "docs/deploying.md", "exec"), {})
    assert [(each["FunctionName"], each["Payload"]) for each in invoked] == [
        ("...", b'{"detail": 1}'),
        ("arn:report-failure", b"{}"),
    ]
    assert {each["InvocationType"] for each in invoked} == {"Event"}
    assert deleted == ["a", "b"]
    assert not batches
