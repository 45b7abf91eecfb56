"""What the verdicts that were lost could have made of an estimate, at worst and at best."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from evaldrop.evaluation.criteria import Criterion
from evaldrop.scorecard.scores import NOT_APPLICABLE, good_shares
from evaldrop.statistics.vectors import Ordinals
from evaldrop.steps.build_scorecard.tally import ScoreColumn

Bounds = tuple[float, float] | None


class CriterionBounds(NamedTuple):
    """Lowest and highest mean and pass rate; None where nothing applies."""

    mean: Bounds
    pass_rate: Bounds


def criterion_bounds(column: ScoreColumn, criterion: Criterion, *, n_lost: int) -> CriterionBounds:
    """
    Return the bounds of a criterion's mean, on its own scale, and of its pass rate.

    A verdict that was lost may have had any score of the scale: no assumption about why it was lost is
    needed (Horowitz & Manski 2000, JASA 95:77). Records the criterion does not apply to are left out.
    """
    scored = scored_only(column)
    applies = scored.scores.size + n_lost
    if not applies:
        return CriterionBounds(None, None)
    total, passed = float(scored.scores.sum()), float(scored.passed.sum())
    low, high = criterion.scale.low, criterion.scale.high
    return CriterionBounds(
        ((total + n_lost * low) / applies, (total + n_lost * high) / applies),
        (passed / applies, (passed + n_lost) / applies),
    )


def overall_bounds(
    columns: Mapping[str, ScoreColumn], criteria: Mapping[str, Criterion], records: int
) -> Bounds:
    """Return the bounds of the weighted mean over criteria, as shares of their scales in which 1 is good."""
    sums, weights, lost_weights = np.zeros(records), np.zeros(records), np.zeros(records)
    for name, column in columns.items():
        criterion, scored = criteria[name], scored_only(column)
        shares = good_shares(scored.scores, criterion)
        sums[scored.ordinals] += criterion.weight * shares
        weights[scored.ordinals] += criterion.weight
        lost_weights[_lost(column)] += criterion.weight
    weights += lost_weights
    applies = weights > 0
    if not applies.any():
        return None
    low = sums[applies] / weights[applies]
    high = (sums[applies] + lost_weights[applies]) / weights[applies]
    return float(low.mean()), float(high.mean())


def scored_only(column: ScoreColumn) -> ScoreColumn:
    """Return a column without the records whose verdict was lost, whatever the evaluation counts them as."""
    if not column.missed.size:
        return column
    kept = ~np.isin(column.ordinals, column.missed)
    return column._replace(
        ordinals=column.ordinals[kept], scores=column.scores[kept], passed=column.passed[kept]
    )


def _lost(column: ScoreColumn) -> Ordinals:
    if NOT_APPLICABLE not in column.reason_names:
        return column.missed
    applies: npt.NDArray[np.bool_] = column.reasons != list(column.reason_names).index(NOT_APPLICABLE)
    return np.compress(applies, column.missed)
