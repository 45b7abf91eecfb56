"""A runtime in another process: both ends of its connection, here in one event loop."""

import asyncio
import os
import socket
import subprocess
import sys

import pytest

from evaldrop.bedrock.other_process import OtherProcessRuntime, answer_from
from evaldrop.bedrock.protocol import ServiceError
from evaldrop.errors import EvaldropError

REQUEST = {"modelId": "m", "messages": [{"content": [{"image": {"source": {"bytes": b"\x00\xff"}}}]}]}


class Runtime:
    """Answers with what it was asked, or as its fault says."""

    is_simulated = False

    def __init__(self, fault=None):
        self.fault = fault
        self.cancelled = asyncio.Event()
        self.closed = False

    async def converse(self, request):
        if self.fault:
            raise self.fault
        return {"asked": request}

    async def invoke_model(self, request):
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.cancelled.set()
            raise

    async def close(self):
        self.closed = True


def connected(scenario, runtime):
    """Run a scenario with the near end, while a runtime answers at the far end; return the runtime."""

    async def run():
        ours, theirs = socket.socketpair()
        far = asyncio.create_task(answer_from(runtime, theirs))
        near = OtherProcessRuntime(ours)
        try:
            await scenario(near)
        finally:
            await near.close()
            await asyncio.wait_for(far, 10)
            ours.close()

    asyncio.run(run())
    return runtime


def test_many_calls_at_once_get_each_its_own_answer_bytes_included():
    async def scenario(near):
        requests = [{**REQUEST, "number": number, "text": "x" * number * 997} for number in range(200)]
        replies = await asyncio.gather(*(near.converse(request) for request in requests))
        assert replies == [{"asked": request} for request in requests]

    assert connected(scenario, Runtime()).closed


def test_a_refusal_keeps_its_name_and_words():
    async def scenario(near):
        with pytest.raises(ServiceError) as refused:
            await near.converse(REQUEST)
        assert (refused.value.code, refused.value.message) == ("ThrottlingException", "slow down")

    connected(scenario, Runtime(ServiceError("ThrottlingException", "slow down")))


def test_a_fault_that_no_other_process_can_read_is_told_in_words():
    async def scenario(near):
        with pytest.raises(RuntimeError, match="Unsendable: broken"):
            await near.converse(REQUEST)

    class Unsendable(Exception):  # noqa: N818 - a local class cannot be pickled, which is the point
        pass

    connected(scenario, Runtime(Unsendable("broken")))


def test_an_operation_that_the_runtime_has_not_is_told_to_who_waits_for_it():
    async def scenario(near):
        with pytest.raises(RuntimeError, match="invoke_guardrail_checks"):
            await asyncio.wait_for(near.invoke_guardrail_checks(REQUEST), 10)

    connected(scenario, Runtime())


def test_a_call_nobody_waits_for_any_longer_is_taken_back():
    async def scenario(near):
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(near.invoke_model(REQUEST), 0.05)
        await asyncio.wait_for(runtime.cancelled.wait(), 10)

    runtime = Runtime()
    connected(scenario, runtime)


def test_calls_raise_what_stops_a_run_when_the_other_process_dies():
    """As a service's error each would be tried again, and then be a result of a call that was never made."""

    async def scenario():
        ours, theirs = socket.socketpair()
        near = OtherProcessRuntime(ours)
        waiting = asyncio.create_task(near.converse(REQUEST))
        await asyncio.sleep(0.05)
        theirs.close()
        for call in (waiting, near.converse(REQUEST)):
            with pytest.raises(EvaldropError, match="the process that makes the calls went away"):
                await call
        ours.close()

    asyncio.run(scenario())


PROGRAM = """
import sys
from functools import partial
from evaldrop.bedrock.opening import open_runtime
from evaldrop.bedrock.other_process import open_in_other_process
from evaldrop.errors import InputError

with open_in_other_process(partial(open_runtime, sys.argv[1], max_in_flight=1)) as runtime:
    try:
        print(runtime.opened() is runtime)
    except InputError as fault:
        print("refused:", fault)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a runtime has no process of its own")
@pytest.mark.parametrize(
    ("spec", "said"), [("openai=http://127.0.0.1:9/v1", "True"), ("nonesuch", "refused: --bedrock nonesuch")]
)
def test_a_runtime_that_cannot_be_opened_says_so_before_the_run_begins(spec, said):
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, spec], capture_output=True, text=True, timeout=60, env=os.environ
    )
    assert done.stdout.startswith(said), done.stderr
