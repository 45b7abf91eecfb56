"""Whatever a scorer does, what comes of it is a result."""

import numpy as np
import pytest

from evaldrop.scorers import Record, Response, Score
from evaldrop.scorers.scoring import MAX_NOTE_CHARS, result_of

RECORD, RESPONSE = Record(id="one"), Response(text="hello")


def result(said, **options):
    return result_of(lambda *_: said, RECORD, RESPONSE, **options)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (0.5, {"value": 0.5, "label": "0.5"}),
        (1, {"value": 1.0, "label": "1"}),
        (True, {"value": 1.0, "label": "PASS"}),
        (Score(False), {"value": 0.0, "label": "FAIL"}),
        (np.float32(0.25), {"value": 0.25, "label": "0.25"}),
        (np.bool_(True), {"value": 1.0, "label": "PASS"}),
        (Score(3, passed=False, note="why"), {"value": 3.0, "label": "FAIL", "explanation": "why"}),
        (Score(0.1, passed=True), {"value": 0.1, "label": "PASS"}),
    ],
)
def test_what_is_a_score_is_told_in_the_form_of_agentcores_evaluators(said, expected):
    assert result(said) == expected


@pytest.mark.parametrize("said", [float("nan"), float("inf"), "good", [1], Score("good"), object()])
def test_what_is_no_score_is_an_error_that_says_so(said):
    assert result(said)["errorCode"] == "NoScore"


def test_nothing_to_say_is_not_applicable():
    assert result(None)["errorCode"] == "NotApplicable"


def test_an_exception_is_an_error_by_its_name():
    def scorer(*_):
        raise KeyError("missing")

    assert result_of(scorer, RECORD, RESPONSE) == {"errorCode": "KeyError", "errorMessage": "'missing'"}


def test_a_scorer_that_catches_everything_still_ends_in_time():
    def scorer(*_):
        try:
            while True:
                pass
        except Exception:  # noqa: BLE001 - as people write it
            return 1

    said = result_of(scorer, RECORD, RESPONSE, limit_s=0.05)
    assert said == {"errorCode": "Timeout", "errorMessage": "took more than 0.05 s"}


def test_a_long_note_is_cut():
    assert len(result(Score(1, note="x" * 10_000))["explanation"]) == MAX_NOTE_CHARS
