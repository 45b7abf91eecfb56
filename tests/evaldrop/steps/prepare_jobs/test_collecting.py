"""What jobs gave is found by its ID, whatever the output looks like."""

import json
from contextlib import ExitStack

import pytest

from evaldrop.steps.prepare_jobs.collecting import NOT_DELIVERED, JobAnswers, JobResult
from evaldrop.steps.prepare_jobs.row_ids import RowKey, row_id

REPLY = {
    "output": {"message": {"role": "assistant", "content": [{"text": "Yes."}]}},
    "stopReason": "end_turn",
}
AS_CALLED = {
    "Output": {"Message": {"Role": "assistant", "Content": [{"Text": "Yes."}]}},
    "StopReason": "end_turn",
}


def row(ordinal, **more):
    return {"modelInput": {"messages": []}, **more, "recordId": row_id(RowKey(ordinal))}


def write(folder, place, rows, *, sent=(), raw=None, name="rows.jsonl.out", job_id="abc123"):
    """Write a job's output, and the rows that were its input."""
    out = folder / "batch" / place / "out" / job_id
    out.mkdir(parents=True, exist_ok=True)
    text = raw if raw is not None else "".join(json.dumps(each) + "\n" for each in rows)
    (out / name).write_text(text, encoding="utf-8")
    (out / "manifest.json.out").write_text('{"totalRecordCount": 1}')
    inputs = "".join(json.dumps(row(each)) + "\n" for each in sent)
    (folder / "batch" / place / "rows.jsonl").write_text(inputs)


def answers(folder, *results, with_missing=False, asked=(0, 1, 2, 3), api="converse"):
    """Return the answer to each row that is asked for."""
    with ExitStack() as stack:
        found = JobAnswers(str(folder), results, stack, with_missing=with_missing)
        return [found.answer(RowKey(ordinal), api) for ordinal in asked]


DONE = JobResult("candidates/one-1", "Completed")


def test_a_reply_is_as_a_call_would_have_given_it(tmp_path):
    write(tmp_path, DONE.place, [row(2, modelOutput=REPLY), row(0, modelOutput=REPLY)])
    assert answers(tmp_path, DONE) == [{"reply": AS_CALLED}, None, {"reply": AS_CALLED}, None]
    (own, *_) = answers(tmp_path, DONE, api="invoke_model")
    assert own == {"reply": {"Body": REPLY, "ContentType": "application/json"}}


def test_a_row_without_an_answer_is_called_unless_it_is_to_be_reported(tmp_path):
    part = JobResult("candidates/one-2", "PartiallyCompleted", "Out of time.")
    refused = {"errorCode": 400, "errorMessage": "bad request"}
    write(tmp_path, DONE.place, [row(0, error=refused), row(1, modelOutput=REPLY)], sent=[0, 1])
    write(tmp_path, part.place, [], sent=[2])

    assert answers(tmp_path, DONE, part) == [None, {"reply": AS_CALLED}, None, None]
    told = answers(tmp_path, DONE, part, with_missing=True)
    assert told == [
        {"error": {"Error": NOT_DELIVERED, "Cause": "the job answered this row with 400: bad request"}},
        {"reply": AS_CALLED},
        {
            "error": {
                "Error": NOT_DELIVERED,
                "Cause": "the job ended as PartiallyCompleted without this row: Out of time.",
            }
        },
        # In no job: too few rows were left for one.
        None,
    ]


def test_a_job_that_was_not_created_has_answered_nothing(tmp_path):
    write(tmp_path, "other/one-1", [])
    gone = JobResult.of(
        {"place": "other/one-1", "status": "NotCreated", "message": "Bedrock.AccessDenied: no"}
    )
    (tmp_path / "batch" / gone.place / "rows.jsonl").write_text(json.dumps(row(0)) + "\n")
    (told,) = answers(tmp_path, gone, with_missing=True, asked=[0])
    assert told["error"]["Cause"] == "the job ended as NotCreated without this row: Bedrock.AccessDenied: no"
    assert answers(tmp_path, JobResult("nowhere/at-all", "NotCreated"), asked=[0]) == [None]


@pytest.mark.parametrize(
    "raw",
    [
        json.dumps(row(1, modelOutput=REPLY)) + "\n\n" + json.dumps(row(0, modelOutput=REPLY)),
        json.dumps(row(1, modelOutput=REPLY), indent=1)
        + "\n"
        + json.dumps(row(0, modelOutput=REPLY), indent=1),
        '{"recordId": "broken", "modelOut\n'
        + json.dumps(row(1, modelOutput=REPLY))
        + "\n[1]\nnull\n"
        + json.dumps(row(0, modelOutput=REPLY))
        + "\n",
        json.dumps(row(0, error={"errorCode": 500}))
        + "\n"
        + json.dumps(row(0, modelOutput=REPLY))
        + "\n"
        + json.dumps({**row(3, modelOutput=REPLY), "recordId": "CALL0000001x"})
        + "\n"
        + json.dumps(row(1, modelOutput=REPLY))
        + "\n",
    ],
    ids=["a blank line and no last one", "over lines", "a broken row", "a row twice, and a stranger's"],
)
def test_output_that_is_not_as_documented_is_read_as_far_as_it_goes(tmp_path, raw):
    write(tmp_path, DONE.place, [], raw=raw)
    assert answers(tmp_path, DONE) == [{"reply": AS_CALLED}, {"reply": AS_CALLED}, None, None]


def test_a_half_character_is_mended(tmp_path):
    text = json.dumps(row(0, modelOutput={**REPLY, "stopReason": "X"})).replace('"X"', '"\\ud83d"')
    write(tmp_path, DONE.place, [], raw=text + "\n")
    assert answers(tmp_path, DONE, asked=[0])[0]["reply"]["StopReason"] == "\ufffd"


def test_only_output_files_are_read(tmp_path):
    write(tmp_path, DONE.place, [row(0, modelOutput=REPLY)], name="rows.jsonl.txt")
    assert answers(tmp_path, DONE, asked=[0]) == [None]
    write(tmp_path, DONE.place, [row(1, modelOutput=REPLY)], job_id="other")
    assert answers(tmp_path, DONE, asked=[1]) == [{"reply": AS_CALLED}]
