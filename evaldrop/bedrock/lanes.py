"""
A runtime that sends no more than an account may call: a lane per model, which all calls of a run share.

Retries are the workflow's. A call that waits in its lane has not begun: no time-out counts it, and no
latency holds it.
"""

import asyncio
import re
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, Protocol

import orjson

from evaldrop.bedrock.families import bodies
from evaldrop.bedrock.families.replies import read_body
from evaldrop.bedrock.pace import Pace
from evaldrop.bedrock.protocol import BedrockRuntime, ServiceError
from evaldrop.engine.allowance import uncounted
from evaldrop.evaluation.burndown import quota_tokens
from evaldrop.evaluation.delivery import ModelQuota

BYTES_PER_TOKEN = 4
_BUSY = frozenset({"ThrottlingException", "TooManyRequestsException"})
_MOST_TOKENS = re.compile(r"max\w*(token|len)\w*", re.IGNORECASE)

Limits = Callable[[], Mapping[str, ModelQuota]]
"""Gives what an account may call in a minute, by model. It is asked by a run's first call."""


LOOKS_AFTER_S = 1.0
"""How often it is looked who else calls a model, in seconds."""


class Shares(Protocol):
    """Tells how many share what an account may call of a model."""

    def sharers(self, model: str) -> int:
        """Return how many, this run included, from when it is asked first."""
        ...

    def close(self) -> None:
        """Share nothing any more."""
        ...


class _Waiting(NamedTuple):
    turn: asyncio.Future[float]
    tokens: float


class Lane:
    """The calls of one model, in the order in which they came."""

    def __init__(self, pace: Pace, *, is_limited: bool = False) -> None:
        self.pace, self.is_limited = pace, is_limited
        self.sharers, self.looked_at = 1, float("-inf")
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[_Waiting] = deque()
        self._timer: asyncio.TimerHandle | None = None

    async def enter(self, tokens: float) -> float:
        """Wait until a call may leave that reserves so many tokens; return when it left."""
        now = self._loop.time()
        if not self._waiting and self.pace.wait_s(now, tokens) <= 0:
            self.pace.enter(now, tokens)
            return now
        turn: asyncio.Future[float] = self._loop.create_future()
        self._waiting.append(_Waiting(turn, tokens))
        self.look()
        with uncounted():
            return await turn

    def look(self) -> None:
        """Let those go whose turn has come; after what changes when that is."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        while self._waiting:
            turn, tokens = self._waiting[0]
            now = self._loop.time()
            wait_s = 0.0 if turn.done() else self.pace.wait_s(now, tokens)
            if wait_s > 0:
                self._timer = self._loop.call_later(wait_s, self.look)
                return
            self._waiting.popleft()
            # Whoever gave up waiting takes nobody's turn.
            if not turn.done():
                self.pace.enter(now, tokens)
                turn.set_result(now)

    def close(self) -> None:
        """Let nobody go any more."""
        if self._timer is not None:
            self._timer.cancel()


class LanedRuntime:
    """
    Passes calls on as fast as their model may be called.

    Args:
        runtime: Who answers.
        limits: What is known of the account; without it a lane is as wide as throttling leaves it.
        adapts: Whether throttling slows a lane down.
        shares: Who else calls a model whose limits are known; by default nobody.
    """

    def __init__(
        self, runtime: BedrockRuntime, limits: Limits, *, adapts: bool, shares: Shares | None = None
    ) -> None:
        self.is_simulated = runtime.is_simulated
        self._runtime = runtime
        self._limits = limits
        self._adapts = adapts
        self._shares = shares
        self._known: Mapping[str, ModelQuota] | None = None
        self._lanes: dict[str, Lane] = {}

    async def converse(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Pass a Converse request on when its turn has come."""
        return await self._in_turn("converse", request)

    async def invoke_model(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Pass an InvokeModel request on when its turn has come."""
        return await self._in_turn("invoke_model", request)

    async def invoke_guardrail_checks(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Pass an InvokeGuardrailChecks request on: no model is called, and there is no lane for it."""
        return await self._runtime.invoke_guardrail_checks(request)

    async def close(self) -> None:
        """Close the runtime; what waits goes nowhere."""
        for lane in self._lanes.values():
            lane.close()
        if self._shares is not None:
            self._shares.close()
        await self._runtime.close()

    async def _in_turn(self, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        model = str(request.get("modelId"))
        lane = self._lanes.get(model) or self._open(model)
        if self._shares is not None and lane.is_limited:
            self._share(self._shares, lane, model)
        counts_tokens = lane.pace.counts_tokens
        reserved = reserved_tokens(request) if counts_tokens else 0
        entered_at = await lane.enter(reserved)
        try:
            reply: dict[str, Any] = await getattr(self._runtime, operation)(request)
        except ServiceError as error:
            if error.code in _BUSY:
                lane.pace.throttled(asyncio.get_running_loop().time(), entered_at)
                lane.pace.give_back(reserved)
                lane.look()
            raise
        if counts_tokens and (taken := taken_tokens(operation, model, reply)) is not None:
            lane.pace.give_back(reserved - taken)
            lane.look()
        return reply

    def _share(self, shares: Shares, lane: Lane, model: str) -> None:
        """Have a lane take its part, by who else is there now."""
        now = asyncio.get_running_loop().time()
        if now - lane.looked_at < LOOKS_AFTER_S:
            return
        lane.looked_at = now
        sharers = shares.sharers(model)
        if sharers != lane.sharers:
            lane.sharers = sharers
            lane.pace.share(now, sharers)
            lane.look()

    def _open(self, model: str) -> Lane:
        if self._known is None:
            self._known = self._limits()
        quota = self._known.get(model) or ModelQuota()
        now = asyncio.get_running_loop().time()
        pace = Pace(now, rpm=quota.rpm, tpm=quota.tpm, adapts=self._adapts)
        lane = Lane(pace, is_limited=quota != ModelQuota())
        self._lanes[model] = lane
        return lane


def reserved_tokens(request: Mapping[str, Any]) -> int:
    """Return about how many tokens a request takes of a quota as it leaves: input and `max_tokens`."""
    body = request.get("body")
    if body is not None:
        text = body if isinstance(body, bytes) else str(body).encode(errors="replace")
        try:
            content = orjson.loads(text)
        except orjson.JSONDecodeError:  # the service will say so
            content = {}
    else:
        content = {key: value for key, value in request.items() if key != "modelId"}
        text = orjson.dumps(content, default=str)
    return -(-len(text) // BYTES_PER_TOKEN) + max(_limits_in(content), default=0)


def _limits_in(content: Any) -> Iterator[int]:
    # Not in lists: messages are long, and hold no limit.
    for key, value in content.items() if isinstance(content, Mapping) else ():
        if isinstance(value, Mapping):
            yield from _limits_in(value)
        elif isinstance(value, int) and _MOST_TOKENS.fullmatch(str(key)):
            yield value


def taken_tokens(operation: str, model: str, reply: Mapping[str, Any]) -> float | None:
    """Return the tokens that an answered call took of its quota; None where the reply does not tell."""
    if operation == "converse":
        usage = bodies.mapping(reply.get("usage"))
        sent = bodies.total(usage, "inputTokens", "cacheWriteInputTokens")
        received = bodies.total(usage, "outputTokens")
    else:
        said = read_body(reply.get("body"))
        sent, received = said.input_tokens, said.output_tokens
    return None if sent is None or received is None else quota_tokens(model, sent, received)
