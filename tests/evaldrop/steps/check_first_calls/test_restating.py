"""A run's cost, said again by its first calls: by how much dearer they were than the plan had them."""

import json

import pytest

from evaldrop.report.restated import restated_in_words
from evaldrop.run.definition import RunDefinition
from evaldrop.steps.check_first_calls.restating import KNOWN_CALLS, restate, restated
from tests.evaldrop.run_folders import LITE, run_json, write_run

PRO = "us.amazon.nova-pro-v1:0"
PRICES = {model: {"input": 1.0, "output": 10.0} for model in (LITE, PRO)}


def line(role, name, model, *, calls=100, usd=0.1, **more):
    cost = {"low": usd / 2, "likely": usd, "high": usd * 2}
    return {"role": role, "name": name, "model": model, "calls": calls, "cost_usd": cost,
            "costs": {"on_demand": cost}, **more}  # fmt: skip


def answered(tokens, **more):
    usage = {"InputTokens": 0, "OutputTokens": tokens, "TotalTokens": tokens}
    message = {"Role": "assistant", "Content": [{"Text": "30 days"}]}
    return {"api": "converse", "reply": {"Output": {"Message": message}, "Usage": usage, **more}}


def output(*tokens, judged=()):
    judgements = [{"judge": "pro", **answered(n)} for n in judged]
    return {"responses": [{"candidate": "lite", **answered(n), "judgements": judgements} for n in tokens]}


def run_of(folder, *lines, **more):
    evaluation = {
        "candidates": [{"name": "lite", "model": LITE}],
        "judges": [{"name": "pro", "model": PRO}],
        **more,
    }
    prices = {"date": "2026-11-21", "source": "a test", "models": PRICES}
    made = run_json(
        evaluation=evaluation, prices=prices, estimate={"lines": list(lines), "unknown_prices": []}
    )
    write_run(folder, run=made, records=[], succeeded=[])
    return RunDefinition.load(str(folder))


def test_calls_twice_as_dear_as_planned_double_what_the_run_is_likely_to_cost(tmp_path):
    # Planned at a tenth of a cent a call; the first two took 100 and 300 tokens at $10 a million.
    run = run_of(tmp_path, line("candidate", "lite", LITE))
    found = restated(run, [output(100), output(300)])
    assert found["calls"] == 2
    assert found["cost_usd"] == found["known_cost_usd"]
    assert found["cost_usd"] == pytest.approx({"low": 0.1, "likely": 0.2, "high": 0.3})
    assert "holds" not in found


def test_who_was_not_called_costs_what_was_planned(tmp_path):
    run = run_of(tmp_path, line("candidate", "lite", LITE), line("judge", "pro", PRO))
    found = restated(run, [output(200)])
    assert found["known_cost_usd"] == pytest.approx({"low": 0.25, "likely": 0.3, "high": 0.4})


def test_judges_calls_and_the_delivery_that_the_run_has_are_heeded(tmp_path):
    # Half the price in batch, of which the first calls, on demand, know nothing.
    of_judge = line("judge", "pro", PRO) | {"cost_usd": {"low": 0.025, "likely": 0.05, "high": 0.1}}
    run = run_of(tmp_path, of_judge)
    found = restated(run, [output(1, judged=[300])])
    assert found["known_cost_usd"]["likely"] == pytest.approx(0.15)


def test_where_replies_were_known_two_calls_change_little(tmp_path):
    run = run_of(tmp_path, line("candidate", "lite", LITE, lengths_of="rehearsal"))
    likely = restated(run, [output(300), output(300)])["known_cost_usd"]["likely"]
    assert likely == pytest.approx(0.1 * (KNOWN_CALLS + 6) / (KNOWN_CALLS + 2))


@pytest.mark.parametrize(("budget", "holds"), [(0.4, "yes"), (0.25, "perhaps"), (0.15, "no")])
def test_a_budget_holds_may_hold_or_is_likely_not_to(tmp_path, budget, holds):
    run = run_of(tmp_path, line("candidate", "lite", LITE), budget_usd=budget)
    found = restated(run, [output(100), output(300)])
    assert (found["budget_usd"], found["holds"]) == (budget, holds)
    words = {"yes": "within its budget", "perhaps": "may not be enough", "no": "more than its budget"}[holds]
    assert words in restated_in_words({"restated": found})


def test_a_part_without_a_price_is_said(tmp_path):
    run = run_of(tmp_path, line("candidate", "lite", LITE))
    partly = run.changed(estimate={**run.estimate, "unknown_prices": ["another"]})
    found = restated(partly, [output(200)])
    assert found["cost_usd"] is None
    assert "for the models with a known price" in restated_in_words({"restated": found})


@pytest.mark.parametrize("outputs", [[], [{"responses": [{"candidate": "lite", "error": {"Error": "x"}}]}]])
def test_calls_that_tell_nothing_restate_nothing(tmp_path, outputs):
    run = run_of(tmp_path, line("candidate", "lite", LITE))
    assert restated(run, outputs) is None
    restate(run, outputs)
    assert "restated" not in json.loads((tmp_path / "run.json").read_bytes())["estimate"]
    assert restated_in_words(run.estimate) is None


def test_it_is_kept_in_the_runs_file_where_the_run_is_now(tmp_path):
    run = run_of(tmp_path, line("candidate", "lite", LITE))
    restate(run, [output(200)])
    kept = RunDefinition.load(str(tmp_path))
    assert kept.estimate["restated"]["known_cost_usd"]["likely"] == pytest.approx(0.2)
    assert kept.evaluation == run.evaluation
