"""What only DynamoDB does: conflicts and throttling that pass, answers that are lost, items that expire."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from evaldrop.errors import AwsError
from evaldrop.run.request import Owner
from evaldrop.store.dynamodb import DynamoStore
from evaldrop.store.dynamodb_calls import PATIENCE_S, DynamoTable
from evaldrop.store.model import ChosenCandidate, Limits
from evaldrop.store.table import EXPIRES, INDEXES, PK
from tests.evaldrop.store.stores import ACME, NOW, TABLE, a_run, an_ending

NO_LIMITS = Limits(runs_per_month=None)


class Between:
    """A client that does something else before, or instead of, its first so many calls of a kind."""

    def __init__(self, client, name, do, *, times=1):
        self._client, self._name, self._do, self._times = client, name, do, times

    def __getattr__(self, name):
        call = getattr(self._client, name)
        if name != self._name:
            return call

        def called(**arguments):
            if self._times:
                self._times -= 1
                self._do()
            return call(**arguments)

        return called


def failing(code, *reasons):
    """Return what raises DynamoDB's error of this code."""
    response = {"Error": {"Code": code, "Message": "no"}}
    if reasons:
        response["CancellationReasons"] = [{"Code": reason} for reason in reasons]

    def fail():
        raise ClientError(response, "TransactWriteItems")

    return fail


def items(client):
    return client.scan(TableName=TABLE)["Items"]


@pytest.mark.parametrize(
    "fail",
    [
        failing("TransactionCanceledException", "None", "TransactionConflict"),
        failing("TransactionCanceledException", "ThrottlingError"),
        failing("TransactionCanceledException", "ConditionalCheckFailed", "TransactionConflict"),
        failing("TransactionInProgressException"),
        failing("ProvisionedThroughputExceededException"),
    ],
)
def test_what_passes_is_tried_again_and_counted_once(dynamodb, client, fail):
    store = DynamoStore(TABLE, client=Between(client, "transact_write_items", fail, times=2))

    assert store.admit(a_run(), NO_LIMITS, now=NOW)[1]
    assert dynamodb.used("k1", "2026-11").runs == 1


def test_what_does_not_pass_is_given_up_after_ever_longer_pauses(client):
    pauses = []
    fail = failing("TransactionCanceledException", "TransactionConflict")
    table = DynamoTable(
        Between(client, "transact_write_items", fail, times=-1), TABLE, pause=lambda s: pauses.append(s)
    )

    with pytest.raises(AwsError, match="too many write at once"):
        table.write([("Delete", {"Key": {}})])

    assert PATIENCE_S < sum(pauses) < PATIENCE_S + 1
    assert max(pauses[:3]) <= 0.08
    assert len(set(pauses)) == len(pauses)


def test_pauses_are_random_so_that_those_who_met_do_not_meet_again(client):
    def first_pause(_):
        pauses = []
        fail = failing("ThrottlingException")
        client_of_one = Between(client, "update_item", fail)
        with pytest.raises(AwsError):
            DynamoTable(client_of_one, "no-table", pause=pauses.append).update({"Key": {PK: {"S": "x"}}})
        return pauses[0]

    with ThreadPoolExecutor(4) as threads:
        assert len(set(threads.map(first_pause, range(8)))) == 8


@pytest.mark.parametrize(
    "code", ["AccessDeniedException", "ValidationException", "ResourceNotFoundException"]
)
def test_what_is_refused_for_good_is_said_with_the_table_and_not_tried_again(dynamodb, client, code):
    store = DynamoStore(TABLE, client=Between(client, "transact_write_items", failing(code), times=1))

    with pytest.raises(AwsError, match=f"table {TABLE}, cannot be written: .*{code}"):
        store.admit(a_run(), NO_LIMITS, now=NOW)

    assert dynamodb.run("r1") is None


def test_a_refused_transaction_says_why_its_items_were_refused(dynamodb, client):
    fail = failing("TransactionCanceledException", "ValidationError")
    store = DynamoStore(TABLE, client=Between(client, "transact_write_items", fail))

    with pytest.raises(AwsError, match="TransactionCanceledException"):
        store.begin(a_run())


def test_reading_a_table_that_is_not_there_is_an_aws_error(client):
    with pytest.raises(AwsError, match="table nowhere, cannot be read"):
        DynamoStore("nowhere", client=client).run("r1")


def test_a_request_whose_answer_was_lost_finds_its_run_and_counts_no_second_time(dynamodb, client):
    class Losing(Between):
        def __getattr__(self, name):
            call = super().__getattr__(name)

            def called(**arguments):
                answer = call(**arguments)
                if name == "transact_write_items" and self._times:
                    self._times -= 1
                    raise ReadTimeoutError(endpoint_url="https://dynamodb")
                return answer

            return called

    store = DynamoStore(TABLE, client=Losing(client, None, None))
    with pytest.raises(AwsError, match="timeout"):
        store.admit(a_run(), NO_LIMITS, now=NOW)

    run, is_new = store.admit(a_run(), NO_LIMITS, now=NOW)
    assert (run.run_id, is_new) == ("r1", False)
    assert dynamodb.used("k1", "2026-11").runs == 1


def test_a_twin_that_takes_the_last_place_in_between_is_the_same_run(dynamodb, client):
    limits = Limits(runs_per_month=1)
    twin = Between(client, "transact_write_items", lambda: dynamodb.admit(a_run(), limits, now=NOW))

    run, is_new = DynamoStore(TABLE, client=twin).admit(a_run(), limits, now=NOW)

    assert (run.run_id, is_new) == ("r1", False)


def test_two_changes_of_a_run_at_once_both_hold(dynamodb, client):
    dynamodb.begin(a_run())
    other = ChosenCandidate(candidate="lite", chosen_at=NOW)
    meddling = Between(client, "transact_write_items", lambda: dynamodb.choose("r1", other))

    DynamoStore(TABLE, client=meddling).end("r1", an_ending())

    run = dynamodb.run("r1")
    assert (run.state, run.choice.candidate) == ("finished", "lite")
    assert dynamodb.used("k1", "2026-11").usd == 0.07


def test_a_run_that_others_write_all_the_time_is_given_up(dynamodb, client):
    turns = iter(range(1000))

    def choose():
        dynamodb.choose("r1", ChosenCandidate(candidate=f"c{next(turns)}", chosen_at=NOW))

    dynamodb.begin(a_run())
    store = DynamoStore(TABLE, client=Between(client, "transact_write_items", choose, times=-1))

    with pytest.raises(AwsError, match="others write it all the time"):
        store.end("r1", an_ending())


def test_what_changes_nothing_writes_nothing(dynamodb, client):
    dynamodb.end("r1", an_ending(), run=a_run())
    silent = Between(client, "transact_write_items", failing("AccessDeniedException"), times=-1)
    store = DynamoStore(TABLE, client=silent)

    store.begin(a_run())
    store.end("r1", an_ending())
    store.withdraw("r1")
    store.rebuild([dynamodb.run("r1")])

    assert dynamodb.run("r1").state == "finished"


def test_only_what_counts_days_expires(dynamodb, client):
    dynamodb.admit(a_run(), NO_LIMITS, now=NOW)
    dynamodb.count_request("k1", NO_LIMITS, now=NOW)

    expires = {item[PK]["S"]: int(item[EXPIRES]["N"]) for item in items(client) if EXPIRES in item}
    assert set(expires) == {"USAGE#key#2026-11-29", "USAGE#user#2026-11-29", "REQUESTS#2026-11-29"}
    # 2026-11-29 began 1,795,910,400 seconds after 1970.
    assert expires["REQUESTS#2026-11-29"] == 1_795_910_400 + 2 * 86_400
    assert expires["USAGE#key#2026-11-29"] == 1_795_910_400 + 62 * 86_400


def test_a_run_is_in_the_indexes_of_what_is_known_of_it(dynamodb, client):
    dynamodb.begin(a_run(evaluation="qa"))
    dynamodb.begin(a_run("r2", owner=Owner()))

    def indexed():
        return {
            item[PK]["S"]: {name: item[name]["S"] for name in INDEXES.values() if name in item}
            for item in items(client)
            if item[PK]["S"].startswith("RUN#")
        }

    known = {"by_key": "k1", "by_user": ACME.user, "by_customer": "acme", "by_evaluation": "qa"}
    assert indexed() == {
        "RUN#r1": {**known, "by_state": "running", "by_time": "ALL"},
        "RUN#r2": {"by_state": "running", "by_time": "ALL"},
    }
    dynamodb.end("r1", an_ending())
    assert indexed()["RUN#r1"]["by_state"] == "finished"
