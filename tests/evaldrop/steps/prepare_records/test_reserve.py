"""What records reserve of a budget, and how many may be under way at a time."""

import json

import pytest

from evaldrop.errors import BudgetExceeded
from evaldrop.run.definition import RunDefinition
from evaldrop.steps.prepare_records.reserve import Reserve, in_flight
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


def test_a_budget_without_room_for_the_cheapest_record_is_refused_with_what_that_may_cost(tmp_path):
    _, reserve = reserves(tmp_path / "known")
    least = reserve["total"] / 1_000_000
    assert reserves(tmp_path / "enough", budget_usd=least)[1] == reserve
    with pytest.raises(BudgetExceeded, match=r"no room for any record: the cheapest may cost up to \$0\.01"):
        reserves(tmp_path / "less", budget_usd=least - 0.000001)


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


PAIR = {"name": "b", "model": "own.a", "inference": {"max_tokens": 100}}


def of_record(tmp_path, answer):
    """Return what a record reserves before its jobs, and once they have answered it."""
    evaluation = {
        "name": "small",
        "candidates": [CANDIDATE, PAIR],
        "judges": [{**JUDGE, "verdict": "text"}],
        "criteria": ["correctness"],
        "pairwise": {"baseline": "b"},
        "prices": PRICES,
        "budget_usd": 1,
    }
    state, records = prepare(tmp_path, evaluation=evaluation, rows=[ROW])
    reserve = Reserve(RunDefinition.load(state["run"]["folder"]), state["candidates"], state["judges"])
    calls = records[0]["calls"]
    before = reserve.of(calls)
    answer(calls)
    return before, reserve.of(calls)


REPLY = {"reply": {"Output": {"Message": {"Content": [{"Text": "x" * 100}]}}}}


def test_what_a_job_has_answered_reserves_nothing_and_judges_read_what_is_there(tmp_path):
    def answer(calls):
        calls["jobs"] = {"responses": {"a": REPLY, "b": REPLY}}
        calls["judgements"][0]["job_replies"] = {"a": REPLY}

    before, after = of_record(tmp_path, answer)
    assert after["candidates"] == {}
    assert after["total"] < before["total"] - sum(before["candidates"].values())
    assert after["judges"]["j"] < before["judges"]["j"]
    # One judgement, on b, and both orders of the pair.
    assert after["total"] == after["judges"]["j"] + 2 * after["pairs"]["j"]


def test_of_a_response_that_no_job_brought_nobody_is_asked(tmp_path):
    def answer(calls):
        calls["jobs"] = {"responses": {"a": {"error": {"Error": "NotDelivered"}}, "b": REPLY}}

    _, after = of_record(tmp_path, answer)
    assert (after["total"], after["pairs"]) == (after["judges"]["j"], {})


def test_a_row_of_a_job_costs_half_and_has_no_cache(tmp_path):
    evaluation = {
        "name": "small", "candidates": [CANDIDATE], "judges": [JUDGE], "criteria": ["correctness"],
        "prices": PRICES,
    }  # fmt: skip
    state, _ = prepare(tmp_path, evaluation=evaluation, rows=[ROW])
    reserve = Reserve(RunDefinition.load(state["run"]["folder"]), state["candidates"], state["judges"])
    body = {"messages": "x" * 100}
    size = len(json.dumps(body, separators=(",", ":")))
    assert reserve.of_row("a", kind="candidate", body=body) == (size / 2 * 1 + 100 * 10) / 2
    assert reserve.of_row("j", kind="judge", body=body) == (size / 2 * 2 + 50 * 20) / 2


def test_prices_of_the_state_know_tiers_and_caches(tmp_path):
    prices = {**PRICES, "own.j": {**PRICES["own.j"], "flex": 0.4, "cache_read": 0.1, "cache_write": 1.25}}
    state, _ = prepare(
        tmp_path,
        evaluation={
            "name": "small",
            "candidates": [CANDIDATE],
            "judges": [{**JUDGE, "delivery": "flex"}],
            "criteria": ["correctness"],
            "prices": prices,
            "budget_usd": 1,
        },
        rows=[ROW],
    )
    of_judge = state["budget"]["prices"]["judges"]["j"]
    assert of_judge == {
        "input": 2, "output": 20, "read": 0.2, "write": 2.5, "flex": 0.4, "untold": 0.4
    }  # fmt: skip
    assert state["budget"]["prices"]["candidates"]["a"]["untold"] == 1
