"""How many records at a time an account takes, from what the first ones took."""

import pytest

from evaldrop.run.definition import RunDefinition
from evaldrop.steps.check_first_calls.pace import records_at_a_time
from tests.evaldrop.run_folders import HAIKU, LITE, PRO, run_json


def run(limits):
    called = [
        {"name": "lite", "model": LITE, "inference": {"max_tokens": 400}},
        {"name": "haiku", "model": HAIKU, "inference": {"max_tokens": 400}},
    ]
    judge = {"name": "pro", "model": PRO, "inference": {"max_tokens": 900}}
    evaluation = {"candidates": called, "judges": [judge], "limits": limits}
    return RunDefinition.model_validate(
        {**run_json(evaluation=evaluation), "folder": "/runs/1", "out": "/runs", "bedrock": "aws"}
    )


def reply(sent=100, received=50, latency_ms=1_500):
    usage = {"InputTokens": sent, "OutputTokens": received}
    said = {"Role": "assistant", "Content": [{"Text": "yes"}]}
    return {"Output": {"Message": said}, "StopReason": "end_turn", "Usage": usage,
            "Metrics": {"LatencyMs": latency_ms}}  # fmt: skip


def answer(*, ms=2_000, **more):
    return {"api": "converse", "reply": reply(), "elapsed_ms": ms, "retries": 0, **more}


def verdict(*, ms=3_000, **more):
    return answer(ms=ms, judge="pro", **more)


def output(*responses, comparisons=()):
    return {"record_id": "r", "responses": list(responses), "comparisons": list(comparisons)}


def response(candidate="lite", *judgements, ms=2_000, **more):
    return answer(candidate=candidate, judgements=list(judgements), ms=ms, **more)


# Both candidates at once, then the judge on each: 5 s, a call of each candidate and two of the judge.
BOTH = output(response("lite", verdict()), response("haiku", verdict()))


@pytest.mark.parametrize(
    ("limits", "at_a_time"),
    [
        # 60 records a minute, each of 5 s, are 5 at a time.
        ({LITE: {"rpm": 60}}, 5),
        # The judge is asked twice about each.
        ({PRO: {"rpm": 60}}, 2),
        ({LITE: {"rpm": 60}, PRO: {"rpm": 6_000}}, 5),
        # 500 tokens a call as it begins: 120 records a minute.
        ({LITE: {"tpm": 60_000}}, 10),
        ({LITE: {"rpm": 1}}, 1),
        ({LITE: {"rpm": 100_000}}, 50),
        ({"of nobody": {"rpm": 1}}, 50),
        ({LITE: {}}, 50),
        ({}, 50),
    ],
)
def test_records_at_a_time_are_what_a_second_lets_through_times_how_long_they_take(limits, at_a_time):
    assert records_at_a_time(run(limits), [BOTH], 50) == at_a_time


def test_an_answers_tokens_count_where_they_take_more_than_max_tokens():
    """Haiku's count five times: 100 + 5 x 300 tokens, where it began with 100 + 400."""
    long = output({**response("haiku"), "reply": reply(received=300)})
    assert records_at_a_time(run({HAIKU: {"tpm": 96_000}}), [long], 50) == 2


def test_comparisons_and_second_tries_of_judges_are_calls_and_time():
    again = {**verdict(ms=1_000), "first_reply": reply(), "again_ms": 1_000}
    one = output(response("lite", again), comparisons=[verdict(ms=1_000)])
    assert records_at_a_time(run({PRO: {"rpm": 180}}), [one], 50) == 5


def test_waits_before_a_retry_are_no_time_that_others_take():
    retried = output(response("lite", ms=30_000, retries=3))
    assert records_at_a_time(run({LITE: {"rpm": 120}}), [retried], 50) == 3


def test_what_was_given_kept_or_failed_is_no_call():
    given = {"candidate": "lite", "given": True, "text": "yes", "judgements": [verdict(kept=True)]}
    failed = {"candidate": "haiku", "api": "converse", "error": {"Error": "x"}, "judgements": []}
    assert records_at_a_time(run({LITE: {"rpm": 1}}), [output(given, failed)], 50) == 50


def test_first_records_that_were_not_called_do_not_count():
    given = output({"candidate": "lite", "given": True, "text": "yes", "judgements": []})
    assert records_at_a_time(run({LITE: {"rpm": 60}}), [given, BOTH], 50) == 5
