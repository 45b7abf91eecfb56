"""How far a run is, from what Step Functions answers."""

import json

import pytest
from botocore.exceptions import ClientError

from evaldrop.errors import AwsError
from evaldrop.running.deployed.following import Counts, look
from tests.evaldrop.running.deployed.stacks import EXECUTION, States, moment

ARN = f"{EXECUTION}:ds-1"


def test_a_running_run_has_a_step_and_counts_of_its_map_run():
    counts = {"total": 9, "succeeded": 3, "failed": 1, "timedOut": 1, "running": 2, "pending": 2}
    found = look(ARN, States(**{"ds-1": [moment(step="EvaluateRecords", counts=counts)]}))
    assert (found.status, found.step, found.is_over) == ("RUNNING", "EvaluateRecords", False)
    assert found.counts == Counts(total=9, succeeded=3, failed=2, running=2, pending=2)
    assert found.counts.done == 5


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
