"""Runs of the API in a stack: what lies in its bucket afterwards, and what its executions are asked."""

from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
from botocore.exceptions import ClientError

from evaldrop import storage
from evaldrop.api.access import of_key
from evaldrop.api.aws import StackPlace
from evaldrop.api.place import Start
from evaldrop.api.used import NOTHING, UNKNOWN
from evaldrop.run.request import Owner
from evaldrop.running.deployed.clients import addressing_client
from evaldrop.steps.start_run.options import UploadOptions
from evaldrop.steps.validate_dataset.caps import NO_CAPS
from evaldrop.store.model import StoredRun
from tests.evaldrop.api.fakes import key

RUN = "api-" + "0" * 32
MACHINE = "arn:aws:states:us-east-1:111122223333:stateMachine:EvaluateDataset"
EXECUTION = f"arn:aws:states:us-east-1:111122223333:execution:EvaluateDataset:{RUN}"


class States:
    """Step Functions, with one execution or none."""

    class exceptions:  # noqa: N801 - boto3's name
        ClientError = ClientError

    def __init__(self, *, runs: bool = True) -> None:
        self.runs, self.stopped = runs, []

    def stop_execution(self, *, executionArn, cause):  # noqa: N803 - boto3's name
        self._look(executionArn, "StopExecution")
        self.stopped.append(executionArn)

    def describe_execution(self, *, executionArn):  # noqa: N803
        self._look(executionArn, "DescribeExecution")
        return {"status": "RUNNING", "input": "{}"}

    def get_execution_history(self, **_):
        return {"events": [{"stateEnteredEventDetails": {"name": "EvaluateRecords"}}]}

    def list_map_runs(self, **_):
        return {
            "mapRuns": [
                {
                    "mapRunArn": "arn:aws:states:us-east-1:1:mapRun:Machine/Records:1",
                    "startDate": datetime.now(UTC),
                }
            ]
        }

    def describe_map_run(self, **_):
        counts = {"total": 9, "succeeded": 4, "failed": 1, "timedOut": 0, "aborted": 0}
        return {"itemCounts": counts}

    def _look(self, arn, operation):
        assert arn == EXECUTION
        if not self.runs:
            raise ClientError({"Error": {"Code": "ExecutionDoesNotExist"}}, operation)


def _place(states=None):
    return StackPlace(
        bucket="drop",
        out="s3://results/runs",
        machine_arn=MACHINE,
        caps=NO_CAPS,
        function_arn=None,
        simulated=False,
        s3=boto3.client("s3"),
        states=states or States(),
    )


def _start(**changes):
    fields = {
        "run_id": RUN,
        "dataset": "records.jsonl",
        "content": b'{"id": "a", "prompt": "?"}\n',
        "files": {"evaluation.yaml": b"{}", "prompts/candidate/answer.v1.md": b"?"},
        "evaluation": None,
        "evaluation_name": "api",
        "owner": Owner(user="Zoë, of sales", key_id="k1", customer="ACME"),
        "limit": 5,
        "budget_usd": 0.5,
        "labels": ("a", "b,c"),
    }
    return Start(**(fields | changes))


def _run(**fields):
    dataset = f"s3://drop/datasets/api/{RUN}/records.jsonl"
    given = {"state": "running", "started_at": "2026-11-30", **fields}
    return StoredRun(run_id=RUN, dataset=dataset, **given)


def _keys():
    return [uri.removeprefix("s3://drop/") for uri in storage.list_files("s3://drop")]


def test_a_run_is_put_below_its_own_id_with_whose_it_is(bucket):
    place = _place()
    assert not place.is_put(RUN, "records.jsonl")
    place.put(_start())
    assert place.is_put(RUN, "records.jsonl")
    assert _keys() == [
        f"datasets/api/{RUN}/evaluation.yaml",
        f"datasets/api/{RUN}/prompts/candidate/answer.v1.md",
        f"datasets/api/{RUN}/records.jsonl",
    ]
    options = UploadOptions.from_metadata(storage.metadata(_run().dataset))
    assert options == UploadOptions(
        limit=5,
        budget_usd=0.5,
        labels=("a", "b,c"),
        user="Zoë, of sales",
        key_id="k1",
        customer="ACME",
    )


def test_the_dataset_comes_last_and_once(bucket, monkeypatch):
    place, put = _place(), []
    first = place._s3.put_object
    monkeypatch.setattr(
        place._s3, "put_object", lambda **given: (put.append(given["Key"]), first(**given))[1]
    )
    place.put(_start())
    place.put(_start(content=b"another\n"))
    assert put[2].endswith("records.jsonl")
    assert storage.read_bytes(_run().dataset).startswith(b'{"id": "a"')


def test_an_upload_is_its_own_callers_and_is_copied(bucket):
    place, ada, bob = _place(), of_key(key("ada")), of_key(key("bob"))
    begun = place.upload("faq.jsonl", ada)
    assert begun.url.startswith("https://drop.s3.amazonaws.com/uploads/ada/")
    assert place.uploaded(begun.dataset, ada) is None
    boto3.client("s3").put_object(Bucket="drop", Key=begun.dataset.removeprefix("s3://drop/"), Body=b"{}\n")
    assert place.uploaded(begun.dataset, ada) == begun.dataset
    for uri in (begun.dataset, begun.dataset.replace("/ada/", "/bob/../ada/"), "s3://other/uploads/ada/x"):
        assert place.uploaded(uri, bob) is None

    place.put(_start(dataset="faq.jsonl", content=None, copied_from=begun.dataset, files={}))

    uri = place.dataset_uri(RUN, "faq.jsonl")
    assert storage.read_bytes(uri) == b"{}\n"
    assert UploadOptions.from_metadata(storage.metadata(uri)).key_id == "k1"


def test_evaluations_of_the_bucket_can_be_named(bucket):
    storage.write_bytes("s3://drop/evaluations/support/evaluation.yaml", b"name: support")
    storage.write_bytes("s3://drop/evaluations/submitted/0123/evaluation.yaml", b"name: other")
    place = _place()
    assert place.evaluations() == ("support",)
    assert place.evaluation("support") == "s3://drop/evaluations/support/evaluation.yaml"
    for name in ("none", "../support", "submitted"):
        assert place.evaluation(name) is None


def test_progress_is_the_map_runs_and_no_cost_is_guessed(bucket):
    found = _place().progress(_run())
    assert (found.done, found.total, found.failed, found.cost_usd) == (5, 9, 1, None)


def test_stopping_ends_the_execution(bucket):
    states = States()
    assert _place(states).stop(_run()) == UNKNOWN
    assert states.stopped == [EXECUTION]


def test_a_run_without_an_execution_is_stopped_by_taking_its_dataset_away(bucket):
    place = _place(States(runs=False))
    place.put(_start())
    assert place.stop(_run(state="admitted")) == NOTHING
    assert place.stop(_run()) == UNKNOWN
    assert not place.is_put(RUN, "records.jsonl")


def test_a_large_file_has_a_link_that_ends(bucket):
    link = _place().link("s3://results/runs/api/x/report.html")
    assert link.startswith("https://results.s3.amazonaws.com/runs/api/x/report.html?")
    assert "response-content-type=text%2Fhtml" in link, "a browser would save it, and not show it"


def test_the_page_may_put_uploads_where_they_are_put(bucket):
    place = _place()
    assert place.upload("a.jsonl", of_key(key("abc123"))).url.startswith(f"{place.uploads_to}/")


@pytest.mark.parametrize(("account", "folder"), [("abc123", "abc123"), ("a/../b", None), ("x" * 80, None)])
def test_a_folder_of_uploads_is_one_plain_name(bucket, account, folder):
    dataset = _place().upload("a.jsonl", of_key(key(account))).dataset
    name = dataset.split("/")[4]
    assert name == folder or len(name) == 32
    assert len(dataset.split("/")) == 7


@pytest.mark.parametrize("region", ["us-east-1", "eu-central-1"])
def test_an_address_for_an_upload_is_good_in_each_region_with_a_key_and_from_a_page(
    bucket, monkeypatch, region
):
    """By AWS's fourth signature, over the host alone, at the Region's own address."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", region)
    place = _place()
    place._s3 = addressing_client()
    parts = urlsplit(place.upload("faq.jsonl", of_key(key("ada"))).url)
    asked = parse_qs(parts.query)
    assert parts.netloc == (
        "drop.s3.amazonaws.com" if region == "us-east-1" else f"drop.s3.{region}.amazonaws.com"
    )
    assert asked["X-Amz-Algorithm"] == ["AWS4-HMAC-SHA256"]
    assert asked["X-Amz-SignedHeaders"] == ["host"]
    assert asked["X-Amz-Expires"] == ["900"]
