"""The stack where people are: any partition, any Region, two Regions of one account."""

import json
import re
from collections import Counter

import pytest
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

import app
from infra.budgets import REGIONS as BUDGET_REGIONS
from infra.model_policies import in_parts
from infra.monitoring import MOST_WATCHED, watched_models
from infra.settings import Settings
from tests.infra.synthesis import CONTEXT, make_app, one, resources, synthesise

NOVA = {**CONTEXT["evaldrop"], "evaluations": [], "weekly": {}, "models": ["geo.amazon.nova-lite-v1:0"]}
POLICIES = ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy")


@pytest.mark.parametrize(
    ("region", "partition", "called"),
    [
        ("us-gov-west-1", "aws-us-gov", "amazon.nova-lite-v1:0"),
        ("cn-north-1", "aws-cn", "amazon.nova-lite-v1:0"),
        ("eu-central-1", "aws", "eu.amazon.nova-lite-v1:0"),
    ],
)
def test_no_arn_is_of_another_partition_and_the_profile_is_the_regions(tmp_path, region, partition, called):
    text = json.dumps(synthesise({**NOVA, "region": region}, tmp_path))
    # arn:${Partition} is the definition's: CloudFormation fills it.
    assert set(re.findall(r"arn:(aws[a-z-]*):", text)) <= {partition}
    assert f"/{called}" in text
    assert "geo.amazon" not in text


def test_a_template_of_any_region_lets_the_model_be_called_by_the_profile_of_whichever(template):
    text = json.dumps(template)
    assert ":inference-profile/*.amazon.nova-lite-v1:0" in text
    assert not re.search(r"arn:aws[a-z-]*:", text)


def test_a_region_without_a_model_is_refused_with_all_that_is_wrong(tmp_path):
    chosen = {
        **CONTEXT["evaldrop"],
        "region": "eu-central-1",
        "models": ["us.meta.llama4-x-v1:0", "us.x.y-v1"],
    }
    with pytest.raises(ValueError, match="eu-central-1 does not have all models") as raised:
        make_app(chosen, tmp_path)
    assert str(raised.value).count("models: ") == 2
    assert "Say model: geo.x.y-v1" in str(raised.value)


@pytest.mark.parametrize("region", ["us-east-1", "eu-central-1", "ap-northeast-1", "ap-southeast-2"])
def test_what_is_shipped_is_called_from_where_people_are(region):
    Settings.from_context(CONTEXT["evaldrop"]).check_region(region)


@pytest.mark.parametrize(
    ("environment", "region"),
    [
        ({"CDK_DEFAULT_REGION": "eu-west-1", "AWS_REGION": "us-east-1"}, "eu-west-1"),
        ({"AWS_DEFAULT_REGION": "eu-west-2"}, "eu-west-2"),
        ({"AWS_REGION": ""}, None),
    ],
)
def test_the_region_is_where_cdk_would_deploy_to(environment, region):
    assert app.likely_region(environment) == region


# What is of the account and not of the Region


def test_two_regions_stacks_of_one_name_share_no_name(template):
    named = {
        "AWS::CloudWatch::Dashboard": lambda each: each["DashboardName"],
        "AWS::Budgets::Budget": lambda each: each["Budget"]["BudgetName"],
    }
    for kind, name in named.items():
        for each in resources(template, kind).values():
            assert {"Ref": "AWS::Region"} in name(each["Properties"])["Fn::Join"][1], kind
    # Roles are of the account, too: CloudFormation names them.
    assert not [
        each for each in resources(template, "AWS::IAM::Role").values() if "RoleName" in each["Properties"]
    ]


def test_the_workflows_log_is_vended_and_a_later_stack_of_the_name_finds_its_name_free(template):
    name = one(template, "AWS::Logs::LogGroup", "WorkflowLog")["LogGroupName"]["Fn::Join"][1]
    assert name[0] == "/aws/vendedlogs/states/evaldrop/"
    assert "AWS::StackId" in json.dumps(name[1])


def test_everything_that_takes_tags_has_the_stacks(tmp_path):
    template = synthesise({**NOVA, "tags": {"CostCentre": "42"}}, tmp_path)
    for kind in ("AWS::S3::Bucket", "AWS::Lambda::Function", "AWS::StepFunctions::StateMachine"):
        for name, each in resources(template, kind).items():
            tags = {tag["Key"]: tag["Value"] for tag in each["Properties"]["Tags"]}
            assert tags == {"CostCentre": "42", "Project": "evaldrop", "Stack": "evaldrop"}, name


# Budgets


def test_the_regions_with_budgets_are_those_that_cloudformation_knows():
    known = {
        region
        for region in PROVIDER_SCHEMA_MANAGER._schemas
        if "AWS::Budgets::Budget" in PROVIDER_SCHEMA_MANAGER.get_resource_types(region)
    }
    for region in ("eu-central-2", "us-gov-west-1", "af-south-1", "eu-north-1"):
        assert "AWS::Budgets::Budget" not in PROVIDER_SCHEMA_MANAGER.get_resource_types(region)
        assert region not in BUDGET_REGIONS
    for region in BUDGET_REGIONS:
        assert "AWS::Budgets::Budget" in PROVIDER_SCHEMA_MANAGER.get_resource_types(region), region
    assert known <= BUDGET_REGIONS | known


def test_a_region_without_budgets_gets_a_stack_without_and_is_told(tmp_path):
    cloud, stack = make_app({**NOVA, "region": "eu-north-1"}, tmp_path)
    cloud.synth()
    template = json.loads((tmp_path / "evaldrop.template.json").read_bytes())
    assert not resources(template, "AWS::Budgets::Budget")
    assert any("no budgets in eu-north-1" in note for note in stack.notes)


@pytest.mark.parametrize(
    ("chosen", "is_told"),
    [({}, True), ({"budget_emails": ["a@b.example"]}, False), ({"notification_email": "a@b.example"}, False),
     ({"budgets_usd": []}, False)],
)  # fmt: skip
def test_budgets_that_nobody_hears_of_are_told_at_synthesis(tmp_path, chosen, is_told):
    _, stack = make_app({**NOVA, "region": "eu-central-1", **chosen}, tmp_path)
    assert any("nobody hears" in note for note in stack.notes) == is_told


# Policies


def characters(template, kind, name):
    """Return how long a policy's document is at most, as IAM counts: without white space."""
    document = resources(template, kind)[name]["Properties"]["PolicyDocument"]

    def filled(value):
        if isinstance(value, list):
            return [filled(each) for each in value]
        if not isinstance(value, dict):
            return value
        if "Fn::Join" in value:
            return "".join(map(str, filled(value["Fn::Join"][1])))
        pseudo = {"AWS::Partition": "aws-us-gov", "AWS::Region": "ap-southeast-1", "AWS::AccountId": "1" * 12}
        if "Ref" in value:
            return pseudo.get(value["Ref"], "evaldrop-" + "x" * 55)
        if "Fn::GetAtt" in value:
            return "arn:aws-us-gov:lambda:ap-southeast-1:123456789012:function:" + "x" * 64
        return {key: filled(each) for key, each in value.items()}

    return len(json.dumps(filled(document), separators=(",", ":")))


@pytest.mark.parametrize("models", [pytest.param(30, marks=pytest.mark.nightly), 100])
def test_the_policies_of_many_models_are_as_short_as_iam_wants_them(tmp_path, models):
    chosen = [f"geo.anthropic.claude-sonnet-4-5-2025{number:04d}-v1:0" for number in range(models)]
    template = synthesise({**NOVA, "models": chosen}, tmp_path)
    own: dict[str, int] = {}
    for name, each in resources(template, "AWS::IAM::Policy").items():
        for role in each["Properties"]["Roles"]:
            own[role["Ref"]] = own.get(role["Ref"], 0) + characters(template, "AWS::IAM::Policy", name)
    assert max(own.values()) <= 10_240
    managed = resources(template, "AWS::IAM::ManagedPolicy")
    assert all(characters(template, "AWS::IAM::ManagedPolicy", name) <= 6_144 for name in managed)
    # A role takes ten.
    taken = Counter(role["Ref"] for each in managed.values() for role in each["Properties"]["Roles"])
    assert max(taken.values()) <= 10
    text = json.dumps(template)
    assert all(f"foundation-model/{model.removeprefix('geo.')}" in text for model in chosen)


def test_arns_are_divided_in_order_and_none_is_lost():
    arns = [f"arn:aws:bedrock:*::foundation-model/{number:0100d}" for number in range(200)]
    parts = list(in_parts(arns))
    assert [arn for part in parts for arn in part] == arns
    assert len(parts) > 3
    assert list(in_parts([])) == []


# A key that is given up


def test_a_kept_key_encrypts_nothing_and_opens_what_it_encrypted(tmp_path):
    template = synthesise({**NOVA, "kms": "kept"}, tmp_path)
    (key,) = resources(template, "AWS::KMS::Key").values()
    assert key["DeletionPolicy"] == "Retain"
    for bucket in resources(template, "AWS::S3::Bucket").values():
        (rule,) = bucket["Properties"]["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        assert rule["ServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    assert "KmsMasterKeyId" not in one(template, "AWS::SNS::Topic")
    assert "KmsMasterKeyId" not in one(template, "AWS::SQS::Queue")
    policies = json.dumps(resources(template, "AWS::IAM::Policy"))
    for step in ("ValidateDataset", "PrepareRecords", "BuildScorecard", "StartRun"):
        assert step in policies
    assert policies.count("kms:Decrypt") >= 5


# Alarms


def test_models_are_watched_by_what_they_are_called_by_and_what_is_not_is_named():
    models = [f"eu.a.b-{number:02d}" for number in range(MOST_WATCHED + 1)]
    watched, notes = watched_models([*models, "geo.c.d"])
    assert watched == models[:MOST_WATCHED]
    assert [models[-1] in note or "geo.c.d" in note for note in notes] == [True, True]
