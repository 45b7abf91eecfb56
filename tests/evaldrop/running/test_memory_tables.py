"""UpdateItem in memory does what DynamoDB's own does: moto's, which reads the whole language, agrees."""

import asyncio
from itertools import product

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from evaldrop.engine import ServiceError
from evaldrop.running.memory_tables import MemoryTables

KEY = {"pk": {"S": "RUN#1"}, "sk": {"S": "BUDGET"}}
UPDATES = (
    "ADD reserved :cost",
    "ADD reserved :cost, calls :one",
    "SET reserved = if_not_exists(reserved, :zero) + :cost",
    "SET reserved = reserved - :cost",
    "SET #state = :text ADD reserved :cost",
    "set reserved = :cost",
)
CONDITIONS = (
    None,
    "reserved <= :room",
    "attribute_not_exists(reserved) OR reserved <= :room",
    "attribute_exists(reserved) AND NOT (reserved > :room OR #state = :text)",
    "#state <> :text",
    "reserved = :text",
)
BEFORE = ({}, {"reserved": {"N": "40"}}, {"reserved": {"N": "90.5"}, "state": {"S": "spent"}})
VALUES = {
    ":cost": {"N": "40"}, ":one": {"N": "1"}, ":zero": {"N": "0"}, ":text": {"S": "spent"},
    ":room": {"N": "60"},
}  # fmt: skip


@pytest.fixture(scope="module")
def dynamodb():
    with mock_aws():
        client = boto3.client("dynamodb", region_name="eu-central-1")
        client.create_table(
            TableName="t",
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
            KeySchema=[
                {"AttributeName": "pk", "KeyType": "HASH"},
                {"AttributeName": "sk", "KeyType": "RANGE"},
            ],
        )
        yield client


def request(update, condition, returned):
    text = f"{update} {condition or ''}"
    asked = {
        "TableName": "t",
        "Key": KEY,
        "UpdateExpression": update,
        "ReturnValues": returned,
        "ExpressionAttributeValues": {name: value for name, value in VALUES.items() if name in text},
    }
    if "#state" in text:
        asked["ExpressionAttributeNames"] = {"#state": "state"}
    return asked | ({"ConditionExpression": condition} if condition else {})


def begun(before):
    """A table in which the item is, set by an update of its own."""
    tables = MemoryTables()
    if before:
        sets = ", ".join(f"#{name} = :{name}" for name in before)
        asyncio.run(
            tables.update_item({
                "TableName": "t", "Key": KEY, "UpdateExpression": f"SET {sets}",
                "ExpressionAttributeNames": {f"#{name}": name for name in before},
                "ExpressionAttributeValues": {f":{name}": value for name, value in before.items()},
            })
        )  # fmt: skip
    return tables


@pytest.mark.parametrize("before", BEFORE, ids=["no item", "room", "spent"])
def test_updates_and_conditions_end_as_moto_has_them(dynamodb, before):
    # Not UPDATED_…: moto tells the key among them, and leaves out what is set to the value it had.
    for update, condition, returned in product(UPDATES, CONDITIONS, ("ALL_NEW", "ALL_OLD")):
        dynamodb.delete_item(TableName="t", Key=KEY)
        if before:
            dynamodb.put_item(TableName="t", Item={**KEY, **before})
        asked = request(update, condition, returned)
        try:
            expected = dynamodb.update_item(**asked).get("Attributes")
        except ClientError as error:
            expected = error.response["Error"]["Code"]
        try:
            found = asyncio.run(begun(before).update_item(asked)).get("Attributes")
        except ServiceError as error:
            found = error.code

        assert found == expected, (update, condition, returned)


@pytest.mark.parametrize(
    ("update", "condition"),
    [
        ("REMOVE reserved", None),
        ("ADD reserved :cost", "size(reserved) < :room"),
        ("ADD reserved :cost", "reserved BETWEEN :zero AND :room"),
        ("ADD reserved.inner :cost", None),
        ("ADD reserved :absent", None),
        ("ADD reserved :cost", "reserved <"),
        ("SET reserved :cost", None),
        ("ADD reserved :text", None),
    ],
)
def test_what_is_not_understood_is_refused(update, condition):
    with pytest.raises(ServiceError) as refused:
        asyncio.run(MemoryTables().update_item(request(update, condition, "NONE")))

    assert refused.value.code == "ValidationException"


def test_a_refused_update_changes_nothing():
    tables = begun({"reserved": {"N": "90"}})
    with pytest.raises(ServiceError, match="conditional"):
        asyncio.run(tables.update_item(request("ADD reserved :cost", "reserved <= :room", "NONE")))

    after = asyncio.run(tables.update_item(request("ADD reserved :zero", None, "ALL_NEW")))

    assert after["Attributes"]["reserved"] == {"N": "90"}


def test_what_was_updated_can_be_asked_for_alone():
    tables = begun({"reserved": {"N": "40"}, "calls": {"N": "1"}})
    asked = request("ADD reserved :cost", None, "UPDATED_NEW")

    assert asyncio.run(tables.update_item(asked)) == {"Attributes": {"reserved": {"N": "80"}}}
    asked["ReturnValues"] = "UPDATED_OLD"
    assert asyncio.run(tables.update_item(asked)) == {"Attributes": {"reserved": {"N": "80"}}}
    asked["ReturnValues"] = "NONE"
    assert asyncio.run(tables.update_item(asked)) == {}
