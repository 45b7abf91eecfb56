"""What a proposer is told of the prompts that were tried before."""

from typing import Any, Final

from evaldrop.evaluation.prompts import preface_and_rest
from evaldrop.prompt_search.refusals import QUOTES
from evaldrop.prompt_search.state import FIRST, Proposal, Search

MOST_TRIED: Final = 6
"""Prompts of which a proposer is told."""
_MOST_REFUSED = 4
_WITH_FILE = 3
_MOST_FILE, _MOST_WORDS = 6_000, 400


def shown_tries(search: Search, *, besides: str) -> list[dict[str, Any]]:
    """
    Return the prompts that were tried, the best on dev first, then the last ones that were refused.

    Qualities are compared on the same records: whoever dropped out early met fewer.
    """
    first = search.proposal(FIRST)
    tried = [each for each in search.proposals if each.id != besides and not each.refused and each.dev]
    ranked = sorted(tried, key=lambda each: (-_gain(each, first), each.tokens, each.id))[:MOST_TRIED]
    refused = [each for each in search.proposals if each.refused][-_MOST_REFUSED:]
    return [
        *(_told(each, first, with_file=place < _WITH_FILE) for place, each in enumerate(ranked)),
        *(
            {"refused": _reason(each.refused or ""), "changes": each.changes[:_MOST_WORDS]}
            for each in refused
        ),
    ]


def _told(tried: Proposal, first: Proposal, *, with_file: bool) -> dict[str, Any]:
    own, other = _shared(tried, first)
    file = preface_and_rest(tried.text)[1].strip()
    return {
        "quality": f"{_mean(own):.2f}" if own else "unknown",
        "first": f"{_mean(other):.2f}" if other else "none",
        "records": len(own),
        "tokens": tried.tokens,
        "changes": tried.changes[:_MOST_WORDS],
        # Half a file would be taken for a whole one.
        "file": file if with_file and len(file) <= _MOST_FILE else "",
    }


def _reason(refused: str) -> str:
    # Which words of which record or criterion they were is for people: it would tell what those say.
    return QUOTES if refused.startswith(QUOTES) else refused.partition(': "')[0][:_MOST_WORDS]


def _gain(tried: Proposal, first: Proposal) -> float:
    own, other = _shared(tried, first)
    return _mean(own) - _mean(other) if own else float("-inf")


def _shared(tried: Proposal, first: Proposal) -> tuple[list[float], list[float]]:
    pairs = [
        (each.quality, first.dev[record].quality) for record, each in tried.dev.items() if record in first.dev
    ]
    both = [(own, other) for own, other in pairs if own is not None and other is not None]
    return [own for own, _ in both], [other for _, other in both]


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)
