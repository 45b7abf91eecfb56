"""Runs that failed where the workflow catches nothing are told of once, with the way to finish them."""

import json

import pytest

from evaldrop.errors import AwsError
from evaldrop.steps.lifecycle.telling import NOWHERE, Lifecycle
from evaldrop.steps.report_failure.notices import report_unfinished
from evaldrop.store.sqlite import SqliteStore
from tests.evaldrop.steps.lifecycle.test_spent import begun

ARN = "arn:aws:states:us-east-1:123456789012:execution:evaluate:ds-1"
DETAIL = {"executionArn": ARN, "name": "ds-1", "status": "FAILED"}
REQUEST = {"run_id": "ds-1", "dataset": "s3://drop/datasets/faq.jsonl", "out": "s3://out/runs"}


class FakeServices:
    def __init__(self, **ended):
        self.ended = {"status": "FAILED", "input": json.dumps(REQUEST), "error": None, "cause": None, **ended}
        self.told = []
        self.stopped = []
        self.stopped_prompts = []

    def outcome(self, execution_arn):
        assert execution_arn == ARN
        return self.ended

    def stop_jobs(self, run_id):
        self.stopped.append(run_id)
        return 1

    def stop_evaluation_jobs(self, run_id):
        self.stopped.append(f"evaluations of {run_id}")
        return 1

    def stop_prompt_jobs(self, run_id):
        self.stopped_prompts.append(run_id)
        return 1

    def notify(self, *, subject, message):
        self.told.append((subject, message))


def test_a_map_that_failed_is_told_with_its_reason_and_the_command_that_finishes_it():
    services = FakeServices(error="States.ExceedToleratedFailureThreshold", cause="4 items failed")
    assert report_unfinished(DETAIL, services, NOWHERE)
    [(subject, message)] = services.told
    assert "failed at EvaluateRecords" in subject
    assert "tolerated_failure_percentage" in message
    assert f"aws stepfunctions redrive-execution --execution-arn {ARN}" in message


def test_a_scorecard_that_failed_is_told_with_what_it_raised():
    cause = json.dumps({"errorType": "StorageError", "errorMessage": "s3://out/x: AccessDenied"})
    services = FakeServices(error="StorageError", cause=cause)
    assert report_unfinished(DETAIL, services, NOWHERE)
    assert "BuildScorecard: s3://out/x: AccessDenied" in services.told[0][1]


def test_a_run_that_took_too_long_has_no_error_of_its_own_and_is_told():
    services = FakeServices(status="TIMED_OUT")
    assert report_unfinished({**DETAIL, "status": "TIMED_OUT"}, services, NOWHERE)
    assert "took too long" in services.told[0][1]


@pytest.mark.parametrize("step", ["ValidateDataset", "PrepareRecords", "CheckFirstCalls"])
def test_what_the_workflow_told_itself_is_not_told_again(step):
    services = FakeServices(error="DatasetError", cause=f"{step}: faq.jsonl line 3: no prompt.")
    assert not report_unfinished(DETAIL, services, NOWHERE)
    assert not services.told


def test_a_run_that_was_redriven_meanwhile_is_not_called_failed():
    services = FakeServices(status="RUNNING")
    assert not report_unfinished(DETAIL, services, NOWHERE)
    assert not services.told


def test_a_rehearsal_says_so():
    services = FakeServices(error="States.ResultWriterFailed", cause="no bucket")
    report_unfinished(DETAIL, services, NOWHERE, rehearsed_with="simulated")
    [(subject, message)] = services.told
    assert "SIMULATED" in subject
    assert "SIMULATED" in message


@pytest.fixture
def store(tmp_path):
    return SqliteStore(tmp_path / "runs.sqlite")


@pytest.fixture
def request_here(tmp_path):
    """A run's request; of its folder there is nothing yet."""
    return json.dumps({**REQUEST, "out": str(tmp_path)})


def test_how_a_run_ended_is_noted_whoever_tells_of_it(store, tmp_path, request_here):
    lifecycle = Lifecycle(opened=lambda: store)
    caught = FakeServices(error="DatasetError", cause="ValidateDataset: line 3: no prompt.")
    report_unfinished(DETAIL, caught, lifecycle)
    assert (store.run("ds-1").state, store.run("ds-1").ending.cost_usd) == ("failed", 0)
    begun(tmp_path / "support" / "ds-1", estimate={"cost_usd": {"likely": 4.0}})
    uncaught = FakeServices(
        error="States.ExceedToleratedFailureThreshold", cause="4 items failed", input=request_here
    )
    report_unfinished(DETAIL, uncaught, lifecycle)
    ending = store.run("ds-1").ending
    assert (ending.cost_usd, ending.estimated_usd) == (4, 4)


def test_a_run_that_was_stopped_is_noted_and_not_told(store, request_here):
    services = FakeServices(status="ABORTED", started_at="2026-11-30T10:00:00+00:00", input=request_here)
    assert not report_unfinished({**DETAIL, "status": "ABORTED"}, services, Lifecycle(opened=lambda: store))
    assert not services.told
    assert (store.run("ds-1").state, store.run("ds-1").started_at) == ("stopped", "2026-11-30T10:00:00+00:00")


def test_a_run_that_was_redriven_meanwhile_has_not_ended(store):
    report_unfinished(DETAIL, FakeServices(status="RUNNING"), Lifecycle(opened=lambda: store))
    assert store.run("ds-1") is None


def test_the_jobs_of_a_run_in_batch_are_stopped_with_it_and_again_when_late_ones_are_there(
    tmp_path, request_here
):
    begun(tmp_path / "support" / "ds-1", deliveries={"judge/pro": "batch"})
    services = FakeServices(status="ABORTED", input=request_here)
    assert not report_unfinished({**DETAIL, "status": "ABORTED"}, services, NOWHERE)
    assert services.stopped == ["ds-1", "ds-1"]


def test_jobs_of_a_redrive_that_begins_meanwhile_are_not_stopped(tmp_path, request_here):
    begun(tmp_path / "support" / "ds-1", deliveries={"judge/pro": "batch"})
    services = FakeServices(status="ABORTED", input=request_here)
    stop = services.stop_jobs

    def stop_and_redrive(run_id):
        services.ended = {**services.ended, "status": "RUNNING"}
        return stop(run_id)

    services.stop_jobs = stop_and_redrive
    assert not report_unfinished({**DETAIL, "status": "ABORTED"}, services, NOWHERE)
    assert services.stopped == ["ds-1"]


def test_the_evaluation_jobs_of_a_run_are_stopped_with_it(tmp_path, request_here):
    judge = {"name": "bedrock", "api": "evaluation_job", "model": "us.amazon.nova-pro-v1:0"}
    begun(tmp_path / "support" / "ds-1", evaluation={"judges": [judge]})
    services = FakeServices(status="ABORTED", input=request_here)
    assert not report_unfinished({**DETAIL, "status": "ABORTED"}, services, NOWHERE)
    assert services.stopped == ["evaluations of ds-1"] * 2


def test_the_jobs_that_make_prompts_of_a_run_are_stopped_with_it_and_no_batch_jobs(tmp_path, request_here):
    folder = tmp_path / "support" / "ds-1"
    tuned = {
        "name": "tuned",
        "model": "amazon.nova-lite-v1:0",
        "prompt": {"improve": "answer.v1", "by": "bedrock_job"},
    }
    begun(folder)
    path = folder / "run.json"
    run = json.loads(path.read_bytes())
    run["evaluation"]["candidates"].append(tuned)
    path.write_text(json.dumps(run))
    services = FakeServices(status="ABORTED", input=request_here)
    report_unfinished({**DETAIL, "status": "ABORTED"}, services, NOWHERE)
    assert (services.stopped_prompts, services.stopped) == (["ds-1", "ds-1"], [])


@pytest.mark.parametrize("status", ["ABORTED", "FAILED"])
def test_other_runs_have_no_jobs_to_stop_and_one_that_failed_goes_on_with_them(
    tmp_path, request_here, status
):
    deliveries = {"judge/pro": "batch"} if status == "FAILED" else {"judge/pro": "flex"}
    begun(tmp_path / "support" / "ds-1", deliveries=deliveries)
    services = FakeServices(status=status, error="States.Runtime", cause="x", input=request_here)
    report_unfinished({**DETAIL, "status": status}, services, NOWHERE)
    assert (services.stopped, services.stopped_prompts) == ([], [])


def test_what_a_stopped_run_cost_is_noted_although_its_jobs_could_not_be_stopped(
    store, tmp_path, request_here
):
    begun(tmp_path / "support" / "ds-1", deliveries={"judge/pro": "batch"})
    services = FakeServices(status="ABORTED", input=request_here)

    def refused(run_id):
        raise AwsError(f"{run_id}: AccessDenied")

    services.stop_jobs = refused
    lifecycle = Lifecycle(opened=lambda: store)
    with pytest.raises(AwsError):
        report_unfinished({**DETAIL, "status": "ABORTED"}, services, lifecycle)
    assert store.run("ds-1").state == "stopped"
