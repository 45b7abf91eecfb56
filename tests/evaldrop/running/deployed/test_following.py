"""A RUN, by ID, ARN or folder in S3; and how far it is, from what Step Functions answers."""

import json

import boto3
import pytest
from botocore.exceptions import ClientError

from evaldrop import storage
from evaldrop.errors import AwsError, InputError
from evaldrop.running.deployed.following import Counts, find_folder, find_run, look
from tests.evaldrop.running.deployed.stacks import EXECUTION, States, moment

ARN = f"{EXECUTION}:ds-1"


def no_stack():
    raise AssertionError("the stack was looked up")


def test_an_id_needs_the_stack(deployed):
    found = find_run("ds-1", lambda: deployed)
    assert (found.run_id, found.execution_arn, found.out) == ("ds-1", f"{EXECUTION}:ds-1", deployed.out)


def test_an_arn_says_all_by_itself_its_region_too():
    arn = "arn:aws-cn:states:cn-north-1:123456789012:execution:EvaluateDataset-1a2b:ds-1"
    found = find_run(arn, no_stack)
    assert (found.run_id, found.execution_arn, found.region) == ("ds-1", arn, "cn-north-1")


@pytest.mark.parametrize("ending", ["", "/", "/report.html", "/scorecard.json"])
def test_a_finished_runs_folder_needs_no_stack(deployed, ending):
    folder = f"{deployed.out}/support/ds-1"
    for name in ("run.json", "scorecard.json"):
        storage.write_bytes(f"{folder}/{name}", b"{}")
    found = find_run(folder + ending, no_stack)
    assert (found.run_id, found.folder, found.execution_arn) == ("ds-1", folder, None)


def test_an_unfinished_runs_folder_leads_to_its_execution(deployed):
    folder = f"{deployed.out}/support/ds-1"
    storage.write_bytes(f"{folder}/run.json", b"{}")
    found = find_run(folder, lambda: deployed)
    assert (found.folder, found.execution_arn) == (folder, f"{EXECUTION}:ds-1")


@pytest.mark.parametrize("name", ["latest", "latest:support", "support", "20261121", "support~0"])
def test_a_stacks_runs_are_named_as_those_on_this_machine(deployed, name):
    for run_id in ("20261121T101500Z-4f3a2b", "20261120T101500Z-000000"):
        for file in ("run.json", "scorecard.json"):
            storage.write_bytes(f"{deployed.out}/support/{run_id}/{file}", b"{}")
    found = find_run(name, lambda: deployed)
    assert found.folder == f"{deployed.out}/support/20261121T101500Z-4f3a2b"
    assert find_run(f"{name}~1".replace("~0~", "~"), lambda: deployed).run_id == "20261120T101500Z-000000"


def test_a_whole_id_is_looked_up_nowhere_for_its_run_may_not_have_begun(deployed, monkeypatch):
    monkeypatch.setattr(storage, "list_folders", lambda _: pytest.fail("the bucket was listed"))
    assert find_run("ds-" + "4b0c1f6f0d" * 4, lambda: deployed).folder is None


@pytest.mark.parametrize("run", ["ds 1", "arn:aws:states:us-east-1:123456789012:stateMachine:E", "../x", ""])
def test_what_is_none_of_these_is_refused(run):
    with pytest.raises(InputError, match="evaldrop runs lists them"):
        find_run(run, no_stack)


def test_a_uri_without_a_run_is_refused(deployed):
    with pytest.raises(InputError, match=r"no run\.json"):
        find_run(f"{deployed.out}/support/gone", no_stack)


def test_a_runs_folder_is_found_below_any_evaluation(deployed):
    for evaluation, run_id in (("a", "ds-1"), ("b", "ds-2"), ("c", "ds-22")):
        storage.write_bytes(f"{deployed.out}/{evaluation}/{run_id}/run.json", b"{}")
    s3 = boto3.client("s3")
    assert find_folder(deployed.out, "ds-2", s3) == f"{deployed.out}/b/ds-2"
    assert find_folder(deployed.out, "ds-3", s3) is None


def test_a_running_run_has_a_step_and_counts_of_its_map_run():
    counts = {"total": 9, "succeeded": 3, "failed": 1, "timedOut": 1, "running": 2, "pending": 2}
    found = look(ARN, States(**{"ds-1": [moment(step="EvaluateRecords", counts=counts)]}))
    assert (found.status, found.step, found.is_over) == ("RUNNING", "EvaluateRecords", False)
    assert found.counts == Counts(total=9, succeeded=3, failed=2)
    assert found.counts.done == 5


@pytest.mark.parametrize("step", ["RunJobs", "RunEvaluationJobs"])
def test_a_run_that_waits_for_jobs_has_their_counts_beside_its_records(step):
    counts, jobs = {"total": 2, "succeeded": 2}, {"total": 3, "succeeded": 1, "running": 2}
    found = look(ARN, States(**{"ds-1": [moment(step=step, counts=counts, jobs=jobs)]}))
    assert found.jobs == Counts(total=3, succeeded=1, failed=0)
    assert found.counts == Counts(total=2, succeeded=2, failed=0)


def test_before_the_map_there_is_nothing_to_count():
    assert look(ARN, States(**{"ds-1": [moment()]})).counts is None


def test_a_finished_run_names_its_folder():
    output = json.dumps({"decision": "pass", "report": "s3://reports/runs/support/ds-1/report.html"})
    found = look(ARN, States(**{"ds-1": [moment("SUCCEEDED", output=output)]}))
    assert found.is_over
    assert found.folder == "s3://reports/runs/support/ds-1"


def test_a_failed_run_has_error_and_cause():
    found = look(ARN, States(**{"ds-1": [moment("FAILED", error="DatasetError", cause="line 1: no prompt")]}))
    assert (found.is_over, found.error, found.cause) == (True, "DatasetError", "line 1: no prompt")


def test_an_execution_that_is_not_there_has_not_started():
    assert look(ARN, States()).status == "NOT_STARTED"


def test_who_may_not_look_is_told():
    class Forbidding(States):
        def describe_execution(self, **_):
            raise ClientError(
                {"Error": {"Code": "AccessDeniedException", "Message": "not you"}}, "DescribeExecution"
            )

    with pytest.raises(AwsError, match=r"ds-1 cannot be looked at.*not you.*get-caller-identity"):
        look(ARN, Forbidding())
