"""Stores to test: SQLite in a file, DynamoDB in memory (moto); and what is put into them."""

import threading

import boto3

from evaldrop.run.request import Owner
from evaldrop.store.dynamodb import DynamoStore
from evaldrop.store.model import Ending, Key, StoredRun
from evaldrop.store.table import INDEXES, PK, SK, SORTED

NOW = "2026-11-29T10:00:00+00:00"
ACME = Owner(user="ann", key_id="k1", customer="acme")

TABLE = "history"


MOST_IN_A_PAGE = 5


class LikeDynamoDB:
    """
    moto's client, made stricter.

    Its calls wait for one another, for moto's transactions are none among threads; and no page of a query has
    more than a few items, as DynamoDB's have no more than a megabyte.
    """

    def __init__(self, client):
        self._client = client
        self._lock = threading.Lock()

    def __getattr__(self, name):
        call = getattr(self._client, name)

        def called(**arguments):
            if name == "query":
                arguments["Limit"] = min(MOST_IN_A_PAGE, arguments.get("Limit", MOST_IN_A_PAGE))
            with self._lock:
                return call(**arguments)

        return called


def dynamodb_client():
    """Return a client that moto answers."""
    secret = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
    return LikeDynamoDB(boto3.client("dynamodb", region_name="us-east-1", **secret))


def dynamodb_store(client) -> DynamoStore:
    """Return a store in a table that is made for it."""
    make_table(client)
    return DynamoStore(TABLE, client=client)


def make_table(client):
    """Make the table, with its indexes."""
    attributes = [PK, SK, SORTED, *INDEXES.values()]
    client.create_table(
        TableName=TABLE,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": each, "AttributeType": "S"} for each in attributes],
        KeySchema=_keys(PK, SK),
        GlobalSecondaryIndexes=[
            {"IndexName": name, "KeySchema": _keys(name, SORTED), "Projection": {"ProjectionType": "ALL"}}
            for name in INDEXES.values()
        ],
    )


def _keys(partition, sort):
    return [
        {"AttributeName": partition, "KeyType": "HASH"},
        {"AttributeName": sort, "KeyType": "RANGE"},
    ]


def a_run(run_id="r1", **values) -> StoredRun:
    """Return a run that is about to be noted, with its estimate of 10 cents."""
    given = {
        "state": "admitted",
        "started_at": NOW,
        "dataset": "s3://drop/qa.jsonl",
        "owner": ACME,
        "estimate_usd": 0.1,
        "request_sha256": "a" * 64,
    }
    return StoredRun(run_id=run_id, **{**given, **values})


def an_ending(**values) -> Ending:
    """Return how a run ended: finished, for 7 cents."""
    given = {"state": "finished", "ended_at": "2026-11-29T10:05:00+00:00", "cost_usd": 0.07}
    return Ending(**{**given, "input_tokens": 100, "output_tokens": 20, "records": 5, **values})


def a_key(key_id="k1", **values) -> Key:
    """Return a key of Acme's."""
    given = {"key_id": key_id, "name": "ci", "digest": key_id * 32, "created_at": NOW, "owner": ACME}
    return Key(**{**given, **values})
