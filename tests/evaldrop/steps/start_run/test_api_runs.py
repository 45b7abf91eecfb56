"""Runs that the API asks for: their ID is known beforehand, they have an owner, the store hears of them."""

import json

import pytest

from evaldrop.run.request import Owner, RunRequest
from evaldrop.steps.lifecycle.telling import Lifecycle
from evaldrop.steps.start_run.events import start_runs
from evaldrop.steps.start_run.options import UploadOptions
from evaldrop.steps.start_run.uploads import Upload, run_of
from evaldrop.store.model import Limits, StoredRun
from evaldrop.store.sqlite import SqliteStore
from tests.evaldrop.steps.lifecycle.test_telling import Broken, Bus
from tests.evaldrop.steps.start_run.test_events import INTAKE, Services, created, notified, scheduled

RUN_ID = "api-" + "0123456789abcdef" * 2
KEY = f"datasets/api/{RUN_ID}/records.jsonl"
URI = f"s3://drop/{KEY}"
OWNER = Owner(user="ann", customer="Müller & Söhne, 100%", key_id="k1")
METADATA = UploadOptions(
    user=OWNER.user, customer=OWNER.customer, key_id=OWNER.key_id, labels=("nightly",)
).to_metadata()


@pytest.fixture
def store(tmp_path):
    return SqliteStore(tmp_path / "runs.sqlite")


@pytest.fixture
def services():
    return Services(metadata={(URI, "v1"): METADATA})


def start(event, services, store=None, bus=None):
    lifecycle = Lifecycle(stack="evaldrop", opened=(lambda: store) if store else None, bus=bus)
    return start_runs(event, INTAKE, services, delivery="request-1", lifecycle=lifecycle)


def test_the_folder_names_the_run_and_the_metadata_its_owner(services, store):
    assert start(created(KEY), services, store)["started"] == [URI]
    request = services.started[RUN_ID]
    assert request.owner == OWNER
    noted = store.run(RUN_ID)
    assert (noted.state, noted.owner, noted.labels) == ("running", OWNER, ("nightly",))
    assert noted.started_at == "2026-11-21T00:00:00+00:00"


def test_an_owner_travels_in_a_header_whatever_it_is_called():
    assert all(value.isascii() for value in METADATA.values())
    assert UploadOptions.from_metadata(METADATA).owner == OWNER


@pytest.mark.parametrize(
    "key",
    [
        f"datasets/api/{RUN_ID[:-1]}/records.jsonl",
        f"datasets/api/{RUN_ID}0/records.jsonl",
        f"datasets/api/{RUN_ID.upper()}/records.jsonl",
        f"datasets/api/{RUN_ID}/more/records.jsonl",
        f"datasets/api/{RUN_ID}/",
        f"datasets/{RUN_ID}/records.jsonl",
        f"datasets/other/api/{RUN_ID}/records.jsonl",
        f"elsewhere/datasets/api/{RUN_ID}/records.jsonl",
        "datasets/api/../api/records.jsonl",
    ],
)
def test_no_other_key_names_its_run(key):
    assert run_of(Upload("drop", key, "v1", "e", 1)).startswith("ds-")


def test_the_input_of_a_run_that_nobody_is_named_for_stays_as_it_was():
    """Under the same name another input is refused: an event delivered again after an update has to fit."""
    request = RunRequest(run_id="ds-1", dataset="s3://drop/datasets/faq.jsonl", out="s3://out/runs")
    assert set(json.loads(request.model_dump_json())) == {
        "run_id", "dataset", "dataset_version", "evaluation", "out", "folder", "bedrock", "limit",
        "max_in_flight", "go_on", "region", "parent", "labels",
    }  # fmt: skip
    owned = request.model_copy(update={"owner": OWNER})
    assert RunRequest.model_validate_json(owned.model_dump_json()) == owned


def test_an_event_that_is_delivered_again_changes_nothing(services, store):
    bus = Bus()
    start(created(KEY), services, store, bus)
    first = store.run(RUN_ID)
    assert start(created(KEY), services, store, bus)["already_started"] == [URI]
    assert store.run(RUN_ID) == first
    [(kind, detail)] = bus.sent
    assert (kind, detail["run_id"], detail["customer"]) == ("Run Started", RUN_ID, OWNER.customer)


def test_a_run_that_is_stopped_in_the_moment_in_which_it_starts_is_stopped_after_all(services, store):
    """Whoever stopped it found no execution, and took the dataset away after StartRun had looked for it."""
    bus, start_execution = Bus(), services.start

    def withdrawn_meanwhile(request):
        services.gone.add(URI)
        return start_execution(request)

    services.start = withdrawn_meanwhile
    assert start(created(KEY), services, store, bus)["ignored"] == [URI]
    assert services.stopped == [RUN_ID]
    # The event is delivered again where StopExecution failed: it is stopped then.
    assert start(created(KEY), services, store, bus)["ignored"] == [URI]
    assert services.stopped == [RUN_ID, RUN_ID]
    assert (store.run(RUN_ID), bus.sent) == (None, [])


def test_an_upload_of_nobodys_that_is_gone_meanwhile_starts_its_run(services):
    """Its version is what is evaluated; only the API takes a dataset away to say that no run is to begin."""
    services.gone.add("s3://drop/datasets/faq.jsonl")
    assert start(created("datasets/faq.jsonl"), services)["started"]
    assert not services.stopped


def test_a_run_that_was_admitted_keeps_what_was_reserved_for_it(services, store):
    asked = StoredRun(
        run_id=RUN_ID, state="admitted", started_at="2026-11-20T23:59:58+00:00", dataset=URI, owner=OWNER,
        estimate_usd=0.5, request_sha256="ab",
    )  # fmt: skip
    store.admit(asked, Limits(), now=asked.started_at)
    start(created(KEY), services, store)
    noted = store.run(RUN_ID)
    assert (noted.state, noted.estimate_usd, noted.request_sha256) == ("running", 0.5, "ab")


def test_a_dataset_of_the_apis_that_is_refused_ends_its_run_and_any_other_has_none(services, store):
    bus = Bus()
    assert start(created(KEY, size=5000), services, store, bus)["refused"] == [URI]
    noted = store.run(RUN_ID)
    assert (noted.state, noted.ending.cost_usd) == ("failed", 0)
    assert "5,000 bytes" in noted.ending.why
    assert [kind for kind, _ in bus.sent] == ["Run Failed"]
    start(created("datasets/big.jsonl", size=5000), services, store, bus)
    assert len(bus.sent) == 1


@pytest.mark.parametrize("event", [created(KEY), notified(KEY), scheduled(KEY), {"datasets": [KEY]}])
def test_a_store_that_fails_starts_the_run_all_the_same(event, services):
    services.objects[URI] = services.objects.get(URI) or type("Facts", (), {"size": 9, "version": "v1"})()
    assert start(event, services, Broken(), Broken())["started"] == [URI]
    assert len(services.started) == 1


def test_anchors_beside_a_dataset_of_the_apis_do_not_take_its_run(services):
    assert start(created(f"datasets/api/{RUN_ID}/anchors.jsonl"), services)["ignored"]
    assert start(created(KEY), services)["started"]


def test_what_waits_in_uploads_starts_nothing_and_nothing_is_said_of_it(services):
    assert start(created("uploads/k1/3f2a/records.jsonl"), services)["ignored"]
    assert not services.told
    assert start(created("uploadz/k1/records.jsonl"), services)["refused"]


def test_a_dataset_that_was_taken_away_again_starts_nothing_and_nothing_is_said_of_it(services, store):
    """Its run was stopped before it began; a dataset that is not the API's may be another's next version."""
    services.gone.add(URI)
    assert start(created(KEY), services, store)["ignored"] == [URI]
    assert store.run(RUN_ID) is None
    services.gone.add("s3://drop/datasets/faq.jsonl")
    assert start(created("datasets/faq.jsonl"), services)["started"]
    assert not services.told
