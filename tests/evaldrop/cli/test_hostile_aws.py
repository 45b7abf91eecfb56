# ruff: noqa: E501 - cases stand on one line each
"""Whatever AWS and the files of a stack's bucket say, no command for it sends a terminal what acts on it."""

import json
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError

from evaldrop import storage
from evaldrop.cli import exits
from evaldrop.running.deployed import clients
from tests.evaldrop.cli.test_hostile_texts import HOSTILE, NAME, _run
from tests.evaldrop.evaluations import ROW, SMALL, write
from tests.evaldrop.running.deployed.stacks import moment
from tests.evaldrop.running.deployed.test_listing import at, finish

NOT_MOTOS = {"bedrock", "bedrock-runtime", "service-quotas"}


def refuse(*_, **__):
    raise ClientError({"Error": {"Code": "AccessDenied" + HOSTILE, "Message": f"not {HOSTILE} yours"}}, "Any")


class Refusing(SimpleNamespace):
    """A client of AWS of which every call fails with a hostile text."""

    exceptions = SimpleNamespace(ClientError=ClientError)
    meta = SimpleNamespace(region_name="us-east-1")

    def __getattr__(self, name):
        return refuse


@pytest.fixture
def runs(states, deployed):
    """Runs of which AWS tells hostile texts: failed, caught, stopped, finished with a hostile scorecard."""
    lambdas = json.dumps(
        {"errorMessage": HOSTILE, "errorType": "StorageError" + HOSTILE, "stackTrace": [HOSTILE]}
    )
    states.executions["ds-1"] = [moment("FAILED", startDate=at(11), error="E" + HOSTILE, cause=HOSTILE)]
    states.executions["ds-2"] = [moment("FAILED", startDate=at(12), error="StorageError", cause=lambdas)]
    states.executions["ds-3"] = [moment("ABORTED", startDate=at(13), error=HOSTILE, cause="[" * 100_000)]
    finish(deployed, "ds-4", hour=10)
    folder = f"{deployed.out}/support/ds-4"
    card = json.loads(storage.read_bytes(f"{folder}/scorecard.json"))
    card["gate"] = {"decision": "fail", "reasons": [HOSTILE], "checks": []}
    card["recommendation"] = None
    card["evaluation"] = f"support{HOSTILE}"
    storage.write_bytes(f"{folder}/scorecard.json", json.dumps(card).encode())
    report = f"{folder}/report.html{HOSTILE}"
    states.executions["ds-4"] = [moment("SUCCEEDED", startDate=at(9), output=json.dumps({"report": report}))]
    return ["ds-1", "ds-2", "ds-3", "ds-4"]


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_what_aws_says_of_runs_is_all_seen(runs, capfd, form):
    assert _run(capfd, "runs", *form)[0] == exits.PASSED
    for run in runs:
        assert _run(capfd, "watch", run, *form)[0] in {exits.RUN_FAILED, exits.GATE_FAILED}, run
        assert _run(capfd, "fetch", run, "--to", NAME.replace("/", ""), *form)[0] in {
            0,
            exits.WRONG_USE,
            exits.RUN_FAILED,
        }


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_an_upload_of_a_hostile_name_and_texts_is_all_seen(states, deployed, capfd, tmp_path, form):
    write(tmp_path, SMALL, [{**ROW, "prompt": HOSTILE, "category": HOSTILE}])
    (tmp_path / "faq.jsonl").rename(tmp_path / f"faq{NAME}.jsonl")
    code, _ = _run(capfd, "submit", f"faq{NAME}.jsonl", *form)
    assert code in {exits.PASSED, exits.WRONG_USE}


@pytest.mark.parametrize("command", [
    ["submit", HOSTILE], ["submit", "faq.jsonl", "--stack", HOSTILE], ["watch", HOSTILE], ["fetch", HOSTILE], ["runs", "--stack", HOSTILE],
    ["runs", "--evaluation", HOSTILE], ["local", "env", "--port", HOSTILE], ["local", HOSTILE],
])  # fmt: skip
def test_what_is_typed_of_a_stack_comes_back_seen(states, deployed, capfd, tmp_path, monkeypatch, command):
    known = clients.client
    monkeypatch.setattr(
        clients, "client", lambda name, **more: Refusing() if name in NOT_MOTOS else known(name, **more)
    )
    write(tmp_path, SMALL, [ROW])
    assert _run(capfd, *command)[0] in {exits.PASSED, exits.WRONG_USE, exits.RUN_FAILED}


@pytest.mark.parametrize("form", [[], ["--json"]])
@pytest.mark.parametrize("command", [["runs"], ["watch", "ds-1"], ["fetch", "ds-1"], ["doctor"], ["submit"]])
def test_what_aws_says_as_it_refuses_is_all_seen(capfd, tmp_path, monkeypatch, command, form):
    monkeypatch.setattr(clients, "client", lambda *_, **__: Refusing())
    monkeypatch.chdir(tmp_path)
    write(tmp_path, SMALL, [ROW])
    dataset = ["faq.jsonl", "--yes"] if command == ["submit"] else []
    form = form if command[0] in {"runs", "doctor"} else []
    assert _run(capfd, *command, *dataset, *form)[0] == exits.RUN_FAILED
