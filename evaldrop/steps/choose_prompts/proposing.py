"""Prompts that are asked for: the requests of a turn, and what their replies hold."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from evaldrop.bedrock.families.replies import read_reply
from evaldrop.datasets import Record
from evaldrop.evaluation.improvement import ImprovedPrompt
from evaldrop.evaluation.prompts import Prompt
from evaldrop.prompt_search.asking import (
    Asking,
    Proposer,
    TrainRecord,
    instructions_request,
    proposal_request,
)
from evaldrop.prompt_search.refusals import Refusals
from evaldrop.prompt_search.replies import Written, read_proposal
from evaldrop.prompt_search.search import proposal_id
from evaldrop.prompt_search.size import most_prompt_tokens, prompt_tokens
from evaldrop.prompt_search.state import FIRST, Proposal, Search
from evaldrop.run.definition import RunDefinition
from evaldrop.steps.build_scorecard.reading import cost_usd
from evaldrop.steps.choose_prompts.outcomes import read_answers
from evaldrop.steps.choose_prompts.texts import seen_records
from evaldrop.steps.prepare_records.reserve import CACHE_WRITE, TOOL_TOKENS, most_tokens

JSON = dict[str, Any]


class WantedPrompt(NamedTuple):
    """
    A prompt that is asked for.

    Attributes:
        name: What its request is called in the turn.
        proposal: ID that it gets.
        parent: ID of the prompt that it is made from.
        request: A whole Converse request, as Step Functions takes it.
    """

    name: str
    proposal: str
    parent: str
    request: JSON


def wanted_prompts(
    run: RunDefinition,
    search: Search,
    settings: ImprovedPrompt,
    parents: Sequence[str],
    *,
    always: frozenset[str],
    records: Mapping[str, Record],
) -> list[WantedPrompt]:
    """
    Return the requests for a round of a search, one for each parent.

    Args:
        run: The run.
        search: As it is before the round.
        settings: What the evaluation says of it.
        parents: IDs of the prompts that new ones are made from.
        always: Variables that every record has.
        records: Train records by their ID.
    """
    number_of_round = search.round + 1
    proposing = search.model_copy(update={"round": number_of_round})
    proposer = Proposer(model=search.by, family=_family(run, search.by))
    found = []
    for number, parent in enumerate(parents, 1):
        if settings.instructions is not None:
            request = instructions_request(
                settings.instructions,
                search.proposal(FIRST).text,
                settings,
                always=always,
                proposer=proposer,
                nonce=run.nonce,
                prompt=_prompt_of(run, "instructions"),
            )
        else:
            asked = Asking(
                task=run.evaluation.description or "",
                records=list(_worst(run, search, parent, records)),
                always=always,
            )
            request = proposal_request(
                proposing,
                parent,
                settings,
                asked=asked,
                proposer=proposer,
                nonce=run.nonce,
                number=number,
                prompt=_prompt_of(run, "improve"),
            )
        which = proposal_id(number_of_round, number)
        found.append(WantedPrompt(f"{search.candidate}.{which}", which, parent, request))
    return found


def _prompt_of(run: RunDefinition, stem: str) -> Prompt | None:
    """Return how a proposer is asked, as it was when the run began; None where run.json does not have it."""
    names = (name.partition("/")[2] for name in run.prompts if name.startswith(f"proposer/{stem}.v"))
    return next((run.prompt("proposer", name) for name in names), None)


def _family(run: RunDefinition, model: str) -> str | None:
    called = (*run.judges, *run.candidates)
    return next((each.family for each in called if each.model == model), None)


def _worst(
    run: RunDefinition, search: Search, parent: str, records: Mapping[str, Record]
) -> Iterator[TrainRecord]:
    """Yield a prompt's train records, the worst first; those without a verdict tell nothing."""
    answers = read_answers(run, f"{search.candidate}.{parent}")
    tried = search.proposal(parent).train
    scored = [
        (each.quality, record_id)
        for record_id, each in tried.items()
        if each.quality is not None and record_id in answers
    ]
    for quality, record_id in sorted(scored):
        record, answer = records[record_id], answers[record_id]
        yield TrainRecord(
            prompt=record.prompt_text,
            response=answer.response,
            reference=record.reference,
            context=record.context,
            rationales=answer.rationales,
            quality=quality,
        )


def most_usd(run: RunDefinition, model: str, request: JSON) -> float:
    """Return what a request may cost at most; 0 where the model's price is unknown."""
    price = run.prices.get(model)
    if price is None:
        return 0.0
    sent = (most_tokens(request) + TOOL_TOKENS) * max(CACHE_WRITE, price.cache_write)
    written: int = request["InferenceConfig"]["MaxTokens"]
    return (sent * price.input + written * price.output) / 1e6


class Proposed(NamedTuple):
    """What a turn's replies hold for a search, and what they cost; None where that is unknown."""

    proposals: list[Proposal]
    cost_usd: float | None
    errors: list[JSON]


def read_proposals(
    run: RunDefinition,
    search: Search,
    settings: ImprovedPrompt,
    parents: Sequence[str],
    replies: Mapping[str, JSON],
) -> Proposed:
    """
    Return what was proposed for a round, each with why it is refused, if it is.

    A reply that holds no prompt is a refused proposal without a text: what came of the call is kept.
    """
    found: list[Proposal] = []
    cost: float | None = 0.0
    errors = []
    for number, parent in enumerate(parents, 1):
        which = proposal_id(search.round + 1, number)
        came = replies.get(f"{search.candidate}.{which}")
        # It was not asked for, as there was no room in the budget; or its child was lost.
        if came is None:
            continue
        if "reply" in came:
            paid = cost_usd(run, search.by, [read_reply("converse", came["reply"])], "on_demand")
            cost = cost + paid if cost is not None and paid is not None else None
        else:
            errors.append(came["error"])
        found.append(_proposal(which, parent, read_proposal(came.get("reply", came.get("error")))))
    return Proposed(checked(run, search, settings, found), cost, errors)


def _proposal(which: str, parent: str, written: Written | str) -> Proposal:
    if isinstance(written, str):
        return Proposal(id=which, parent=parent, text="", refused=written)
    return Proposal(
        id=which,
        parent=parent,
        text=written.prompt,
        changes=written.changes,
        why=written.why,
        tokens=prompt_tokens(written.prompt),
    )


def checked(
    run: RunDefinition, search: Search, settings: ImprovedPrompt, proposals: Sequence[Proposal]
) -> list[Proposal]:
    """Return proposals with why they are not to be tried, whoever wrote them."""
    first = search.proposal(FIRST)
    refusals = Refusals(
        original=first.text,
        criteria=list(run.judged_criteria.values()),
        judge_prompts=[file.text for name, file in run.prompts.items() if name.startswith("judge/")],
        judges=[each.model for each in run.judges],
        most_tokens=most_prompt_tokens(settings, first.tokens),
        may_quote_train=settings.examples,
    )
    written = [each for each in proposals if each.refused is None]
    if not written:
        return list(proposals)
    tried = [each.text for each in search.proposals if each.text]
    reasons = refusals.reasons([each.text for each in written], seen_records(run), tried=tried)
    refused = {each.id: reason for each, reason in zip(written, reasons, strict=True) if reason}
    return [
        each.model_copy(update={"refused": refused[each.id]}) if each.id in refused else each
        for each in proposals
    ]
