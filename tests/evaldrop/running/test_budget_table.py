"""The table of a run's budget on one machine: what it counts, and what a run that goes on begins with."""

import asyncio
import json

import pytest

from evaldrop.engine import ServiceError
from evaldrop.running.budget_table import LEDGER, BudgetTable

KEY = {"pk": {"S": "BUDGET#r"}, "sk": {"S": "BUDGET"}}


def update(table, expression, condition=None, **values):
    request = {
        "TableName": "budgets",
        "Key": KEY,
        "UpdateExpression": expression,
        "ExpressionAttributeValues": {
            f":{name}": {"S": value} if isinstance(value, str) else {"N": str(value)}
            for name, value in values.items()
        },
        "ReturnValues": "ALL_NEW",
    }
    return asyncio.run(table.update_item(request | ({"ConditionExpression": condition} if condition else {})))


def reserve(table, record, cost, limit):
    condition = "attribute_not_exists(reserved_micros) OR reserved_micros <= :room"
    expression = "SET last_record = :record ADD reserved_micros :cost"
    return update(table, expression, condition, record=record, cost=cost, room=limit - cost)


def settle(table, record, cost, reserved):
    expression = "SET last_record = :record ADD reserved_micros :difference, spent_micros :cost"
    return update(table, expression, record=record, cost=cost, difference=cost - reserved)


def counted(answer):
    attributes = answer["Attributes"]
    return int(attributes["reserved_micros"]["N"]), int(attributes["spent_micros"]["N"])


def evaluated(folder, costs):
    """A process that evaluates records, and ends."""
    table = BudgetTable(folder)
    for record, cost in costs.items():
        reserve(table, record, 100, 1000)
        settle(table, record, cost, 100)
    table.close()


def test_what_is_not_left_is_not_reserved(tmp_path):
    table = BudgetTable(tmp_path)
    reserve(table, "a", 600, 1000)
    with pytest.raises(ServiceError, match="ConditionalCheckFailed"):
        reserve(table, "b", 600, 1000)
    assert counted(settle(table, "a", 200, 600)) == (200, 200)
    reserve(table, "b", 600, 1000)
    assert not (tmp_path / "other").exists()
    table.close()


def test_a_run_that_goes_on_begins_with_what_it_spent(tmp_path):
    evaluated(tmp_path, {"a": 40, "b": 50})
    table = BudgetTable(tmp_path)
    with pytest.raises(ServiceError):
        reserve(table, "c", 911, 1000)
    reserve(table, "c", 910, 1000)
    assert counted(settle(table, "c", 10, 910)) == (100, 100)
    table.close()


def test_a_record_that_was_settled_is_let_through_and_counts_once(tmp_path):
    evaluated(tmp_path, {"a": 40})
    table = BudgetTable(tmp_path)
    # Its replies are there: it is not held up, though nothing is left.
    assert reserve(table, "a", 100, 50) == {}
    assert counted(settle(table, "a", 40, 100)) == (40, 40)
    table.close()
    assert len((tmp_path / LEDGER).read_text().splitlines()) == 1


def test_what_calls_that_were_made_again_cost_is_added(tmp_path):
    evaluated(tmp_path, {"a": 40})
    table = BudgetTable(tmp_path)
    reserve(table, "a", 100, 1000)
    assert counted(settle(table, "a", 70, 100)) == (70, 70)
    table.close()
    lines = [json.loads(line) for line in (tmp_path / LEDGER).read_text().splitlines()]
    assert lines[-1] == {"record_id": "a", "micros": 70}


def test_a_run_without_a_budget_has_no_ledger_and_a_damaged_line_costs_that_record_alone(tmp_path):
    BudgetTable(tmp_path).close()
    assert not (tmp_path / LEDGER).exists()
    (tmp_path / LEDGER).write_bytes(b'{"record_id":"a","micros":40}\n{"record_id":"b","mic')
    table = BudgetTable(tmp_path)
    reserve(table, "c", 960, 1000)
    table.close()
