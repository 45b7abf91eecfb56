"""Whole runs that improve a prompt: what is found, on which records it is measured, and what it costs."""

import json
import os
import signal
import subprocess
import time

import pytest

from tests.whole_runs import called, command, environment, only_run, write_evaluation

EVALUATION = """
name: tuned
candidates:
  - {name: first, model: "amazon.nova-lite-v1:0", inference: {max_tokens: 100}}
  - name: first_tuned
    model: "amazon.nova-lite-v1:0"
    inference: {max_tokens: 100}
    prompt: {improve: answer.v1, by: judge, rounds: 2, proposals: 3}
judges: [{name: judge, model: "amazon.nova-pro-v1:0", verdict: text, inference: {max_tokens: 200}}]
criteria: [correctness]
"""
RECORDS = 60
BEDROCK = "simulated:latency=0,prompt_gain=1"


def read(run, name):
    return json.loads((run / name).read_bytes())


def run_of(folder, *options, evaluation=EVALUATION):
    dataset = write_evaluation(folder, records=RECORDS, evaluation=evaluation)
    ended = called("run", dataset, "--bedrock", BEDROCK, "--out", folder / "runs", *options)
    return only_run(folder / "runs"), ended


@pytest.fixture(scope="module")
def tuned(tmp_path_factory):
    run, ended = run_of(tmp_path_factory.mktemp("tuned"))
    assert ended.returncode == 0, ended.stderr
    return run


def test_all_numbers_are_of_records_that_nobody_tuned_on(tuned):
    parts = read(tuned, "prompts/parts.json")
    measured = [json.loads(line)["record_id"] for line in (tuned / "records.jsonl").read_text().splitlines()]
    assert {*parts.values()} == {"train", "dev"}
    assert not parts.keys() & {*measured}
    assert len(parts) + len(measured) == RECORDS
    search = read(tuned, "prompts/search.json")
    assert search["records"] == {
        "train": [*parts.values()].count("train"), "dev": [*parts.values()].count("dev"), "test": len(measured)
    }  # fmt: skip
    seen = {record for each in search["searches"][0]["proposals"] for record in (*each["dev"], *each["train"])}
    assert seen <= parts.keys()


def test_the_prompt_that_was_best_on_dev_is_the_candidates(tuned):
    (search,) = read(tuned, "prompts/search.json")["searches"]
    winner = next(each for each in search["proposals"] if each["id"] == search["winner"])
    prompts = read(tuned, "run.json")["prompts"]
    assert prompts["candidate/answer.v1+first_tuned"]["text"] == winner["text"]
    assert search["ended"]
    assert len([each for each in search["proposals"] if each["id"] != "original"]) == 6


def test_what_the_search_cost_is_in_the_runs_cost(tuned):
    cost = read(tuned, "scorecard.json")["cost_usd"]
    (search,) = read(tuned, "prompts/search.json")["searches"]
    assert cost["prompt_search"] == pytest.approx(search["cost_usd"])
    assert 0 < search["proposing_usd"] < search["cost_usd"]
    assert cost["total"] == pytest.approx(cost["candidates"] + cost["judges"] + cost["prompt_search"])
