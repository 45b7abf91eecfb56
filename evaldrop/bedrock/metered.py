"""A runtime that counts: calls, errors by code, tokens and what they cost, while a run goes on."""

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from evaldrop.bedrock.billing import FLEX
from evaldrop.bedrock.families import bodies
from evaldrop.bedrock.families.replies import Reply, read_body
from evaldrop.bedrock.protocol import BedrockRuntime, ServiceError
from evaldrop.evaluation.delivery import Delivery
from evaldrop.evaluation.model_ids import GUARDRAIL_CHECKS

_INPUT = ("inputTokens", "cacheReadInputTokens", "cacheWriteInputTokens")


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSeen:
    """
    A batch or evaluation job as it was last looked at.

    Attributes:
        status: In Bedrock's words.
        rows_uri: Its input; None of an evaluation job.
        rows, processed: How many rows it has, and how many are done; 0 where it does not tell.
        is_over: Whether it has ended, however it did.
    """

    status: str
    rows_uri: str | None
    rows: int
    processed: int
    is_over: bool


@dataclass(slots=True, kw_only=True)
class Meter:
    """
    Counts so far.

    Attributes:
        calls: Calls that were answered.
        throttles: Calls that were turned away to be tried again.
        errors: Failed calls by error code, throttles not among them.
        input_tokens, output_tokens: Of the answered calls, and of the batch jobs that have ended.
        cost_usd: What the tokens of models with a known price cost, those of jobs included.
        unpriced: Answered calls, and rows of jobs, whose cost is not known.
        jobs: Batch and evaluation jobs by ARN.
    """

    calls: int = 0
    throttles: int = 0
    errors: Counter[str] = field(default_factory=Counter)
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float = 0.0
    unpriced: int = 0
    jobs: dict[str, JobSeen] = field(default_factory=dict)


class MeteredRuntime:
    """
    Counts what passes through to another runtime.

    Args:
        runtime: Who answers.
        price: Cost in USD of (model, reply, how it was asked for), None when unknown.
    """

    def __init__(
        self, runtime: BedrockRuntime, price: Callable[[str, Reply, Delivery], float | None]
    ) -> None:
        self._runtime = runtime
        self._price = price
        self.meter = Meter()
        self.is_simulated = runtime.is_simulated

    async def converse(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Pass a Converse request on and count."""
        reply = await self._counted(self._runtime.converse(request))
        usage = bodies.mapping(reply.get("usage"))
        read, written = (bodies.cached(usage, key) for key in _INPUT[1:])
        tier = bodies.mapping(reply.get("serviceTier")).get("type")
        said = Reply(
            text="",
            input_tokens=bodies.total(usage, *_INPUT),
            output_tokens=bodies.total(usage, "outputTokens"),
            cache_read_tokens=read,
            cache_write_tokens=written,
            service_tier=tier if isinstance(tier, str) else None,
        )
        self._add(request, said)
        return reply

    async def invoke_model(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Pass an InvokeModel request on and count, as far as its family's bodies tell their tokens."""
        reply = await self._counted(self._runtime.invoke_model(request))
        # Each family names its tokens otherwise, and some bodies do not tell them at all.
        said = read_body(reply.get("body"))
        self._add(request, said)
        return reply

    async def invoke_guardrail_checks(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Pass an InvokeGuardrailChecks request on and count; what it is billed for are text units."""
        reply = await self._counted(self._runtime.invoke_guardrail_checks(request))
        usage = bodies.mapping(bodies.mapping(reply.get("usage")).get("contentFilter"))
        units = bodies.total(usage, "textUnits")
        cost = self._price(GUARDRAIL_CHECKS, Reply(text="", input_tokens=units, output_tokens=0), "on_demand")
        if cost is None:
            self.meter.unpriced += 1
        self.meter.cost_usd += cost or 0.0
        return reply

    async def close(self) -> None:
        """Close the runtime."""
        await self._runtime.close()

    async def _counted(self, call: Awaitable[dict[str, Any]]) -> dict[str, Any]:
        try:
            reply = await call
        except ServiceError as error:
            # A throttle costs nothing and is tried again: among the errors it would hide the real ones.
            if error.code == "ThrottlingException":
                self.meter.throttles += 1
            else:
                self.meter.errors[error.code] += 1
            raise
        self.meter.calls += 1
        return reply

    def _add(self, request: Mapping[str, Any], said: Reply) -> None:
        self.meter.input_tokens += said.input_tokens or 0
        self.meter.output_tokens += said.output_tokens or 0
        is_flex = bodies.mapping(request.get("serviceTier")).get("type") == FLEX
        # An unknown price adds nothing, as unknown tokens do: the sum is of what is known.
        cost = self._price(request["modelId"], said, "flex" if is_flex else "on_demand")
        if cost is None:
            self.meter.unpriced += 1
        self.meter.cost_usd += cost or 0.0
