"""A role's policies, as they are read."""

import json

import pytest

from evaldrop.running.local_aws.permissions import Permissions, decide

ROLE = "arn:aws:iam::123456789012:role/machine"
HAIKU = "arn:aws:bedrock:*::foundation-model/anthropic.haiku"


def statement(effect="Allow", action="bedrock:InvokeModel", resource=HAIKU, **more):
    return {"Effect": effect, "Action": action, "Resource": resource, **more}


def allowed(*statements, action="bedrock:InvokeModel", resource=HAIKU, **context):
    return decide(statements, action, resource, context)


def test_what_no_statement_allows_is_forbidden():
    assert not allowed()
    assert not allowed(statement(action="s3:GetObject"))
    assert not allowed(statement(resource="arn:aws:bedrock:*::foundation-model/other"))


def test_stars_and_question_marks_stand_for_what_they_stand_for_in_iam():
    assert allowed(statement(action="bedrock:*", resource="arn:aws:bedrock:*::foundation-model/*"))
    assert allowed(statement(action="BEDROCK:invokemodel"))
    assert allowed(statement(resource="arn:aws:s3:::b/runs/*"), resource="arn:aws:s3:::b/runs/a/b c+ä")
    assert allowed(statement(resource="arn:?"), resource="arn:x")
    assert not allowed(statement(resource="arn:aws:s3:::b/runs/*"), resource="arn:aws:s3:::b/other/a")


def test_a_denial_wins():
    assert not allowed(statement(), statement("Deny", resource="*"))


PROFILE = "arn:aws:bedrock:eu-west-1:1:application-inference-profile/x"


@pytest.mark.parametrize(
    ("operator", "wanted", "holds"),
    [
        ("ArnEquals", [PROFILE], True),
        ("StringEquals", PROFILE, True),
        ("ArnLike", "arn:aws:bedrock:*:1:application-inference-profile/*", True),
        ("ArnEquals", ["arn:aws:bedrock:eu-west-1:1:application-inference-profile/y"], False),
    ],
)
def test_a_condition_is_held_against_what_the_request_brings(operator, wanted, holds):
    condition = {operator: {"bedrock:InferenceProfileArn": wanted}}
    assert allowed(statement(Condition=condition), **{"bedrock:InferenceProfileArn": PROFILE}) is holds
    assert not allowed(statement(Condition=condition))


@pytest.mark.parametrize(
    "wrong",
    [
        {"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"},
        statement(Condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}),
    ],
)
def test_what_cannot_be_read_is_told_and_not_guessed(wrong):
    with pytest.raises(NotImplementedError, match="evaldrop local reads"):
        allowed(wrong)


def test_all_documents_of_a_role_count_and_every_resource_has_to_be_allowed():
    documents = [json.dumps({"Statement": statement(resource=name)}) for name in ("a", "b")]
    permissions = Permissions(lambda role: documents if role == ROLE else [])
    assert permissions.allow(ROLE, "bedrock:InvokeModel", ["a", "b"])
    assert not permissions.allow(ROLE, "bedrock:InvokeModel", ["a", "c"])
    assert not permissions.allow("arn:aws:iam::1:role/other", "bedrock:InvokeModel", ["a"])
