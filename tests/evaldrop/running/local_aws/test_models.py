"""Bedrock behind a role's permissions."""

import asyncio
import io
import json

import pytest

from evaldrop.engine import ServiceError
from evaldrop.running.local_aws.events import Created
from evaldrop.running.local_aws.models import Answers, Models
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


def models(*resources, action="bedrock:InvokeModel"):
    statement = {"Effect": "Allow", "Action": action, "Resource": list(resources)}
    permissions = Permissions(lambda _role: [json.dumps({"Statement": [statement]})])
    return Models(Runtime(), permissions)


def ask(asked, model, **more):
    return asyncio.run(asked.converse(ROLE, {"modelId": model, **more}))


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


def test_a_runtimes_own_refusal_stays_what_it_is():
    with pytest.raises(ServiceError) as refused:
        ask(models("*"), "busy")
    assert refused.value.code == "ThrottlingException"


class Store:
    def __init__(self):
        self.opened = []

    def open_read(self, bucket, key):
        self.opened.append(key)
        record = {"prompt": "Why?", "reference": [f"because of {key}"], "calls": {"requests": {}}}
        return io.BytesIO(json.dumps(record).encode() + b"\n")


def written(answers, key):
    answers.written(Created(bucket="out", key=key, version=None, reason="PutObject"))


def test_the_references_of_prepared_runs_are_known_the_newest_first():
    store = Store()
    answers = Answers(store)
    assert answers("Why?") is None
    written(answers, "runs/faq/run-1/records.jsonl")
    assert answers("Why?") == "because of runs/faq/run-1/records.jsonl"
    written(answers, "runs/faq/run-2/records.jsonl")
    assert answers("Why?") == "because of runs/faq/run-2/records.jsonl"
    assert answers("Where?") is None


def test_a_dataset_is_no_run():
    store = Store()
    answers = Answers(store)
    written(answers, "datasets/records.jsonl")
    written(answers, "runs/faq/run-1/report.html")
    assert answers("Why?") is None
    assert store.opened == []


def test_the_records_of_a_search_for_prompts_are_known_with_the_criteria_of_their_run():
    store = Store()
    answers = Answers(store)
    written(answers, "runs/faq/run-1/prompts/turn-3/records.jsonl")
    assert answers("Why?") == "because of runs/faq/run-1/prompts/turn-3/records.jsonl"
    assert answers.criterion("tone", "Is it kind?") is None
    assert store.opened[-1] == "runs/faq/run-1/run.json"
