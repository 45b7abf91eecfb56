"""Says in sentences what judges' preferences bear, and what they leave open."""

from collections import Counter
from collections.abc import Iterator, Mapping

from evaldrop.scorecard.figures import by_whom, percent
from evaldrop.scorecard.gate.preferences import unread_pairs
from evaldrop.scorecard.model.pairwise import PairwiseEstimate, pairs_of
from evaldrop.scorecard.model.scorecard import Interval, Scorecard
from evaldrop.steps.build_scorecard.hints import as_one, listed
from evaldrop.steps.build_scorecard.words import MUCH_UNSCORED, failure_in_words, verdict_in_words

Pair = tuple[str, str]

# More make a table, not a sentence.
_MOST_PAIRS = 3
# Above this share a reader should look before trusting the numbers.
_MANY_FLIPS = 0.25


def headline(scorecard: Scorecard) -> str:
    """Return what the run decides: on its main quantity, on preferences, or on both."""
    start = "SIMULATED. " if scorecard.simulated else ""
    if failure := failure_in_words(scorecard):
        return f"{start}{failure}"
    preferences = preferences_in_words(scorecard)
    if scorecard.criteria or not preferences:
        return " ".join(filter(None, (verdict_in_words(scorecard), preferences)))
    return f"{start}{preferences}"


def preferences_in_words(scorecard: Scorecard) -> str:
    """Return whom judges prefer, and where that is not decided; nothing for a run that compares no pairs."""
    pairs = pairs_of({name: card.pairwise for name, card in scorecard.candidates.items()})
    if not pairs:
        return ""
    if unread := unread_pairs(scorecard):
        return f"No preference could be read, of {unread:,} pairs: nothing is decided."
    decided = {pair: one for pair, one in pairs.items() if one.decisive}
    undecided = {pair: one for pair, one in pairs.items() if not one.decisive}
    said = list(_decided(decided))
    if len(undecided) > _MOST_PAIRS or (said and len(pairs) > 2 * _MOST_PAIRS):
        said += [f"{len(undecided):,} of {len(pairs):,} pairs are not decided"] if undecided else []
    else:
        said += [_undecided(pair, one) for pair, one in undecided.items()]
    # Many are counted, and a count has no interval.
    has_intervals = len(decided) <= _MOST_PAIRS or len(undecided) <= _MOST_PAIRS
    return f"On preferences{_family(pairs, has_intervals=has_intervals)}: {'; '.join(said)}."


def preference_alarms(scorecard: Scorecard) -> tuple[str, ...]:
    """Return what a reader should know of comparisons before trusting the run, a sentence each."""
    if not (unread := unread_pairs(scorecard)):
        return tuple(_order_alarms(scorecard))
    reasons = Counter[str]()
    for judge in scorecard.judges.values():
        reasons.update(judge.unread)
    why = ", ".join(f"{reason}: {n:,}" for reason, n in reasons.most_common())
    said = f" ({why})" if why else ""
    return (f"No preference could be read, of {unread:,} pairs{said}: the run decides nothing about them.",)


def _order_alarms(scorecard: Scorecard) -> Iterator[str]:
    flips: dict[str, list[str]] = {}
    unread: dict[str, list[str]] = {}
    # The alarm of a judge that prefers a place says how often the order decided.
    by_place = {bias.judge for bias in scorecard.biases.position if bias.decisive}
    for name, card in scorecard.candidates.items():
        for judge, pairs in card.pairwise.by_judge.items() if card.pairwise else ():
            if judge not in by_place and pairs.flip_rate is not None and pairs.flip_rate > _MANY_FLIPS:
                share = f"{percent(pairs.flip_rate)} of {pairs.n_both_orders:,}"
                flips.setdefault(judge, []).append(f"{name} ({share})")
            if pairs.n_unscored > MUCH_UNSCORED * (pairs.n + pairs.n_unscored):
                total = pairs.n + pairs.n_unscored
                unread.setdefault(judge, []).append(f"{name} ({pairs.n_unscored:,} of {total:,})")
    yield from as_one(
        f"Judge {judge}: preferences changed with the order of the responses, and count as ties, "
        f"in pairs with {listed(shares)}"
        for judge, shares in flips.items()
    )
    yield from as_one(
        f"Judge {judge}: no preference could be read in pairs with {listed(shares)}"
        for judge, shares in unread.items()
    )


def _family(pairs: Mapping[Pair, PairwiseEstimate], *, has_intervals: bool) -> str:
    """Return the level of the intervals, and of how many tests it takes care."""
    family = next((one.family for one in pairs.values() if one.family), None)
    if family is None or family.n < 2:
        return ""
    level = f", intervals at {percent(family.confidence, 1)}" if has_intervals else ""
    return f" ({family.n} pairs decided together{level})"


def _decided(decided: Mapping[Pair, PairwiseEstimate]) -> Iterator[str]:
    if len(decided) <= _MOST_PAIRS:
        yield from (_preferred(pair, one) for pair, one in decided.items())
        return
    winners = Counter(_winner(pair, one) for pair, one in decided.items()).most_common()
    for name, n in winners[:_MOST_PAIRS]:
        yield f"{name} is preferred over {n} other{'s' if n > 1 else ''}"
    if rest := sum(n for _, n in winners[_MOST_PAIRS:]):
        yield f"{rest} more preference{'s are' if rest > 1 else ' is'} decided"


def _winner(pair: Pair, estimate: PairwiseEstimate) -> str:
    return pair[(estimate.win_rate or 0.0) < 0.5]


def _preferred(pair: Pair, estimate: PairwiseEstimate) -> str:
    winner = _winner(pair, estimate)
    loser = pair[winner == pair[0]]
    rate, bounds = estimate.win_rate or 0.0, estimate.family_interval or (0.0, 1.0)
    if winner != pair[0]:
        rate, bounds = 1 - rate, (1 - bounds[1], 1 - bounds[0])
    shares = f"{percent(rate)} of {_pairs(estimate.n)}{_ties(estimate)}"
    return f"{winner} is preferred over {loser} in {shares} ({_to(bounds)}{_whose(estimate)})"


def _undecided(pair: Pair, estimate: PairwiseEstimate) -> str:
    start = f"whether {pair[0]} or {pair[1]} is preferred is not decided"
    if estimate.win_rate is None or estimate.coverage == 0:
        return f"{start} (no preference could be read)"
    if estimate.open == "missing":
        total = estimate.n + estimate.n_unscored
        return f"{start}, because {percent(estimate.n_lost / total)} of {_pairs(total)} have no preference"
    between = f", {_to(estimate.family_interval)}" if estimate.family_interval else ""
    shares = f"{percent(estimate.win_rate)} of {_pairs(estimate.n)}{_ties(estimate)}"
    return f"{start} ({pair[0]} in {shares}{between}{_whose(estimate)})"


def _whose(estimate: PairwiseEstimate) -> str:
    return "" if estimate.rests_on == "judge" else f"; {by_whom(estimate.rests_on, estimate.n_labelled)}"


def _ties(estimate: PairwiseEstimate) -> str:
    # Else 60 % of the pairs would be said of one who won 20 in 100 and drew the rest.
    return ", ties half" if estimate.ties and estimate.rests_on == "judge" else ""


def _pairs(n: int) -> str:
    return f"{n:,} pair{'' if n == 1 else 's'}"


def _to(bounds: Interval) -> str:
    # To one place where a bound would read as one half, from which a decided preference keeps away.
    low, high = (percent(end, int(round(100 * end) == 50)).removesuffix(" %") for end in bounds)
    return f"{low} to {high} %"
