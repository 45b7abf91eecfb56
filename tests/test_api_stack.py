"""The API of a stack from a request to its result, with all that is between them; and when parts fail."""

import json

import pytest
import requests

from evaldrop.api.aws import StackPlace
from evaldrop.errors import StorageError
from evaldrop.running.handlers import HANDLERS
from evaldrop.steps.build_scorecard.build import build_scorecard
from evaldrop.steps.services import StackServices
from evaldrop.store.model import Limits
from tests.api_stack import INPUT, api_stack
from tests.evaldrop.api.fakes import key

MONTH_AND_MORE = Limits(runs_per_month=50, usd_per_month=5)
ASKED = {
    "article": "The bridge was closed on Monday after engineers found cracks in two of its cables.",
    "models": ["amazon.nova-lite-v1:0", "amazon.nova-micro-v1:0"],
    "prompt": "Summarise this article in one sentence.",
    "judge": "amazon.nova-pro-v1:0",
    "labels": ["branch=main"],
}


class Killed(BaseException):
    """The function's process has ended."""


@pytest.fixture(scope="module")
def made():
    """A stack with keys of Ada, who works for Acme, and of Bob."""
    with api_stack() as stack:
        stack.store.add_key(key("ada", user="ada", customer="acme", limits=MONTH_AND_MORE))
        stack.store.add_key(key("bob", user="bob"))
        yield stack


@pytest.fixture
def stack(made, monkeypatch):
    """The stack, in its Region, with nobody told of anything yet."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    made.messages()
    return made


def used(stack, who="ada"):
    return stack.ask("GET", "/usage?by=key", who=who).json["own"]["month"]


def started(stack, body=ASKED, **headers):
    answer = stack.ask("POST", "/runs", body, **headers)
    assert answer.status == 202, answer.text
    return answer.json


def events_of(stack, run_id):
    return [each for each in stack.uploaded() if run_id in each["detail"]["object"]["key"]]


def test_a_request_becomes_a_run_whose_result_is_read_chosen_from_and_paid(stack):
    before = used(stack)
    run = started(stack)
    run_id, path = run["run_id"], run["links"]["self"].removeprefix("/v1")
    assert (run["state"], run["customer"], run["labels"]) == ("admitted", "acme", ["branch=main"])
    reserved = used(stack)
    assert reserved["reserved_usd"] == pytest.approx(run["estimate_usd"], abs=1e-6)
    assert reserved["runs"] == before["runs"] + 1

    # What it put is what anybody might upload: S3 tells StartRun, whose execution has the run's ID.
    [told] = events_of(stack, run_id)
    assert stack.deliver(told) == ["started"]
    given = json.loads(stack.executions()[run_id]["input"])
    assert given["owner"] == {"user": "ada", "customer": "acme", "key_id": "ada"}
    assert stack.ask("GET", path).json["state"] == "running"

    execution = stack.execute(run_id)
    assert execution.status == "SUCCEEDED", execution.cause

    found = stack.ask("GET", path).json
    ending = found["ending"]
    assert (found["state"], found["simulated"], ending["records"]) == ("finished", False, 1)
    assert ending["cost_usd"] == found["scorecard"]["cost_usd"]["total"] > 0
    assert ending["recommendation"]
    assert found["scorecard"]["customer"] == "acme"
    after = used(stack)
    assert after["reserved_usd"] == 0
    assert after["usd"] - before["usd"] == pytest.approx(ending["cost_usd"], abs=1e-6)
    assert stack.ask("GET", "/usage?by=customer").json["rows"][0]["name"] == "acme"

    report = stack.ask("GET", found["links"]["report"].removeprefix("/v1"))
    assert report.headers["content-type"].startswith("text/html")
    assert run_id in report.text
    [record_id] = stack.record_ids(run_id)
    shown = stack.ask("GET", f"{path}/records/{record_id}").json
    assert {each["candidate"] for each in shown["responses"]} == {"nova-lite", "nova-micro"}
    assert shown["verdicts"]

    taken = stack.ask("POST", found["links"]["choice"].removeprefix("/v1"), {"candidate": "nova-micro"})
    assert (taken.status, taken.json["choice"]["candidate"]) == (200, "nova-micro")
    [listed] = stack.ask("GET", "/runs?state=finished").json["runs"]
    assert (listed["run_id"], listed["choice"]["chosen_by"]) == (run_id, "ada")
    assert stack.ask("GET", path, who="bob").status == 404
    # The event comes again, weeks later.
    assert stack.deliver(told) == ["already_started"]
    assert stack.ask("GET", path).json["state"] == "finished"


def test_an_upload_is_put_by_its_address_starts_nothing_and_its_copy_starts_one_run(stack):
    begun = stack.ask("POST", "/uploads", {"name": "faq.jsonl"}).json
    rows = b'{"id": "a", "prompt": "What is the capital of France?", "reference": "Paris"}\n'
    put = requests.put(begun["url"], data=rows, headers={"Content-Type": "application/jsonl"}, timeout=5)
    assert put.status_code == 200
    before = set(stack.executions())
    assert stack.deliver(stack.uploaded()[-1]) == ["ignored"]

    run_id = started(stack, {"dataset": begun["dataset"], "models": ["amazon.nova-lite-v1:0"]})["run_id"]
    [told] = events_of(stack, run_id)
    assert told["detail"]["object"]["key"] == f"datasets/api/{run_id}/faq.jsonl"
    assert [*stack.deliver(told), *stack.deliver(told)] == ["started", "started"]
    assert set(stack.executions()) - before == {run_id}
    assert stack.messages() == []
    assert stack.s3.get_object(Bucket=INPUT, Key=told["detail"]["object"]["key"])["Body"].read() == rows
    others = stack.ask("POST", "/runs", {"dataset": begun["dataset"], "models": ["x.y-v1:0"]}, who="bob")
    assert others.status == 422


def test_a_run_that_is_stopped_before_it_has_begun_never_begins_and_troubles_nobody(stack):
    """The dataset is taken away; the event of it comes late, and names a version that is there still."""
    before = used(stack)
    run = started(stack)
    run_id, path = run["run_id"], run["links"]["self"].removeprefix("/v1")
    stopped = stack.ask("DELETE", path)
    assert (stopped.status, stopped.json["state"]) == (200, "stopped")
    # Nothing is raised: what StartRun raises fills the queue of dead letters.
    assert stack.deliver(*events_of(stack, run_id)) == ["ignored"]
    assert run_id not in stack.executions()
    assert stack.ask("GET", path).json["state"] == "stopped"
    assert stack.messages() == []
    # Nothing was called: nothing is charged.
    assert used(stack)["reserved_usd"] == before["reserved_usd"]
    assert used(stack)["usd"] == before["usd"]


def test_a_run_that_is_stopped_in_the_moment_in_which_it_starts_is_stopped_after_all(stack, monkeypatch):
    before, run = used(stack), started(stack)
    run_id, path = run["run_id"], run["links"]["self"].removeprefix("/v1")
    first = StackServices.start

    def stopped_before(services, request):
        assert stack.ask("DELETE", path).json["state"] == "stopped"
        return first(services, request)

    monkeypatch.setattr(StackServices, "start", stopped_before)
    assert stack.deliver(*events_of(stack, run_id)) == ["ignored"]
    assert stack.executions()[run_id]["status"] == "ABORTED"
    assert stack.tell_ended(run_id) is False
    assert stack.ask("GET", path).json["state"] == "stopped"
    assert (used(stack)["usd"], stack.messages()) == (before["usd"], [])


def test_a_run_is_stopped_while_it_goes_on(stack):
    run = started(stack)
    run_id, path = run["run_id"], run["links"]["self"].removeprefix("/v1")
    stack.deliver(*events_of(stack, run_id))
    assert stack.ask("DELETE", path).json["state"] == "stopped"
    assert stack.executions()[run_id]["status"] == "ABORTED"
    first = stack.ask("GET", path).json
    assert first["ending"]["cost_usd"] is None
    assert stack.tell_ended(run_id) is False
    # It had not got to its calls.
    settled = {**first, "ending": {**first["ending"], "cost_usd": 0}}
    assert stack.ask("GET", path).json == settled == stack.ask("DELETE", path).json
    assert stack.messages() == []


def test_a_run_that_fails_says_why_and_gives_back_what_was_reserved(stack):
    before = used(stack)["reserved_usd"]
    run = started(stack)
    run_id, path = run["run_id"], run["links"]["self"].removeprefix("/v1")
    stack.deliver(*events_of(stack, run_id))
    stack.s3.put_object(Bucket=INPUT, Key=f"datasets/api/{run_id}/evaluation.yaml", Body=b"name: [")
    assert stack.execute(run_id).status == "FAILED"
    stack.tell_ended(run_id)
    found = stack.ask("GET", path).json
    assert (found["state"], found["ending"]["cost_usd"]) == ("failed", 0)
    assert "evaluation.yaml" in found["ending"]["why"]
    assert stack.ask("GET", f"{path}/report").status == 409
    assert used(stack)["reserved_usd"] == before
    assert len(stack.messages()) == 1


def test_a_run_that_fails_after_its_calls_is_charged_what_they_cost(stack, monkeypatch):
    before = used(stack)
    run = started(stack)
    run_id = run["run_id"]
    stack.deliver(*events_of(stack, run_id))

    def no_memory(*_):
        raise StorageError("no memory")

    monkeypatch.setitem(HANDLERS, "BuildScorecard", no_memory)
    assert stack.execute(run_id).status == "FAILED"
    stack.tell_ended(run_id)

    ending = stack.ask("GET", f"/runs/{run_id}").json["ending"]
    assert (ending["state"], ending["estimated_usd"]) == ("failed", 0)
    assert ending["input_tokens"] > 0
    scorecard = build_scorecard(stack.store.run(run_id).folder)
    assert 0 < ending["cost_usd"] == pytest.approx(scorecard.cost_usd.total)
    after = used(stack)
    assert after["usd"] - before["usd"] == pytest.approx(ending["cost_usd"], abs=1e-6)
    assert (after["reserved_usd"], after["estimated_usd"]) == (
        before["reserved_usd"],
        before["estimated_usd"],
    )


@pytest.mark.parametrize("is_put", [False, True])
def test_a_retry_finishes_what_a_function_that_died_had_begun(stack, monkeypatch, is_put):
    """Between noting the run and putting its dataset, or between that and the answer."""
    first, before = StackPlace.put, used(stack)

    def dies(place, start):
        if is_put:
            first(place, start)
        raise Killed

    monkeypatch.setattr(StackPlace, "put", dies)
    with pytest.raises(Killed):
        stack.ask("POST", "/runs", ASKED, Idempotency_Key=f"nightly-{is_put}")
    monkeypatch.setattr(StackPlace, "put", first)
    run = started(stack, Idempotency_Key=f"nightly-{is_put}")
    again = started(stack, Idempotency_Key=f"nightly-{is_put}")
    assert again["run_id"] == run["run_id"]
    after = used(stack)
    assert after["runs"] == before["runs"] + 1
    assert after["reserved_usd"] == pytest.approx(before["reserved_usd"] + run["estimate_usd"], abs=2e-6)
    assert stack.deliver(*events_of(stack, run["run_id"])) == ["started"]
