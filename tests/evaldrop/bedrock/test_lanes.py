"""Calls in lanes, in virtual time: how fast they leave, who waits, and what is settled after."""

import asyncio

import orjson
import pytest

from evaldrop.bedrock.lanes import LanedRuntime, reserved_tokens, taken_tokens
from evaldrop.bedrock.protocol import ServiceError
from evaldrop.engine.allowance import Allowance
from evaldrop.evaluation.delivery import ModelQuota
from tests.evaldrop.engine.virtual_time import run_virtual


class Service:
    """Answers after 0.2 s; keeps when calls came, and turns away those above its `capacity` a second."""

    is_simulated = True

    def __init__(self, *, refuses=lambda _times: False, usage=(10, 1)):
        self.came = []
        self.closed = False
        self.refuses = refuses
        self.usage = dict(zip(("inputTokens", "outputTokens"), usage, strict=True))

    async def converse(self, request):
        self.came.append((request["modelId"], asyncio.get_running_loop().time()))
        if self.refuses([time for _, time in self.came]):
            raise ServiceError("ThrottlingException", "busy")
        await asyncio.sleep(0.2)
        return {"usage": self.usage}

    invoke_model = converse

    async def close(self):
        self.closed = True


def request(model="m", max_tokens=100):
    return {"modelId": model, "messages": [], "inferenceConfig": {"maxTokens": max_tokens}}


def called(service, requests, *, limits=None, adapts=False):
    """Send requests side by side; return how each ended."""
    quotas = {model: ModelQuota(**quota) for model, quota in (limits or {}).items()}

    async def run():
        laned = LanedRuntime(service, lambda: quotas, adapts=adapts)
        calls = [laned.converse(each) for each in requests]
        ended = await asyncio.gather(*calls, return_exceptions=True)
        await laned.close()
        return ended

    return run_virtual(run())


def test_a_lane_lets_no_more_through_in_a_minute_than_its_limit_and_burst_in_order():
    service = Service()
    called(service, [request() for _ in range(200)], limits={"m": {"rpm": 60}})
    times = [time for _, time in service.came]
    assert times == pytest.approx([float(second) for second in range(200)])


def test_a_model_without_a_limit_does_not_wait_for_one_that_has_one():
    service = Service()
    called(service, [request("m"), request("m"), request("free")], limits={"m": {"rpm": 6}})
    assert service.came == [("m", 0.0), ("free", 0.0), ("m", pytest.approx(10.0))]


def test_max_tokens_are_reserved_and_what_was_not_taken_comes_back():
    """1,000 tokens a second; each call reserves about 2,000 and takes 11."""
    service = Service()
    called(service, [request(max_tokens=1_970) for _ in range(4)], limits={"m": {"tpm": 60_000}})
    times = [time for _, time in service.came]
    assert times[-1] < 2.0, "without settling the last would leave after six seconds"
    assert times[1] > 0.1, "but not before the first one had ended"


def test_a_throttle_slows_only_its_own_lane():
    service = Service(refuses=lambda times: len(times) == 100)
    ended = called(service, [*(request() for _ in range(101)), request("other")], adapts=True)
    assert sum(isinstance(each, ServiceError) for each in ended) == 1
    later = [(model, time) for model, time in service.came if time > 0]
    assert later == [("m", pytest.approx(0.02))], "the hundred had left, and 50 a second may go on"


def test_what_a_throttled_call_had_reserved_is_given_back():
    service = Service(refuses=lambda times: len(times) == 1)
    called(service, [request(max_tokens=1_000)] * 2, limits={"m": {"tpm": 60_000}})
    assert [time for _, time in service.came] == pytest.approx([0.0, 0.0])


def test_after_a_throttle_calls_come_one_by_one():
    service = Service(refuses=lambda times: len(times) <= 50)

    async def run():
        laned = LanedRuntime(service, dict, adapts=True)
        await asyncio.gather(*(laned.converse(request()) for _ in range(50)), return_exceptions=True)
        await asyncio.gather(*(laned.converse(request()) for _ in range(50)))
        await laned.close()

    run_virtual(run())
    times = [time for _, time in service.came[50:]]
    assert times[-1] - times[0] > 1.0, "25 a second, a little more by and by"


def test_time_in_a_lane_counts_against_no_limit_of_the_calls_own():
    async def run():
        laned = LanedRuntime(Service(), lambda: {"m": ModelQuota(rpm=1)}, adapts=False)
        await laned.converse(request())
        async with Allowance(40) as allowance:
            await laned.converse(request())
        return allowance.uncounted_s

    assert run_virtual(run()) == pytest.approx(59.8)


def test_who_gives_up_waiting_takes_nobodys_turn():
    service = Service()

    async def run():
        laned = LanedRuntime(service, lambda: {"m": ModelQuota(rpm=60)}, adapts=False)
        calls = [asyncio.ensure_future(laned.converse(request())) for _ in range(4)]
        await asyncio.sleep(0.5)
        calls[1].cancel()
        await asyncio.wait(calls)

    run_virtual(run())
    assert [time for _, time in service.came] == pytest.approx([0.0, 1.0, 2.0])


def test_closing_lets_nobody_go_any_more_and_closes_the_runtime():
    service = Service()

    async def run():
        laned = LanedRuntime(service, lambda: {"m": ModelQuota(rpm=60)}, adapts=False)
        calls = [asyncio.ensure_future(laned.converse(request())) for _ in range(2)]
        await asyncio.sleep(0.5)
        await laned.close()
        await asyncio.sleep(5)
        calls[1].cancel()

    run_virtual(run())
    assert (len(service.came), service.closed) == (1, True)


@pytest.mark.parametrize(
    "body",
    [
        {"max_tokens": 500},
        {"textGenerationConfig": {"maxTokenCount": 500}},
        {"inferenceConfig": {"max_new_tokens": 500}},
        {"max_gen_len": 500},
    ],
)
def test_the_limit_of_a_reply_is_found_in_any_familys_body(body):
    text = orjson.dumps(body)
    assert reserved_tokens({"modelId": "m", "body": text}) == 500 - (-len(text) // 4)
    assert reserved_tokens({"modelId": "m", "body": text.decode()}) == 500 - (-len(text) // 4)


def test_a_request_that_cannot_be_read_reserves_what_it_is_long():
    assert reserved_tokens({"modelId": "m", "body": b"{"}) == 1
    assert reserved_tokens({"modelId": "m", "messages": ["max_tokens"] * 10, "maxTokens": True}) > 30


def test_an_answers_tokens_count_by_the_models_factor_and_cache_reads_do_not_count():
    usage = {"inputTokens": 100, "outputTokens": 10, "cacheReadInputTokens": 900, "cacheWriteInputTokens": 7}
    assert taken_tokens("converse", "us.amazon.nova-lite-v1:0", {"usage": usage}) == 117
    assert taken_tokens("converse", "us.anthropic.claude-sonnet-4-5-20250929-v1:0", {"usage": usage}) == 157
    body = orjson.dumps({"usage": {"input_tokens": 3, "output_tokens": 2}, "content": [], "type": "message"})
    assert taken_tokens("invoke_model", "anthropic.claude-3-haiku-20240307-v1:0", {"body": body}) == 13
    assert taken_tokens("converse", "m", {}) is None
