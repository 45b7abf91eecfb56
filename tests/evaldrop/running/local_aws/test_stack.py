"""The stack as it stands in moto once our completions are done."""

import importlib.util
import json

import boto3
import pytest
from moto import mock_aws

from evaldrop.running.local_aws.stack import deploy, deployed_functions
from evaldrop.running.local_aws.synthesis import Assembly

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(importlib.util.find_spec("aws_cdk") is None, reason="needs the infra extra"),
    # moto's, of what it leaves out
    pytest.mark.filterwarnings("ignore:Tried to parse AWS"),
]


@pytest.fixture(scope="module")
def assembly(tmp_path_factory):
    from tests.infra.synthesis import CONTEXT, synthesise

    folder = tmp_path_factory.mktemp("cdk")
    template = synthesise(CONTEXT["evaldrop"], folder)
    keys = [
        each["Properties"]["Code"]["S3Key"]
        for each in template["Resources"].values()
        if each["Type"] == "AWS::Lambda::Function"
    ]
    return Assembly(name="evaldrop", template=template, assets=dict.fromkeys(keys, folder))


@pytest.fixture(scope="module")
def clients():
    with pytest.MonkeyPatch.context() as patch:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "testing")
        patch.delenv("AWS_PROFILE", raising=False)
        with mock_aws():
            yield lambda service: boto3.client(service, region_name="us-east-1")


@pytest.fixture(scope="module")
def stack(assembly, clients):
    return deploy(assembly, clients)


def test_datasets_are_versioned_and_announced(stack, clients):
    from evaldrop.running.local_aws.events import tells_eventbridge

    s3 = clients("s3")
    assert s3.get_bucket_versioning(Bucket=stack.outputs["InputBucket"])["Status"] == "Enabled"
    assert "Status" not in s3.get_bucket_versioning(Bucket=stack.outputs["OutputBucket"])
    assert tells_eventbridge(stack.outputs["InputBucket"])
    assert not tells_eventbridge(stack.outputs["OutputBucket"])


def test_a_key_with_tags_is_made(clients):
    tags = [{"Key": "Project", "Value": "evaldrop"}]
    key = {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": {"Statement": []}, "Tags": tags}}
    made = deploy(Assembly(name="tagged", template={"Resources": {"Key": key}}, assets={}), clients)
    [found] = made.of_kind("AWS::KMS::Key")
    assert found.physical_id in [each["KeyId"] for each in clients("kms").list_keys()["Keys"]]


def test_the_state_machine_has_its_placeholders_filled(stack, clients):
    machine = clients("stepfunctions").describe_state_machine(stateMachineArn=stack.outputs["StateMachine"])
    assert "${" not in machine["definition"]
    [step] = [name for name in deployed_names(stack) if "BuildScorecard" in name]
    task = json.loads(machine["definition"])["States"]["BuildScorecard"]
    assert task["Arguments"]["FunctionName"] == f"arn:aws:lambda:us-east-1:123456789012:function:{step}"


def deployed_names(stack):
    return [each.physical_id for each in stack.of_kind("AWS::Lambda::Function")]


def test_the_schedule_calls_start_run(stack, clients):
    client = clients("scheduler")
    [entry] = client.list_schedules()["Schedules"]
    schedule = client.get_schedule(Name=entry["Name"])
    assert schedule["ScheduleExpression"] == "cron(0 6 ? * MON *)"
    assert schedule["Target"]["Arn"].endswith(stack.outputs["StartRunFunction"])
    assert "<aws.scheduler.scheduled-time>" in schedule["Target"]["Input"]


def test_functions_have_what_moto_does_not_keep(stack, assembly):
    deployed = deployed_functions(stack, assembly)
    assert {each.state for each in deployed.values()} == {
        "StartRun", "ValidateDataset", "ChoosePrompts", "PrepareRecords", "CheckFirstCalls", "PrepareJobs",
        "PrepareEvaluationJobs", "PrepareScores", "BuildScorecard", "ReportFailure",
    }  # fmt: skip
    start_run = deployed[stack.outputs["StartRunFunction"]]
    assert start_run.retries == 2
    assert start_run.dead_letters.endswith(stack.outputs["DeadLetterQueue"].rpartition("/")[2])
    assert start_run.log_group.startswith("evaldrop-")


def test_alarms_and_policies_are_there_to_be_looked_at(stack, clients):
    assert len(clients("cloudwatch").describe_alarms()["MetricAlarms"]) == 9
    attributes = clients("sns").get_topic_attributes(TopicArn=stack.outputs["ResultsTopic"])["Attributes"]
    assert "BudgetsOfThisAccount" in attributes["Policy"]


def test_every_type_of_the_template_is_rehearsed_or_told(stack):
    """Nothing is left to moto's silence: a type without a line has every property of it rehearsed."""
    told = "\n".join(stack.gaps)
    for kind in ("Budgets::Budget", "CloudWatch::Alarm", "Logs::QueryDefinition", "S3::BucketPolicy"):
        assert f"AWS::{kind}" in told
    assert [line for line in told.splitlines() if "nobody has looked at" in line] == []
