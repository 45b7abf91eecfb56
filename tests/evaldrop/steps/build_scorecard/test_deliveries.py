"""What a run cost by delivery: as each call was served, and what a prompt cache spared."""

import pyarrow.parquet as pq
import pytest

from evaldrop.report.deliveries import deliveries
from evaldrop.steps.build_scorecard.build import build_scorecard
from tests.evaldrop.run_folders import (
    HAIKU,
    LITE,
    PRO,
    converse,
    judgement,
    record,
    response,
    row,
    run_json,
    verdict,
    write_run,
)

FACTORS = {"flex": 0.5, "batch": 0.5, "cache_read": 0.1, "cache_write": 1.25, "assumed": ["flex"]}
PRICES = {
    LITE: {"input": 1.0, "output": 2.0, **FACTORS},
    HAIKU: {"input": 10.0, "output": 20.0, **FACTORS},
    PRO: {"input": 100.0, "output": 200.0, **FACTORS},
}
SCORES = {"correctness": 1, "tone": 3}
INPUT = {name: {"rationale": "", "score": score} for name, score in {"correctness": "yes", "tone": 3}.items()}


def served(text, tier):
    return {**converse(text), "ServiceTier": {"Type": tier}}


def cached(read, write):
    reply = verdict(INPUT)
    reply["Usage"] |= {"CacheReadInputTokens": read, "CacheWriteInputTokens": write}
    return judgement(SCORES, reply=reply)


@pytest.fixture(scope="module")
def scored(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "support" / "run-1"
    tiers = ["flex", "flex", "default"]
    haiku = [{"delivery": "batch"}, {"delivery": "batch"}, {}]
    cache = [cached(0, 1000), cached(1000, 0), cached(1000, 0)]
    names = ["r1", "r2", "r3"]
    write_run(
        folder,
        run=run_json(
            prices={"date": "2026-11-21", "source": "test", "models": PRICES},
            deliveries={"candidate/lite": "flex", "candidate/haiku": "batch"},
        ),
        records=[record(name) for name in names],
        succeeded=[
            row(
                name,
                response("lite", reply=served("an answer", tier), judgements=[judged]),
                response("haiku", "another", scores=SCORES, **delivered),
            )
            for name, tier, delivered, judged in zip(names, tiers, haiku, cache, strict=True)
        ],
    )
    return build_scorecard(str(folder)), folder


def test_dollars_add_up_by_delivery_and_each_call_costs_as_it_was_served(scored):
    found = {
        (one.name, one.delivery, one.billed_as): (one.calls, one.cost_usd)
        for one in scored[0].cost_usd.deliveries
    }
    # A call of lite's: 100 x $1 + 10 x $2 = $0.00012; of haiku's ten times as much.
    assert found[("lite", "flex", "flex")] == (2, pytest.approx(0.00012))
    assert found[("lite", "flex", "on_demand")] == (1, pytest.approx(0.00012))
    assert found[("haiku", "batch", "batch")] == (2, pytest.approx(0.0012))
    # What a job did not answer was called on demand.
    assert found[("haiku", "on_demand", "on_demand")] == (1, pytest.approx(0.0012))
    assert sum(cost for _, cost in found.values()) == pytest.approx(scored[0].cost_usd.total)


def test_a_cache_is_counted_with_what_it_saved(scored):
    pro = next(one for one in scored[0].cost_usd.deliveries if one.name == "pro")
    assert (pro.calls, pro.cache_read_tokens, pro.cache_write_tokens) == (6, 2000, 1000)
    # 2,000 tokens at a tenth of $100 a million save $0.18; 1,000 written cost $0.025 more.
    assert pro.cache_saved_usd == pytest.approx(0.18 - 0.025)


def test_a_tier_that_was_not_served_raises_an_alarm(scored):
    (alarm,) = [alarm for alarm in scored[0].alarms if "flex" in alarm]
    assert alarm == "1 call asked for the flex tier and got the default one, at the whole price: lite 1."


def test_rows_say_how_their_call_was_delivered(scored):
    responses = pq.read_table(scored[1] / "responses.parquet").to_pylist()
    told = {(one["record_id"], one["candidate"]): (one["delivery"], one["service_tier"]) for one in responses}
    assert told["r3", "lite"] == ("flex", "default")
    assert told["r1", "haiku"] == ("batch", None)
    assert told["r3", "haiku"] == ("on_demand", None)
    verdicts = pq.read_table(scored[1] / "verdicts.parquet").to_pylist()
    assert sum(one["cache_read_tokens"] for one in verdicts) == 2000
    assert sum(one["input_tokens"] for one in verdicts) == 6 * 200 + 3000


def test_the_table_is_of_runs_that_were_delivered_in_another_way_or_cached(scored):
    table = deliveries(scored[0])
    said = ["flex", "flex, served on demand", "batch", "on demand", "on demand"]
    assert table.columns[1].cells == said
    cost = scored[0].cost_usd
    plain = [one for one in cost.deliveries if one.name == "haiku" and one.delivery == "on_demand"]
    on_demand = scored[0].model_copy(update={"cost_usd": cost.model_copy(update={"deliveries": plain})})
    assert len(deliveries(on_demand)) == 0
    searched = scored[0].model_copy(update={"cost_usd": cost.model_copy(update={"prompt_search": 0.5})})
    assert table.caption == "Calls by delivery"
    assert deliveries(searched).caption == "Calls by delivery; the search for prompts comes to it, $0.50"


def test_a_request_that_was_too_long_for_converse_was_on_demand(tmp_path):
    body = {"content": [{"type": "text", "text": "Yes"}], "usage": {"input_tokens": 100, "output_tokens": 10}}
    write_run(
        tmp_path / "run-1",
        run=run_json(
            prices={"date": "2026-11-21", "source": "test", "models": PRICES},
            deliveries={"candidate/haiku": "flex"},
        ),
        records=[record("r1")],
        succeeded=[row("r1", response("haiku", api="invoke_model", reply={"Body": body}))],
    )
    (only,) = build_scorecard(str(tmp_path / "run-1")).cost_usd.deliveries
    assert (only.delivery, only.billed_as) == ("on_demand", "on_demand")
    assert only.cost_usd == pytest.approx(0.0012)
