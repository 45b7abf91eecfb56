"""A run of a stack whose budget was spent, and that goes on there: `evaldrop run --resume s3://…`."""

import json
import os

import boto3
import pytest

from evaldrop import storage
from tests.local_aws.outcomes import paid_twice, scorecard_of
from tests.whole_runs import called

pytestmark = pytest.mark.slow

EVALUATION = """
name: resumed
candidates: [{name: lite, model: us.amazon.nova-lite-v1:0, inference: {max_tokens: 100}}]
judges: [{name: pro, model: us.amazon.nova-pro-v1:0, verdict: text, inference: {max_tokens: 200}}]
criteria: [helpfulness]
"""
RECORDS = 24


@pytest.fixture
def given(aws, tmp_path, monkeypatch):
    """Where a command runs, with the local AWS as the endpoint of all of boto3."""
    monkeypatch.setattr(storage, "_client", None)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    access = {**aws.keys, "AWS_ENDPOINT_URL": aws.endpoint, "AWS_CONFIG_FILE": os.devnull}
    return {"cwd": tmp_path, "env": environment | access}


def test_a_run_whose_budget_was_spent_goes_on_with_the_records_without_a_result(aws, given):
    rows = [{"id": f"r{n}", "prompt": f"Where is parcel {n}?"} for n in range(RECORDS)]
    key = aws.upload(rows, evaluation=EVALUATION, metadata={"evaldrop-budget-usd": "0.006"})
    [execution] = aws.finished(key)
    before = scorecard_of(aws, execution)
    assert execution["status"] == "SUCCEEDED", execution.get("cause")
    assert before["cost_usd"]["total"] <= before["budget_usd"] == 0.006
    evaluated, skipped = before["records"]["evaluated"], before["records"]["skipped"]
    assert (evaluated + skipped, before["records"]["missing"]) == (RECORDS, 0)
    assert 3 < evaluated < RECORDS - 3
    calls = len(aws.calls())

    folder = f"s3://{aws.output}/{aws.folder_of(execution)}"
    ended = called("run", "--resume", folder, "--budget", 1, "--yes", "--json", **given)
    assert ended.returncode == 0, ended.stderr
    assert f"{skipped} records have no result" in ended.stderr
    # Only the rest, two calls a record; nothing that was answered before.
    assert len(aws.calls()) - calls == 2 * skipped
    assert not paid_twice(aws.calls())
    newest, first = sorted(aws.executions(key), key=lambda each: each["startDate"], reverse=True)
    assert newest["name"] == f"{first['name']}-again-1"
    after = scorecard_of(aws, newest)
    assert after["run_id"] == before["run_id"]
    assert (after["records"]["evaluated"], after["records"]["skipped"]) == (RECORDS, 0)
    # What it had cost counts against the larger budget, and in the scorecard.
    assert after["cost_usd"]["total"] > before["cost_usd"]["total"]
    assert after["budget_usd"] == 1
    assert after["records"]["missing"] == after["records"]["repeated"] == 0

    again = called("run", "--resume", folder, "--yes", **given)
    assert again.returncode == 64
    assert "every record has a result" in again.stderr
    assert json.loads(ended.stdout)["records"] == skipped


IN_BATCH = EVALUATION.replace("name: resumed", "name: in-batch\ndelivery: batch\nbatch: {missing: report}")
ROWS = 105


def test_what_a_budget_had_no_room_for_goes_in_jobs_again_once_it_is_larger(aws, given):
    rows = [{"id": f"r{n}", "prompt": f"Where is parcel {n}?"} for n in range(ROWS)]
    # Room for the first records' calls, and for no job.
    key = aws.upload(rows, evaluation=IN_BATCH, metadata={"evaldrop-budget-usd": "0.0025"})
    [execution] = aws.finished(key)
    before = scorecard_of(aws, execution)
    skipped, calls = before["records"]["skipped"], len(aws.calls())
    assert skipped >= 100

    folder = f"s3://{aws.output}/{aws.folder_of(execution)}"
    ended = called("run", "--resume", folder, "--budget", 1, "--yes", "--json", **given)
    assert ended.returncode == 0, ended.stderr
    assert len(aws.calls()) == calls
    newest = max(aws.executions(key), key=lambda each: each["startDate"])
    after = scorecard_of(aws, newest)
    assert (after["records"]["evaluated"], after["records"]["skipped"]) == (ROWS, 0)
    delivered = {(each["role"], each["delivery"]): each["calls"] for each in after["cost_usd"]["deliveries"]}
    assert (delivered["candidate", "batch"], delivered["judge", "batch"]) == (skipped, skipped)
    item = aws.client("dynamodb").get_item(
        TableName=aws.outputs["HistoryTable"],
        Key={"pk": {"S": f"BUDGET#{after['run_id']}"}, "sk": {"S": "BUDGET"}},
    )["Item"]
    assert item["reserved_micros"] == item["spent_micros"]
    assert int(item["spent_micros"]["N"]) / 1e6 == pytest.approx(after["cost_usd"]["total"], abs=ROWS * 1e-6)
