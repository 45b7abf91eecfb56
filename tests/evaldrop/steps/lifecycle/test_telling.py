"""What steps note and send; and that no run fails by it."""

import json
import logging

import boto3
import pytest
from moto import mock_aws

from evaldrop import storage
from evaldrop.errors import AwsError
from evaldrop.run.request import Owner
from evaldrop.steps.lifecycle.events import EVENTS, MAX_DROPS, RunFailed
from evaldrop.steps.lifecycle.failed import Ended, note_failed, note_stopped, tell_failed
from evaldrop.steps.lifecycle.telling import NOWHERE, Lifecycle
from evaldrop.steps.services import EventBus
from evaldrop.store.model import Ending, StoredRun
from evaldrop.store.sqlite import SqliteStore
from tests.evaldrop.run_folders import write_results
from tests.evaldrop.steps.lifecycle.test_spent import A_RECORD, answered, begun, lost

RUN = {
    "run_id": "api-1",
    "dataset": "s3://drop/datasets/api/api-1/faq.jsonl",
    "owner": {"user": "ann", "key_id": "k1", "customer": "acme"},
    "labels": ["nightly"],
    "name": "faq",
    "folder": "s3://out/runs/faq/api-1",
}
FAILED = RunFailed(stack="evaldrop", run_id="r", dataset="d", simulated=False, step="s", error="e")


finished = Ending(state="finished", ended_at="2026-11-30T11:00:00Z", cost_usd=2)


class Bus:
    """EventBridge, as far as steps see it."""

    def __init__(self):
        self.sent = []

    def put(self, *, source, detail_type, detail):
        assert source == "evaldrop"
        self.sent.append((detail_type, json.loads(detail)))


class Broken:
    """A store and a bus that refuse all they are asked."""

    def __getattr__(self, name):
        raise AwsError(f"{name}: AccessDenied")


@pytest.fixture
def store(tmp_path):
    return SqliteStore(tmp_path / "runs.sqlite")


@pytest.fixture
def bus():
    return Bus()


@pytest.fixture
def lifecycle(store, bus):
    return Lifecycle(stack="evaldrop", opened=lambda: store, bus=bus)


@pytest.fixture
def run(tmp_path):
    """A run of four records, of which one is answered, with a plan of four dollars."""
    folder = begun(tmp_path / "faq" / "api-1", estimate={"cost_usd": {"likely": 4.0}})
    write_results(folder, succeeded=[answered("r0")])
    return {**RUN, "folder": folder}


def test_a_failed_run_is_noted_with_all_that_is_known_of_it_and_sent_without_its_cause(lifecycle, store, bus):
    cause = "PrepareRecords: line 3: no prompt"
    tell_failed(lifecycle, Ended(RUN), step="PrepareRecords", error="DatasetError", why=cause)
    run = store.run("api-1")
    assert (run.state, run.evaluation, run.folder, run.labels) == (
        "failed",
        "faq",
        RUN["folder"],
        ("nightly",),
    )
    assert run.owner == Owner(user="ann", key_id="k1", customer="acme")
    assert (run.ending.why, run.ending.cost_usd) == (cause, 0)
    [(kind, detail)] = bus.sent
    assert kind == "Run Failed"
    assert (detail["step"], detail["error"], detail["customer"]) == ("PrepareRecords", "DatasetError", "acme")
    assert "line 3" not in json.dumps(detail)


@pytest.mark.parametrize("step", ["CheckFirstCalls", "EvaluateRecords", "BuildScorecard"])
def test_a_run_that_failed_among_its_calls_is_charged_what_they_cost(lifecycle, store, run, step):
    note_failed(lifecycle, Ended(run), step=step, why="")
    ending = store.run("api-1").ending
    # Of a run whose first calls were refused no other record was begun.
    n = 1 if step == "CheckFirstCalls" else 4
    assert ending.estimated_usd == n - 1
    assert ending.cost_usd == pytest.approx(A_RECORD + ending.estimated_usd)


def test_what_a_stopped_run_cost_is_looked_for_until_its_results_are_there(lifecycle, store, run):
    """Whoever stopped it noted that it ended, and could not know more."""
    known = StoredRun(run_id="api-1", state="running", started_at="2026-11-30T10:00:00Z", dataset="d")
    store.end("api-1", Ending(state="stopped", ended_at="2026-11-30T10:05:00Z"), run=known)
    pauses = []

    def pause(seconds):
        pauses.append(seconds)
        write_results(run["folder"], succeeded=[answered("r0"), answered("r1")], failed=[lost("r2")],
                      pending=[lost("r3")])  # fmt: skip

    note_stopped(lifecycle, Ended(run), pause=pause)

    ending = store.run("api-1").ending
    assert (ending.ended_at, ending.estimated_usd) == ("2026-11-30T10:05:00+00:00", 1)
    assert ending.cost_usd == pytest.approx(2 * A_RECORD + 1)
    assert len(pauses) == 1


def test_a_run_that_came_to_its_end_while_its_results_were_read_keeps_its_cost(lifecycle, store, run):
    note_stopped(lifecycle, Ended(run), pause=lambda _: store.end("api-1", finished))
    assert store.run("api-1").ending == finished


def test_results_that_cannot_be_read_leave_the_estimate_charged_and_a_line_in_the_log(
    lifecycle, store, run, caplog
):
    storage.write_bytes(f"{run['folder']}/run.json", b"{}")
    with caplog.at_level(logging.ERROR, logger="evaldrop"):
        note_failed(lifecycle, Ended(run), step="BuildScorecard", why="no memory")
    assert (store.run("api-1").ending.cost_usd, store.run("api-1").ending.why) == (None, "no memory")
    assert [line.not_noted for line in caplog.records] == ["what it cost was not noted"]


def test_a_run_that_was_stopped_by_hand_is_noted_and_nothing_sent(lifecycle, store, bus, tmp_path):
    times = {"started_at": "2026-11-30T10:00:00+00:00", "ended_at": "2026-11-30T10:05:00+00:00"}
    # It had no folder yet: nothing was called.
    note_stopped(lifecycle, Ended({"run_id": "api-1", "dataset": "d", "out": str(tmp_path)}, **times))
    run = store.run("api-1")
    assert (run.state, run.started_at, run.ending.ended_at) == ("stopped", *times.values())
    assert run.ending.cost_usd == 0
    assert not bus.sent


def test_who_stopped_a_run_and_knew_its_cost_is_not_overruled(lifecycle, store):
    known = StoredRun(run_id="api-1", state="running", started_at="2026-11-30T10:00:00Z", dataset="d")
    store.end("api-1", Ending(state="stopped", ended_at="2026-11-30T10:05:00Z", cost_usd=0.25), run=known)
    note_stopped(lifecycle, Ended(RUN))
    assert store.run("api-1").ending.cost_usd == 0.25


@pytest.mark.parametrize("opened", [Broken, lambda: 1 / 0])
def test_a_store_that_fails_and_a_bus_that_refuses_are_errors_in_the_log_and_metrics(opened, caplog, capsys):
    lifecycle = Lifecycle(stack="evaldrop", opened=opened, bus=Broken(), on_lambda=True)
    with caplog.at_level(logging.ERROR, logger="evaldrop"):
        tell_failed(lifecycle, Ended(RUN), step="ValidateDataset", error="E", why="")
        note_stopped(lifecycle, Ended(RUN))
    assert [(line.run_id, line.not_noted) for line in caplog.records] == [
        ("api-1", "its end was not noted"),
        ("api-1", 'the event "Run Failed" was not sent'),
        ("api-1", "its end was not noted"),
        ("api-1", "what it cost was not noted"),
    ]
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["NotNoted"] for line in lines] == [1, 1, 1, 1]
    for line in lines:
        [directive] = line["_aws"]["CloudWatchMetrics"]
        assert directive["Dimensions"] == [["Stack"]]


def test_on_one_machine_nothing_is_asked_for_and_no_metric_written(tmp_path, capsys):
    assert not Lifecycle.from_environment({}).has_store
    NOWHERE.send(FAILED)
    Lifecycle(opened=Broken).end(StoredRun(run_id="r", state="running", started_at="2026-11-30", dataset="d"),
                                 Ending(state="failed", ended_at="2026-11-30"))  # fmt: skip
    assert not capsys.readouterr().out
    uri = f"sqlite:{tmp_path / 'runs.sqlite'}"
    lifecycle = Lifecycle.from_environment({"EVALDROP_STORE": uri})
    tell_failed(lifecycle, Ended(RUN), step="StartRun", error="e", why="w")
    assert SqliteStore(tmp_path / "runs.sqlite").run("api-1").state == "failed"


def test_no_event_is_longer_than_eventbridge_takes():
    """Texts are bounded by their fields, and what has no bound comes from names: S3 keys of 1,024 bytes."""
    for event in EVENTS:
        schema = event.model_json_schema()
        assert schema["additionalProperties"] is False
        lists = [each for each in schema["properties"].values() if each.get("type") == "array"]
        assert all(each.get("maxItems", 20) <= MAX_DROPS for each in lists), event


def test_an_event_reaches_the_bus(monkeypatch):
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        events, logs = boto3.client("events"), boto3.client("logs")
        logs.create_log_group(logGroupName="/aws/events/all")
        events.put_rule(Name="all", EventPattern='{"source": ["evaldrop"], "detail-type": ["Run Failed"]}')
        arn = "arn:aws:logs:us-east-1:123456789012:log-group:/aws/events/all"
        events.put_targets(Rule="all", Targets=[{"Id": "1", "Arn": arn}])
        Lifecycle(stack="evaldrop", bus=EventBus("default")).send(FAILED)
        [line] = logs.filter_log_events(logGroupName="/aws/events/all")["events"]
    assert json.loads(line["message"])["detail"] == json.loads(FAILED.model_dump_json())


def test_an_entry_that_the_bus_does_not_take_is_an_error(monkeypatch):
    answer = {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "InternalFailure", "ErrorMessage": "busy"}]}
    bus = EventBus("default")
    bus.__dict__["_events"] = type("Client", (), {"put_events": lambda _self, **_: answer})()
    with pytest.raises(AwsError, match='"Run Failed" was not sent: InternalFailure: busy'):
        bus.put(source="evaldrop", detail_type="Run Failed", detail="{}")
