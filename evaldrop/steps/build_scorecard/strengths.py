"""Strengths of three or more candidates from their comparisons (Bradley–Terry)."""

from collections.abc import Mapping, Sequence

import numpy as np

from evaldrop.errors import NotEnoughData
from evaldrop.evaluation import Pairwise
from evaldrop.scorecard.model.scorecard import Strength, Strengths
from evaldrop.statistics.bradley_terry import bradley_terry_intervals
from evaldrop.statistics.vectors import Floats, Ordinals
from evaldrop.steps.build_scorecard.win_rates import JudgeColumn, Outcomes, Pair, Unscored, outcomes, panel

# Without one, a candidate that wins or loses everything has no finite strength.
PRIOR = 0.01
SEED = 20240901
# A win table per record takes memory; beyond this many, records are resampled in as many random blocks.
MOST_UNITS = 5_000


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
    try:
        found = bradley_terry_intervals(
            (tables := _win_tables(read, named, groups)),
            np.arange(len(tables)),
            seed=SEED,
            prior=PRIOR,
            confidence=confidence,
        )
    except NotEnoughData:
        return None
    return Strengths(
        prior=PRIOR,
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


def _win_tables(read: Mapping[Pair, Outcomes], named: Sequence[str], groups: Ordinals | None) -> Floats:
    """Return a win table per record or group, shape (units, candidates, candidates)."""
    ordinals = np.concatenate([side.ordinals for side in read.values()])
    scores = np.concatenate([side.scores for side in read.values()])
    places = {name: place for place, name in enumerate(named)}
    sizes = [side.ordinals.size for side in read.values()]
    ours = np.repeat([places[name] for name, _ in read], sizes)
    theirs = np.repeat([places[other] for _, other in read], sizes)
    scored = ~np.isnan(scores)
    units = ordinals[scored] if groups is None else groups[ordinals[scored]]
    _, codes = np.unique(units, return_inverse=True)
    n_units = int(codes.max()) + 1 if codes.size else 0
    if n_units > MOST_UNITS:
        blocks = np.random.default_rng(SEED).permutation(n_units) % MOST_UNITS
        codes, n_units = blocks[codes], MOST_UNITS
    tables = np.zeros((n_units, len(named), len(named)))
    # Not `+=`, which counts a place once however often it is indexed.
    np.add.at(tables, (codes, ours[scored], theirs[scored]), scores[scored])
    np.add.at(tables, (codes, theirs[scored], ours[scored]), 1 - scores[scored])
    return tables
