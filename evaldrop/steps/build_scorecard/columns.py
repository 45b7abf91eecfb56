"""Columns of scores: parts of them, their weighted mean, and what lost verdicts could have made of it."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from evaldrop.evaluation.criteria import Criterion
from evaldrop.scorecard.scores import NOT_APPLICABLE, good_shares
from evaldrop.statistics.paired_test import Places
from evaldrop.statistics.vectors import Floats, Ordinals, are_among, places_by_code
from evaldrop.steps.build_scorecard.counts import ScoreColumn

ColumnsOf = Mapping[str, ScoreColumn]
"""A candidate's scores by criterion."""

Bounds = tuple[float, float] | None


class CriterionBounds(NamedTuple):
    """Lowest and highest mean and pass rate; None where nothing applies."""

    mean: Bounds
    pass_rate: Bounds


def overall_column(
    columns: ColumnsOf, criteria: Mapping[str, Criterion], size: int
) -> tuple[Ordinals, Floats]:
    """
    Return each record's weighted mean over its scored criteria, as a fraction in which 1 is good.

    Args:
        columns: A candidate's scores.
        criteria: The run's criteria.
        size: What ordinals are below.

    Returns:
        Ordinals of the records with a score on any criterion, ascending, and their means; both of shape (n,).
    """
    sums, weights = np.zeros(size), np.zeros(size)
    for name, column in columns.items():
        criterion = criteria[name]
        sums[column.ordinals] += criterion.weight * good_shares(column.scores, criterion)
        weights[column.ordinals] += criterion.weight
    # By weight, not by score: a record with scores on criteria of weight 0 alone would divide by 0.
    ordinals = np.flatnonzero(weights).astype(np.int32)
    return ordinals, sums[ordinals] / weights[ordinals]


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


class OverallEnds(NamedTuple):
    """The lowest and the highest weighted mean each record may have; of shape (records,)."""

    ordinals: Ordinals
    lowest: Floats
    highest: Floats


def overall_ends(columns: ColumnsOf, criteria: Mapping[str, Criterion], size: int) -> OverallEnds:
    """Return what lost verdicts could make of each record's weighted mean over the criteria that apply."""
    sums, weights, lost_weights = np.zeros(size), np.zeros(size), np.zeros(size)
    for name, column in columns.items():
        criterion, scored = criteria[name], scored_only(column)
        shares = good_shares(scored.scores, criterion)
        sums[scored.ordinals] += criterion.weight * shares
        weights[scored.ordinals] += criterion.weight
        lost_weights[_lost(column)] += criterion.weight
    weights += lost_weights
    applies = np.flatnonzero(weights).astype(np.int32)
    low, high = (values[applies] / weights[applies] for values in (sums, sums + lost_weights))
    return OverallEnds(applies, low, np.minimum(high, 1.0))


def common_quality(
    columns: Mapping[str, ColumnsOf], criteria: Mapping[str, Criterion], size: int
) -> dict[str, float]:
    """Return each candidate's overall mean over the verdicts that every candidate has."""
    found = common_overall(columns, criteria, size)
    return {candidate: float(means.mean()) for candidate, (_, means) in found.items()}


def common_overall(
    columns: Mapping[str, ColumnsOf], criteria: Mapping[str, Criterion], size: int
) -> dict[str, tuple[Ordinals, Floats]]:
    """
    Return each candidate's `overall_column` over the verdicts that every candidate has.

    A candidate whose verdicts on a hard criterion are missing would else look better than one that has them.
    """
    common = {}
    for name in criteria:
        n_scored = np.zeros(size, np.int32)
        for parts in columns.values():
            if name in parts:
                n_scored[parts[name].ordinals] += 1
        common[name] = n_scored == len(columns)
    found = {}
    for candidate, parts in columns.items():
        shared = {name: part_of(column, common[name]) for name, column in parts.items()}
        overall = overall_column(shared, criteria, size)
        if overall[1].size:
            found[candidate] = overall
    return found


def scored_only(column: ScoreColumn) -> ScoreColumn:
    """Return a column without the records whose verdict was lost, whatever the evaluation counts them as."""
    if not column.missed.size:
        return column
    kept = ~are_among(column.ordinals, column.missed)
    return column._replace(
        ordinals=column.ordinals[kept], scores=column.scores[kept], passed=column.passed[kept]
    )


def part_of(column: ScoreColumn, records: npt.NDArray[np.bool_]) -> ScoreColumn:
    """Return a column on some of the records; `records` tells for each ordinal whether it is among them."""
    return _at(column, records[column.ordinals], records[column.missed])


def parts_by_category(
    column: ScoreColumn, categories: Ordinals, wanted: Sequence[int]
) -> dict[int, ScoreColumn]:
    """Return a column's parts in some categories; `categories` has each ordinal's code."""
    kept = places_by_code(categories[column.ordinals], wanted)
    missed = places_by_code(categories[column.missed], wanted)
    return {code: _at(column, kept[code], missed[code]) for code in wanted}


def _at(column: ScoreColumn, kept: Places, missed: Places) -> ScoreColumn:
    return ScoreColumn(
        column.ordinals[kept],
        column.scores[kept],
        column.passed[kept],
        column.missed[missed],
        column.reasons[missed],
        column.reason_names,
    )


def lost_without_score(column: ScoreColumn) -> Ordinals:
    """Return the records whose verdict was lost and is not counted as the worst either."""
    lost = _lost(column)
    return lost[~are_among(lost, column.ordinals)] if lost.size else lost


def _lost(column: ScoreColumn) -> Ordinals:
    if NOT_APPLICABLE not in column.reason_names:
        return column.missed
    applies: npt.NDArray[np.bool_] = column.reasons != list(column.reason_names).index(NOT_APPLICABLE)
    return np.compress(applies, column.missed)
