"""What scorers said, as a Map run's files have it."""

import os

import orjson
import pytest

from evaldrop.run.scores import ScoreKey, Scores, is_score, read_scores

KEYS = [["r1", "a", "d1"], ["r2", "a", "d2"]]
LOST = {"errorCode": "ValueError", "errorMessage": "no"}


def write(folder, number, *rows):
    place = folder / "scores" / f"map-{number}"
    place.mkdir(parents=True)
    (place / "SUCCEEDED_0.jsonl").write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    files = {"SUCCEEDED": [{"Key": f"map-{number}/SUCCEEDED_0.jsonl"}], "FAILED": [], "PENDING": []}
    manifest = place / "manifest.json"
    manifest.write_bytes(orjson.dumps({"DestinationBucket": "b", "MapRunArn": "m", "ResultFiles": files}))
    os.utime(manifest, (number, number))


def row(*results, **more):
    return {"check": "mine", "keys": KEYS, "reply": {"results": list(results)}, **more}


def test_every_response_of_a_batch_has_its_result(tmp_path):
    write(tmp_path, 1, row({"value": 1}, {"value": 0}))
    assert read_scores(str(tmp_path)) == {
        ScoreKey("mine", "r1", "a", "d1"): {"value": 1},
        ScoreKey("mine", "r2", "a", "d2"): {"value": 0},
    }


def test_a_score_comes_before_an_error_and_the_newest_before_others(tmp_path):
    write(tmp_path, 2, row(LOST, {"value": 0.5}))
    write(tmp_path, 1, row({"value": 1}, {"value": 0}))
    assert [*read_scores(str(tmp_path)).values()] == [{"value": 1}, {"value": 0.5}]


def test_a_batch_that_was_lost_is_the_error_of_each(tmp_path):
    lost = {"check": "mine", "keys": KEYS, "error": {"Error": "States.Timeout", "Cause": "late"}}
    write(tmp_path, 1, lost)
    told = {"errorCode": "States.Timeout", "errorMessage": "late"}
    assert [*read_scores(str(tmp_path)).values()] == [told, told]


def test_scores_are_put_beside_responses(tmp_path):
    write(tmp_path, 1, row({"value": 1}, {"value": 0}))
    output = {"responses": [{"candidate": "a"}, {"candidate": "b"}]}
    scores = Scores(str(tmp_path))
    scores.add_to(output, "r2")
    scores.add_to(None, "r1")
    assert output["responses"] == [{"candidate": "a", "scores": {"mine": {"value": 0}}}, {"candidate": "b"}]


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        ({"value": 1}, True),
        ({"errorCode": "NotApplicable"}, True),
        (LOST, False),
        ({"errorMessage": ""}, False),
    ],
)
def test_what_need_not_be_asked_again(result, expected):
    assert is_score(result) is expected
