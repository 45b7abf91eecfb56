"""A stack's API keys in API Gateway, each with a usage plan: the stack's, or its own where limits differ."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from evaldrop.aws_errors import as_service_error, code_of
from evaldrop.store.model import Limits


class MadeKey(NamedTuple):
    """A key that API Gateway has made. It keeps the secret, too; evaldrop does not."""

    key_id: str
    secret: str


def plan_limits(gateway: Any, usage_plan: str, limits: Limits) -> Limits:
    """Return limits with the requests that the stack's usage plan allows."""
    with as_service_error(f"usage plan {usage_plan} cannot be read"):
        plan = gateway.get_usage_plan(usagePlanId=usage_plan)
    throttle, quota = plan.get("throttle") or {}, plan.get("quota") or {}
    requests = {
        "requests_per_second": throttle.get("rateLimit", limits.requests_per_second),
        "burst": throttle.get("burstLimit", limits.burst),
        "requests_per_day": quota.get("limit") if quota.get("period") == "DAY" else None,
    }
    return limits.model_copy(update=requests)


def make_key(gateway: Any, usage_plan: str, name: str, limits: Limits) -> MadeKey:
    """
    Make a key that requests of the stack's API are let in with.

    Args:
        gateway: boto3's client of API Gateway.
        usage_plan: ID of the stack's usage plan.
        name: As people call it.
        limits: Of its requests; others than the plan's get the key a plan of its own.

    Raises:
        AwsError: API Gateway refuses; then there is no key.
    """
    with as_service_error(f'the key "{name}" was not made'):
        made = gateway.create_api_key(name=name, enabled=True, description="Made by evaldrop keys create.")
        key = MadeKey(key_id=made["id"], secret=made["value"])
        try:
            plan = usage_plan
            if plan_limits(gateway, usage_plan, limits) != limits:
                plan = _own_plan(gateway, usage_plan, key.key_id, limits)
            gateway.create_usage_plan_key(usagePlanId=plan, keyId=key.key_id, keyType="API_KEY")
        except BaseException:
            # Without a plan it would open nothing, and nobody would know what it is.
            remove_key(gateway, usage_plan, key.key_id)
            raise
    return key


def remove_key(gateway: Any, usage_plan: str, key_id: str) -> None:
    """Take a key away, and the plan that was made for it; nothing where they are gone already."""
    with as_service_error(f"key {key_id} was not taken away"):
        for plan in gateway.get_usage_plans(limit=500)["items"]:
            if plan["id"] != usage_plan and plan["name"] == _plan_name(key_id):
                _remove_plan(gateway, plan)
        try:
            gateway.delete_api_key(apiKey=key_id)
        except gateway.exceptions.ClientError as error:
            if code_of(error) != "NotFoundException":
                raise


def _own_plan(gateway: Any, usage_plan: str, key_id: str, limits: Limits) -> str:
    stages = gateway.get_usage_plan(usagePlanId=usage_plan).get("apiStages") or []
    quota = {"limit": limits.requests_per_day, "period": "DAY"} if limits.requests_per_day else None
    plan = gateway.create_usage_plan(
        name=_plan_name(key_id),
        # Without limits by method, which are for the stack's own plan.
        apiStages=[{"apiId": stage["apiId"], "stage": stage["stage"]} for stage in stages],
        throttle={"rateLimit": limits.requests_per_second, "burstLimit": limits.burst},
        **({"quota": quota} if quota else {}),
    )
    return str(plan["id"])


def _remove_plan(gateway: Any, plan: Mapping[str, Any]) -> None:
    # A plan that an API's stage is in cannot be deleted.
    operations = [
        {"op": "remove", "path": "/apiStages", "value": f"{stage['apiId']}:{stage['stage']}"}
        for stage in plan.get("apiStages") or []
    ]
    if operations:
        gateway.update_usage_plan(usagePlanId=plan["id"], patchOperations=operations)
    gateway.delete_usage_plan(usagePlanId=plan["id"])


def _plan_name(key_id: str) -> str:
    return f"evaldrop-key-{key_id}"
