"""A runtime that is told to stop."""

import asyncio

import pytest

from evaldrop.bedrock.draining import DrainingRuntime
from evaldrop.bedrock.protocol import ServiceError
from evaldrop.errors import StorageError


class Waiting:
    """Answers a call when it is let go; `fault` is raised instead."""

    is_simulated = True

    def __init__(self):
        self.begun = 0
        self.fault = None
        self.may_end = asyncio.Event()

    async def converse(self, request):
        self.begun += 1
        await self.may_end.wait()
        if self.fault:
            raise self.fault
        return request

    invoke_model = converse

    async def close(self):
        self.may_end.set()


async def begun(runtime, requests):
    calls = [asyncio.ensure_future(runtime.converse(request)) for request in requests]
    await asyncio.sleep(0)
    return calls


def test_calls_under_way_end_and_no_other_is_sent():
    async def scenario():
        waiting = Waiting()
        runtime = DrainingRuntime(waiting)
        under_way = await begun(runtime, [1, 2])
        drained = asyncio.ensure_future(runtime.drained(10))
        runtime.drain()
        late = asyncio.ensure_future(runtime.invoke_model(3))
        await asyncio.sleep(0)
        assert (runtime.in_flight, drained.done()) == (2, False)
        waiting.may_end.set()
        assert await asyncio.gather(*under_way) == [1, 2]
        await drained
        assert (waiting.begun, late.done(), runtime.fault, runtime.given_up) == (2, False, None, 0)
        late.cancel()
        await runtime.close()

    asyncio.run(scenario())


def test_calls_under_way_are_waited_for_no_longer_than_said():
    async def scenario():
        waiting = Waiting()
        runtime = DrainingRuntime(waiting)
        (call,) = await begun(runtime, [1])
        runtime.drain()
        await runtime.drained(0.01)
        assert not call.done()
        call.cancel()
        await asyncio.wait([call])
        assert runtime.given_up == 1

    asyncio.run(scenario())


def test_it_stops_by_itself_when_a_reply_cannot_be_kept_and_the_call_is_no_result():
    async def scenario():
        waiting = Waiting()
        waiting.fault = StorageError("no space")
        runtime = DrainingRuntime(waiting)
        (call,) = await begun(runtime, [1])
        waiting.may_end.set()
        await runtime.drained(10)
        assert (call.done(), runtime.fault) == (False, waiting.fault)
        call.cancel()

    asyncio.run(scenario())


def test_what_a_service_refuses_is_a_result_and_stops_nothing():
    async def scenario():
        waiting = Waiting()
        waiting.fault = ServiceError("ThrottlingException", "busy")
        waiting.may_end.set()
        runtime = DrainingRuntime(waiting)
        with pytest.raises(ServiceError):
            await runtime.converse(1)
        assert (runtime.is_draining, runtime.in_flight) == (False, 0)

    asyncio.run(scenario())
