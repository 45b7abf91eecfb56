"""A run's price and time in each delivery, and what `delivery: auto` makes of a deadline."""

import pytest

from tests.evaldrop.evaluations import JUDGE, LITE, PRO, ROW, SMALL, check

LITE_KEY, JUDGE_KEY = "candidate/lite", "judge/judge"
HOUR = 3600
# So that flex is known for both: in the price file it is so for few.
TIERED = {
    "prices": {
        model: {"input": 1000, "output": 1000, "flex": 0.5, "batch": 0.4}
        for model in (LITE["model"], JUDGE["model"])
    }
}


def checked(folder, count=150, *, bedrock="simulated", **evaluation):
    rows = [{**ROW, "id": f"r{number}"} for number in range(count)]
    return check(folder, {**SMALL, **TIERED, **evaluation}, rows, bedrock=bedrock)


def planned(folder, count=150, **settings):
    found = checked(folder, count, **settings)
    assert found.problems == ()
    return found.plan


def test_each_delivery_is_priced_beside_the_others(tmp_path):
    plan = planned(tmp_path)
    on_demand, flex, batch = plan.options
    assert plan.cost_usd == on_demand.cost_usd
    assert flex.cost_usd.likely == pytest.approx(on_demand.cost_usd.likely / 2)
    lite, judge = plan.lines
    assert lite.costs["batch"].likely == pytest.approx(lite.cost_usd.likely * 0.4)
    # Without the tool that a judge is made to call: its verdict is asked for in text.
    assert judge.costs["batch"].likely < judge.cost_usd.likely * 0.4
    assert batch.cost_usd == lite.costs["batch"] + judge.costs["batch"]
    # The candidates' jobs and then the judges', each within its 24 hours.
    assert batch.duration_s == pytest.approx(48 * HOUR + plan.duration_s)
    assert plan.deliveries == {}


def test_what_is_stated_is_what_the_run_is_priced_at(tmp_path):
    plan = planned(tmp_path, delivery="flex", judges=[{**JUDGE, "delivery": "on_demand"}])
    assert plan.deliveries == {LITE_KEY: "flex"}
    lite, judge = plan.lines
    assert lite.cost_usd == lite.costs["flex"]
    assert judge.cost_usd == judge.costs["on_demand"]
    assert checked(tmp_path, delivery="flex").definition.delivery_of("judge", "judge") == "flex"


@pytest.mark.parametrize(("deadline", "deliveries"), [
    (None, {LITE_KEY: "batch", JUDGE_KEY: "batch"}),
    ("3d", {LITE_KEY: "batch", JUDGE_KEY: "batch"}),
    # One day's jobs are in time: the candidate's. The judge's are of responses that jobs gave, a day later.
    ("30h", {LITE_KEY: "batch", JUDGE_KEY: "flex"}),
    ("6h", {LITE_KEY: "flex", JUDGE_KEY: "flex"}),
    # 150 records, 50 at a time, 5.5 s each: 17 s on demand, and three times that in flex.
    (60, {LITE_KEY: "flex", JUDGE_KEY: "flex"}),
])  # fmt: skip
def test_auto_is_the_cheapest_that_should_be_in_time(tmp_path, deadline, deliveries):
    plan = planned(tmp_path, delivery="auto", **({"deadline": deadline} if deadline else {}))
    assert plan.deliveries == deliveries
    assert ("no promise" in plan.chosen) == ("flex" in deliveries.values())


def test_a_judge_in_batch_is_asked_on_demand_about_responses_that_no_job_gave(tmp_path):
    plan = planned(tmp_path, delivery="batch", candidates=[LITE, {**PRO, "delivery": "on_demand"}])
    *_, judge = plan.lines
    half = (judge.costs["batch"].likely + judge.costs["on_demand"].likely) / 2
    assert judge.cost_usd.likely == pytest.approx(half)
    assert plan.deliveries == {LITE_KEY: "batch", JUDGE_KEY: "batch"}
    assert plan.most_s == pytest.approx(48 * HOUR + plan.duration_s)


def test_too_few_rows_for_candidates_jobs_leave_judges_on_demand_too(tmp_path):
    plan = planned(tmp_path, 60, candidates=[LITE, PRO], delivery="batch")
    on_demand, _, batch = plan.options
    assert batch.cost_usd == on_demand.cost_usd
    assert JUDGE_KEY in batch.others
    assert plan.cost_usd == on_demand.cost_usd


def test_where_nothing_is_in_time_all_is_on_demand_and_said_to_be_late(tmp_path):
    plan = planned(tmp_path, delivery="auto", deadline=60, max_concurrency=1)
    assert plan.deliveries == {}
    assert "the fastest, which may well end after 60 s" in plan.chosen


def test_auto_takes_no_job_where_none_can_be_created_or_is_too_small(tmp_path):
    here = planned(tmp_path, bedrock="aws", delivery="auto")
    assert here.deliveries == {LITE_KEY: "flex", JUDGE_KEY: "flex"}
    assert here.options[2].said == "on a deployed stack"
    small = planned(tmp_path, 101, delivery="auto")
    assert small.deliveries == {LITE_KEY: "flex", JUDGE_KEY: "flex"}
    assert small.options[2].others == (LITE_KEY, JUDGE_KEY)


def test_auto_takes_no_tier_that_nobody_knows_to_be_there(tmp_path):
    plan = planned(tmp_path, bedrock="aws", delivery="auto", candidates=[LITE, PRO], prices={})
    assert plan.deliveries == {"candidate/pro": "flex"}
    assert plan.options[1].assumed == (LITE["model"], JUDGE["model"])


def test_auto_is_for_those_that_state_nothing_else(tmp_path):
    judge = {**JUDGE, "delivery": "on_demand"}
    assert planned(tmp_path, delivery="auto", judges=[judge]).deliveries == {LITE_KEY: "batch"}


@pytest.mark.parametrize(("settings", "said"), [
    ({"candidates": [{**LITE, "api": "invoke_model"}]}, "candidate lite: the flex tier is asked for"),
    ({"judges": [{**JUDGE, "api": "invoke_model"}]}, "judge judge: the flex tier is asked for"),
])  # fmt: skip
def test_flex_without_a_place_to_ask_for_it_is_refused_with_the_way_out(tmp_path, settings, said):
    (problem,) = checked(tmp_path, delivery="flex", **settings).problems
    assert said in problem
    assert "Say api: converse, or delivery: on_demand" in problem


def test_what_may_come_otherwise_is_said(tmp_path):
    warnings = checked(tmp_path, delivery="flex", deadline="6h", prices={}).warnings
    assert any(f"is known for {LITE['model']}" in warning for warning in warnings)
    assert any("only delivery: auto heeds it" in warning for warning in warnings)
    sonnet = {"name": "s", "model": "us.anthropic.claude-sonnet-5"}
    told = checked(tmp_path, delivery="batch", candidates=[sonnet], prices={}).warnings
    assert any("none of the models that AWS lists for batch jobs" in warning for warning in told)
