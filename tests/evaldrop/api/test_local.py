"""`evaldrop serve`'s parts together: runs in processes of their own, uploads, and what outlives a server."""

import http.client
import json
import time
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest

from evaldrop.api.local import serving
from evaldrop.errors import InputError
from evaldrop.run.lock import LOCK
from tests.evaldrop.api.asking import Answered
from tests.evaldrop.api.fakes import ARTICLE

ROWS = [{"id": str(n), "prompt": f"What is {n}?"} for n in range(12)]
LITE = {"models": ["amazon.nova-lite-v1:0"], "criteria": []}


@contextmanager
def _served(folder, *, bedrock="simulated:latency=0", at_once=2):
    """Serve a folder's runs; gives what asks the server."""
    out, evaluations = str(folder / "runs"), str(folder / "evaluations")
    with serving(out=out, bedrock=bedrock, evaluations=evaluations, at_once=at_once) as api:

        def ask(method, target, body=None, *, headers=None):
            content = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
            connection = http.client.HTTPConnection(urlsplit(api.address).netloc, timeout=60)
            sent = {"x-api-key": api.token, "Content-Type": "application/json"} | (headers or {})
            connection.request(method, target, body=content, headers=sent)
            response = connection.getresponse()
            found = {name.lower(): value for name, value in response.getheaders()}
            answer = Answered(response.status, found, response.read().decode())
            connection.close()
            return answer

        ask.api = api
        yield ask


def _until(ask, run_id, is_so):
    for _ in range(600):
        run = ask("GET", f"/runs/{run_id}").json
        if is_so(run):
            return run
        time.sleep(0.05)
    raise AssertionError(f"it never came to that: {run}")


@pytest.fixture(scope="module")
def ask(tmp_path_factory):
    with _served(tmp_path_factory.mktemp("served")) as ask:
        yield ask


def test_a_text_is_evaluated_while_its_asker_waits(ask):
    answer = ask("POST", "/runs?wait=25", {**ARTICLE, "labels": ["morning"]})
    assert answer.status == 200, answer.text
    assert answer.json["state"] == "finished"
    assert [each["name"] for each in answer.json["ending"]["candidates"]] == ["nova-lite", "nova-micro"]
    assert answer.json["labels"] == ["morning"]
    assert list(answer.json["scorecard"]["candidates"]) == ["nova-lite", "nova-micro"]
    responses = answer.json["responses"]
    assert [each["candidate"] for each in responses] == ["nova-lite", "nova-micro"]
    assert all(each["response"] and each["error"] is None for each in responses)
    report = ask("GET", f"{answer.json['links']['report']}")
    assert report.text.startswith("<!doctype html>")


def test_an_upload_is_put_by_its_address_alone_and_evaluated(ask):
    begun = ask("POST", "/uploads", {"name": "rows.jsonl"}).json
    place = urlsplit(begun["url"])
    content = b"".join(json.dumps(row).encode() + b"\n" for row in ROWS[:2])
    target = f"{place.path}?{place.query}"
    assert ask("PUT", target.replace("signature=", "signature=0"), content).status == 403
    assert ask("PUT", target.replace("rows.jsonl", "other.jsonl"), content).status == 403
    assert ask("POST", "/plan", {"dataset": begun["dataset"], **LITE}).status == 422
    assert ask("PUT", target, content, headers={"x-api-key": ""}).status == 200

    plan = ask("POST", "/plan", {"dataset": begun["dataset"], **LITE})

    assert plan.json["records"] == 2
    answer = ask("POST", "/runs?wait=25", {"dataset": begun["dataset"], **LITE})
    assert answer.json["ending"]["records"] == 2


def test_what_is_wrong_with_an_upload_is_told_of_the_dataset_with_its_line(ask):
    """Also of one that is called as what the API itself puts down."""
    begun = ask("POST", "/uploads", {"name": "records.jsonl"}).json
    place = urlsplit(begun["url"])
    ask("PUT", f"{place.path}?{place.query}", b'{"id": "a", "prompt": "?"}\n{"id": "b"}\n')

    refused = ask("POST", "/plan", {"dataset": begun["dataset"], **LITE})

    assert refused.json["errors"] == [
        {"pointer": "/dataset", "detail": 'line 2: no prompt. Give every record a "prompt" or "messages".'}
    ]


def test_one_folder_has_one_server(tmp_path, monkeypatch):
    monkeypatch.setattr("evaldrop.run.lock._DYING_S", 0.0)
    with _served(tmp_path), pytest.raises(InputError, match=r"evaldrop serve"), _served(tmp_path):
        pass
    assert not (tmp_path / "runs" / ".api" / LOCK).exists()


def test_the_next_server_goes_on_with_what_had_not_ended_and_others_wait_their_turn(tmp_path):
    slow = "simulated:latency=10"
    with _served(tmp_path, bedrock=slow, at_once=1) as ask:
        first = ask("POST", "/runs", {"records": ROWS, **LITE}).json["run_id"]
        second = ask("POST", "/runs", {"records": ROWS[:1], **LITE}).json["run_id"]
        third = ask("POST", "/runs", {"records": ROWS[:1], **LITE}).json["run_id"]
        begun = _until(ask, first, lambda run: (run["progress"] or {}).get("total") == len(ROWS))
        assert ask("GET", f"/runs/{second}").json["state"] == "admitted"
        assert ask("DELETE", f"/runs/{third}").json["state"] == "stopped"
    folder = tmp_path / "runs" / "api" / first
    before = json.loads((folder / "run.json").read_text())

    with _served(tmp_path, at_once=1) as ask:
        assert ask.api.resumed == 2
        run = _until(ask, first, lambda run: run["state"] not in {"admitted", "running"})
        _until(ask, second, lambda run: run["state"] == "finished")
        assert ask("GET", f"/runs/{third}").json["state"] == "stopped"

    # The run that went on is the one that had begun: its nonce is drawn once.
    assert (run["state"], run["ending"]["records"]) == ("finished", len(ROWS))
    assert json.loads((folder / "run.json").read_text())["nonce"] == before["nonce"]
    assert begun["state"] == "running"


def test_a_run_that_is_stopped_keeps_what_it_called(tmp_path):
    with _served(tmp_path, bedrock="simulated:latency=10") as ask:
        run_id = ask("POST", "/runs", {"records": ROWS, **LITE}).json["run_id"]
        _until(ask, run_id, lambda run: run["progress"] and run["progress"]["total"])
        assert ask("DELETE", f"/runs/{run_id}").status == 202
        run = _until(ask, run_id, lambda run: run["state"] != "running")
        assert run["state"] == "stopped"
        # What had been answered is charged, and not what was reserved.
        cost = run["ending"]["cost_usd"]
        assert 0 <= cost < run["estimate_usd"]
        (row,) = ask("GET", "/usage").json["rows"]
        assert row["usd"] == pytest.approx(cost, abs=1e-6)
        assert (row["reserved_usd"], row["estimated_usd"]) == (0, 0)
    assert (tmp_path / "runs" / "api" / run_id / "run.json").exists()
