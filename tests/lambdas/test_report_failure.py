"""ReportFailure's handler: a reason, a message, and a line in the log that names the run."""

import logging

from lambdas.report_failure.handler import handler

FAILURE = {"step": "PrepareRecords", "error": "DatasetError", "cause": "faq.jsonl line 3: no prompt."}


def test_a_failed_step_becomes_a_reason_and_a_message():
    event = {"run": {"run_id": "ds-1", "dataset": "s3://drop/datasets/faq.jsonl", "name": "faq"}}
    state = handler({**event, "failure": FAILURE}, None)
    assert state["reason"]["error"] == "DatasetError"
    assert "line 3" in state["message"]
    assert state["run"] == event["run"]


def test_a_run_that_got_nowhere_is_told_by_its_request(caplog):
    with caplog.at_level(logging.INFO, logger="evaldrop"):
        handler({"run_id": "ds-2", "dataset": "s3://drop/datasets/faq.jsonl", "failure": FAILURE}, None)
    (line,) = caplog.records
    assert (line.step, line.run_id, line.error) == ("ReportFailure", "ds-2", "DatasetError")


def test_in_a_local_aws_the_message_says_what_answers_for_bedrock(monkeypatch):
    monkeypatch.setenv("EVALDROP_BEDROCK", "simulated")
    run = {"run_id": "ds-1", "dataset": "s3://drop/datasets/faq.jsonl", "bedrock": "aws"}
    assert "SIMULATED" in handler({**run, "failure": FAILURE}, None)["message"]
