"""Both stores, for the tests that hold either to the same."""

import pytest
from moto import mock_aws

from evaldrop.store.sqlite import SqliteStore
from tests.evaldrop.store.stores import TABLE, dynamodb_client, dynamodb_store


@pytest.fixture(scope="module")
def client():
    """DynamoDB in memory."""
    with mock_aws():
        yield dynamodb_client()


@pytest.fixture
def sqlite(tmp_path):
    """An empty store in a file."""
    store = SqliteStore(tmp_path / "runs.sqlite")
    yield store
    store.close()


@pytest.fixture
def dynamodb(client):
    """An empty store in a table."""
    yield dynamodb_store(client)
    client.delete_table(TableName=TABLE)


@pytest.fixture(params=["sqlite", "dynamodb"])
def store(request):
    """Each kind of store."""
    return request.getfixturevalue(request.param)
