"""A simulated account that may call only so much, in virtual time."""

import asyncio

import pytest

from evaldrop.bedrock.protocol import ServiceError
from evaldrop.bedrock.simulated.quotas import BURST_S
from evaldrop.bedrock.simulated.runtime import Rehearsal, SimulatedRuntime
from tests.evaldrop.engine.virtual_time import run_virtual


def request(number, model="us.amazon.nova-lite-v1:0"):
    said = [{"role": "user", "content": [{"text": f"What is {number}?"}]}]
    return {"modelId": model, "messages": said, "inferenceConfig": {"maxTokens": 960}}


def throttles(rehearsal, requests, *, apart_s=0.0):
    """How many of so many requests are turned away."""

    async def run():
        runtime = SimulatedRuntime(rehearsal, max_in_flight=1_000)
        calls = []
        for each in requests:
            calls.append(asyncio.ensure_future(runtime.converse(each)))
            await asyncio.sleep(apart_s)
        ended = await asyncio.gather(*calls, return_exceptions=True)
        refused = [each for each in ended if isinstance(each, ServiceError)]
        assert {each.code for each in refused} <= {"ThrottlingException"}
        return len(refused)

    return run_virtual(run())


def test_above_its_requests_a_minute_a_model_is_throttled_and_others_are_not():
    many = [request(number) for number in range(100)]
    burst = 600 / 60 * BURST_S
    assert throttles(Rehearsal(rpm=600), many) == 100 - burst
    assert throttles(Rehearsal(rpm=600), many, apart_s=0.1) == 0
    assert throttles(Rehearsal(rpm=600), [*many[:30], request(1, "us.amazon.nova-pro-v1:0")]) == 0


def test_max_tokens_are_taken_until_a_call_has_ended():
    """About 1,000 tokens each of 1,000 a second: three are there at once, and come back when they end."""
    many = [request(number) for number in range(20)]
    assert throttles(Rehearsal(tpm=60_000), many) == 17
    assert throttles(Rehearsal(tpm=60_000), many, apart_s=0.5) == 0


def test_without_a_quota_nobody_is_throttled():
    assert throttles(Rehearsal(), [request(number) for number in range(500)]) == 0


@pytest.mark.parametrize("latency", [0, 1])
def test_a_throttle_comes_sooner_than_an_answer(latency):
    async def run():
        runtime = SimulatedRuntime(Rehearsal(rpm=1, latency=latency), max_in_flight=10)
        await runtime.converse(request(1))
        began = asyncio.get_running_loop().time()
        with pytest.raises(ServiceError):
            await runtime.converse(request(2))
        return asyncio.get_running_loop().time() - began

    assert run_virtual(run()) <= 0.0051 * latency
