"""Pairs two candidates record by record: what both have, and what a missing verdict could have made of it."""

from collections.abc import Collection, Mapping

import numpy as np

from evaldrop.evaluation.criteria import Criterion
from evaldrop.scorecard.scores import good_shares
from evaldrop.statistics.paired_test import PairedScores, shared_scores
from evaldrop.statistics.vectors import Floats, Ordinals
from evaldrop.steps.build_scorecard.columns import ColumnsOf, lost_without_score
from evaldrop.steps.build_scorecard.counts import ScoreColumn


def paired_scores(first: ScoreColumn, second: ScoreColumn, criterion: Criterion, size: int) -> PairedScores:
    """
    Return a criterion's scores of two candidates, first minus second on the criterion's own scale.

    Args:
        first: One candidate's scores.
        second: The other's.
        criterion: What was asked.
        size: What ordinals are below.
    """
    scale = criterion.scale
    found = _paired(first, second, low=scale.low, high=scale.high, size=size)
    return found._replace(
        reach=scale.high - scale.low, step=scale.smallest_step() or 0.0, is_binary=scale.kind == "binary"
    )


def paired_overall(
    first: ColumnsOf, second: ColumnsOf, criteria: Mapping[str, Criterion], size: int
) -> PairedScores:
    """
    Return the weighted mean difference of two candidates over the criteria that both have, record by record.

    A mean over the criteria of each side alone would compare an easy criterion with a hard one where a
    verdict is missing. Shares of the scales, in which 1 is good; a missing verdict is at either end.
    Arguments as in `paired_scores`, by criterion.
    """
    # Of what both have: the sum and its weights. Of all that applies: the least, the greatest, and theirs.
    total, weights, least, greatest, all_weights = np.zeros((5, size))
    is_missing = np.zeros(size, bool)
    weighed = {name: one for name, one in criteria.items() if name in first and name in second and one.weight}
    for name, criterion in weighed.items():
        sides = (_as_shares(columns[name], criterion) for columns in (first, second))
        part = _paired(*sides, low=0.0, high=1.0, size=size)
        total[part.ordinals] += criterion.weight * part.differences
        weights[part.ordinals] += criterion.weight
        least[part.missing] += criterion.weight * part.least
        greatest[part.missing] += criterion.weight * part.greatest
        all_weights[part.missing] += criterion.weight
        is_missing[part.missing] = True
    all_weights += weights
    both, missing = (np.flatnonzero(which).astype(np.int32) for which in (weights, is_missing))
    return PairedScores(
        ordinals=both,
        differences=total[both] / weights[both],
        missing=missing,
        least=(total[missing] + least[missing]) / all_weights[missing],
        greatest=(total[missing] + greatest[missing]) / all_weights[missing],
        reach=1.0,
        step=_overall_step(weighed.values()),
    )


def _overall_step(criteria: Collection[Criterion]) -> float:
    """Return the smallest difference of two records' weighted means that one criterion makes."""
    steps = [
        (one.scale.smallest_step() or 0.0) / (one.scale.high - one.scale.low) * one.weight for one in criteria
    ]
    return min(steps) / sum(one.weight for one in criteria) if steps else 0.0


def _as_shares(column: ScoreColumn, criterion: Criterion) -> ScoreColumn:
    return column._replace(scores=good_shares(column.scores, criterion))


def _paired(first: ScoreColumn, second: ScoreColumn, *, low: float, high: float, size: int) -> PairedScores:
    lost = [lost_without_score(column) for column in (first, second)]
    shared = shared_scores((first.ordinals, first.scores), (second.ordinals, second.scores))
    known = PairedScores(shared.ordinals, shared.first - shared.second)
    # Nearly every pair of columns: what follows takes arrays as long as the run.
    if not lost[0].size and not lost[1].size:
        return known
    ends = [_ends(column, gone, low, high, size) for column, gone in zip((first, second), lost, strict=True)]
    applies = np.isfinite(ends[0][0]) & np.isfinite(ends[1][0])
    is_lost = np.zeros(size, bool)
    is_lost[lost[0]] = is_lost[lost[1]] = True
    missing = np.flatnonzero(applies & is_lost).astype(np.int32)
    return known._replace(
        missing=missing,
        least=(ends[0][0] - ends[1][1])[missing],
        greatest=(ends[0][1] - ends[1][0])[missing],
    )


def _ends(column: ScoreColumn, lost: Ordinals, low: float, high: float, size: int) -> tuple[Floats, Floats]:
    """Return the lowest and the highest score each record may have; NaN where the question does not apply."""
    lowest, highest = np.full(size, np.nan), np.full(size, np.nan)
    lowest[column.ordinals] = highest[column.ordinals] = column.scores
    lowest[lost], highest[lost] = low, high
    return lowest, highest
