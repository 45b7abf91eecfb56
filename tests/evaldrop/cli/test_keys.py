"""`evaldrop keys` and `evaldrop usage`: of this machine, and of a stack in memory."""

import hashlib
import json

import boto3
import pytest

from evaldrop.cli import main
from evaldrop.store.model import Limits, StoredRun
from evaldrop.store.opening import open_store, store_of
from tests.evaldrop.running.deployed.apis import deploy_api
from tests.evaldrop.store.stores import NOW, a_run, an_ending


@pytest.fixture(autouse=True)
def _here(monkeypatch, tmp_path):
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.delenv("EVALDROP_STACK", raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def stack(bucket):
    return deploy_api()


def made(capsys, *arguments):
    assert main(["keys", "create", "ci", *arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_a_secret_is_printed_once_and_kept_nowhere(capsys, tmp_path):
    assert main(["keys", "create", "ci", "--customer", "acme"]) == 0
    printed = capsys.readouterr()
    secret = printed.out.strip()

    store = open_store(store_of("runs"))
    key = store.key_of(hashlib.sha256(secret.encode()).hexdigest())
    assert (key.name, key.owner.customer, key.role, key.limits) == ("ci", "acme", "runner", Limits())
    assert f"key {key.key_id} (ci)" in printed.err
    assert main(["keys", "list"]) == 0
    listed = capsys.readouterr().out
    assert key.key_id in listed
    assert not any(secret.encode() in file.read_bytes() for file in (tmp_path / "runs").iterdir())
    assert main(["keys", "list", "--json"]) == 0
    assert "digest" not in capsys.readouterr().out
    assert secret not in listed


def test_limits_are_as_they_are_given_and_nought_is_none(capsys):
    key = made(
        capsys, "--role", "admin", "--user", "ann", "--requests-per-day", "0", "--runs-per-month", "7",
        "--usd-per-day", "0", "--usd-per-month", "2.5", "--requests-per-second", "3", "--burst", "4",
    )  # fmt: skip

    assert (key["role"], key["owner"]["user"]) == ("admin", "ann")
    assert key["limits"] == {
        "requests_per_second": 3,
        "burst": 4,
        "requests_per_day": None,
        "runs_per_month": 7,
        "usd_per_day": 0,
        "usd_per_month": 2.5,
    }


def test_a_revoked_key_is_listed_as_revoked_and_opens_nothing(capsys):
    key = made(capsys)
    assert main(["keys", "revoke", key["key_id"]]) == 0

    assert open_store(store_of("runs")).key_of(hashlib.sha256(key["secret"].encode()).hexdigest()) is None
    assert main(["keys", "list"]) == 0
    assert "revoked 20" in capsys.readouterr().out


def test_what_is_not_there_is_said(capsys):
    assert main(["keys", "list"]) == 64
    assert "runs: there is no history" in capsys.readouterr().err
    assert main(["history", "rebuild"]) == 0
    assert main(["keys", "list"]) == 0
    assert "there is no key yet" in capsys.readouterr().err
    assert main(["keys", "revoke", "key-1"]) == 64
    assert 'no key "key-1"' in capsys.readouterr().err
    assert main(["keys", "create", "ci", "--out", "s3://bucket/runs"]) == 64
    assert "--stack names a stack's" in capsys.readouterr().err


def test_a_hostile_name_is_shown_and_no_terminal_acts_on_it(capsys):
    made(capsys, "--customer", "[red]\x1b[2J")
    assert main(["keys", "list"]) == 0

    assert "[red]\\x1b[2J" in capsys.readouterr().out


def test_a_stacks_key_is_made_in_api_gateway_and_revoked_in_both(stack, capsys):
    key = made(capsys, "--stack", "with-api", "--usd-per-month", "9")
    gateway = boto3.client("apigateway")
    assert gateway.get_api_key(apiKey=key["key_id"], includeValue=True)["value"] == key["secret"]
    stored = open_store(stack.history).key(key["key_id"])
    assert (stored.digest, stored.limits) == (None, Limits(usd_per_month=9))

    assert main(["keys", "revoke", key["key_id"], "--stack", "with-api"]) == 0

    assert gateway.get_api_keys()["items"] == []
    assert open_store(stack.history).key(key["key_id"]).revoked_at


def test_a_key_that_cannot_be_noted_is_not_left_in_api_gateway(stack, capsys):
    boto3.client("dynamodb").delete_table(TableName=stack.history_table)

    assert main(["keys", "create", "ci", "--stack", "with-api"]) == 3

    assert boto3.client("apigateway").get_api_keys()["items"] == []
    assert "cannot be written" in capsys.readouterr().err


def test_a_stack_without_an_api_has_no_keys(deployed, capsys):
    assert main(["keys", "create", "ci", "--stack", "evaldrop"]) == 64
    assert 'stack "evaldrop" has no history' in capsys.readouterr().err


def test_a_folder_that_is_named_goes_before_the_stack_of_the_environment(monkeypatch, capsys):
    monkeypatch.setenv("EVALDROP_STACK", "nowhere")
    made(capsys, "--out", "here")

    assert len(open_store(store_of("here")).keys()) == 1


def spend(store):
    for number, customer in enumerate(["acme", "globex"]):
        run: StoredRun = a_run(f"r{number}").model_copy(
            update={"owner": a_run().owner.model_copy(update={"customer": customer})}
        )
        store.admit(run, Limits(), now=NOW)
    store.end("r1", an_ending())


def test_usage_is_a_row_each_and_their_sum(capsys):
    spend(open_store(store_of("runs")))
    assert main(["usage", "--month", "2026-11"]) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]

    assert rows[1:] == [
        ["acme", "1", "0", "0", "0", "$0", "$0", "$0.10"],
        ["globex", "1", "5", "100", "20", "$0.070", "$0", "$0"],
        ["all", "2", "5", "100", "20", "$0.070", "$0", "$0.10"],
    ]


def test_usage_of_a_stack_is_a_document_for_scripts(stack, capsys):
    spend(open_store(stack.history))
    assert main(["usage", "--by", "key", "--month", "2026-11", "--stack", "with-api", "--json"]) == 0

    assert json.loads(capsys.readouterr().out) == {
        "month": "2026-11",
        "by": "key",
        "usage": [
            {
                "key": "k1", "runs": 2, "records": 5, "input_tokens": 100, "output_tokens": 20,
                "usd": 0.07, "reserved_usd": 0.1, "estimated_usd": 0.0,
            }
        ],
    }  # fmt: skip


def test_keys_are_called_by_their_names_in_usage(capsys):
    key = made(capsys)
    store = open_store(store_of("runs"))
    store.admit(a_run(owner={"key_id": key["key_id"]}), Limits(), now=NOW)
    assert main(["usage", "--by", "key", "--month", "2026-11"]) == 0

    assert f"{key['key_id']} (ci)" in capsys.readouterr().out


def test_a_month_without_usage_and_a_month_that_is_none(capsys):
    open_store(store_of("runs")).keys()
    assert main(["usage", "--month", "2025-01"]) == 0
    assert "nothing was used in 2025-01" in capsys.readouterr().err
    assert main(["usage", "--month", "2026-13"]) == 64
