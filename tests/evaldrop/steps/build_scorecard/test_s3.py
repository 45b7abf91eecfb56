"""A run in S3: the same folder, read and written by URI."""

import pytest

from evaldrop import storage
from evaldrop.scorecard.read import read_run
from evaldrop.steps.build_scorecard.build import build_scorecard
from tests.evaldrop.run_folders import failed_row, record, response, row, run_json, write_run

GOOD = {"correctness": 1, "tone": 5}


@pytest.mark.parametrize("as_array", [False, True])
def test_a_run_in_a_bucket_is_built_where_it_lies(bucket, as_array):
    folder = f"s3://{bucket}/runs/support/run-1"
    rows = [row(f"r{n}", response("lite", scores=GOOD)) for n in (2, 0, 1)]
    manifest = write_run(
        folder,
        run=run_json(),
        records=[record(f"r{n}") for n in range(4)],
        succeeded=rows,
        failed=[failed_row("r3")],
        as_array=as_array,
    )
    scorecard = build_scorecard(folder, manifest)
    assert (scorecard.records.evaluated, scorecard.records.missing) == (3, 1)
    run = read_run(folder)
    assert run.scorecard == scorecard
    assert run.responses["record_id"].tolist()[::2] == ["r0", "r1", "r2", "r3"]
    assert b"run-1" in storage.read_bytes(f"s3://{bucket}/runs/index.html")


def test_manifests_in_a_bucket_are_found(bucket):
    folder = f"s3://{bucket}/runs/support/run-1"
    write_run(
        folder, run=run_json(), records=[record("r1")], succeeded=[row("r1", response("lite", scores=GOOD))]
    )
    assert build_scorecard(folder).records.evaluated == 1
