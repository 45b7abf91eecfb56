"""A record above the payload quota goes by way of S3, under the permissions that the stack gives."""

import pytest

from tests.local_aws.outcomes import assert_whole

pytestmark = pytest.mark.slow

EVALUATION = """
name: long
candidates: [{name: lite, model: us.amazon.nova-lite-v1:0}]
judges: [{name: pro, model: us.amazon.nova-pro-v1:0}]
criteria: [helpfulness]
"""


def test_a_record_of_four_hundred_kilobytes_is_answered_and_judged_like_the_others(aws):
    long = {"id": "long", "prompt": "Which clause names the parcel? " + "Clause upon clause. " * 20_000}
    short = {"id": "short", "prompt": "Where is my parcel?"}
    [execution] = aws.finished(aws.upload([short, long], evaluation=EVALUATION))
    scorecard = assert_whole(aws, execution, 2)
    lite = scorecard["candidates"]["lite"]
    assert lite["responses"]["errors"] == 0
    assert lite["criteria"]["helpfulness"]["n_scored"] == 2
    assert scorecard["judges"]["pro"]["on_shortened"] == 1
    files = aws.files(aws.folder_of(execution))
    assert [name for name in files if name.startswith("requests/")]
    assert [name for name in files if name.startswith("replies/")]
    assert len(aws.calls()) == 4
