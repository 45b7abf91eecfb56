"""What a reply costs: its tokens, cached ones among them, at the price of the delivery that it came by."""

from collections.abc import Callable
from functools import cache

from evaldrop.bedrock.families.family import Reply
from evaldrop.evaluation.delivery import Delivery
from evaldrop.evaluation.prices import ModelPrice, Prices, TokenUsage, cost_at, price_of

FLEX = "flex"
"""The service tier of that name, as requests ask for it and replies tell it."""


def usage_of(reply: Reply) -> TokenUsage:
    """Return the tokens that a reply is billed for."""
    return TokenUsage(
        reply.input_tokens, reply.output_tokens, reply.cache_read_tokens, reply.cache_write_tokens
    )


def billed_as(asked: Delivery, service_tier: str | None) -> Delivery:
    """
    Return the delivery that a call is billed as: the tier that served it, whatever was asked for.

    A reply that does not tell its tier was served as it was asked for: AWS documents no other.
    """
    if asked == "batch" or service_tier is None:
        return asked
    return "flex" if service_tier == FLEX else "on_demand"


def cost_of_reply(price: ModelPrice, reply: Reply, asked: Delivery) -> float | None:
    """Return what a reply cost in USD at a price, or None when its tokens are unknown."""
    return cost_at(price, usage_of(reply), billed_as(asked, reply.service_tier))


def cost_of_replies(prices: Prices) -> Callable[[str, Reply, Delivery], float | None]:
    """Return what says what a model's reply cost in USD, by how it was asked for; None when unknown."""
    known = cache(lambda model: price_of(model, prices))

    def cost(model: str, reply: Reply, asked: Delivery) -> float | None:
        price = known(model)
        return None if price is None else cost_of_reply(price, reply, asked)

    return cost
