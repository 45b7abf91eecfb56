"""
How long replies will be in a rehearsal: its models are asked about a few of the records, which costs nothing.

What they answer hangs on the request and the seed alone: these are the replies that the run will get.
"""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from io import BytesIO
from random import Random
from statistics import fmean
from typing import Any, BinaryIO, Final

import orjson

from evaldrop.bedrock.families.replies import read_reply
from evaldrop.bedrock.families.requests import native_guardrail
from evaldrop.bedrock.protocol import BedrockRuntime, ServiceError
from evaldrop.bedrock.simulated.answer_key import AnswerKey
from evaldrop.bedrock.simulated.runtime import SimulatedRuntime
from evaldrop.bedrock.specification import parse_rehearsal
from evaldrop.datasets import Record
from evaldrop.evaluation import Called, Candidate
from evaldrop.evaluation.definition import GIVEN
from evaldrop.evaluation.delivered import as_delivered
from evaldrop.evaluation.delivery import Delivery
from evaldrop.evaluation.improvement import BEDROCK
from evaldrop.evaluation.originals import improved_candidates
from evaldrop.evaluation.questions import compared_pairs
from evaldrop.prompt_search.replies import read_proposal
from evaldrop.prompt_search.size import prompt_tokens
from evaldrop.run.definition import RunDefinition
from evaldrop.run.records import RECORDS_FILE
from evaldrop.run.request import RUN_FILE
from evaldrop.steps.prepare_jobs.casing import as_result, as_sent
from evaldrop.steps.prepare_jobs.stages import STAGES, AskedRow, Stage, Stages
from evaldrop.steps.prepare_records.kept_replies import ParentReplies
from evaldrop.steps.prepare_records.prepare import Preparing
from evaldrop.steps.validate_dataset.plan import judge_calls
from evaldrop.steps.validate_dataset.planned_search import ProposedLengths
from evaldrop.steps.validate_dataset.reply_lengths import ReplyLengths
from evaldrop.steps.validate_dataset.search_requests import (
    first_prompt_tokens,
    first_request,
)

JSON = dict[str, Any]

MOST_CALLS: Final = 300
"""
Calls that are made, in about a tenth of a second.

Where a guardrail blocks every other prompt, a few tell little.
"""

_PROPOSALS: Final = 8
"""Prompts that each proposer is asked for."""

_ERROR: Final = {"error": {"Error": "NotAnswered"}}


def rehearsed_lengths(
    definition: RunDefinition, sample: Sequence[Record], parent: ParentReplies | None
) -> ReplyLengths:
    """
    Ask a rehearsal's models about some of the records, spread over the sample, and return what they tell.

    They are asked as the run asks them, without the waits and the faults that the rehearsal is to have.
    """
    most = max(1, MOST_CALLS // _calls_of_a_record(definition))
    return asyncio.run(_asked(definition, _spread(sample, most), parent))


def rehearsed_proposals(definition: RunDefinition, tried: Sequence[Record]) -> dict[str, ProposedLengths]:
    """Ask a rehearsal's proposers for a few prompts, and return how long what they write is, by candidate."""
    return asyncio.run(_proposed(definition, tried))


async def _proposed(definition: RunDefinition, tried: Sequence[Record]) -> dict[str, ProposedLengths]:
    runtime = _runtime(definition, ())
    found: dict[str, ProposedLengths] = {}
    for candidate, settings in improved_candidates(definition.evaluation):
        if settings.by == BEDROCK or not settings.by:
            continue
        replies, prompts = list[int](), list[int]()
        for place in range(_PROPOSALS):
            # Of other records another prompt is made.
            request = first_request(definition, candidate, settings, tried[place:])
            try:
                reply = as_result(await runtime.converse({"modelId": settings.by, **as_sent(request)}))
            except ServiceError:
                continue
            replies.append(read_reply("converse", reply).output_tokens or 0)
            written = read_proposal(reply)
            if not isinstance(written, str):
                prompts.append(prompt_tokens(written.prompt))
        first = first_prompt_tokens(definition, candidate, settings)
        if replies and prompts:
            found[candidate.name] = ProposedLengths(fmean(replies), max(0.0, fmean(prompts) - first))
    return found


def _calls_of_a_record(definition: RunDefinition) -> int:
    evaluation = definition.evaluation
    pairs = sum(1 for _ in compared_pairs(evaluation)) * len(evaluation.called_judges)
    judging = (
        len(evaluation.candidates) * judge_calls(evaluation, len(definition.judged_criteria)) + 2 * pairs
    )
    # Judges are asked again as jobs ask them.
    return len(evaluation.candidates) + 2 * judging


def _spread(sample: Sequence[Record], most: int) -> Sequence[Record]:
    """Return some of the records, one of each stretch of the dataset, drawn: kinds may take turns in it."""
    if len(sample) <= most:
        return sample
    draw, stretch = Random(len(sample)), len(sample) / most  # noqa: S311 - which are looked at
    return [sample[int((place + draw.random()) * stretch)] for place in range(most)]


async def _asked(
    definition: RunDefinition, sample: Sequence[Record], parent: ParentReplies | None
) -> ReplyLengths:
    called = _Calls(definition, sample, parent)
    runtime = _runtime(definition, called.lines)
    await called.ask(runtime, STAGES)
    # A job of Converse rows takes no tools, and may ask for data where a call asks for words.
    judges = {judge.name for judge in definition.judges if judge.api == "converse"}
    in_jobs = _Calls(_as_in_jobs(definition), sample, parent, is_in_jobs=True)
    in_jobs.take_responses(called.lines)
    await in_jobs.ask(runtime, STAGES[1:])
    in_batch = {key: n for key, n in in_jobs.means().items() if key.removeprefix("judge/") in judges}
    means = called.means()
    return ReplyLengths(tokens=means, in_batch=in_batch, billed=called.billed(), rehearsed=frozenset(means))


def _runtime(definition: RunDefinition, lines: Iterable[JSON]) -> BedrockRuntime:
    # As the run's folder will have them.
    files = {
        RECORDS_FILE: b"".join(orjson.dumps(line) + b"\n" for line in lines),
        RUN_FILE: orjson.dumps({"criteria": definition.content["criteria"]}),
    }

    def open_read(uri: str) -> BinaryIO:
        return BytesIO(files[uri.rpartition("/")[2]])

    known = AnswerKey(RECORDS_FILE, open_read)
    rehearsal = parse_rehearsal(definition.bedrock.partition(":")[2])
    smooth = replace(rehearsal, throttling=0, errors=0, latency=0, rpm=0, tpm=0)
    return SimulatedRuntime(smooth, max_in_flight=1, answer_key=known, criteria=known.criterion)


def _everybody(definition: RunDefinition) -> dict[str, Called]:
    called: dict[str, Called] = {
        f"candidate/{each.name}": each for each in definition.candidates if each.model != GIVEN
    }
    return called | {f"judge/{each.name}": each for each in definition.judges}


def _as_in_jobs(definition: RunDefinition) -> RunDefinition:
    deliveries: Mapping[str, Delivery] = dict.fromkeys(_everybody(definition), "batch")
    return definition.changed(evaluation=as_delivered(definition.evaluation, deliveries))


class _Calls:
    """
    What a run asks about some records, and what it was answered.

    Attributes:
        lines: The records as PrepareRecords makes them; those that cannot be sent are left out.
    """

    def __init__(
        self,
        definition: RunDefinition,
        sample: Iterable[Record],
        parent: ParentReplies | None,
        *,
        is_in_jobs: bool = False,
    ) -> None:
        preparing = Preparing(definition, parent)
        prepared = map(preparing.prepare, sample)
        # A long request is written only once the run has begun.
        self.lines = [line for line in prepared if isinstance(line, dict) and "long" not in line["calls"]]
        self._called = _everybody(definition)
        # What is delivered in batch is what stages ask; they ask it as calls do, but for data.
        everybody: dict[str, Delivery] = dict.fromkeys(self._called, "batch")
        refused: JSON = {"candidates": {}, "judges": {}}
        state = {"candidates": preparing.candidates, "judges": preparing.judge_requests.constants}
        self._stages = Stages(definition.changed(deliveries=everybody), {**state, "refused": refused})
        self._is_in_jobs = is_in_jobs
        self._replies: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)

    def take_responses(self, lines: Iterable[JSON]) -> None:
        """Take the candidates' responses that other calls about the same records have."""
        # By ID: asked otherwise, one of them may be too long to be sent.
        answered = {line["record_id"]: line["calls"].get("jobs") for line in lines}
        for line in self.lines:
            if jobs := answered.get(line["record_id"]):
                line["calls"]["jobs"] = jobs

    async def ask(self, runtime: BedrockRuntime, stages: Iterable[Stage]) -> None:
        """Ask stage by stage: judges are shown what candidates have answered."""
        for stage in stages:
            kind = "candidate" if stage == "candidates" else "judge"
            for ordinal, line in enumerate(self.lines):
                for row in self._stages.asked(stage, ordinal, line["calls"]):
                    row.take(await self._answer(runtime, f"{kind}/{row.who}", row))

    async def _answer(self, runtime: BedrockRuntime, key: str, row: AskedRow) -> JSON:
        called, body = self._called[key], row.body()
        try:
            if row.api == "invoke_model":
                guardrail = as_sent(native_guardrail(called)) if isinstance(called, Candidate) else {}
                request = {"modelId": called.model, "body": orjson.dumps(body), **guardrail}
                answered = await runtime.invoke_model(request)
                reply: JSON = {"Body": orjson.loads(answered["body"])}
            else:
                # Of jobs alone.
                kept = body if self._is_in_jobs else {k: v for k, v in body.items() if k != "outputConfig"}
                reply = as_result(await runtime.converse({"modelId": called.model, **kept}))
        except ServiceError:
            return _ERROR
        said = read_reply(row.api, reply)
        self._replies[key].append((said.input_tokens or 0, said.output_tokens or 0))
        return {"reply": reply}

    def means(self) -> dict[str, float]:
        """Return the mean tokens of a reply that is billed; nothing for who gave none."""
        billed = {key: [given for taken, given in each if taken] for key, each in self._replies.items()}
        return {key: fmean(given) for key, given in billed.items() if given}

    def billed(self) -> dict[str, float]:
        """Return what share of the calls that a plan counts was billed."""
        counted: Counter[str] = Counter()
        for line in self.lines:
            for judgement in line["calls"]["judgements"]:
                kept = len(judgement.get("kept_replies", ()))
                counted[f"judge/{judgement['judge']}"] += len(judgement["fences"]) - kept
            for comparison in line["calls"]["comparisons"]:
                counted[f"judge/{comparison['judge']}"] += "kept" not in comparison
        for key in self._replies:
            if key.startswith("candidate/"):
                counted[key] = len(self._replies[key])
        billed = {key: sum(taken > 0 for taken, _ in self._replies[key]) for key in counted}
        return {key: billed[key] / n for key, n in counted.items() if n}
