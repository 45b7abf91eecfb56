"""How many calls a search takes, before there is one; no numpy, for every plan asks."""

from typing import Final, NamedTuple

from evaldrop.evaluation.improvement import ImprovedPrompt
from evaldrop.prompt_search.parts import PartsOf

TRAIN_SAMPLE: Final = 24
"""Train records that a parent is tried on, whose worst responses the proposer reads."""

MOST_PARENTS: Final = 3
"""Of a round; each that is new is tried on the train sample."""

LIKELY_SHARE: Final = 0.75
"""Of the dev records, how many a proposal meets on average, those included that are refused or drop out.

0.8 to 1 in simulated searches where none is refused (`benchmarks/prompt_search.py`), 0.65 to 0.75 in
rehearsals, where two to four of twelve are.
"""


OPTIMIZER_USD: Final = 0.03
"""Of Bedrock's OptimizePrompt, per 1,000 tokens that it reads or writes; no answer of its says how many."""


class Calls(NamedTuple):
    """
    Calls of a search.

    Attributes:
        proposing: Of whoever proposes.
        tries: Of the candidate; each response is judged once, by the first judge.
    """

    proposing: int
    tries: int


class ExpectedCalls(NamedTuple):
    """What a search is likely to take, and the most it can take without retries."""

    likely: Calls
    most: Calls


def expected_calls(settings: ImprovedPrompt, parts: PartsOf) -> ExpectedCalls:
    """
    Return how many calls a search takes, whatever its budget is.

    Likely all rounds are had and each has one new parent, for it is seldom known before that nothing is
    found. One call where there is no choice (`settings.is_search` is false), and none of the candidate;
    what Bedrock's job tries is its own.
    """
    if not settings.is_search:
        return ExpectedCalls(Calls(1, 0), Calls(1, 0))
    if not parts.dev:
        return ExpectedCalls(Calls(0, 0), Calls(0, 0))
    sample, dev = len(parts.train[:TRAIN_SAMPLE]), len(parts.dev)
    proposals = settings.rounds * settings.proposals
    later = settings.rounds - 1
    most_parents = later * min(MOST_PARENTS, settings.proposals)
    first = sample + dev
    return ExpectedCalls(
        Calls(proposals, first + round(LIKELY_SHARE * proposals * dev) + later * sample),
        Calls(proposals, first + proposals * dev + most_parents * sample),
    )
