"""
The prompts worth going on from: on dev, none is both better and shorter.

As GEPA keeps them (Agrawal et al. 2025, arXiv 2507.19457), and chosen among by how many dev records each is
the best on: a prompt that is the best on some records knows something that the incumbent does not.
"""

from collections.abc import Mapping, Sequence
from math import floor

from evaldrop.prompt_search.calls import MOST_PARENTS
from evaldrop.prompt_search.race import compare
from evaldrop.prompt_search.state import FIRST, Proposal, Search


def dev_quality(search: Search, proposal: Proposal) -> float | None:
    """
    Return a prompt's mean quality on dev, in [0, 1]; None where it has none.

    The original's mean and what the prompt gains on the records that both have a score on: so a prompt that
    failed on the hard ones has no advantage.
    """
    original = search.proposal(FIRST)
    scores = [tried.quality for tried in original.dev.values() if tried.quality is not None]
    gained = compare(original, proposal, tuple(original.dev), {}, tests=False)
    return sum(scores) / len(scores) + gained.difference if gained.shared else None


def front(search: Search) -> tuple[Proposal, ...]:
    """
    Return the prompts that no other one is at least as good as and at least as short as, the best first.

    Only those that have met all dev records. Of two that are alike in both the earlier one.
    """
    records = len(search.proposal(FIRST).dev)
    ranked: list[tuple[float, Proposal]] = []
    for each in search.proposals:
        if each.refused is None and each.dropped is None and records and len(each.dev) == records:
            quality = dev_quality(search, each)
            if quality is not None:
                ranked.append((round(quality, 12), each))
    ranked.sort(key=lambda one: (-one[0], one[1].tokens))
    found: list[Proposal] = []
    for _, each in ranked:
        if not found or each.tokens < found[-1].tokens:
            found.append(each)
    return tuple(found)


def parents(search: Search, number: int) -> tuple[str, ...]:
    """
    Return the parent of each of the next proposals, by ID: the incumbent's first.

    The incumbent and the members of the front have as many as they have dev records on which none of them is
    better, ties shared; at most `MOST_PARENTS` have any. The incumbent has one at least.
    """
    incumbent = search.proposal(search.incumbent)
    others = [each for each in front(search) if each.id != incumbent.id]
    shares = _wins([incumbent, *others])
    ranked = sorted(others, key=lambda each: -shares[each.id])[: MOST_PARENTS - 1]
    chosen = [incumbent, *ranked]
    return _allotted({each.id: shares[each.id] for each in chosen}, number)


def _wins(prompts: Sequence[Proposal]) -> dict[str, float]:
    """Return on how many dev records each is the best; a record is shared by those that are."""
    found = dict.fromkeys((each.id for each in prompts), 0.0)
    for record in prompts[0].dev:
        scores: dict[str, float] = {}
        for each in prompts:
            tried = each.dev.get(record)
            if tried is not None and tried.quality is not None:
                scores[each.id] = tried.quality
        if scores:
            top = max(scores.values())
            winners = [which for which, quality in scores.items() if quality >= top - 1e-9]
            for which in winners:
                found[which] += 1 / len(winners)
    return found


def _allotted(weights: Mapping[str, float], number: int) -> tuple[str, ...]:
    """Return `number` names in proportion to weights, by largest remainders; the first has one at least."""
    first = next(iter(weights))
    total = sum(weights.values()) or 1.0
    exact = {which: (number - 1) * weight / total for which, weight in weights.items()}
    counts = {which: floor(share) for which, share in exact.items()}
    left = number - 1 - sum(counts.values())
    for which in sorted(exact, key=lambda each: counts[each] - exact[each])[:left]:
        counts[which] += 1
    counts[first] += 1 + (number - 1 - sum(counts.values()))
    return tuple(which for which, count in counts.items() for _ in range(count))
