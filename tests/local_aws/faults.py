"""
What happens on bad days: processes that are killed, events that come twice, and models that misbehave.

The latter are runtimes for `LocalAws.bedrock("tests.local_aws.faults#name")`.
"""

import asyncio
from functools import partial

from evaldrop.bedrock.opening import open_runtime
from evaldrop.bedrock.protocol import ServiceError
from evaldrop.running.local_aws.sandboxes import Sandbox, Sandboxes

JUDGE = "us.amazon.nova-pro-v1:0"
"""The judge of datasets/support-faq, whose evaluation the tests' datasets fall back to."""


class CrashingSandboxes(Sandboxes):
    """Processes of functions that can be killed at their next event."""

    def __init__(self, *arguments, **more):
        super().__init__(*arguments, **more)
        self._faults = {}

    def kill_next(self, name, when="before"):
        """Kill a function's process "before" it does anything, or "after" all and before it can say so."""
        self._faults.setdefault(name, []).append(when)

    def _take(self, code):
        sandbox = super()._take(code)
        faults = self._faults.get(code.name)
        when = faults.pop(0) if faults else None
        if when == "before":
            sandbox._process.kill()
        if when == "after":
            sandbox.invoke = partial(_invoke_and_crash, sandbox)
        return sandbox


def _invoke_and_crash(sandbox, event):
    answer = Sandbox.invoke(sandbox, event)
    sandbox._process.kill()
    return sandbox._ended(answer.request_id, timed_out=False)


class RepeatingFunctions:
    """Functions whose next event is delivered several times, as EventBridge may."""

    def __init__(self, functions):
        self._functions = functions
        self._again = 0

    def deliver_next_again(self, times):
        self._again += times

    def invoke_async(self, name, event):
        times, self._again = 1 + self._again, 0
        for _ in range(times):
            self._functions.invoke_async(name, event)


class _Wrapped:
    """A simulated runtime with something done to its Converse calls."""

    is_simulated = True

    def __init__(self, answer_key):
        self._usual = open_runtime("simulated:latency=0", max_in_flight=64, answer_key=answer_key)

    async def converse(self, request):
        return await self._usual.converse(request)

    async def invoke_model(self, request):
        return await self._usual.invoke_model(request)

    async def close(self):
        await self._usual.close()


class silent_judge(_Wrapped):  # noqa: N801 - named as what it is asked for
    """A judge that never answers."""

    async def converse(self, request):
        if request["modelId"] == JUDGE:
            await asyncio.Event().wait()
        return await super().converse(request)


class no_access(_Wrapped):  # noqa: N801
    """A model that the stack may call, and that the account has no access to."""

    async def converse(self, request):
        if "haiku" in request["modelId"]:
            words = "You don't have access to the model with the specified model ID."
            raise ServiceError("AccessDeniedException", words)
        return await super().converse(request)


class stuck_after_some(_Wrapped):  # noqa: N801
    """Nobody answers any more after so many calls."""

    ANSWERED = 40

    def __init__(self, answer_key):
        super().__init__(answer_key)
        self._left = self.ANSWERED

    async def converse(self, request):
        self._left -= 1
        if self._left < 0:
            await asyncio.Event().wait()
        return await super().converse(request)


class endless_talker(_Wrapped):  # noqa: N801
    """Candidates whose responses together are above the payload quota: their record's child fails."""

    async def converse(self, request):
        reply = await super().converse(request)
        if request["modelId"] != JUDGE:
            reply["output"]["message"]["content"] = [{"text": "and so on " * 15_000}]
        return reply
