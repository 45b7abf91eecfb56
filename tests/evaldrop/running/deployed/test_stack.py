"""A stack by its name, and what is said when there is none or nobody may look."""

import boto3
import pytest
from botocore.exceptions import ClientError

from evaldrop.aws_errors import as_service_error
from evaldrop.errors import AwsError, InputError
from evaldrop.running.deployed.clients import client
from evaldrop.running.deployed.stack import find_stack, stack_that_keeps
from evaldrop.steps.start_run.prefixes import RUNS
from tests.evaldrop.running.deployed.stacks import EXECUTION, deploy, found


def test_a_stack_is_what_its_outputs_say(deployed):
    assert deployed.out == f"s3://{deployed.output_bucket}/{RUNS}"
    assert deployed.execution_arn("ds-1") == f"{EXECUTION}:ds-1"
    assert deployed.intake.max_bytes == 100_000


def test_a_stack_that_is_not_there_is_named_with_its_region(bucket):
    with pytest.raises(InputError, match=r'no stack "nowhere" in us-east-1.*--stack.*evaldrop local'):
        found("nowhere")


def test_a_stack_of_an_earlier_version_is_told_from_one_that_takes_options(bucket):
    deploy("old", without=["MaxDatasetBytes"])
    with pytest.raises(InputError, match=r"has no output MaxDatasetBytes.*Deploy it again"):
        found("old")


def test_a_stack_is_found_by_the_folder_of_its_runs_whatever_else_is_deployed(deployed):
    deploy("old", without=["MaxDatasetBytes"])
    deploy("other")

    assert stack_that_keeps(f"{found('other').out}/") == found("other")
    assert stack_that_keeps(f"s3://{found('other').output_bucket}/elsewhere") is None
    assert stack_that_keeps(f"s3://{found('other').input_bucket}/{RUNS}") is None
    assert stack_that_keeps("s3://nobodys/runs") is None


class Refusing:
    """CloudFormation that answers with an error."""

    def __init__(self, code, message="no"):
        self._error = ClientError({"Error": {"Code": code, "Message": message}}, "DescribeStacks")
        self.exceptions = boto3.client("cloudformation").exceptions

    def describe_stacks(self, **_):
        raise self._error


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        ("ExpiredToken", "aws sso login"),
        ("AccessDenied", "aws sts get-caller-identity"),
        ("InvalidClientTokenId", "does not accept these credentials"),
        ("ValidationError", "no"),
    ],
)
def test_who_may_not_look_is_told_what_to_do(bucket, code, advice):
    with pytest.raises(AwsError, match=advice) as raised:
        find_stack("evaldrop", Refusing(code))
    assert 'stack "evaldrop" cannot be looked up' in str(raised.value)


def test_without_a_region_the_error_says_how_to_choose_one(monkeypatch, tmp_path):
    for name in ("AWS_DEFAULT_REGION", "AWS_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    with pytest.raises(AwsError, match="AWS_DEFAULT_REGION"):
        client("cloudformation")


def test_what_is_no_fault_of_aws_stays_what_it_is():
    with pytest.raises(ZeroDivisionError), as_service_error("nothing"):
        raise ZeroDivisionError
