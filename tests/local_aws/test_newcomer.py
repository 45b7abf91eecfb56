"""What docs/local.md promises a newcomer: an upload, a run that succeeds, a report, a message."""

import json

import pytest

from tests.local_aws.outcomes import CALLS_OF_A_RECORD, DATASET, paid_twice, records

pytestmark = pytest.mark.slow


def test_an_upload_becomes_a_report_and_a_message_and_each_call_is_answered_once(aws):
    key = aws.upload(DATASET)
    [execution] = aws.finished(key)
    assert execution["status"] == "SUCCEEDED", execution.get("cause")
    folder = aws.folder_of(execution)
    assert {"report.html", "scorecard.json", "run.json", "records.jsonl"} <= aws.files(folder)
    scorecard = json.loads(aws.read(f"{folder}/scorecard.json"))
    assert scorecard["simulated"]
    assert json.loads(aws.read(f"{folder}/run.json"))["bedrock"].startswith("simulated")
    assert b"SIMULATED" in aws.read(f"{folder}/report.html")
    # Candidates know the references, as in `evaldrop run --bedrock simulated`.
    assert scorecard["candidates"]["haiku"]["criteria"]["correctness"]["pass_rate"] > 0.6
    [message] = aws.messages(folder)
    assert message.subject.startswith("evaldrop SIMULATED support-answers:")
    assert f"s3://{aws.output}/{folder}/report.html" in message.text
    calls = aws.calls()
    assert len(calls) == scorecard["records"]["evaluated"] * CALLS_OF_A_RECORD
    assert {call["outcome"] for call in calls} == {"answered"}
    assert not paid_twice(calls)


def test_the_aws_cli_does_it_too(aws, tmp_path):
    key, dataset = aws.fresh_key(), tmp_path / "two.jsonl"
    dataset.write_text("".join(json.dumps(record) + "\n" for record in records(2)))
    aws.cli("s3", "cp", dataset, f"s3://{aws.input}/{key}")
    [execution] = aws.finished(key)
    listed = json.loads(
        aws.cli("stepfunctions", "list-executions", "--state-machine-arn", aws.machine, "--output", "json")
    )
    [row] = [each for each in listed["executions"] if each["name"] == execution["name"]]
    assert row["status"] == "SUCCEEDED"
    folder = aws.folder_of(execution)
    aws.cli("s3", "cp", f"s3://{aws.output}/{folder}/report.html", ".", cwd=tmp_path)
    assert "SIMULATED" in (tmp_path / "report.html").read_text()
    got = aws.cli(
        "sqs", "receive-message", "--queue-url", aws.messages_url, "--max-number-of-messages", "10",
        "--output", "json", "--visibility-timeout", "0",
    )  # fmt: skip
    assert folder in got
    assert aws.messages(folder)
