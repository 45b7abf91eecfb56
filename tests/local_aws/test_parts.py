"""A large dataset goes through a stack in parts, under the permissions that the stack gives."""

import pytest

from tests.local_aws.outcomes import scorecard_of

pytestmark = pytest.mark.slow

EVALUATION = """
name: large
candidates: [{name: lite, model: us.amazon.nova-lite-v1:0}]
judges: [{name: pro, model: us.amazon.nova-pro-v1:0}]
criteria: [helpfulness]
"""


def test_a_dataset_above_the_stacks_size_is_validated_prepared_and_scored_in_parts(aws):
    rows = [
        {"id": f"r{n}", "prompt": f"Where is parcel {n}?", "metadata": {"note": "x" * 100_000}}
        for n in range(8)
    ]
    [execution] = aws.finished(aws.upload(rows, evaluation=EVALUATION))
    assert execution["status"] == "SUCCEEDED", execution.get("cause")
    scorecard = scorecard_of(aws, execution)
    assert scorecard["records"]["evaluated"] == 8
    assert scorecard["candidates"]["lite"]["criteria"]["helpfulness"]["n_scored"] == 8
    folder = aws.folder_of(execution)
    files = aws.files(folder)
    assert {"records/part-00000.jsonl", "responses/part-00000.parquet", "parts/tally/00000.arrow"} <= files
    assert not {"records.jsonl", "responses.parquet"} & files
    assert "report.html" in files
    assert len(aws.calls()) == 16
    assert len(aws.messages(folder)) == 1
