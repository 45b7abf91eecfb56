"""Bedrock as it is on bad days: runtimes for `LocalAws.bedrock("tests.local_aws.faults#name")`."""

import asyncio

from evaldrop.bedrock.opening import open_runtime

JUDGE = "us.amazon.nova-pro-v1:0"
"""The judge of datasets/support-faq, whose evaluation the tests' datasets fall back to."""


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
