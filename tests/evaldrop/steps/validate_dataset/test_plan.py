"""What a run will ask for: calls counted right, dollars that are never invented."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaldrop.errors import BudgetExceeded
from evaldrop.steps.validate_dataset.plan import Plan, refuse_above_budget, tokens
from evaldrop.steps.validate_dataset.planned_lines import ZERO, Range
from tests.evaldrop.evaluations import JUDGE, LITE, PRO, ROW, SMALL, check

UNPRICED = {"name": "rare", "model": "cohere.nobody-knows-the-price-v1:0"}


def rows(count, **more):
    return [{**ROW, "id": f"r{number}", **more} for number in range(count)]


def plan_of(folder, evaluation=SMALL, records=None, **more) -> Plan:
    # Of models that nobody can ask beforehand.
    checked = check(folder, evaluation, records or rows(4), **{"bedrock": "aws", **more})
    assert checked.problems == ()
    return checked.plan


def calls(plan):
    return {(line.role, line.name): line.calls for line in plan.lines}


def test_every_call_is_counted(tmp_path):
    evaluation = {
        **SMALL,
        "candidates": [LITE, PRO],
        "judges": [{**JUDGE, "mode": "per_criterion", "repeats": 3}],
        "criteria": ["correctness", "helpfulness"],
        "pairwise": {"baseline": "lite"},
    }
    plan = plan_of(tmp_path, evaluation)
    # 4 records x 2 candidates x 2 criteria x 3 repeats, and 4 records x 1 pair x 2 orders
    assert calls(plan) == {("candidate", "lite"): 4, ("candidate", "pro"): 4, ("judge", "judge"): 48 + 8}
    assert plan.calls == 64
    assert plan.records == 4


@pytest.mark.parametrize(("orders", "comparisons"), [("both", 8), ("drawn", 4), ("candidate_first", 4)])
def test_one_order_takes_half_the_comparisons(tmp_path, orders, comparisons):
    evaluation = {**SMALL, "candidates": [LITE, PRO], "pairwise": {"baseline": "lite", "orders": orders}}
    plan = plan_of(tmp_path, evaluation)
    # 4 records x 2 candidates are judged, and 4 records x 1 pair are compared
    assert calls(plan)["judge", "judge"] == 8 + comparisons


def test_a_limit_and_a_response_in_the_dataset_save_calls(tmp_path):
    given = rows(6, responses={"lite": "30 days"})
    assert calls(plan_of(tmp_path, records=given)) == {("candidate", "lite"): 0, ("judge", "judge"): 6}
    assert calls(plan_of(tmp_path, records=rows(6), limit=2)) == {
        ("candidate", "lite"): 2,
        ("judge", "judge"): 2,
    }


def test_a_criterion_that_does_not_apply_is_not_paid_for(tmp_path):
    mixed = [*rows(3), {"id": "x", "prompt": "Why?"}]
    assert calls(plan_of(tmp_path, records=mixed))["judge", "judge"] == 3


def test_a_sample_stands_for_all_records(tmp_path):
    plan = plan_of(tmp_path, records=rows(1_000))
    assert calls(plan) == {("candidate", "lite"): 1_000, ("judge", "judge"): 1_000}
    one = plan_of(tmp_path, records=rows(100))
    assert plan.cost_usd.likely == pytest.approx(10 * one.cost_usd.likely, rel=0.01)


def test_the_cost_is_tokens_times_the_models_price(tmp_path):
    evaluation = {
        **SMALL,
        "prices": {
            LITE["model"]: {"input": 1_000_000, "output": 0},
            JUDGE["model"]: {"input": 0, "output": 0},
        },
    }
    plan = plan_of(tmp_path, evaluation)
    (lite, judge) = plan.lines
    assert lite.cost_usd.likely == round(lite.input_tokens.likely)
    assert judge.cost_usd == ZERO


def test_an_unknown_price_is_unknown_and_never_0(tmp_path):
    checked = check(tmp_path, {**SMALL, "candidates": [LITE, UNPRICED], "budget_usd": 100}, rows(4))
    plan = checked.plan
    assert plan.unknown == (UNPRICED["model"],)
    assert {line.name: line.cost_usd is None for line in plan.lines} == {
        "lite": False,
        "rare": True,
        "judge": False,
    }
    told = plan.to_json()
    assert told["cost_usd"] is None
    assert told["known_cost_usd"]["likely"] > 0
    assert told["unknown_prices"] == [UNPRICED["model"]]
    (warning,) = [warning for warning in checked.warnings if "price" in warning]
    assert UNPRICED["model"] in warning
    assert "budget_usd cannot be held to" in warning


def test_a_price_in_the_evaluation_makes_it_known(tmp_path):
    prices = {"prices": {UNPRICED["model"]: {"input": 1, "output": 2}}}
    plan = plan_of(tmp_path, {**SMALL, "candidates": [UNPRICED], **prices})
    assert plan.unknown == ()
    assert plan.to_json()["cost_usd"]["likely"] > 0


def test_a_model_that_is_not_called_needs_no_price(tmp_path):
    plan = plan_of(tmp_path, {**SMALL, "candidates": [UNPRICED]}, rows(2, responses={"rare": "30 days"}))
    assert plan.unknown == ()


def test_a_likely_cost_above_the_budget_is_refused_with_both_numbers(tmp_path):
    prices = {LITE["model"]: {"input": 1_000_000, "output": 0}}
    plan = plan_of(tmp_path, {**SMALL, "prices": prices})
    with pytest.raises(
        BudgetExceeded, match=r"likely cost is \$[0-9,.]+, above budget_usd: 2\.5\. .*--limit"
    ):
        refuse_above_budget(plan, 2.5)
    refuse_above_budget(plan, None)
    refuse_above_budget(plan, plan.cost_usd.likely)


def test_the_time_follows_the_records_at_a_time(tmp_path):
    slow = plan_of(tmp_path, {**SMALL, "max_concurrency": 1}, rows(100))
    fast = plan_of(tmp_path, {**SMALL, "max_concurrency": 1}, rows(100), max_in_flight=10)
    assert slow.duration_s == pytest.approx(10 * fast.duration_s)
    assert (slow.max_concurrency, fast.max_concurrency) == (1, 10)
    assert slow.orchestration_usd == fast.orchestration_usd > 0


@settings(max_examples=30, deadline=None)
@given(
    candidate_tokens=st.one_of(st.none(), st.integers(1, 5_000)),
    judge_tokens=st.one_of(st.none(), st.integers(1, 5_000)),
    repeats=st.integers(1, 3),
    criteria=st.integers(1, 5),
    reference=st.sampled_from([None, "x", "x" * 9_000]),
    mode=st.sampled_from(["joint", "per_criterion"]),
)
def test_low_is_never_above_likely_nor_likely_above_high(
    tmp_path_factory, candidate_tokens, judge_tokens, repeats, criteria, reference, mode
):
    evaluation = {
        "name": "small",
        "candidates": [{**LITE, "inference": {"max_tokens": candidate_tokens}}],
        "judges": [{**JUDGE, "mode": mode, "repeats": repeats, "inference": {"max_tokens": judge_tokens}}],
        "criteria": [{"name": f"c{n}", "question": f"Is it {n}?"} for n in range(criteria)],
    }
    row = {"id": "r", "prompt": "Why?", **({"reference": reference} if reference else {})}
    plan = plan_of(tmp_path_factory.mktemp("plan"), evaluation, [row])
    ranges = [
        given for line in plan.lines for given in (line.input_tokens, line.output_tokens, line.cost_usd)
    ]
    for guess in (*ranges, plan.cost_usd):
        assert 0 <= guess.low <= guess.likely <= guess.high
    for line, limit in zip(plan.lines, (candidate_tokens, judge_tokens), strict=True):
        assert limit is None or line.output_tokens.high <= limit * line.calls


def test_ranges_add_up():
    assert Range(low=1, likely=2, high=3) + ZERO == Range(low=1, likely=2, high=3)
    assert Range(low=1, likely=2, high=3).times(2) == Range(low=2, likely=4, high=6)


def test_tokens_are_four_bytes_each_and_at_least_one():
    assert tokens("") == 1
    assert tokens("é" * 8) == 4
    assert tokens({"a": 1}) == len('{"a":1}') // 4
