"""What a reply costs: by its tokens, and by the tier that served it."""

import pytest

from evaldrop.bedrock.billing import billed_as, cost_of_replies, cost_of_reply, usage_of
from evaldrop.bedrock.families.replies import read_reply
from evaldrop.evaluation.prices import ModelPrice, Prices, TokenUsage

PRICE = ModelPrice(input=1, output=5, flex=0.5, batch=0.5, cache_read=0.1, cache_write=1.25)
USAGE = {"InputTokens": 100, "OutputTokens": 20, "CacheReadInputTokens": 1_000, "CacheWriteInputTokens": 200}


def reply(**more):
    content = {"Message": {"Role": "assistant", "Content": [{"Text": "Yes"}]}}
    return read_reply("converse", {"Output": content, "Usage": USAGE, **more})


def test_cached_tokens_are_among_the_input_and_apart():
    assert usage_of(reply()) == TokenUsage(1_300, 20, cache_read=1_000, cache_write=200)


@pytest.mark.parametrize(("asked", "served", "billed"), [
    ("on_demand", None, "on_demand"), ("on_demand", "default", "on_demand"),
    ("flex", "flex", "flex"), ("flex", "default", "on_demand"), ("flex", None, "flex"),
    ("flex", "priority", "on_demand"), ("batch", None, "batch"), ("batch", "default", "batch"),
])  # fmt: skip
def test_a_call_is_billed_as_it_was_served(asked, served, billed):
    assert billed_as(asked, served) == billed


def test_flex_that_was_served_as_default_costs_the_whole_price():
    flex = cost_of_reply(PRICE, reply(ServiceTier={"Type": "flex"}), "flex")
    default = cost_of_reply(PRICE, reply(ServiceTier={"Type": "default"}), "flex")
    assert default == pytest.approx(2 * flex)
    assert default == pytest.approx((100 + 100 + 250 + 100) / 1e6)


@pytest.mark.parametrize(("told", "tier"), [
    ({"Type": "flex"}, "flex"), ("flex", "flex"), (None, None), ({}, None), ("", None), ([1], None),
    ({"Type": 7}, None),
])  # fmt: skip
def test_the_tier_is_read_from_whichever_operation_answered(told, tier):
    assert reply(ServiceTier=told).service_tier == tier


def test_a_model_without_a_price_has_replies_of_an_unknown_cost():
    cost = cost_of_replies(Prices(date="", source="", models={"m": PRICE}))
    assert cost("m", reply(), "on_demand") == cost_of_reply(PRICE, reply(), "on_demand")
    assert cost("other", reply(), "on_demand") is None
