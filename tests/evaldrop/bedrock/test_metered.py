"""What is counted while a run goes on."""

import asyncio

import pytest

from evaldrop.bedrock.billing import billed_as, usage_of
from evaldrop.bedrock.metered import MeteredRuntime
from evaldrop.bedrock.protocol import ServiceError


class Scripted:
    """A runtime that gives prepared replies in turn."""

    is_simulated = True

    def __init__(self, *replies):
        self.replies = list(replies)
        self.closed = False

    async def converse(self, request):
        reply = self.replies.pop(0)
        if isinstance(reply, ServiceError):
            raise reply
        return reply

    invoke_model = converse

    async def close(self):
        self.closed = True


def price(model, reply, asked):
    usage, factor = usage_of(reply), 0.5 if billed_as(asked, reply.service_tier) == "flex" else 1.0
    if model == "unpriced" or None in usage:
        return None
    return factor * (usage.input + usage.output * 2.0 - usage.cache_read)


def usage(sent, received):
    return {"usage": {"inputTokens": sent, "outputTokens": received}}


def test_calls_tokens_and_dollars_add_up_and_replies_pass_unchanged():
    metered = MeteredRuntime(Scripted(usage(10, 1), usage(5, 2), {}), price)
    assert asyncio.run(metered.converse({"modelId": "m"})) == usage(10, 1)
    asyncio.run(metered.converse({"modelId": "unpriced"}))
    assert asyncio.run(metered.converse({"modelId": "m"})) == {}
    meter = metered.meter
    assert (meter.calls, meter.input_tokens, meter.output_tokens, meter.cost_usd) == (3, 15, 3, 12.0)
    assert metered.is_simulated


def test_throttles_are_not_errors_and_errors_are_counted_by_code():
    throttled = ServiceError("ThrottlingException", "busy")
    broken = ServiceError("ModelErrorException", "bad")
    metered = MeteredRuntime(Scripted(throttled, broken, broken, usage(1, 1)), price)
    for _ in range(3):
        with pytest.raises(ServiceError):
            asyncio.run(metered.invoke_model({"modelId": "m"}))
    asyncio.run(metered.invoke_model({"modelId": "m"}))
    meter = metered.meter
    assert (meter.throttles, dict(meter.errors), meter.calls) == (1, {"ModelErrorException": 2}, 1)


def test_closing_closes_who_answers():
    runtime = Scripted()
    asyncio.run(MeteredRuntime(runtime, price).close())
    assert runtime.closed


@pytest.mark.parametrize(
    "told",
    [
        None, "x", [1], {"inputTokens": None, "outputTokens": None}, {"inputTokens": "10", "outputTokens": 5},
        {"inputTokens": -10, "outputTokens": 5}, {"inputTokens": 10**18, "outputTokens": 5},
    ],
)  # fmt: skip
def test_what_is_no_count_of_tokens_costs_nothing_and_stops_nothing(told):
    metered = MeteredRuntime(Scripted({"usage": told}), price)
    assert asyncio.run(metered.converse({"modelId": "m"})) == {"usage": told}
    assert (metered.meter.calls, metered.meter.cost_usd, metered.meter.input_tokens) == (1, 0.0, 0)
