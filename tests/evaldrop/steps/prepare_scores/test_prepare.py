"""Batches of responses for scorers: how many, how large, and for whom."""

import json

import pytest

from evaldrop.checks import check_from_config
from evaldrop.checks.scorers import MAX_BATCH_BYTES
from evaldrop.run.scores import ScoreKey
from evaldrop.scorers import Record, Response
from evaldrop.scorers.batches import RESPONSES
from evaldrop.steps.prepare_scores.prepare import Batch


def batches(texts, *, function="python:s:f", context=None, **options):
    """Return the batches of responses, each as the workflow has it."""
    check = check_from_config({"python": "s:f", "lambda": "f", **options}, path="checks[0]")
    batch = Batch(check, function=function, code="")
    made = []
    for place, text in enumerate(texts):
        key = ScoreKey("f", f"r{place}", "one", "digest")
        record = Record(id=f"r{place}", prompt="Why?", references=("so",), context=context)
        made += batch.add(key, record, Response(text=text, candidate="one"))
    return made if batch.is_empty else [*made, batch.taken()]


def test_a_batch_holds_as_many_as_the_scorer_takes():
    made = batches(["a"] * 7, batch=3)
    assert [len(each["keys"]) for each in made] == [3, 3, 1]
    assert made[0]["keys"][1] == ("r1", "one", "digest")
    assert [each["function"] for each in made] == ["python:s:f"] * 3


def test_a_batch_is_over_before_its_call_times_out():
    assert [len(each["keys"]) for each in batches(["a"] * 5, timeout_s=300)] == [2, 2, 1]


def test_a_batch_fits_a_childs_input():
    made = batches(["x" * 50_000] * 7)
    assert [len(each["keys"]) for each in made] == [3, 3, 1]
    assert max(len(json.dumps(each)) for each in made) < 200_000


def test_of_a_record_that_is_too_long_the_rest_is_shown():
    [made] = batches(["short"], context="x" * MAX_BATCH_BYTES)
    [asked] = made["payload"][RESPONSES]
    assert (asked["record"]["context"], asked["record"]["references"]) == (None, ("so",))


def test_a_response_that_is_too_long_for_any_call_is_in_none():
    assert batches(["x" * MAX_BATCH_BYTES]) == []


@pytest.mark.parametrize(("function", "is_agentcore"), [("f", True), ("python:s:f", False)])
def test_one_response_at_a_time_is_agentcores_event_for_a_function(function, is_agentcore):
    [made] = batches(["a"], function=function, batch=1)
    assert ("evaluationInput" in made["payload"]) == is_agentcore


def test_another_text_and_other_code_are_another_question():
    check = check_from_config({"python": "s:f"}, path="checks[0]")
    record, response = Record(id="r"), Response(text="a")
    first = Batch(check, function="python:s:f", code="1").digest_of(record, response)
    assert first == Batch(check, function="python:s:f", code="1").digest_of(record, response)
    assert first != Batch(check, function="python:s:f", code="2").digest_of(record, response)
    assert first != Batch(check, function="python:s:f", code="1").digest_of(record, Response(text="b"))
