"""What a rehearsal bills: the same answer in any delivery, cached tokens apart, the tier that served."""

import asyncio

from evaldrop.bedrock.simulated.runtime import Rehearsal, SimulatedRuntime

POINT = {"cachePoint": {"type": "default"}}


def answers(requests, **rates):
    async def all_of_them():
        runtime = SimulatedRuntime(Rehearsal(latency=0, **rates), max_in_flight=5)
        return [await runtime.converse(request) for request in requests]

    return asyncio.run(all_of_them())


def request(text, **more):
    message = {"role": "user", "content": [{"text": text}]}
    return {"modelId": "us.amazon.nova-lite-v1:0", "messages": [message], **more}


def test_a_delivery_changes_nothing_but_what_is_billed():
    system = [{"text": "Be exact. " * 100}]
    plain = request("Where is my parcel?", system=system)
    cheap = request("Where is my parcel?", system=[*system, POINT], serviceTier={"type": "flex"})
    one, other = answers([plain, cheap])
    assert one["output"] == other["output"]
    assert "serviceTier" not in one
    assert other["serviceTier"] == {"type": "flex"}


def test_most_calls_read_what_is_before_the_cache_point_and_a_few_write_it():
    system = [{"text": "Be exact. " * 100}, POINT]
    found = [one["usage"] for one in answers([request(f"Question {n}", system=system) for n in range(400)])]
    writes = [usage for usage in found if usage["cacheWriteInputTokens"]]
    assert 1 <= len(writes) <= 24
    cached = {usage["cacheReadInputTokens"] + usage["cacheWriteInputTokens"] for usage in found}
    assert len(cached) == 1
    for usage in found:
        assert usage["inputTokens"] + cached.copy().pop() + usage["outputTokens"] == usage["totalTokens"]


def test_some_calls_in_flex_are_served_in_the_default_tier():
    asked = [request(f"Question {n}", serviceTier={"type": "flex"}) for n in range(200)]
    tiers = [one["serviceTier"]["type"] for one in answers(asked, default_tier=0.25)]
    assert 25 <= tiers.count("default") <= 80
    assert set(tiers) == {"flex", "default"}
