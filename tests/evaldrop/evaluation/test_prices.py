"""What tokens cost: how a model's price is found, and that an unknown one is never 0."""

from dataclasses import replace

import pytest

from evaldrop.evaluation.definition import Price
from evaldrop.evaluation.prices import (
    ModelPrice,
    Prices,
    TokenUsage,
    base_model,
    cost_at,
    cost_usd,
    load_prices,
    price_of,
)

PRICES = Prices(
    date="2026-11-21",
    source="test",
    models={
        "anthropic.claude-haiku-4-5": ModelPrice(input=1, output=5, regional_factor=1.1),
        "amazon.nova-lite": ModelPrice(input=0.06, output=0.24),
        "my.model": None,
    },
)
HAIKU = "anthropic.claude-haiku-4-5-20251001-v1:0"
ARN = "arn:aws:bedrock:us-east-1"

BASE_MODELS = [
    (HAIKU, "anthropic.claude-haiku-4-5"),
    (f"us.{HAIKU}", "anthropic.claude-haiku-4-5"),
    (f"global.{HAIKU}", "anthropic.claude-haiku-4-5"),
    (f"{ARN}::foundation-model/{HAIKU}", "anthropic.claude-haiku-4-5"),
    (f"{ARN}:123456789012:inference-profile/apac.{HAIKU}", "anthropic.claude-haiku-4-5"),
    ("us.amazon.nova-lite-v1:0", "amazon.nova-lite"),
    ("amazon.nova-pro-v1:0:300k", "amazon.nova-pro"),
    ("mistral.mistral-7b-instruct-v0:2", "mistral.mistral-7b-instruct"),
    ("mistral.mistral-large-2407-v1:0", "mistral.mistral-large-2407"),
    ("openai.gpt-oss-20b-1:0", "openai.gpt-oss-20b"),
    ("us.anthropic.claude-sonnet-4-6", "anthropic.claude-sonnet-4-6"),
    ("deepseek.v3.2", "deepseek.v3.2"),
    ("us.meta.llama3-3-70b-instruct-v1:0", "meta.llama3-3-70b-instruct"),
]


@pytest.mark.parametrize(("model", "base"), BASE_MODELS)
def test_the_base_model_is_the_id_without_arn_profile_date_and_version(model, base):
    assert base_model(model) == base


@pytest.mark.parametrize(("model", "price"), [
    (HAIKU, (1, 5)),
    (f"global.{HAIKU}", (1, 5)),
    (f"us.{HAIKU}", (1.1, 5.5)),
    (f"eu.{HAIKU}", (1.1, 5.5)),
    (f"{ARN}:123456789012:inference-profile/us.{HAIKU}", (1.1, 5.5)),
    ("us.amazon.nova-lite-v1:0", (0.06, 0.24)),
])  # fmt: skip
def test_newer_claude_models_cost_a_tenth_more_through_a_geographic_profile(model, price):
    found = price_of(model, PRICES)
    assert (found.input, found.output) == pytest.approx(price)


@pytest.mark.parametrize("model", [
    "my.model", "nobody.knows-v1:0", f"{ARN}:123456789012:application-inference-profile/abc",
    f"{ARN}:123456789012:imported-model/xyz",
])  # fmt: skip
def test_an_unknown_price_is_none_and_so_is_the_cost(model):
    assert price_of(model, PRICES) is None
    assert cost_usd(model, TokenUsage(10, 10), PRICES) is None


def test_unknown_tokens_make_the_cost_unknown():
    assert cost_usd(HAIKU, TokenUsage(None, 10), PRICES) is None


def test_cost_is_tokens_times_the_price_of_a_million():
    # 2,000 x $1 + 1,000 x $5 per million = $0.002 + $0.005
    assert cost_usd(HAIKU, TokenUsage(2_000, 1_000), PRICES) == pytest.approx(0.007)


@pytest.mark.parametrize(("usage", "delivery", "cost"), [
    # Of a million tokens each: 1 + 5 on demand, half of it in batch.
    (TokenUsage(1_000_000, 1_000_000), "on_demand", 6),
    (TokenUsage(1_000_000, 1_000_000), "batch", 3),
    (TokenUsage(1_000_000, 1_000_000), "flex", 4.8),
    # A tenth for what is read from a cache, a quarter more for what is written to it.
    (TokenUsage(1_000_000, 0, cache_read=1_000_000), "on_demand", 0.1),
    (TokenUsage(1_000_000, 0, cache_write=1_000_000), "on_demand", 1.25),
    (TokenUsage(1_000_000, 0, cache_read=600_000, cache_write=300_000), "on_demand", 0.1 + 0.06 + 0.375),
    (TokenUsage(1_000_000, 0, cache_read=1_000_000), "flex", 0.08),
])  # fmt: skip
def test_a_delivery_and_cached_tokens_have_their_own_price(usage, delivery, cost):
    price = ModelPrice(input=1, output=5, flex=0.8, batch=0.5, cache_read=0.1, cache_write=1.25)
    assert cost_at(price, usage, delivery) == pytest.approx(cost)


def test_a_factor_that_no_source_tells_is_assumed_and_named_as_such():
    pro, haiku = (price_of(model, load_prices()) for model in ("amazon.nova-pro", HAIKU))
    assert (pro.flex, pro.assumed) == (0.5, ())
    assert (haiku.flex, haiku.assumed) == (0.5, ("flex",))
    own = load_prices({HAIKU: Price(input=9, output=9, flex=0.6), "imported": Price(input=1, output=1)})
    assert (price_of(HAIKU, own).flex, price_of(HAIKU, own).cache_read) == (0.6, 0.1)
    assert price_of(HAIKU, own).assumed == ()
    assert price_of("imported", own).assumed == ("flex", "batch", "cache_read", "cache_write")


def test_a_run_of_a_version_without_factors_costs_what_it_cost_then():
    kept = {"date": "2026-11-21", "source": "x", "models": {HAIKU: {"input": 1, "output": 5}}}
    price = price_of(HAIKU, Prices.from_json(kept))
    assert cost_at(price, TokenUsage(1_000_000, 0, cache_read=1_000_000)) == 1
    assert price.assumed == ()


def in_and_out(model, prices):
    price = price_of(model, prices)
    return price.input, price.output


def test_an_evaluations_own_price_wins_for_the_very_id_it_names():
    prices = load_prices({f"us.{HAIKU}": Price(input=9, output=9)})
    assert in_and_out(f"us.{HAIKU}", prices) == (9, 9)
    assert price_of(HAIKU, prices) == price_of(HAIKU, load_prices())


def test_an_evaluations_own_price_of_a_base_model_holds_for_its_profiles():
    prices = load_prices({"amazon.nova-lite": Price(input=9, output=9)})
    assert in_and_out("us.amazon.nova-lite-v1:0", prices) == (9, 9)
    assert "the evaluation" in prices.source


def test_run_json_keeps_the_prices_of_its_models_and_unknown_ones_as_null():
    kept = PRICES.to_json([f"us.{HAIKU}", "nobody.knows"])
    assert kept["models"]["nobody.knows"] is None
    assert price_of(f"us.{HAIKU}", Prices.from_json(kept)) == price_of(f"us.{HAIKU}", PRICES)
    shipped = load_prices()
    assert price_of(HAIKU, Prices.from_json(shipped.to_json([HAIKU]))) == replace(
        price_of(HAIKU, shipped), regional_factor=1
    )


def test_the_price_file_is_dated_sourced_and_positive():
    prices = load_prices()
    assert prices.date == "2026-11-21"
    assert prices.source
    known = {model: price for model, price in prices.models.items() if price}
    assert prices.models.keys() - known.keys() == {"amazon.guardrail-checks", "cohere.embed-v4:0"}
    # An embedding is billed by what was sent alone.
    assert all(
        price.input > 0 and (price.output == 0 if "embed" in model else price.input <= price.output)
        for model, price in known.items()
    )


# AWS-FACTS, section E: USD per million tokens, input and output.
@pytest.mark.parametrize(("model", "price"), [
    ("us.amazon.nova-micro-v1:0", (0.035, 0.14)),
    ("us.amazon.nova-2-lite-v1:0", (0.33, 2.75)),
    ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", (3.3, 16.5)),
    ("anthropic.claude-3-5-haiku-20241022-v1:0", (0.8, 4)),
    ("us.meta.llama4-scout-17b-instruct-v1:0", (0.17, 0.66)),
    ("openai.gpt-oss-120b-1:0", (0.15, 0.60)),
])  # fmt: skip
def test_shipped_prices_are_those_of_the_price_list(model, price):
    found = price_of(model, load_prices())
    assert (found.input, found.output) == pytest.approx(price)
