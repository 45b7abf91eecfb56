"""What looks at a run's first calls reads its files, and writes one: what the run is likely to cost."""

from tests.infra.test_api import statements_of


def test_check_first_calls_writes_run_json_alone(full_template):
    may = statements_of(full_template, "CheckFirstCallsRole")
    [put] = [arn for action, arn in may if action == "s3:PutObject"]
    assert "StorageRuns" in put or "StorageOutput" in put
    assert '/runs/*/run.json"' in put
    assert {"kms:Decrypt", "kms:GenerateDataKey"} <= {action for action, _ in may}


def test_report_failure_writes_nothing_of_a_run(full_template):
    assert "s3:PutObject" not in {action for action, _ in statements_of(full_template, "ReportFailureRole")}
