"""Keys in API Gateway: each in a usage plan, and nothing left of one that is revoked or was not made."""

import boto3
import pytest

from evaldrop.errors import AwsError
from evaldrop.running.deployed.api_keys import make_key, plan_limits, remove_key
from evaldrop.store.model import Limits
from tests.evaldrop.running.deployed.apis import deploy_api


@pytest.fixture
def gateway(bucket):
    return boto3.client("apigateway")


@pytest.fixture
def plan(gateway):
    return deploy_api().usage_plan


def keys(gateway):
    return [key["id"] for key in gateway.get_api_keys()["items"]]


def plans(gateway):
    return {plan["name"]: plan for plan in gateway.get_usage_plans()["items"]}


def test_a_key_is_in_the_stacks_plan(gateway, plan):
    limits = plan_limits(gateway, plan, Limits(usd_per_day=5))
    made = make_key(gateway, plan, "ci", limits)

    assert limits == Limits(usd_per_day=5)
    assert [key["id"] for key in gateway.get_usage_plan_keys(usagePlanId=plan)["items"]] == [made.key_id]
    assert gateway.get_api_key(apiKey=made.key_id, includeValue=True)["value"] == made.secret
    assert set(plans(gateway)) == {"evaldrop"}


def test_a_key_of_other_limits_has_a_plan_of_its_own_for_the_same_api(gateway, plan):
    made = make_key(gateway, plan, "ci", Limits(requests_per_second=2, burst=5, requests_per_day=None))

    own = plans(gateway)[f"evaldrop-key-{made.key_id}"]
    assert own["apiStages"] == plans(gateway)["evaldrop"]["apiStages"]
    assert own["throttle"] == {"rateLimit": 2, "burstLimit": 5}
    assert "quota" not in own
    assert gateway.get_usage_plan_keys(usagePlanId=plan)["items"] == []

    remove_key(gateway, plan, made.key_id)
    assert set(plans(gateway)) == {"evaldrop"}
    assert keys(gateway) == []


def test_taking_a_key_away_twice_is_no_error(gateway, plan):
    made = make_key(gateway, plan, "ci", plan_limits(gateway, plan, Limits()))
    for _ in range(2):
        remove_key(gateway, plan, made.key_id)

    assert keys(gateway) == []


def test_a_key_that_gets_no_plan_is_taken_away(gateway, plan):
    with pytest.raises(AwsError, match="usage plan nowhere cannot be read"):
        make_key(gateway, "nowhere", "ci", Limits())

    assert keys(gateway) == []
