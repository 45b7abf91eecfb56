"""Win rates of pairs, with intervals, tests and bounds, and which preferences are decided together."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from math import sqrt
from typing import NamedTuple, TypeVar

import numpy as np

from evaldrop.errors import NotEnoughData
from evaldrop.evaluation import Pairwise
from evaldrop.scorecard.model.paired import ComparisonFamily
from evaldrop.scorecard.model.scorecard import CandidatePairwise, PairScores, PairwiseEstimate
from evaldrop.statistics.clusters import corrected_clustered_standard_error
from evaldrop.statistics.multiplicity import holm
from evaldrop.statistics.preferences import WinRate, preference_p_value, win_rate
from evaldrop.statistics.resampled import share_interval
from evaldrop.statistics.vectors import Floats, Ordinals
from evaldrop.steps.build_scorecard.preferences.win_rates import (
    JudgeColumn,
    Outcomes,
    Pair,
    PerPair,
    first_shown_rate,
    outcomes,
    panel,
    reversed_outcomes,
)

Columns = Mapping[Pair, Mapping[str, JudgeColumn]]
Key = TypeVar("Key")

# Of the sign patterns that are drawn where they are too many to be counted.
_SEED = 20240901
# A preference of one side over the other as a win rate.
EVEN = 0.5


class PairsAsked(NamedTuple):
    """
    What there should be of comparisons, and how they are counted.

    Attributes:
        pairs: The pairs of candidates, (candidate, baseline).
        records: Records that each of them was to be compared on, those without a result too.
        groups: Each record's cluster, shape (records,); None when every record is its own.
        confidence: Two-sided level, a fraction in (0, 1).
    """

    pairs: Sequence[Pair]
    pairwise: Pairwise
    records: int
    groups: Ordinals | None
    confidence: float


class _Side(NamedTuple):
    """Pairs seen from one of the two: as `unscored` counts them, and those alone that have a preference."""

    counted: Outcomes
    heard: Outcomes


class _RatedSides(NamedTuple):
    """An estimate and what its interval at another level needs."""

    estimate: PairwiseEstimate
    rate: WinRate | None


class _WinRates(NamedTuple):
    """A candidate's win rates before any is decided."""

    overall: _RatedSides
    by_opponent: dict[str, _RatedSides]
    by_judge: dict[str, PairwiseEstimate]


def pairwise_estimates(
    columns: Columns, names: Sequence[str], asked: PairsAsked
) -> dict[str, CandidatePairwise]:
    """
    Return the win rates of every candidate over all it was to be compared with.

    A baseline has none: those of the others say it all. A candidate of which nothing was read has an estimate
    of nothing, so that no rule takes it for one that was never compared.
    """
    found = {
        name: _found(columns, name, opponents, asked)
        for name in names
        if name != asked.pairwise.baseline and (opponents := list(_opponents(asked.pairs, name)))
    }
    level = asked.confidence
    pairs = {
        (name, opponent): one
        for name, candidate in found.items()
        for opponent, one in candidate.by_opponent.items()
    }
    # Where all pairs are compared both sides tell of a pair, which is one test all the same.
    decided = _decided(pairs, level, lambda pair: pair if pair in asked.pairs else (pair[1], pair[0]))
    # Over several opponents is another question, and a family of its own.
    several = {name: one.overall for name, one in found.items() if len(one.by_opponent) > 1}
    overall = _decided(several, level, lambda name: name)
    overall |= {
        name: decided[name, opponent]
        for name, one in found.items()
        if len(one.by_opponent) == 1
        for opponent in one.by_opponent
    }
    return {
        name: CandidatePairwise(
            **dict(overall[name].model_copy(update={"scores": None})),
            by_baseline={
                opponent: decided[name, opponent].model_copy(
                    update={"scores": _totals(columns, name, opponent)}
                )
                for opponent in one.by_opponent
            },
            by_judge=one.by_judge,
        )
        for name, one in found.items()
    }


def pairs_so_far(columns: Columns, names: Sequence[str], asked: PairsAsked) -> dict[Pair, PairwiseEstimate]:
    """
    Return the win rate of each pair once, seen from its first candidate as `pairs_of` has it.

    Each by itself and undecided: while a run goes on nothing is tested.
    """
    found: dict[Pair, PairwiseEstimate] = {}
    for name in names:
        for other in _opponents(asked.pairs, name) if name != asked.pairwise.baseline else ():
            if (other, name) not in found:
                sides = _panel(_sides(columns, name, other, asked.pairwise))
                found[name, other] = _estimated(sides, 1, asked, is_tested=False).estimate
    return found


def _opponents(pairs: Sequence[Pair], name: str) -> Iterator[str]:
    for candidate, baseline in pairs:
        if name in (candidate, baseline):
            yield baseline if name == candidate else candidate


def _found(columns: Columns, name: str, opponents: Sequence[str], asked: PairsAsked) -> _WinRates:
    sides = {opponent: _sides(columns, name, opponent, asked.pairwise) for opponent in opponents}
    panels = {opponent: _panel(by_judge) for opponent, by_judge in sides.items()}
    judge_names = dict.fromkeys(judge for by_judge in sides.values() for judge in by_judge)
    return _WinRates(
        overall=_estimated([side for one in panels.values() for side in one], len(opponents), asked),
        by_opponent={opponent: _estimated(one, 1, asked) for opponent, one in panels.items()},
        # What one of several judges prefers is shown, and not decided.
        by_judge={
            judge: _estimated(
                [by[judge] for by in sides.values() if judge in by], len(opponents), asked, is_tested=False
            ).estimate
            for judge in judge_names
        },
    )


def _sides(columns: Columns, name: str, opponent: str, pairwise: Pairwise) -> dict[str, _Side]:
    """Return what each judge said of a pair, seen from `name`."""
    is_first = (name, opponent) in columns
    judges = columns.get((name, opponent)) or columns.get((opponent, name)) or {}
    is_drawn = pairwise.orders == "drawn"
    found = {}
    for judge, column in judges.items():
        heard = outcomes(column, "drop", is_drawn=is_drawn)
        # The worst for this side: on the far one that is the other's win.
        counted = (
            heard
            if pairwise.unscored == "drop"
            else outcomes(column, pairwise.unscored, worst=0.0 if is_first else 1.0, is_drawn=is_drawn)
        )
        side = _Side(counted, heard)
        found[judge] = side if is_first else _Side(*map(reversed_outcomes, side))
    return found


def _panel(by_judge: Mapping[str, _Side]) -> list[_Side]:
    """Return all judges of a pair as one side; empty where none said anything."""
    judges = by_judge.values()
    if not judges:
        return []
    return [_Side(panel([side.counted for side in judges]), panel([side.heard for side in judges]))]


def _estimated(
    sides: Sequence[_Side], opponents: int, asked: PairsAsked, *, is_tested: bool = True
) -> _RatedSides:
    """Return the win rate over some opponents."""
    ordinals, values = _scored([side.counted for side in sides])
    _, preferences = heard = _scored([side.heard for side in sides])
    n, total = int(values.size), opponents * asked.records
    lost = total - int(preferences.size)
    both, flips = (sum(getattr(side.heard, name) for side in sides) for name in ("heard", "flipped"))
    clusters = _clusters(ordinals, asked.groups)
    rate = error = None
    with suppress(NotEnoughData):
        rate, error = win_rate(values, clusters), _standard_error(values, clusters)
    bounds = (preferences.sum() / total, (preferences.sum() + lost) / total) if total else None
    estimate = PairwiseEstimate(
        win_rate=float(values.mean()) if n else None,
        standard_error=error,
        interval=None if rate is None else tuple(rate.interval(asked.confidence)),
        wins=int((values > EVEN).sum()),
        losses=int((values < EVEN).sum()),
        ties=int((values == EVEN).sum()),
        flip_rate=flips / both if both else None,
        flip_interval=_share_interval([side.heard.flips for side in sides], asked),
        first_shown_rate=first_shown_rate([side.heard for side in sides]),
        first_shown_interval=_share_interval([side.heard.firsts for side in sides], asked),
        n=n,
        n_both_orders=both,
        n_unscored=total - n,
        n_lost=lost,
        coverage=1 - lost / total if total else None,
        bounds=bounds,
        bounds_interval=tuple(rate.reach(*bounds, asked.confidence)) if lost and rate and bounds else None,
        p_value=_p_value(*heard, asked.groups) if is_tested else None,
    )
    return _RatedSides(estimate, rate)


def _share_interval(parts: Sequence[PerPair], asked: PairsAsked) -> tuple[float, float] | None:
    ordinals, shares = PerPair.joined(parts)
    # A record's pairs, over judges and opponents, are not independent.
    clusters = ordinals if asked.groups is None else asked.groups[ordinals]
    try:
        low, high = share_interval(shares, np.ones(shares.size), clusters, confidence=asked.confidence)
    except NotEnoughData:
        return None
    return low, high


def _scored(sides: Sequence[Outcomes]) -> tuple[Ordinals, Floats]:
    ordinals = np.concatenate([np.empty(0, np.int32), *(side.ordinals for side in sides)])
    scores = np.concatenate([np.empty(0), *(side.scores for side in sides)])
    scored = ~np.isnan(scores)
    return ordinals[scored], scores[scored]


def _clusters(ordinals: Ordinals, groups: Ordinals | None) -> Ordinals | None:
    """Return the cluster of each pair, or None where they are independent."""
    if groups is not None:
        return groups[ordinals]
    # Against several opponents a record has several pairs, which are not independent.
    return ordinals if ordinals.size and np.bincount(ordinals).max() > 1 else None


def _standard_error(values: Floats, clusters: Ordinals | None) -> float:
    if clusters is None:
        return float(values.std(ddof=1)) / sqrt(values.size)
    return corrected_clustered_standard_error(values, clusters)


def _p_value(ordinals: Ordinals, values: Floats, groups: Ordinals | None) -> float | None:
    try:
        return preference_p_value(values, _clusters(ordinals, groups), seed=_SEED)
    except NotEnoughData:
        return None


def _decided(
    found: Mapping[Key, _RatedSides], confidence: float, test_of: Callable[[Key], object]
) -> dict[Key, PairwiseEstimate]:
    """
    Decide preferences together: Holm's method, and intervals for those that it selects.

    Of m tests R are selected; an interval at 1 - R(1 - confidence)/m keeps the share of false ones among
    those that are printed because they were decided (Benjamini & Yekutieli 2005, JASA 100:71).

    Args:
        found: What to decide.
        confidence: The chance that none is decided falsely.
        test_of: Which test an entry belongs to: two sides of a pair are one.
    """
    tests = {
        test_of(key): one.estimate.p_value for key, one in found.items() if one.estimate.p_value is not None
    }
    adjusted = dict(zip(tests, holm([p for p in tests.values() if p is not None]).tolist(), strict=True))
    selected = sum(p < 1 - confidence for p in adjusted.values())
    level = 1 - max(1, selected) * (1 - confidence) / max(1, len(tests))
    family = ComparisonFamily(n=len(tests), confidence=level)
    return {
        key: _with_decision(one, adjusted.get(test_of(key)), family, confidence) for key, one in found.items()
    }


def _with_decision(
    one: _RatedSides, p_adjusted: float | None, family: ComparisonFamily, confidence: float
) -> PairwiseEstimate:
    if p_adjusted is None:
        return one.estimate
    interval = reach = None
    if one.rate is not None:
        interval = reach = tuple(one.rate.interval(family.confidence))
        if one.estimate.n_lost and one.estimate.bounds:
            reach = tuple(one.rate.reach(*one.estimate.bounds, family.confidence))
    by_chance = p_adjusted >= 1 - confidence or not _excludes_even(interval)
    is_missing = not _excludes_even(reach)
    return one.estimate.model_copy(
        update={
            "p_adjusted": p_adjusted,
            "family": family,
            "family_interval": reach,
            "decisive": not by_chance and not is_missing,
            "open": "chance" if by_chance else "missing" if is_missing else None,
        }
    )


def _excludes_even(bounds: tuple[float, ...] | None) -> bool:
    return bounds is not None and not bounds[0] <= EVEN <= bounds[1]


def _totals(columns: Columns, candidate: str, opponent: str) -> PairScores | None:
    """Return the sums of the scores over records, each the mean of a record's judges and orders."""
    judges = columns.get((candidate, opponent)) or columns.get((opponent, candidate)) or {}
    if not judges:
        return None
    ordinals = np.concatenate([column.ordinals for column in judges.values()])
    ours = np.concatenate([column.ours for column in judges.values()])
    theirs = np.concatenate([column.theirs for column in judges.values()])
    scored = ~np.isnan(ours)
    if not scored.any():
        return None
    _, places, given = np.unique(ordinals[scored], return_inverse=True, return_counts=True)
    sums = [float((np.bincount(places, side[scored]) / given).sum()) for side in (ours, theirs)]
    own, other = sums if (candidate, opponent) in columns else reversed(sums)
    return PairScores(candidate=own, baseline=other, n=int(given.size))
