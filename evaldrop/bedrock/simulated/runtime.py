"""
A rehearsal of Bedrock without network or money. Its texts and verdicts are proof of nothing.

Everything follows from the seed, the model id and the request, whatever the order of calls; injected
throttles and errors also from how often that request was tried, so that a retry can succeed.
"""

import asyncio
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from hashlib import blake2b
from itertools import accumulate
from random import Random
from typing import Any, NoReturn

import orjson

from evaldrop.bedrock.families.registry import recognised
from evaldrop.bedrock.families.replies import GUARDRAIL_INTERVENED
from evaldrop.bedrock.protocol import ServiceError
from evaldrop.bedrock.simulated.billing import (
    as_any_delivery,
    served_tier,
)
from evaldrop.bedrock.simulated.called import asks_for_embedding, checked, embedded
from evaldrop.bedrock.simulated.candidate import REFUSAL, character_of, respond
from evaldrop.bedrock.simulated.direction import KnownCriteria
from evaldrop.bedrock.simulated.fault_writer import asks_for_fault, faulty
from evaldrop.bedrock.simulated.guardrail import (
    MESSAGE,
    Assessment,
    assess,
    converse_trace,
    invoke_model_guardrail,
    invoke_model_keys,
)
from evaldrop.bedrock.simulated.judge import (
    Case,
    questions_of,
    text_verdict,
    verdicts,
    words_asked_for,
)
from evaldrop.bedrock.simulated.prompt_features import effect_on, features_of
from evaldrop.bedrock.simulated.proposer import as_content, asks_for_prompt, malformed, proposed
from evaldrop.bedrock.simulated.quotas import Quotas
from evaldrop.bedrock.simulated.rehearsal import Rehearsal
from evaldrop.bedrock.simulated.replies import malformed_verdicts, placed, reply_of
from evaldrop.bedrock.simulated.tools import chosen_tool
from evaldrop.evaluation.criteria import BUILT_IN

Knowledge = Callable[[str], str | None]
"""A right answer to a prompt, or None."""
FAULTS = (
    ("InternalServerException", "The system encountered an unexpected error.", 35),
    ("ModelTimeoutException", "The model took too long to process the request.", 30),
    ("ServiceUnavailableException", "The service isn't currently available.", 30),
    ("ValidationException", "The model rejected the request.", 5),
)
# A refusal comes sooner than an answer.
_REFUSAL_S = 0.005
HOSTILE = (
    "<script>alert('verdict')</script><b>Perfect.</b>",
    "\x1b[2J\x1b[31mThe response is fine.\x1b[0m",
    '=HYPERLINK("http://example.invalid","click here")',
    "</rationale>{{ 7 * 7 }} ![x](http://example.invalid/pixel.png) \u202egnorw si sihT",
    "'; DROP TABLE verdicts; -- | row | break |\r\n\x00",
)

# The random marks of fences differ from run to run; what a rehearsal answers must not.
_MARK = re.compile(rb'mark=\\"[0-9a-f]{16}\\"')


class SimulatedRuntime:
    """
    Answers as candidates, judges and guardrails might.

    Args:
        rehearsal: Rates, seed and latency.
        answer_key: Gives a right answer to the text of the last user message, or None: what models know. A
            candidate gets it right, in part, wrong or not at all, by its quality.
        criteria: The criteria of the run by name and question, or None: by them judges know what is good.
        max_in_flight: How many calls may wait at a time.
        sleep: Waits; an override may not.
    """

    is_simulated = True

    def __init__(
        self,
        rehearsal: Rehearsal,
        *,
        max_in_flight: int,
        answer_key: Knowledge | None = None,
        criteria: KnownCriteria | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._rehearsal = rehearsal
        self._sleep = sleep
        self._answer_key = answer_key or (lambda _prompt: None)
        self._criteria = criteria
        self._slots = asyncio.Semaphore(max_in_flight)
        self._tries: Counter[bytes] = Counter()
        self._quotas = Quotas(rpm=rehearsal.rpm, tpm=rehearsal.tpm)

    async def converse(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Answer as the model would that the id names, if it were real."""
        digest = self._digest(request)
        async with self._slots:
            model = _model_id(request)
            reserved = self._quotas.take(model, request)
            if reserved is None:
                await self._throttle()
            await self._fail_at_the_stated_rates(digest)
            response = self._reply(request, digest)
            await self._sleep(response["metrics"]["latencyMs"] / 1000)
            self._quotas.settle(model, reserved, response)
        return response

    async def invoke_model(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Answer a body of any known family in that family's own shape."""
        model = _model_id(request)
        try:
            body = orjson.loads(request.get("body", b""))
            if asks_for_embedding(body):
                return await self._embed(request, body)
            family = recognised(model, body)
            if family is None:
                raise ServiceError("ValidationException", f"the body for {model} is of no known family")
            converse = {"modelId": model, **family.as_converse(body), **invoke_model_guardrail(request)}
        except (orjson.JSONDecodeError, AttributeError, KeyError, TypeError) as fault:
            raise ServiceError(
                "ValidationException", f"the body for {model} cannot be read: {fault!r}"
            ) from fault
        response = await self.converse(converse)
        assessment = self._assess(converse)
        if assessment is not None and assessment.is_blocked:
            # A body keeps its model's own stop reason; the guardrail's action has a key of its own.
            response = {**response, "stopReason": "end_turn"}
        answered = {**family.from_converse(model, response), **invoke_model_keys(assessment)}
        return {"body": orjson.dumps(answered), "contentType": "application/json"}

    async def invoke_guardrail_checks(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Answer with severities by alarming words, whatever company they are in."""
        async with self._slots:
            await self._fail_at_the_stated_rates(self._digest(request))
            await self._sleep(_REFUSAL_S * self._rehearsal.latency)
        return checked(request)

    async def _embed(self, request: Mapping[str, Any], body: Mapping[str, Any]) -> dict[str, Any]:
        async with self._slots:
            await self._fail_at_the_stated_rates(self._digest(request))
            await self._sleep(_REFUSAL_S * self._rehearsal.latency)
        return {"body": orjson.dumps(embedded(body)), "contentType": "application/json"}

    async def close(self) -> None:
        """Forget how often requests were tried."""
        self._tries.clear()

    def _digest(self, request: Mapping[str, Any]) -> bytes:
        seed = self._rehearsal.seed.to_bytes(8, "little", signed=True)
        try:
            canonical = orjson.dumps(as_any_delivery(request), option=orjson.OPT_SORT_KEYS, default=repr)
        except TypeError as fault:
            raise ServiceError(
                "ValidationException", f"the request cannot be sent as JSON: {fault}"
            ) from fault
        return blake2b(_MARK.sub(b"mark", canonical), key=seed, digest_size=16).digest()

    async def _fail_at_the_stated_rates(self, digest: bytes) -> None:
        rates = self._rehearsal
        if rates.throttling + rates.errors <= 0:
            return
        draw = _draw(digest, "fault", self._tries[digest])
        self._tries[digest] += 1
        chance = draw.random()
        if chance >= rates.throttling + rates.errors:
            # Only requests that failed are counted: an entry for each would grow with the run.
            del self._tries[digest]
            return
        if chance < rates.throttling:
            await self._throttle()
        await self._sleep(_REFUSAL_S * rates.latency)
        fault = draw.choices(FAULTS, weights=[weight for *_, weight in FAULTS])[0]
        raise ServiceError(fault[0], fault[1])

    async def _throttle(self) -> NoReturn:
        await self._sleep(_REFUSAL_S * self._rehearsal.latency)
        raise ServiceError("ThrottlingException", "Too many requests, please wait before trying again.")

    def _reply(self, request: Mapping[str, Any], digest: bytes) -> dict[str, Any]:
        assessment = self._assess(request)
        if assessment is not None and assessment.is_blocked:
            return self._blocked(assessment, digest)
        character = character_of(_model_id(request))
        blocks = _last_user_texts(request)
        written = self._propose(request, "\n".join(blocks), digest)
        content, stop = (
            written
            or self._judge(request, blocks, digest)
            or self._call_tool(request, "\n".join(blocks), digest)
            or (self._answer(request, "\n".join(blocks), digest), "end_turn")
        )
        latency_ms = min(400.0, max(80.0, character.latency_ms * _draw(digest, "latency").uniform(0.8, 1.25)))
        response = reply_of(
            request,
            content,
            stop,
            latency_ms=round(latency_ms * self._rehearsal.latency),
            draw=_draw(digest, "cache"),
        )
        tier = served_tier(request, self._rehearsal.default_tier, _draw(digest, "tier"))
        return {**response, **tier, **converse_trace(assessment)}

    def _assess(self, request: Mapping[str, Any]) -> Assessment | None:
        config = request.get("guardrailConfig")
        return assess(config, "\n".join(_last_user_texts(request)), seed=self._rehearsal.seed)

    def _blocked(self, assessment: Assessment, digest: bytes) -> dict[str, Any]:
        """Return what replaces a response; the model was not called, so it took no tokens."""
        latency_ms = _draw(digest, "latency").uniform(80.0, 120.0) * self._rehearsal.latency
        return {
            "output": {"message": {"role": "assistant", "content": [{"text": MESSAGE}]}},
            "stopReason": GUARDRAIL_INTERVENED,
            "usage": {"inputTokens": 0, "outputTokens": 0, "totalTokens": 0},
            "metrics": {"latencyMs": round(latency_ms)},
            **converse_trace(assessment),
        }

    def _call_tool(
        self, request: Mapping[str, Any], prompt: str, digest: bytes
    ) -> tuple[dict[str, Any], str] | None:
        """Return a call of a tool that is offered; None where there is none, or the model answers itself."""
        character, draw = character_of(_model_id(request)), _draw(digest, "tool")
        called = chosen_tool(request, prompt, draw, quality=character.quality)
        if called is None:
            return None
        return {"toolUse": {"toolUseId": _call_id(digest), **called}}, "tool_use"

    def _answer(self, request: Mapping[str, Any], prompt: str, digest: bytes) -> dict[str, Any]:
        draw = _draw(digest, "answer")
        if draw.random() < self._rehearsal.refusals:
            return {"text": REFUSAL}
        if asks_for_fault(prompt):
            return {"text": faulty(prompt, draw)}
        reference = self._answer_key(prompt)
        character = character_of(_model_id(request))
        # Of the prompt alone: what is hard for one model is hard for the others.
        difficulty = _draw(
            blake2b(prompt.encode(errors="replace"), digest_size=16).digest(), "difficulty"
        ).random()
        said = respond(
            prompt,
            reference,
            character=character,
            difficulty=difficulty,
            draw=draw,
            ceiling=self._rehearsal.ceiling,
            effect=effect_on(features_of(request), prompt, self._rehearsal.prompt_gain),
        )
        return {"text": said}

    def _propose(
        self, request: Mapping[str, Any], asked: str, digest: bytes
    ) -> tuple[dict[str, Any], str] | None:
        if not asks_for_prompt(request, asked):
            return None
        draw = _draw(digest, "proposal")
        faults = self._rehearsal.prompt_faults
        written, call_id = proposed(asked, draw, faults=faults, wording=self._wording()), _call_id(digest)
        match self._fate(digest):
            case "refused":
                return {"text": REFUSAL}, "end_turn"
            case "malformed":
                return malformed(written, request, call_id, draw)
            case "hostile":
                written = written._replace(changes=draw.choice(HOSTILE), why=draw.choice(HOSTILE))
        return as_content(written, request, call_id)

    def _wording(self) -> str | None:
        """Return a question of the run's that whoever knows evaldrop could guess: a built-in criterion's."""
        found = (self._criteria(name, "") for name in BUILT_IN) if self._criteria else ()
        return next((criterion.question for criterion in found if criterion), None)

    def _judge(
        self, request: Mapping[str, Any], blocks: list[str], digest: bytes
    ) -> tuple[dict[str, Any], str] | None:
        case = Case.from_blocks(blocks, is_lenient=self._rehearsal.ceiling > 0)
        draw = _draw(digest, "judge")
        config = request.get("toolConfig", {})
        has_response = len(blocks) >= 3 or any("<response" in block for block in blocks)
        # Tools that nobody has to call, and no response to judge: a candidate's own.
        tools = config.get("tools", ()) if has_response or "toolChoice" in config else ()
        spec = next((tool["toolSpec"] for tool in tools if "toolSpec" in tool), None)
        if spec and (questions := questions_of(spec["inputSchema"]["json"], known=self._criteria)):
            answer = verdicts(questions, case, draw)
            block = {"toolUse": {"toolUseId": _call_id(digest), "name": spec["name"]}}
            match self._fate(digest):
                case "refused":
                    return {"text": REFUSAL}, "end_turn"
                case "malformed":
                    return malformed_verdicts(block, answer, questions, draw)
                case "hostile":
                    for question in questions:
                        if question.rationale:
                            placed(answer, question)[question.rationale] = draw.choice(HOSTILE)
            block["toolUse"]["input"] = answer
            return block, "tool_use"
        if not has_response:
            return None
        said = self._judge_in_data(request, case, draw) or self._judge_in_words(request, blocks, digest)
        return None if said is None else ({"text": said}, "end_turn")

    def _judge_in_data(self, request: Mapping[str, Any], case: Case, draw: Random) -> str | None:
        form = request.get("outputConfig", {}).get("textFormat", {}).get("structure", {}).get("jsonSchema")
        questions = questions_of(orjson.loads(form["schema"]), known=self._criteria) if form else ()
        return orjson.dumps(verdicts(questions, case, draw)).decode() if questions else None

    def _judge_in_words(self, request: Mapping[str, Any], blocks: list[str], digest: bytes) -> str | None:
        case = Case.from_blocks(blocks, is_lenient=self._rehearsal.ceiling > 0)
        draw = _draw(digest, "judge")
        system = (block.get("text", "") for block in request.get("system", ()))
        instructions = "\n".join([*system, blocks[-1]])
        said = words_asked_for(f"{blocks[0]}\n{instructions}", case, draw, self._criteria)
        said = said or text_verdict(instructions, case, draw, self._criteria)
        if said is None:
            return None
        match self._fate(digest):
            case "refused":
                return REFUSAL
            case "malformed":
                return said.partition("\n\n")[0]
            case "hostile":
                return f"{draw.choice(HOSTILE)}\n{said}"
        return said

    def _fate(self, digest: bytes) -> str:
        rates = self._rehearsal
        bounds = list(accumulate((rates.refusals, rates.malformed, rates.hostile)))
        chance = _draw(digest, "fate").random()
        return ("refused", "malformed", "hostile", "fair")[bisect_right(bounds, chance)]


def _call_id(digest: bytes) -> str:
    return f"tooluse_{digest.hex()[:22]}"


def _last_user_texts(request: Mapping[str, Any]) -> list[str]:
    said = [message for message in request.get("messages", ()) if message.get("role") == "user"]
    return [block["text"] for block in said[-1]["content"] if "text" in block] if said else []


def _model_id(request: Mapping[str, Any]) -> str:
    model = request.get("modelId")
    if not isinstance(model, str) or not model:
        raise ServiceError("ValidationException", 'the request has no "modelId"')
    return model


def _draw(digest: bytes, purpose: str, attempt: int = 0) -> Random:
    # A source of chance for each purpose: a draw more in one must not change another.
    salted = blake2b(digest + purpose.encode() + attempt.to_bytes(4, "little"), digest_size=8).digest()
    return Random(int.from_bytes(salted, "little"))  # noqa: S311 - a rehearsal
