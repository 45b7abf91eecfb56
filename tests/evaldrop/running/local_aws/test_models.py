"""Bedrock behind a role's permissions."""

import asyncio
import json

import pytest

from evaldrop.engine import ServiceError
from evaldrop.running.local_aws.models import Models
from evaldrop.running.local_aws.permissions import Permissions

ROLE = "arn:aws:iam::123456789012:role/machine"
NOVA = "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0"


class Runtime:
    is_simulated = True

    def __init__(self, said="hello"):
        self.said, self.closed = said, False

    async def converse(self, request):
        if request["modelId"].endswith("busy"):
            raise ServiceError("ThrottlingException", "busy")
        return {"said": self.said}

    invoke_model = converse

    async def close(self):
        self.closed = True


def models(*resources, action="bedrock:InvokeModel", seen=None):
    statement = {"Effect": "Allow", "Action": action, "Resource": list(resources)}
    permissions = Permissions(lambda _role: [json.dumps({"Statement": [statement]})])
    return Models(Runtime(), permissions, seen=seen or (lambda _call: None))


def ask(asked, model, **more):
    return asyncio.run(asked.as_role(ROLE).converse({"modelId": model, **more}))


def test_a_model_that_the_role_allows_answers():
    assert ask(models(NOVA), "amazon.nova-lite-v1:0") == {"said": "hello"}


def test_another_is_refused_in_awss_words():
    with pytest.raises(ServiceError) as refused:
        ask(models(NOVA), "amazon.nova-pro-v1:0")
    assert refused.value.code == "AccessDeniedException"
    assert refused.value.message == (
        "User: arn:aws:sts::123456789012:assumed-role/machine/local is not authorized to perform: "
        "bedrock:InvokeModel on resource: arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-pro-v1:0 "
        "because no identity-based policy allows the bedrock:InvokeModel action"
    )


def test_a_profile_needs_its_model_in_every_region_too():
    profile = "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.amazon.nova-lite-v1:0"
    with pytest.raises(ServiceError, match=r"foundation-model/amazon.nova-lite"):
        ask(models(profile), "us.amazon.nova-lite-v1:0")
    anywhere = "arn:aws:bedrock:*::foundation-model/amazon.nova-lite-v1:0"
    assert ask(models(profile, anywhere), "us.amazon.nova-lite-v1:0")


def test_a_guardrail_has_to_be_allowed():
    guarded = {"guardrailConfig": {"guardrailIdentifier": "gr-1", "guardrailVersion": "1"}}
    with pytest.raises(ServiceError, match="bedrock:ApplyGuardrail"):
        ask(models(NOVA), "amazon.nova-lite-v1:0", **guarded)


def test_every_call_that_ended_is_told_with_its_outcome():
    seen = []
    asked = models("*", seen=seen.append)
    ask(asked, "m")
    for model in ("busy",):
        with pytest.raises(ServiceError):
            ask(asked, model)
    assert [(call.model, call.outcome) for call in seen] == [
        ("m", "answered"),
        ("busy", "ThrottlingException"),
    ]


def test_another_runtime_answers_from_the_next_call_on():
    asked = models("*")
    asked.replace(Runtime("other"))
    assert ask(asked, "m") == {"said": "other"}
