"""A run in S3: the same folder, read and written by URI."""

import boto3
import pytest
from moto import mock_aws

from evaldrop import storage
from evaldrop.runs import read_run
from evaldrop.scorecard import build_scorecard
from tests.evaldrop.run_folders import failed_row, record, response, row, run_json, write_run

FOLDER = "s3://results/runs/support/run-1"


@pytest.fixture
def bucket(monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setattr(storage, "_client", None)
    # boto3 keeps its first credentials for the whole process.
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    with mock_aws():
        boto3.client("s3").create_bucket(Bucket="results")
        yield


@pytest.mark.parametrize("as_array", [False, True])
def test_a_run_in_a_bucket_is_built_where_it_lies(bucket, as_array):
    rows = [row(f"r{n}", response("lite", scores={"correctness": 1, "tone": 5})) for n in (2, 0, 1)]
    manifest = write_run(FOLDER, run=run_json(), records=[record(f"r{n}") for n in range(4)],
                         succeeded=rows, failed=[failed_row("r3")], as_array=as_array)  # fmt: skip
    scorecard = build_scorecard(FOLDER, manifest)
    assert (scorecard.records.evaluated, scorecard.records.missing) == (3, 1)
    run = read_run(FOLDER)
    assert run.scorecard == scorecard
    assert run.responses["record_id"].tolist()[::2] == ["r0", "r1", "r2", "r3"]
    assert b"run-1" in storage.read_bytes("s3://results/runs/index.html")


def test_manifests_in_a_bucket_are_found(bucket):
    write_run(FOLDER, run=run_json(), records=[record("r1")],
              succeeded=[row("r1", response("lite", scores={"correctness": 1, "tone": 5}))])  # fmt: skip
    scorecard = build_scorecard(FOLDER)
    assert scorecard.records.evaluated == 1
    assert scorecard.duration_s is None or scorecard.duration_s > 0
