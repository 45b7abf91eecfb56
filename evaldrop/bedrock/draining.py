"""A runtime that can be told to stop: what is under way ends and is kept, nothing more is sent."""

import asyncio
from collections.abc import Mapping
from typing import Any

from evaldrop.bedrock.protocol import BedrockRuntime
from evaldrop.errors import EvaldropError


class DrainingRuntime:
    """
    Lets calls through until it is drained; those that come later wait for the run to be cancelled.

    It drains by itself when no further reply could be kept or had: the disk is full, or the process that
    makes the calls is gone. Failing one call after another then would fill a run with errors.

    Attributes:
        in_flight: How many calls are under way.
        fault: Why it drains by itself; None where it was told to.
        given_up: How many calls were given up under way: whether they are billed nobody says.
    """

    def __init__(self, runtime: BedrockRuntime) -> None:
        self.is_simulated = runtime.is_simulated
        self.in_flight = self.given_up = 0
        self.fault: EvaldropError | None = None
        self._runtime = runtime
        self._draining = asyncio.Event()
        self._drained = asyncio.Event()

    @property
    def is_draining(self) -> bool:
        """Whether no further call is let through."""
        return self._draining.is_set()

    def drain(self, fault: EvaldropError | None = None) -> None:
        """Let no further call through."""
        self.fault = self.fault or fault
        self._draining.set()
        self._look()

    async def drained(self, limit_s: float) -> None:
        """Wait until it drains, and then for the calls under way, but no longer than so many seconds."""
        await self._draining.wait()
        await asyncio.wait([asyncio.ensure_future(self._drained.wait())], timeout=limit_s)

    async def converse(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Pass a Converse request on."""
        return await self._passed_on("converse", request)

    async def invoke_model(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Pass an InvokeModel request on."""
        return await self._passed_on("invoke_model", request)

    async def invoke_guardrail_checks(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Pass an InvokeGuardrailChecks request on."""
        return await self._passed_on("invoke_guardrail_checks", request)

    async def close(self) -> None:
        """Close the runtime."""
        await self._runtime.close()

    async def _passed_on(self, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        if not self.is_draining:
            self.in_flight += 1
            try:
                reply: dict[str, Any] = await getattr(self._runtime, operation)(request)
            except EvaldropError as fault:
                # Its reply may have been had, and could not be kept.
                self.given_up += 1
                self.drain(fault)
            except asyncio.CancelledError:
                self.given_up += 1
                raise
            else:
                return reply
            finally:
                self.in_flight -= 1
                self._look()
        # Until the run is cancelled: an error would be a result, and the run go on.
        never: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        return await never

    def _look(self) -> None:
        if self.is_draining and not self.in_flight:
            self._drained.set()
