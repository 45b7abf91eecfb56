"""What the page can show as sent."""

import json

from evaldrop.report.sent import sent_and_received
from evaldrop.run.records import read_prepared


def test_of_a_long_record_the_page_says_where_the_whole_request_is():
    arguments = {"ModelId": "m", "Input": {"S3Uri": "s3://out/runs/requests/ab/lite.json"}}
    calls = {"requests": {}, "judgements": [], "long": {"lite": {"arguments": arguments, "bytes": 400_000}}}
    line = {"record_id": "r1", "prompt": "Why is it so?", "calls": calls}
    requests, judgements, replies = sent_and_received(read_prepared(json.dumps(line).encode()), [])
    assert {name: json.loads(text) for name, text in requests.items()} == {"long/lite": arguments}
    assert (judgements, replies) == ([], [])
