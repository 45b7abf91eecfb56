"""Quotas by names that are irregular: one that is not surely a model's is nobody's."""

from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError

from evaldrop.running.deployed.checkup.quotas import check_quotas, quotas_of

REQUESTS = "Cross-region model inference requests per minute for Anthropic Claude Haiku 4.5"
TOKENS = "Cross-region model inference tokens per minute for Anthropic Claude Haiku 4.5"
NAMES = [
    REQUESTS,
    TOKENS,
    "On-demand model inference requests per minute for Anthropic Claude Haiku 4.5",
    "Global cross-region model inference tokens per minute for Anthropic Claude Haiku 4.5",
    "Cross-region model inference requests per minute for Anthropic Claude Haiku 4.5 Long Context",
    "Batch inference: records per job for Claude Haiku 4.5",
    "Cross-region model inference tokens per minute for Amazon Nova Lite",
]
US, WORLD, BARE = (f"{start}anthropic.claude-haiku-4-5-20251001-v1:0" for start in ("us.", "global.", ""))


@pytest.mark.parametrize(
    ("model", "kinds"),
    [
        (US, {"requests per minute", "tokens per minute"}),
        (WORLD, {"tokens per minute"}),
        (BARE, {"requests per minute"}),
    ],
)
def test_each_geography_has_quotas_of_its_own(model, kinds):
    assert quotas_of(model, "Claude Haiku 4.5", NAMES).keys() == kinds


class Quotas:
    """Service Quotas with what is applied and AWS's defaults; Bedrock with the name of one model."""

    def __init__(self, applied, defaults=None, *, error=None):
        self._pages = {"list_service_quotas": applied, "list_aws_default_service_quotas": defaults or {}}
        self._error = error

    def __call__(self, service):
        if service == "bedrock":
            named = {"modelDetails": {"modelName": "Claude Haiku 4.5"}}
            return SimpleNamespace(get_foundation_model=lambda **_: named)
        return self

    def get_paginator(self, operation):
        def paginate(*, ServiceCode):  # noqa: N803 - boto3's word
            assert ServiceCode == "bedrock"
            if self._error:
                raise self._error
            rows = [{"QuotaName": name, "Value": value} for name, value in self._pages[operation].items()]
            return [{"Quotas": rows[:1]}, {"Quotas": rows[1:]}]

        return SimpleNamespace(paginate=paginate)


@pytest.mark.parametrize(
    ("applied", "state", "said"),
    [
        ({REQUESTS: 1000.0, TOKENS: 4e6}, "ok", "1,000 requests per minute, 4,000,000 tokens per minute"),
        ({REQUESTS: 2.0, TOKENS: 4e6}, "note", "AWS's default is 1,000 requests per minute"),
        ({REQUESTS: 0.0, TOKENS: 0.0}, "problem", "0 requests per minute"),
        ({}, "unknown", "no quota has this model's name"),
    ],
)
def test_what_is_applied_is_held_against_the_default(applied, state, said):
    (found,) = check_quotas(Quotas(applied, {REQUESTS: 1000.0, TOKENS: 4e6}), [US])
    assert found.state == state
    assert said in found.said


def test_what_is_surely_the_models_may_be_stated_as_its_limits():
    (found,) = check_quotas(Quotas({REQUESTS: 1000.0, TOKENS: 4e6}), [US])
    assert (found.model, found.limits) == (US, {"rpm": 1000, "tpm": 4_000_000})
    (none,) = check_quotas(Quotas({REQUESTS: 0.0, TOKENS: 4e6}), [US])
    assert none.limits == {"tpm": 4_000_000}, "no limit is 0"


def test_of_two_names_that_fit_both_are_told_and_none_is_taken():
    (found,) = check_quotas(Quotas({REQUESTS: 1000.0, f"{REQUESTS} V1": 20.0, TOKENS: 4e6}), [US])
    assert found.state == "unknown"
    assert found.said == f'requests per minute: "{REQUESTS}" (1,000) or "{REQUESTS} V1" (20); none is taken'
    assert found.limits == {"tpm": 4_000_000}


def test_quotas_that_may_not_be_read_are_not_said_to_be_well():
    denied = ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "ListServiceQuotas")
    (found,) = check_quotas(Quotas({}, error=denied), [US])
    assert found.state == "unknown"
    assert "could not be looked up" in found.said
