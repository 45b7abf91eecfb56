"""Replies too long for the workflow: taken from where they were written, wherever the run lies now."""

import json

import pytest

from evaldrop.run.records import read_prepared
from evaldrop.run.results import ChildFailure, Found
from evaldrop.steps.build_scorecard.results import take_unread_replies

BODY = {"output": {"message": {"content": [{"text": "hi"}]}}}
ERROR = {"Error": "States.DataLimitExceeded", "Cause": "the model answered, and its reply could not be read"}


def found(written, **more):
    long = {"lite": {"arguments": {"Output": {"S3Uri": written}}}}
    calls = {"judgements": [], "long": long}
    record = read_prepared(json.dumps({"record_id": "r1", "prompt": "p", "calls": calls}).encode())
    response = {"candidate": "lite", "api": "invoke_model", "error": ERROR, "judgements": [], **more}
    return Found(record, {"record_id": "r1", "responses": [response]}, ChildFailure("", ""))


@pytest.mark.parametrize(
    "written", ["/elsewhere/run-1/replies/ab12/lite.json", "{here}/replies/ab12/lite.json"]
)
def test_a_reply_is_found_in_the_runs_folder_also_when_the_run_was_moved(tmp_path, written):
    (tmp_path / "replies/ab12").mkdir(parents=True)
    (tmp_path / "replies/ab12/lite.json").write_text(json.dumps(BODY))
    record = found(written.format(here=tmp_path), unread=True)
    take_unread_replies(record, str(tmp_path))
    (response,) = record.output["responses"]
    assert response["reply"] == {"Body": BODY}
    assert "error" not in response


@pytest.mark.parametrize("more", [{"unread": True}, {}])
def test_a_reply_that_is_gone_and_a_call_that_failed_stay_errors(tmp_path, more):
    record = found(f"{tmp_path}/replies/ab12/lite.json", **more)
    take_unread_replies(record, str(tmp_path))
    assert record.output["responses"][0]["error"] == ERROR


def test_a_record_without_a_result_is_left_alone(tmp_path):
    record = found("/x/replies/ab12/lite.json")._replace(output=None)
    take_unread_replies(record, str(tmp_path))
    assert record.output is None


@pytest.mark.parametrize("body", [b"<html>", b"", b"null", b"[1]", b'{"a":', b"\xff\xfe", b"[" * 5000])
def test_a_long_reply_that_is_no_json_stays_an_error(tmp_path, body):
    """It was paid for; the other records' scorecard is built all the same."""
    (tmp_path / "lite.json").write_bytes(body)
    record = found(str(tmp_path / "lite.json"), unread=True)
    take_unread_replies(record, str(tmp_path))
    assert record.output["responses"][0]["error"] == ERROR


def test_a_long_reply_that_was_cut_off_within_an_emoji_is_read(tmp_path):
    (tmp_path / "lite.json").write_bytes(b'{"generation": "hi \\ud83d"}')
    record = found(str(tmp_path / "lite.json"), unread=True)
    take_unread_replies(record, str(tmp_path))
    assert record.output["responses"][0]["reply"] == {"Body": {"generation": "hi \ufffd"}}
