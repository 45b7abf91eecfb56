"""The table of a run's budget on one machine: what it counts, and what a run that goes on begins with."""

import asyncio
import json
from random import Random

import pytest

from evaldrop.engine import ServiceError
from evaldrop.run.ledger import LEDGER, read_ledger
from evaldrop.running.budget_table import BudgetTable

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


def noted(folder):
    return [json.loads(line) for line in (folder / LEDGER).read_text().splitlines()]


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
    assert noted(tmp_path) == [{"reserves": "a", "micros": 100}, {"record_id": "a", "micros": 40}]


def test_what_calls_that_were_made_again_cost_is_added(tmp_path):
    evaluated(tmp_path, {"a": 40})
    table = BudgetTable(tmp_path)
    reserve(table, "a", 100, 1000)
    assert counted(settle(table, "a", 70, 100)) == (70, 70)
    table.close()
    assert noted(tmp_path)[-1] == {"record_id": "a", "micros": 70}


def test_a_run_without_a_budget_has_no_ledger_and_a_damaged_line_costs_that_record_alone(tmp_path):
    BudgetTable(tmp_path).close()
    assert not (tmp_path / LEDGER).exists()
    (tmp_path / LEDGER).write_bytes(b'{"record_id":"a","micros":40}\n{"record_id":"b","mic')
    table = BudgetTable(tmp_path)
    reserve(table, "c", 960, 1000)
    table.close()


# Records that did not come to their end


def test_what_a_killed_process_had_reserved_stays_at_its_high_and_the_record_reserves_anew(tmp_path):
    killed = BudgetTable(tmp_path)
    reserve(killed, "a", 300, 1000)
    killed.close()
    table = BudgetTable(tmp_path)
    with pytest.raises(ServiceError):
        reserve(table, "b", 701, 1000)
    reserve(table, "a", 300, 1000)
    assert counted(settle(table, "a", 50, 300)) == (350, 50)
    table.close()
    # Also in the process after that.
    again = BudgetTable(tmp_path)
    with pytest.raises(ServiceError):
        reserve(again, "b", 651, 1000)
    reserve(again, "b", 650, 1000)
    again.close()


def test_where_every_call_was_answered_a_record_goes_on_with_its_own_reservation(tmp_path):
    stopped = BudgetTable(tmp_path)
    reserve(stopped, "a", 600, 1000)
    stopped.close(quietly=True)
    table = BudgetTable(tmp_path)
    # Others find its room taken, for what it has been answered is paid for; itself has it already.
    with pytest.raises(ServiceError):
        reserve(table, "b", 600, 1000)
    assert reserve(table, "a", 600, 1000) == {}
    assert counted(settle(table, "a", 50, 600)) == (50, 50)
    reserve(table, "b", 950, 1000)
    table.close()


def test_a_reservation_whose_answer_was_lost_is_made_once(tmp_path):
    table = BudgetTable(tmp_path)
    reserve(table, "a", 600, 1000)
    assert reserve(table, "a", 600, 1000) == {}
    assert counted(settle(table, "a", 50, 600)) == (50, 50)
    table.close()


def test_the_ledger_knows_who_may_have_been_called(tmp_path):
    table = BudgetTable(tmp_path)
    reserve(table, "a", 600, 1000)
    with pytest.raises(ServiceError):
        reserve(table, "b", 600, 1000)
    settle(table, "a", 50, 600)
    reserve(table, "c", 600, 1000)
    table.close()
    ledger = read_ledger(tmp_path / LEDGER)
    assert (ledger.called, ledger.spent, ledger.unknown) == ({"a", "c"}, 50, 600)


# Jobs


def reserve_for_job(table, place, cost, limit):
    condition = "attribute_not_exists(reserved_micros) OR reserved_micros <= :room"
    expression = "SET last_job = :job ADD reserved_micros :cost"
    return update(table, expression, condition, job=place, cost=cost, room=limit - cost)


def settle_jobs(table, stage, cost, difference):
    request = {
        "TableName": "budgets",
        "Key": KEY,
        "UpdateExpression": "SET #settled = :cost ADD reserved_micros :difference, spent_micros :cost",
        "ConditionExpression": "attribute_not_exists(#settled)",
        "ExpressionAttributeNames": {"#settled": f"settled_{stage}"},
        "ExpressionAttributeValues": {
            ":difference": {"N": str(difference)}, ":cost": {"N": str(cost)}
        },
        "ReturnValues": "ALL_NEW",
    }  # fmt: skip
    return asyncio.run(table.update_item(request))


def test_a_job_that_had_reserved_when_the_process_died_holds_its_room_and_reserves_nothing_again(tmp_path):
    killed = BudgetTable(tmp_path)
    reserve_for_job(killed, "candidates/a-1", 600, 1000)
    killed.close()
    table = BudgetTable(tmp_path)
    # Whoever asks first in the next process: another job finds the room of the first one taken.
    with pytest.raises(ServiceError, match="ConditionalCheckFailed"):
        reserve_for_job(table, "candidates/b-1", 600, 1000)
    assert reserve_for_job(table, "candidates/a-1", 600, 1000) == {}
    assert counted(settle_jobs(table, "candidates", 200, 200 - 600)) == (200, 200)
    table.close()


def test_a_stage_that_was_settled_is_counted_once(tmp_path):
    first = BudgetTable(tmp_path)
    reserve_for_job(first, "candidates/a-1", 600, 1000)
    settle_jobs(first, "candidates", 200, 200 - 600)
    first.close()
    again = BudgetTable(tmp_path)
    assert reserve_for_job(again, "candidates/a-1", 600, 1000) == {}
    assert counted(settle_jobs(again, "candidates", 200, 200 - 600)) == (200, 200)
    assert counted(reserve_for_job(again, "judges/j-1", 800, 1000)) == (1000, 200)
    again.close()
    assert len(noted(tmp_path)) == 3


def test_further_jobs_of_a_settled_stage_are_settled_with_it(tmp_path):
    first = BudgetTable(tmp_path)
    reserve_for_job(first, "candidates/a-1", 600, 1000)
    settle_jobs(first, "candidates", 200, 200 - 600)
    first.close()
    again = BudgetTable(tmp_path)
    reserve_for_job(again, "candidates/a-1", 600, 1000)
    reserve_for_job(again, "candidates/a-2", 700, 1000)
    # All of the stage's replies, as the workflow adds them up; the first job has reserved nothing this time.
    assert counted(settle_jobs(again, "candidates-2", 500, 500 - 1300)) == (500, 500)
    again.close()
    assert read_ledger(tmp_path / LEDGER).spent == 500


def test_with_a_tenth_of_the_children_failing_the_budget_is_never_passed_and_what_was_not_called_is_used(
    tmp_path,
):
    """Three processes; of the children that fail half were never called, and half after all their calls."""
    random, limit, billed, done = Random(7), 20_000, {}, []
    for _ in range(3):
        table, before = BudgetTable(tmp_path), len(done)
        for n in (n for n in range(400) if f"r{n}" not in done):
            record = f"r{n}"
            try:
                reserve(table, record, 100, limit)
            except ServiceError:
                continue
            fails = n % 20 in {3, 7}
            if not (fails and n % 20 == 3 and before == 0):
                # What was answered once is handed out again, and billed once.
                billed.setdefault(record, random.randint(10, 100))
            if not fails or (n % 20 == 3 and before):
                settle(table, record, billed[record], 100)
                done.append(record)
            assert sum(billed.values()) <= limit
        table.close(quietly=True)
    ledger = read_ledger(tmp_path / LEDGER)
    uncalled = [record for record in done if int(record[1:]) % 20 == 3]
    # The second process evaluates those, and with what they did not cost others.
    assert len(uncalled) > 10
    assert ledger.unknown == 100 * sum(int(record[1:]) % 20 == 7 for record in billed)
    assert limit - 100 < ledger.spent + ledger.unknown <= limit
