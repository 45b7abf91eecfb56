"""What evaluation jobs said of responses is among their judgements, wherever results are read."""

import json

from evaldrop.run.results import collect, find_manifests
from tests.evaldrop.run_folders import record, response, row, run_json, write_run

SAID = {
    "judge": "bedrock",
    "criteria": ["tone"],
    "repeat": 0,
    "api": "evaluation_job",
    "reply": {"score": 4.0},
}


def judges_of(folder):
    return {
        found.record.record_id: [
            each["judge"] for answer in found.output["responses"] for each in answer["judgements"]
        ]
        for found in collect(str(folder), find_manifests(str(folder)))
        if found.output
    }


def test_they_stand_behind_those_of_the_runs_own_judges_of_the_same_response(tmp_path):
    names = ["a", "b", "c", "d"]
    answered = [row(name, response("lite", scores={"tone": 3}), response("haiku")) for name in names[:3]]
    write_run(tmp_path, run=run_json(), records=[record(name) for name in names], succeeded=answered)
    assert judges_of(tmp_path) == {"a": ["pro"], "b": ["pro"], "c": ["pro"]}

    file = tmp_path / "evaluation-jobs" / "judgements.jsonl"
    file.parent.mkdir()
    said = [
        # Of d there is no output, and of b nothing was said.
        {"record_id": "a", "judgements": {"lite": [SAID]}},
        {"record_id": "c", "judgements": {"haiku": [SAID], "gone": [SAID]}},
        {"record_id": "d", "judgements": {"lite": [SAID]}},
    ]
    file.write_text("".join(json.dumps(line) + "\n" for line in said))
    assert judges_of(tmp_path) == {"a": ["pro", "bedrock"], "b": ["pro"], "c": ["pro", "bedrock"]}
