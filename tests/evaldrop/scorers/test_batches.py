"""A function's answer to a batch, whatever it is."""

import pytest

from evaldrop.scorers.batches import results_of


def test_the_answer_to_one_response_may_be_agentcores():
    assert results_of({"value": 1, "label": "PASS"}, 1) == [{"value": 1, "label": "PASS"}]


@pytest.mark.parametrize("reply", [None, "good", [], {}, {"results": None}, {"results": [{}]}, {"value": 1}])
def test_an_answer_that_is_not_one_for_each_scores_none(reply):
    assert [each["errorCode"] for each in results_of(reply, 2)] == ["NoScore", "NoScore"]


def test_an_entry_that_is_no_result_leaves_the_others():
    first, second = results_of({"results": [3, {"value": 1}]}, 2)
    assert (first["errorCode"], second) == ("NoScore", {"value": 1})
