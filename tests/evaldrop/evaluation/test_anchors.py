"""Anchors as an evaluation writes them."""

import json

import pytest
from pydantic import ValidationError

from evaldrop.errors import EvaluationError
from evaldrop.evaluation import Candidate, parse_evaluation
from evaldrop.evaluation.anchors import ANCHOR, Anchors

GOOD = {"prompt": "How long?", "response": "Thirty days.", "reference": "30 days.", "passes": True}
BAD = {"prompt": "How long?", "response": "A week.", "reference": "30 days.", "passes": False, "id": "week"}


def test_anchors_are_a_list_a_file_or_both_with_a_tolerance():
    assert Anchors.model_validate([GOOD]).records[0].reference == ("30 days.",)
    assert Anchors.model_validate("anchors.jsonl").file == "anchors.jsonl"
    both = Anchors.model_validate({"tolerance": 0.2, "file": "a.jsonl", "records": [BAD]})
    assert (both.tolerance, both.records[0].id, both.records[0].criteria) == (0.2, "week", ())


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"tolerance": 1, "records": [GOOD]},
        [{**GOOD, "passes": "perhaps"}],
        [{**GOOD, "score": 3}],
        [{"prompt": "x", "response": "y"}],
    ],
)
def test_a_wrong_anchor_is_refused(wrong):
    with pytest.raises(ValidationError):
        Anchors.model_validate(wrong)


def test_anchors_without_criteria_are_refused():
    candidates = [{"name": "lite", "model": "test.lite-v1:0"}]
    without_criteria = {"name": "anchored", "candidates": candidates, "anchors": [GOOD]}
    with pytest.raises(EvaluationError, match="anchors are judged on criteria"):
        parse_evaluation(json.dumps(without_criteria), source="e.yaml")


def test_a_candidate_cannot_take_the_anchors_name():
    with pytest.raises(ValidationError):
        Candidate(name=ANCHOR, model="m")
