"""
One search, move by move: propose, try on dev, drop and choose, until rounds or money end.

Pure: what to do next follows from what has been kept, so a search that was interrupted goes on where it was.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from evaldrop.evaluation.improvement import ImprovedPrompt
from evaldrop.prompt_search.calls import TRAIN_SAMPLE
from evaldrop.prompt_search.front import parents
from evaldrop.prompt_search.parts import PartsOf
from evaldrop.prompt_search.race import batch_ends, best, dropped
from evaldrop.prompt_search.state import FIRST, Part, Proposal, Search, Tried

_IDLE_ROUNDS: Final = 2


class Propose(NamedTuple):
    """Ask for a round's prompts: as many as there are `parents`, each from the prompt with that ID."""

    parents: tuple[str, ...]


class Try(NamedTuple):
    """Have prompts, by ID, answer records of a part, each of them all."""

    prompts: tuple[str, ...]
    part: Part
    records: tuple[str, ...]


class Tries(NamedTuple):
    """What is tried in one turn."""

    tries: tuple[Try, ...]


class Finished(NamedTuple):
    """It is over: the ID of the prompt that is best on dev, and why nothing more is tried, in words."""

    winner: str
    why: str


Move = Propose | Tries | Finished


def begin(candidate: str, original: str, by: str, text: str, tokens: int) -> Search:
    """
    Return a search that has its first prompt alone.

    Args:
        candidate: Whose prompt is searched.
        original: The candidate with the first prompt.
        by: A model ID, `bedrock` or `bedrock_job`.
        text: The first prompt's file.
        tokens: Of it, estimated.
    """
    return Search(
        candidate=candidate,
        original=original,
        by=by,
        proposals=(Proposal(id=FIRST, text=text, tokens=tokens),),
    )


def proposal_id(round_: int, number: int) -> str:
    """Return what a proposal is called, of a round and in it, both from 1."""
    return f"r{round_}p{number}"


def next_move(search: Search, settings: ImprovedPrompt, parts: PartsOf) -> Move:
    """
    Return what to do next.

    The first prompt is tried on a sample of train and on all of dev. Each round then asks for prompts, has
    those that were not refused race on dev, and makes the best one the incumbent. Where there is no choice
    (`settings.is_search` is false) one prompt is asked for, and it is the winner unless it was refused.

    Args:
        search: As `begin` and `with_…` return it.
        settings: The candidate's.
        parts: The same at every move.
    """
    if search.ended is not None:
        return Finished(search.winner or search.incumbent, search.ended)
    if not settings.is_search:
        return _without_choice(search)
    why = _why_over(search, settings, parts)
    if why is not None:
        return Finished(_leader(search).id, why)
    original = search.proposal(FIRST)
    first = _tries(
        Try((FIRST,), "train", _untried(original.train, parts.train[:TRAIN_SAMPLE])),
        Try((FIRST,), "dev", _untried(original.dev, parts.dev)),
    )
    if first.tries:
        return first
    racing = _racing(search)
    if racing and (batch := _batch(racing, parts)):
        return Tries((Try(tuple(each.id for each in racing), "dev", batch),))
    return _next_round(search, settings, parts)


def with_proposals(search: Search, proposals: Iterable[Proposal]) -> Search:
    """
    Return the search in its next round, with what was proposed for it; refused ones say why.

    There may be none: then the round has nothing to try.

    Raises:
        ValueError: An ID is there already.
    """
    number = search.round + 1
    found = (*search.proposals, *(each.model_copy(update={"round": number}) for each in proposals))
    if len({each.id for each in found}) < len(found):
        raise ValueError(f"round {number} has proposals whose IDs are there already")
    return search.model_copy(update={"proposals": found, "round": number})


def with_tried(
    search: Search, tries: Tries, results: Mapping[str, Mapping[str, Tried]], *, parts: PartsOf
) -> Search:
    """
    Return the search with what came of its tries; who is shown worse has dropped out.

    Args:
        search: That `tries` was the next move of.
        tries: What was asked.
        results: By proposal and record ID. What was asked and is not there is kept as tried, without quality:
            nothing is asked twice, and it counts as failed.
        parts: As for `next_move`.
    """
    whole = {
        which: {record: results.get(which, {}).get(record, Tried()) for record in records}
        for which, records in _asked(tries).items()
    }
    search = with_results(search, tries, whole)
    racing = _racing(search)
    if not racing or all(each.part == "train" for each in tries.tries):
        return search
    met = len(racing[0].dev)
    search = _with_dropped(search, dropped(search.proposal(search.incumbent), racing, parts, met=met))
    left = _racing(search)
    if left and met < len(parts.dev):
        return search
    chosen = best(search.proposal(search.incumbent), left, parts.dev)
    return search.model_copy(update={"incumbent": chosen.id})


def with_results(search: Search, tries: Tries, results: Mapping[str, Mapping[str, Tried]]) -> Search:
    """
    Return the search with what came of tries that were not all had, before it is `ended`.

    Nobody drops out and nothing counts as failed: what is missing says nothing of a prompt. Arguments as of
    `with_tried`.
    """
    for each in tries.tries:
        kept = {
            which: {record: results[which][record] for record in each.records if record in results[which]}
            for which in each.prompts
            if which in results
        }
        search = _kept(search, each.part, kept)
    return search


def ended(search: Search, why: str) -> Search:
    """Return the search as it ends, the best prompt so far its winner; one that has ended stays as it is."""
    if search.ended is not None:
        return search
    return search.model_copy(update={"winner": _leader(search).id, "ended": why})


def _why_over(search: Search, settings: ImprovedPrompt, parts: PartsOf) -> str | None:
    """Return why there is nothing more to do, whatever the round has left; None where there may be."""
    if not parts.dev:
        return "there are too few records to choose prompts by"
    dev = search.proposal(FIRST).dev
    if dev and all(tried.quality is None for tried in dev.values()):
        return "no response to the original prompt got a score on dev"
    budget, spent = settings.budget_usd, search.cost_usd
    if budget is not None and spent is not None and spent >= budget:
        return f"its budget of ${budget:g} is spent"
    return None


def _without_choice(search: Search) -> Move:
    if search.round == 0:
        return Propose((FIRST,))
    written = search.proposals[1:]
    if not written:
        return Finished(FIRST, "no prompt was written")
    if written[-1].refused is not None:
        what = "the prompt that was written was refused" if written[-1].text else "no prompt was written"
        return Finished(FIRST, f"{what}: {written[-1].refused}")
    return Finished(written[-1].id, "one prompt was written")


def _next_round(search: Search, settings: ImprovedPrompt, parts: PartsOf) -> Move:
    if search.round >= settings.rounds:
        return Finished(_leader(search).id, f"all {settings.rounds} rounds are over")
    if search.round >= _IDLE_ROUNDS and not any(
        each.round > search.round - _IDLE_ROUNDS and each.refused is None for each in search.proposals
    ):
        return Finished(_leader(search).id, f"{_IDLE_ROUNDS} rounds in a row brought no prompt to try")
    chosen = parents(search, settings.proposals)
    sample = parts.train[:TRAIN_SAMPLE]
    tries = _tries(
        *(
            Try((which,), "train", _untried(search.proposal(which).train, sample))
            for which in dict.fromkeys(chosen)
        )
    )
    return tries if tries.tries else Propose(chosen)


def _tries(*tries: Try) -> Tries:
    """Return the tries that have records, those of the same records as one."""
    together: dict[tuple[Part, tuple[str, ...]], tuple[str, ...]] = {}
    for each in tries:
        if each.records:
            key = (each.part, each.records)
            together[key] = (*together.get(key, ()), *each.prompts)
    return Tries(tuple(Try(prompts, part, records) for (part, records), prompts in together.items()))


def _asked(tries: Tries) -> dict[str, list[str]]:
    """Return all records that each prompt was to answer."""
    found: dict[str, list[str]] = {}
    for each in tries.tries:
        for which in each.prompts:
            found.setdefault(which, []).extend(each.records)
    return found


def _untried(tried: Mapping[str, Tried], records: Sequence[str]) -> tuple[str, ...]:
    return tuple(record for record in records if record not in tried)


def _racing(search: Search) -> list[Proposal]:
    """Return the round's prompts that are in its race, or were to its end."""
    return [
        each
        for each in search.proposals
        if each.round == search.round and each.id != FIRST and each.refused is None and each.dropped is None
    ]


def _batch(racing: Sequence[Proposal], parts: PartsOf) -> tuple[str, ...]:
    """Return the dev records that the race meets next; none where it has met all."""
    met = len(racing[0].dev)
    end = next((each for each in batch_ends(len(parts.dev)) if each > met), met)
    return parts.dev[met:end]


def _leader(search: Search) -> Proposal:
    """
    Return the best prompt so far: of the race that is under way too, of those who have met half of dev.

    Before, chance alone would choose. A race that is over has made its best one the incumbent.
    """
    incumbent, racing = search.proposal(search.incumbent), _racing(search)
    if any(each.id == incumbent.id for each in racing):
        return incumbent
    dev = tuple(search.proposal(FIRST).dev)
    return best(incumbent, [each for each in racing if 2 * len(each.dev) >= len(dev)], dev)


def _kept(search: Search, part: Part, tried: Mapping[str, Mapping[str, Tried]]) -> Search:
    def kept(proposal: Proposal) -> Proposal:
        if proposal.id not in tried:
            return proposal
        before = proposal.train if part == "train" else proposal.dev
        return proposal.model_copy(update={part: {**before, **tried[proposal.id]}})

    return search.model_copy(update={"proposals": tuple(map(kept, search.proposals))})


def _with_dropped(search: Search, why: Mapping[str, str]) -> Search:
    proposals = (
        each.model_copy(update={"dropped": why[each.id]}) if each.id in why else each
        for each in search.proposals
    )
    return search.model_copy(update={"proposals": tuple(proposals)})
