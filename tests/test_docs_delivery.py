"""What docs/delivery.md shows and says, done as its reader would: in a new folder, by a rehearsal."""

import json

import pytest
import yaml

from evaldrop.steps.prepare_records import prepare
from tests.pages import blocks
from tests.whole_runs import called, only_run

REST = {
    "name": "shown",
    "criteria": ["correctness"],
    "candidates": [{"name": "mine", "model": "my-model"}],
    "judges": [{"name": "pro", "model": "geo.amazon.nova-pro-v1:0"}],
}
BEDROCK = "simulated:latency=0,job_looks=0,default_tier=0.1"
[DELIVERY, PRICES] = [block for block in blocks("yaml") if block.place.startswith("docs/delivery.md")]


def put(folder, shown, records=6, **more):
    (folder / "evaluation.yaml").write_text(yaml.safe_dump({**REST, **shown, **more}))
    row = {"prompt": "How long may I return it?", "reference": "30 days"}
    rows = [{**row, "id": f"r{n}", "prompt": f"Case {n}. {row['prompt']}"} for n in range(records)]
    (folder / "records.jsonl").write_text("".join(json.dumps(each) + "\n" for each in rows))


def planned(folder):
    told = called("plan", "records.jsonl", "--bedrock", BEDROCK, "--json", cwd=folder)
    assert told.returncode == 0, told.stderr
    return json.loads(told.stdout)


def ran(folder):
    ended = called("run", "records.jsonl", "--bedrock", BEDROCK, cwd=folder)
    assert ended.returncode == 0, ended.stderr
    return json.loads((only_run(folder / "runs") / "scorecard.json").read_bytes()), ended.stdout


def test_the_first_example_is_planned_and_run(tmp_path):
    put(tmp_path, yaml.safe_load(DELIVERY.text))
    plan = planned(tmp_path)
    assert [option["delivery"] for option in plan["options"]] == ["on_demand", "flex", "batch"]
    # A flex price that is assumed is never taken, and six records are too few for a job.
    assert plan["deliveries"] == {}
    assert "within 6.0 h" in plan["chosen"]
    assert ran(tmp_path)[0]["records"]["evaluated"] == 6


def test_within_thirty_hours_one_days_jobs_have_room_the_candidates(tmp_path):
    shown = yaml.safe_load(DELIVERY.text)
    judges = [{key: value for key, value in each.items() if key != "delivery"} for each in shown["judges"]]
    put(tmp_path, shown, 120, deadline="30h", judges=judges)
    assert planned(tmp_path)["deliveries"] == {"candidate/lite": "batch", "judge/pro": "flex"}


def test_the_example_of_prices_is_what_calls_cost_and_the_table_says_who_served_them(tmp_path):
    put(tmp_path, yaml.safe_load(PRICES.text), 20, delivery="flex")
    scorecard, told = ran(tmp_path)
    assert scorecard["cost_usd"]["unknown_models"] == []
    assert "flex, served on demand" in told
    served = {one["billed_as"] for one in scorecard["cost_usd"]["deliveries"] if one["name"] == "mine"}
    assert served == {"flex", "on_demand"}


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"delivery": "flex"}, "api: converse, or delivery: on_demand"),
        ({"delivery": "batch", "batch": {"timeout_h": 169}}, "less than or equal to 168"),
    ],
)
def test_what_is_refused_says_the_way_out(tmp_path, changed, said):
    native = [{"name": "lite", "model": "geo.amazon.nova-lite-v1:0", "api": "invoke_model"}]
    put(tmp_path, {"candidates": native}, **changed)
    refused = called("plan", "records.jsonl", "--bedrock", BEDROCK, cwd=tmp_path)
    assert refused.returncode != 0
    assert said in refused.stderr


@pytest.mark.parametrize("missing", ["on_demand", "report"])
def test_what_a_job_did_not_answer_goes_on_demand_or_is_an_error_that_says_why(
    tmp_path, monkeypatch, missing
):
    monkeypatch.setattr(prepare, "REHEARSED_POLL_S", 0)
    candidates = [{"name": "lite", "model": "geo.amazon.nova-lite-v1:0"}]
    put(tmp_path, {}, 110, candidates=candidates, judges=[], criteria=[], metrics=["token_f1"],
        delivery="batch", batch={"missing": missing})  # fmt: skip
    ended = called("run", "records.jsonl", "--bedrock", f"{BEDROCK},job_errors=0.1", cwd=tmp_path)
    scorecard = json.loads((only_run(tmp_path / "runs") / "scorecard.json").read_bytes())
    calls = {one["delivery"]: one["calls"] for one in scorecard["cost_usd"]["deliveries"]}
    # The first two records are on demand whatever becomes of the jobs.
    if missing == "on_demand":
        assert calls["on_demand"] > 2
        assert sum(calls.values()) == 110
    else:
        assert calls["on_demand"] == 2
        assert sum(calls.values()) < 110
    assert ("NotDelivered" in ended.stdout) == (missing == "report")
