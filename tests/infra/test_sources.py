"""Whoever lets a service of AWS in says for whose sake: no other account can have it act here."""

import json

import pytest

from tests.infra.synthesis import resources

# Of CloudWatch Logs the key knows the log group, which is in the account.
SOURCES = ("aws:SourceAccount", "aws:SourceArn", "kms:EncryptionContext:aws:logs:arn")

# Grants without a source, by type of the resource and service, and why.
WITHOUT = {
    ("AWS::IAM::Role", "lambda.amazonaws.com"): (
        "Lambda documents no source for taking a role, and takes one of its own account alone (iam:PassRole)."
    ),
    ("AWS::IAM::Role", "apigateway.amazonaws.com"): (
        "API Gateway documents no source for taking the account's role for logs."
    ),
    ("AWS::KMS::Key", "events.amazonaws.com"): (
        "EventBridge's requests to KMS do not tell their source (SNS guide); the queue's own names the rules."
    ),
}


def grants(template):
    """Yield (logical ID, type, service, conditions) of all that lets a service in."""
    for name, each in template["Resources"].items():
        kind, properties = each["Type"], each["Properties"]
        if kind == "AWS::Lambda::Permission":
            conditions = {key: properties[key] for key in ("SourceArn", "SourceAccount") if key in properties}
            yield (
                name,
                kind,
                properties["Principal"],
                {f"aws:{key}": value for key, value in conditions.items()},
            )
            continue
        for key in ("AssumeRolePolicyDocument", "KeyPolicy", "PolicyDocument", "ResourcePolicy"):
            for statement in properties.get(key, {}).get("Statement", ()):
                principal = statement.get("Principal", {})
                services = principal.get("Service", ()) if isinstance(principal, dict) else ()
                if statement["Effect"] == "Allow":
                    stated = {
                        key: value
                        for test in statement.get("Condition", {}).values()
                        for key, value in test.items()
                    }
                    for service in [services] if isinstance(services, str) else services:
                        yield name, kind, service, stated


def test_every_service_that_is_let_in_tells_its_source(either_template):
    without = {
        (kind, service)
        for _, kind, service, stated in grants(either_template)
        if not any(key in stated for key in SOURCES)
    }
    assert without <= WITHOUT.keys()


def test_no_exception_is_left_over(template, full_template):
    found = {(kind, service) for each in (template, full_template) for _, kind, service, _ in grants(each)}
    assert WITHOUT.keys() <= found


def test_services_are_found_wherever_they_are_let_in(full_template):
    kinds = {kind for _, kind, _, _ in grants(full_template)}
    assert kinds == {
        "AWS::IAM::Role",
        "AWS::KMS::Key",
        "AWS::Lambda::Permission",
        "AWS::S3::BucketPolicy",
        "AWS::SNS::TopicPolicy",
        "AWS::SQS::QueuePolicy",
    }
    # Wherever else one stood it would not be looked at.
    elsewhere = [
        name
        for name, each in full_template["Resources"].items()
        if each["Type"] not in kinds and '"Principal": {"Service"' in json.dumps(each)
    ]
    assert not elsewhere


@pytest.mark.parametrize(
    ("service", "source"),
    [
        ("scheduler.amazonaws.com", "schedule-group/default"),
        ("states.amazonaws.com", "stateMachine:*"),
    ],
)
def test_a_role_is_taken_for_the_stacks_kind_of_resource_in_its_own_account(template, service, source):
    ((_, _, _, stated),) = [each for each in grants(template) if each[2] == service]
    assert stated["aws:SourceAccount"] == {"Ref": "AWS::AccountId"}
    assert source in json.dumps(stated["aws:SourceArn"])


def test_a_publisher_may_use_the_key_for_no_more_than_writing(full_template):
    (key,) = resources(full_template, "AWS::KMS::Key").values()
    publishing = [
        statement
        for statement in key["Properties"]["KeyPolicy"]["Statement"]
        # CloudWatch Logs reads by it what it wrote.
        if "Service" in statement["Principal"] and "aws:logs" not in json.dumps(statement)
    ]
    assert {action for statement in publishing for action in statement["Action"]} == {
        "kms:Decrypt",
        "kms:GenerateDataKey*",
    }
