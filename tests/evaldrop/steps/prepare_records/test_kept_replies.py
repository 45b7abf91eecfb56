"""What a run that is judged again takes from its parent: answers, and no reply that is none."""

from evaldrop.steps.prepare_records.kept_replies import ParentRecord
from tests.evaldrop.bedrock.families.recorded_replies import THOUGHT, chat, converse, said

JUDGEMENT = {
    "judge": "j", "criteria": ["correctness"], "repeat": 0, "before": "b", "after": "a", "request_key": "j",
    "fences": {"c": {"open": "<", "close": ">"}},
}  # fmt: skip


def parent(reply, api="invoke_model", judged=None):
    answer = {**JUDGEMENT, "api": "converse", "reply": judged}
    response = {"candidate": "c", "api": api, "reply": reply, "judgements": [answer] if judged else []}
    return ParentRecord({"judgements": [JUDGEMENT], "comparisons": []}, {"responses": [response]})


def test_a_response_is_taken_over_without_its_thinking():
    taken = parent(said(f"<think>{THOUGHT}</think>42")).given()["c"]
    assert taken["text"] == "42"
    assert taken["reply"]["StopReason"] == "end_turn"
    assert taken["reply"]["Usage"] == {"InputTokens": 10, "OutputTokens": 20}


def test_a_reply_that_is_no_answer_is_not_taken_over():
    assert parent(chat({"content": "4"}, "error")).given() == {}
    assert parent(chat({"parts": ["42"]})).given() == {}
    assert parent(converse(stop="malformed_model_output"), "converse").given() == {}


def test_a_judge_whose_reply_was_no_answer_is_asked_again():
    answered = converse({"Text": "correctness: 1"})
    kept = parent(said("42"), judged=answered).kept_replies(JUDGEMENT)
    assert kept == {"c": {"reply": answered}}
    for unread in (converse({"Hologram": {}}), converse({"Text": "corr"}, stop="error")):
        assert parent(said("42"), judged=unread).kept_replies(JUDGEMENT) == {}


def test_how_long_a_job_took_for_an_answer_is_not_taken_over():
    called = {"candidate": "c", "api": "converse", "reply": converse({"Text": "42"}), "retries": 0}
    taken = [
        ParentRecord({"judgements": [], "comparisons": []}, {"responses": [response]}).given()["c"]
        for response in (called, {**called, "delivery": "batch"})
    ]
    assert [each["reply"]["Metrics"] for each in taken] == [{"LatencyMs": 5}, {}]
    assert taken[0]["text"] == taken[1]["text"] == "42"
