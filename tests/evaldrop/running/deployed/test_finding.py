"""A RUN: an ID, an ARN or a folder in S3."""

import boto3
import pytest

from evaldrop import storage
from evaldrop.errors import InputError
from evaldrop.running.deployed.finding import find_folder, find_run
from tests.evaldrop.running.deployed.stacks import EXECUTION


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
