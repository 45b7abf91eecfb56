"""A run's scorers, from the evaluation's file to the verdicts: in processes here, in functions on AWS."""

import asyncio
import json
import shutil
from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from evaldrop import storage
from evaldrop.engine import execute, lambda_invoke, load
from evaldrop.run.results import find_manifests
from evaldrop.run.scores import SCORES, read_scores
from evaldrop.running.rescoring import score_again
from evaldrop.running.workflow import DirectoryStore
from evaldrop.scorers import as_lambda
from evaldrop.shipped import workflow_definition
from evaldrop.steps.prepare_scores.prepare import prepare_scores
from tests.evaldrop.scorers import example_scorers
from tests.evaldrop.scorers.example_scorers import brevity
from tests.whole_runs import called, write_evaluation

EVALUATION = """
name: scored
candidates:
  - {name: first, model: "amazon.nova-lite-v1:0"}
  - {name: second, model: "amazon.nova-pro-v1:0"}
metrics:
  - {python: example_scorers:brevity, lambda: brevity}
  - {python: own:by_number, name: by_number, timeout_s: 0.3, batch: 3}
"""
OWN = """
import os, time

def by_number(record, response):
    match int(record.id[-1]):
        case 0: time.sleep(60)
        case 1: os._exit(3)
        case 2: raise RuntimeError("no")
    return True
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("scored")
    dataset = write_evaluation(place, records=4, evaluation=EVALUATION)
    (place / "own.py").write_text(OWN)
    shutil.copy(example_scorers.__file__, place)
    ran = called("run", dataset, "--bedrock", "simulated:latency=0", "--out", place / "runs", "--yes")
    assert "report:" in ran.stdout, ran.stdout + ran.stderr
    return next((place / "runs" / "scored").glob("2*"))


def copied(folder: Path, place: Path, **first_check: object) -> Path:
    """Copy a run, with other options of its first check, and return the copy."""
    copy = place / "scored" / folder.name
    shutil.copytree(folder, copy)
    run = json.loads((copy / "run.json").read_bytes())
    run["out"], run["checks"][0] = str(place), {**run["checks"][0], **first_check}
    (copy / "run.json").write_text(json.dumps(run))
    return copy


def scored_by_functions(folder: Path, functions) -> dict:
    """Score a copy of a run's responses as the workflow does on AWS, and return the results."""
    shutil.rmtree(folder / SCORES)
    places = [storage.place(uri, root=str(folder.parent.parent)) for uri in find_manifests(str(folder))]
    results, *earlier = ({"Bucket": place.bucket, "Key": place.key} for place in places)
    state = {"run": {"folder": str(folder)}, "results": results, "earlier": earlier}
    prepared = prepare_scores(state, on_aws=True)
    scoring = workflow_definition()["States"]["ScoreResponses"]
    states = {"ScoreResponses": scoring, "BuildScorecard": {"Type": "Succeed"}}
    machine = {"QueryLanguage": "JSONata", "StartAt": "ScoreResponses", "States": states}
    ended = asyncio.run(
        execute(
            load(machine, {"Partition": "aws"}),
            prepared,
            integrations={"lambda:invoke": lambda_invoke(functions)},
            store=DirectoryStore(),
            name="functions",
        )
    )
    assert ended.status == "SUCCEEDED", ended.cause
    return results_by_response(folder)


def results_by_response(folder: Path) -> dict:
    found = read_scores(str(folder)).items()
    return {key[:3]: result for key, result in found if key.check == "brevity"}


@pytest.mark.parametrize("batch", [50, 1])
def test_a_process_and_a_function_give_the_same_results(folder, tmp_path, batch):
    """By evaldrop's batches, and by AgentCore's own event, one response at a time."""
    copy = copied(folder, tmp_path, batch=batch)
    here = results_by_response(copy)
    assert len(here) == 8
    assert scored_by_functions(copy, {"brevity": as_lambda(brevity)}) == here


def test_a_function_that_fails_is_the_reason_of_its_batch(folder, tmp_path):
    def failing(_event, _context):
        raise MemoryError("too little")

    copy = copied(folder, tmp_path)
    results = scored_by_functions(copy, {"brevity": failing})
    assert Counter(result["errorCode"] for result in results.values()) == {"MemoryError": 8}


def test_what_a_scorer_does_is_in_the_verdicts_and_loses_nothing(folder):
    rows = pq.read_table(folder / "verdicts.parquet").to_pylist()
    reasons = Counter(row["unscored_reason"] for row in rows if row["criterion"] == "by_number")
    assert reasons == {"scorer_timeout": 2, "scorer_error": 4, None: 2}
    of_brevity = [row for row in rows if row["criterion"] == "brevity"]
    assert len(of_brevity) == 8
    assert {(row["judge"], row["cost_usd"]) for row in of_brevity} == {("check", 0.0)}
    assert all(row["rationale"].endswith(" words") for row in of_brevity)


def test_what_scorers_print_is_in_the_runs_log(folder):
    assert (folder / SCORES / "scorers.log").read_text() == "this goes to the log\n" * 8


def test_only_what_has_no_score_is_asked_for_again(folder, tmp_path):
    """And what other code would score otherwise."""
    copy = copied(folder, tmp_path)
    run = json.loads((copy / "run.json").read_bytes())
    own = Path(run["evaluation_uri"]).parent / "own.py"

    def asked():
        asyncio.run(score_again(str(copy)))
        newest = max((copy / SCORES).glob("batches-*.jsonl"), key=lambda file: int(file.stem[8:]))
        lines = [json.loads(line) for line in newest.read_bytes().splitlines()]
        return newest.stem, sorted({key[0] for line in lines for key in line["keys"]})

    run["checks"][1]["timeout_s"] = 0.2
    (copy / "run.json").write_text(json.dumps(run))
    assert asked() == ("batches-2", ["record-0", "record-1", "record-2"])
    own.write_text(OWN.replace("time.sleep(60)", "return 0.5").replace("os._exit(3)", "return 0"))
    try:
        assert asked() == ("batches-3", ["record-0", "record-1", "record-2", "record-3"])
        assert asked() == ("batches-4", ["record-2"])
    finally:
        own.write_text(OWN)


def test_a_scorer_that_is_not_there_is_refused_before_anything_is_spent(folder, tmp_path):
    evaluation = EVALUATION.replace("own:by_number", "own:nobody")
    dataset = write_evaluation(tmp_path, records=1, evaluation=evaluation)
    (tmp_path / "own.py").write_text(OWN)
    shutil.copy(example_scorers.__file__, tmp_path)
    said = called("validate", dataset)
    assert said.returncode != 0
    assert "checks: by_number: own:nobody: own has no nobody." in said.stdout + said.stderr
