"""What has to be true of every run, however it went: nothing lost, nothing paid twice, one message."""

import json
from collections import Counter

from tests.local_aws.harness import ROOT

DATASET = ROOT / "datasets" / "support-faq" / "records.jsonl"
CANDIDATES = 3
CALLS_OF_A_RECORD = 2 * CANDIDATES
"""Each candidate, and a judge for each response."""


def records(count, *, start=0):
    """Return so many records of datasets/support-faq."""
    lines = DATASET.read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines[start : start + count]]


def scorecard_of(aws, execution):
    """Return the scorecard of a run that succeeded."""
    return json.loads(aws.read(f"{aws.folder_of(execution)}/scorecard.json"))


def paid_twice(calls):
    """Return how often a request was answered, and so billed, more than once."""
    answered = Counter((call["model"], call["digest"]) for call in calls if call["outcome"] == "answered")
    return {request: count for request, count in answered.items() if count > 1}


def assert_whole(aws, execution, count, *, of=None):
    """
    Assert that a run succeeded with every record in it, a report, one message, and no call paid twice.

    Args:
        aws: The local AWS.
        execution: The run's.
        count: Records it has.
        of: Calls to look at; all that are counted when not given.
    """
    assert execution["status"] == "SUCCEEDED", execution.get("cause")
    scorecard = scorecard_of(aws, execution)
    assert scorecard["records"]["evaluated"] == count
    assert scorecard["records"]["missing"] == 0
    for candidate in scorecard["candidates"].values():
        assert candidate["responses"]["n"] == count
        for criterion in candidate["criteria"].values():
            assert criterion["n_scored"] + criterion["n_unscored"] == count
    assert not paid_twice(aws.calls() if of is None else of)
    folder = aws.folder_of(execution)
    assert {"report.html", "summary.md", "junit.xml", "responses.parquet", "verdicts.parquet"} <= aws.files(
        folder
    )
    assert len(aws.messages(folder)) == 1
    return scorecard


def assert_told(aws, execution, *parts):
    """Assert that a run failed, for a reason that was told once, and that has these parts."""
    assert execution["status"] == "FAILED"
    aws.wait_for_events()
    [message] = aws.messages(execution["name"])
    for part in parts:
        assert part in message.text
    assert execution["cause"]
    return message
