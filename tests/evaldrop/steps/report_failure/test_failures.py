"""A failed execution in words, whoever ended it."""

import json

import pytest

from evaldrop.steps.report_failure.failures import failure_at, failure_of


def of_lambda(kind, message):
    return json.dumps(
        {"errorMessage": message, "errorType": kind, "requestId": "r", "stackTrace": ["File x"]}
    )


def test_what_report_failure_worded_is_taken_as_it_is():
    failed = failure_of("DatasetError", "ValidateDataset: line 1: no prompt\nline 2: no prompt")
    assert (failed.step, failed.was_caught) == ("ValidateDataset", True)
    assert failed.reason == "line 1: no prompt\nline 2: no prompt"
    assert failed.cause == "ValidateDataset: line 1: no prompt\nline 2: no prompt"


@pytest.mark.parametrize(
    ("error", "cause", "said"),
    [
        # Ours are sentences.
        ("StorageError", of_lambda("StorageError", "s3://out/x: no."), "BuildScorecard: s3://out/x: no."),
        # Of others the message alone may be a word in quotes.
        ("KeyError", of_lambda("KeyError", "'scale'"), "BuildScorecard: KeyError: 'scale'"),
        ("Lambda.AWSLambdaException", "it is throttled", "BuildScorecard: it is throttled"),
        ("States.Runtime", "7", "BuildScorecard: 7"),
        (
            "States.ItemReaderFailed",
            "no such key",
            "EvaluateRecords: no such key. records.jsonl could not be",
        ),
        (None, None, "BuildScorecard: States.Timeout. A step took too long."),
    ],
)
def test_what_nobody_caught_loses_its_json_and_gets_its_step(error, cause, said):
    failed = failure_of(error, cause)
    assert failed.cause.startswith(said)
    assert not failed.was_caught
    assert "{" not in failed.cause


@pytest.mark.parametrize(
    ("error", "message", "said"),
    [
        (
            "Runtime.ExitError",
            "RequestId: 4b5d-1 Error: Runtime exited with error: signal: killed",
            "Runtime exited with error: signal: killed (request 4b5d-1). Its process was ended, as when",
        ),
        (
            "Sandbox.Timedout",
            "RequestId: 4b5d-1 Error: Task timed out after 900.00 seconds",
            "Task timed out after 900.00 seconds (request 4b5d-1). It took longer than it may.",
        ),
    ],
)
def test_the_end_of_a_process_begins_with_what_happened_and_says_what_to_do(error, message, said):
    failed = failure_at("PrepareRecords", error, of_lambda(error, message))
    assert failed.reason.startswith(said)
    assert "--again" in failed.reason
