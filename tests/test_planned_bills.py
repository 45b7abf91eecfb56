"""A plan of a rehearsal comes near its bill before anything of the evaluation was ever run."""

import json
import shutil

import pytest
import yaml

from evaldrop.steps.prepare_records import prepare
from tests.whole_runs import ROOT, called, only_run

WITHIN = 0.1
BEDROCK = "simulated:latency=0,job_looks=0"
# Rows of which a job can be made; the samples have fewer.
ENOUGH = 120
# Who has no place to ask for it: evaldrop refuses that.
ON_DEMAND = {("support-faq", "flex"): ["micro"], ("guardrail", "batch"): ["standard", "strict"]}
DATASETS = ("adversarial", "guardrail", "support-faq")


@pytest.fixture(autouse=True)
def _without_waits(monkeypatch):
    """Look at jobs at once, without what a person would watch."""
    monkeypatch.setattr(prepare, "REHEARSED_POLL_S", 0)


def written(folder, sample, delivery):
    """Write a sample dataset, with as many rows as jobs take, and its evaluation in a delivery."""
    evaluation = yaml.safe_load((ROOT / "datasets" / sample / "evaluation.yaml").read_text())
    for candidate in evaluation.get("candidates", ()):
        if candidate["name"] in ON_DEMAND.get((sample, delivery), ()):
            candidate["delivery"] = "on_demand"
    (folder / "evaluation.yaml").write_text(yaml.safe_dump({**evaluation, "delivery": delivery}))
    if (prompts := ROOT / "datasets" / sample / "prompts").is_dir():
        shutil.copytree(prompts, folder / "prompts")
    text = (ROOT / "datasets" / sample / "records.jsonl").read_text(encoding="utf-8")
    rows = [json.loads(row) for row in text.splitlines()]
    again = [{**row, "id": f"{row['id']}-again"} for row in rows]
    every = [*rows, *again][:ENOUGH] if delivery == "batch" else rows[::2]
    dataset = folder / "records.jsonl"
    dataset.write_text("".join(json.dumps(row) + "\n" for row in every), encoding="utf-8")
    return dataset


@pytest.mark.parametrize("delivery", ["on_demand", "flex", "batch"])
@pytest.mark.parametrize("sample", DATASETS)
def test_a_plan_before_any_run_is_within_a_tenth_of_the_bill(tmp_path, sample, delivery):
    dataset = written(tmp_path, sample, delivery)
    planned = called("plan", dataset, "--bedrock", BEDROCK, "--json")
    assert planned.returncode == 0, planned.stderr
    plan = json.loads(planned.stdout)
    assert plan["guessed"] == []
    assert {line["lengths_of"] for line in plan["lines"] if line["calls"]} == {"rehearsal"}
    ended = called("run", dataset, "--bedrock", BEDROCK, "--out", tmp_path / "runs")
    assert ended.returncode < 3, ended.stderr
    run = only_run(tmp_path / "runs")
    billed = json.loads((run / "scorecard.json").read_bytes())["cost_usd"]["total"]
    assert plan["cost_usd"]["likely"] == pytest.approx(billed, rel=WITHIN)
    # What the run was begun with is the same plan.
    estimate = json.loads((run / "run.json").read_bytes())["estimate"]
    assert estimate["cost_usd"] == pytest.approx(plan["cost_usd"])
