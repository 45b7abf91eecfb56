"""A stack with an API and a history, as moto has them."""

import boto3

from tests.evaldrop.running.deployed.stacks import deploy, found
from tests.evaldrop.store.stores import TABLE, make_table


def deploy_api():
    """Make an API with a usage plan, a table and the stack that names them; return the stack."""
    gateway = boto3.client("apigateway")
    api = gateway.create_rest_api(name="evaldrop")["id"]
    # moto deploys no API without a method.
    method = {"restApiId": api, "resourceId": gateway.get_resources(restApiId=api)["items"][0]["id"]}
    gateway.put_method(**method, httpMethod="GET", authorizationType="NONE", apiKeyRequired=True)
    gateway.put_integration(**method, httpMethod="GET", type="MOCK")
    gateway.create_deployment(restApiId=api, stageName="v1")
    plan = gateway.create_usage_plan(
        name="evaldrop",
        apiStages=[{"apiId": api, "stage": "v1"}],
        throttle={"rateLimit": 10, "burstLimit": 20},
        quota={"limit": 500, "period": "DAY"},
    )["id"]
    make_table(boto3.client("dynamodb"))
    deploy("with-api", also={"HistoryTable": TABLE, "ApiUsagePlan": plan, "ApiId": api})
    return found("with-api")
