"""A plan takes the length of replies from an earlier run that asked in the same way, and from no other."""

import json

import pytest
import yaml

from evaldrop.evaluation import Evaluation
from evaldrop.steps.validate_dataset.observed import earlier_replies
from tests.whole_runs import called, only_run, write_evaluation

EVALUATION = """
name: small
candidates:
  - {name: lite, model: "us.amazon.nova-lite-v1:0"}
  - {name: micro, model: "us.amazon.nova-micro-v1:0"}
judges: [{name: pro, model: "us.amazon.nova-pro-v1:0"}]
criteria: [correctness]
"""
PARSED = yaml.safe_load(EVALUATION)
ALL = {"candidate/lite", "candidate/micro", "judge/pro"}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("earlier")
    dataset = write_evaluation(folder, records=6, evaluation=EVALUATION)
    ended = called("run", dataset, "--bedrock", "simulated:latency=0", "--out", folder / "runs")
    assert ended.returncode == 0, ended.stderr
    return only_run(folder / "runs")


def known(run, **changed):
    evaluation = Evaluation.model_validate({**PARSED, **changed})
    found = earlier_replies(evaluation, [str(run)], simulated=True)
    return set(found.tokens) if found else set()


def test_who_is_asked_as_before_replies_as_before(run):
    assert known(run) == ALL


def test_another_model_limit_or_criterion_leaves_out_whom_it_asks_in_another_way(run):
    lite = {"name": "lite", "model": "us.amazon.nova-lite-v1:0", "inference": {"max_tokens": 50}}
    assert known(run, candidates=[lite, PARSED["candidates"][1]]) == ALL - {"candidate/lite"}
    assert known(run, criteria=["correctness", "helpfulness"]) == ALL - {"judge/pro"}
    other = [{"name": "pro", "model": "us.amazon.nova-lite-v1:0"}]
    assert known(run, judges=other) == ALL - {"judge/pro"}
    assert known(run, prompt="qa.v1") == {"judge/pro"}


def test_how_replies_are_delivered_does_not_make_them_longer(run):
    assert known(run, delivery="batch") == ALL


def test_a_rehearsal_tells_nothing_of_what_models_will_write(run):
    assert earlier_replies(Evaluation.model_validate(PARSED), [str(run)]) is None


def test_plan_finds_the_run_itself_says_which_and_comes_near_its_bill(run):
    folder = run.parents[2]
    asked = ("plan", "records.jsonl", "--json", "--bedrock", "simulated")
    plan = json.loads(called(*asked, cwd=folder).stdout)
    assert plan["replies_of"].endswith(run.name)
    billed = json.loads((run / "scorecard.json").read_bytes())["cost_usd"]["total"]
    assert plan["cost_usd"]["likely"] == pytest.approx(billed, rel=0.05)
    on_aws = json.loads(called("plan", "records.jsonl", "--json", cwd=folder).stdout)
    assert on_aws["replies_of"] is None
