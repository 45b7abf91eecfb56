"""What records reserve of a budget, and how many may be under way at a time."""

import pytest

from evaldrop.steps.prepare_records.reserve import in_flight
from tests.evaldrop.evaluations import ROW, prepare

CANDIDATE = {"name": "a", "model": "own.a", "inference": {"max_tokens": 100}}
JUDGE = {"name": "j", "model": "own.j", "inference": {"max_tokens": 50}}
PRICES = {"own.a": {"input": 1, "output": 10}, "own.j": {"input": 2, "output": 20}}


def reserves(tmp_path, budget_usd=1, judge=JUDGE, **changed):
    evaluation = {
        "name": "small",
        "candidates": [CANDIDATE],
        "judges": [judge],
        "criteria": ["correctness"],
        "prices": PRICES,
        **({"budget_usd": budget_usd} if budget_usd else {}),
        **changed,
    }
    tmp_path.mkdir(exist_ok=True)
    state, records = prepare(tmp_path, evaluation=evaluation, rows=[ROW])
    return state, records[0]["calls"].get("reserve")


def test_without_a_budget_nothing_is_reserved_and_the_state_has_none(tmp_path):
    state, reserve = reserves(tmp_path, budget_usd=None)
    assert (state["budget"], reserve) == (None, None)


def test_a_budget_is_in_micro_dollars_with_the_prices_of_those_who_are_called(tmp_path):
    state, _ = reserves(tmp_path, budget_usd=0.29)
    budget = state["budget"]
    assert budget["limit"] == 290_000
    assert budget["prices"]["candidates"]["a"]["output"] == 10
    assert budget["prices"]["judges"]["j"]["input"] == 2
    assert budget["key"].startswith("BUDGET#")


def test_a_record_reserves_every_reply_at_its_longest_and_a_judge_with_a_tool_twice(tmp_path):
    _, reserve = reserves(tmp_path / "tool")
    assert 100 * 10 < reserve["candidates"]["a"] < 100 * 10 + 400
    assert reserve["judges"]["j"] > 50 * 20
    assert reserve["total"] == reserve["candidates"]["a"] + 2 * reserve["judges"]["j"]
    _, text = reserves(tmp_path / "text", judge={**JUDGE, "verdict": "text"})
    assert text["total"] == text["candidates"]["a"] + text["judges"]["j"]


def test_repeats_are_reserved_for_and_a_model_without_a_price_for_nothing(tmp_path):
    _, once = reserves(tmp_path / "once")
    _, thrice = reserves(tmp_path / "thrice", judge={**JUDGE, "repeats": 3})
    assert thrice["total"] - thrice["candidates"]["a"] == 6 * once["judges"]["j"]
    _, unknown = reserves(tmp_path / "unknown", prices={"own.j": PRICES["own.j"]})
    assert unknown["candidates"]["a"] == 0


@pytest.mark.parametrize(
    ("limit", "reserved", "wanted", "allowed"),
    [
        (1_000_000, 1_000, 200, 200),
        (800_000, 1_000, 200, 200),
        (400_000, 1_000, 200, 100),
        (1_000, 1_000, 200, 1),
        (1_000, 5_000, 200, 1),
        (1_000, 0, 200, 200),
    ],
)
def test_those_under_way_reserve_no_more_than_a_quarter_of_the_budget(limit, reserved, wanted, allowed):
    assert in_flight(limit, reserved, wanted) == allowed
