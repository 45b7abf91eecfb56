"""Strengths of three or more candidates from their comparisons (Bradley–Terry)."""

from collections.abc import Mapping, Sequence

import numpy as np

from evaldrop.errors import NotEnoughData
from evaldrop.evaluation import Pairwise
from evaldrop.scorecard.model.scorecard import Strength, Strengths
from evaldrop.statistics.strength_intervals import Games, strength_estimates
from evaldrop.statistics.vectors import Ordinals
from evaldrop.steps.build_scorecard.preferences.win_rates import (
    JudgeColumn,
    Outcomes,
    Pair,
    Unscored,
    outcomes,
    panel,
)


def strengths(
    columns: Mapping[Pair, Mapping[str, JudgeColumn]],
    candidates: Sequence[str],
    pairwise: Pairwise | None,
    groups: Ordinals | None,
    confidence: float,
) -> Strengths | None:
    """Return the strengths of all candidates that were compared; None for fewer than three of them."""
    named = [name for name in candidates if any(name in pair for pair in columns)]
    if pairwise is None or len(named) < 3:
        return None
    # To both sides alike an unscored pair is a tie or no pair: what is worst for one is best for the other.
    unscored: Unscored = "tie" if pairwise.unscored == "tie" else "drop"
    read = {
        pair: panel([outcomes(column, unscored) for column in judges.values()])
        for pair, judges in columns.items()
    }
    games, compared = _games(read, named, groups)
    named = [name for place, name in enumerate(named) if place in compared]
    if len(named) < 3:
        return None
    try:
        found = strength_estimates(games, len(named), confidence=confidence)
    except NotEnoughData:
        return None
    return Strengths(
        prior=found.prior,
        confidence=confidence,
        candidates={
            name: Strength(
                log_strength=float(found.log_strengths[place]),
                interval=tuple(found.intervals[place]),
                elo=float(found.elo[place]),
                elo_interval=tuple(found.elo_intervals[place]),
            )
            for place, name in enumerate(named)
        },
    )


def _games(
    read: Mapping[Pair, Outcomes], named: Sequence[str], groups: Ordinals | None
) -> tuple[Games, list[int]]:
    """Return the comparisons that count, candidates numbered anew, and the old numbers of those in them."""
    ordinals = np.concatenate([side.ordinals for side in read.values()])
    scores = np.concatenate([side.scores for side in read.values()])
    places = {name: place for place, name in enumerate(named)}
    sizes = [side.ordinals.size for side in read.values()]
    sides = [np.repeat([places[pair[side]] for pair in read], sizes) for side in (0, 1)]
    scored = ~np.isnan(scores)
    units = ordinals[scored] if groups is None else groups[ordinals[scored]]
    # One of whom nothing was read has no strength, and would only widen the others' intervals.
    compared, codes = np.unique([side[scored] for side in sides], return_inverse=True)
    first, second = codes.reshape(2, -1)
    return Games(first, second, scores[scored], units), compared.tolist()
