"""Compares every pair of candidates, criterion by criterion, on the records both have a score for."""

from collections.abc import Iterable, Mapping
from itertools import combinations

import numpy as np

from evaldrop.errors import NotEnoughData
from evaldrop.scorecard.estimates import Columns, Groups, overall_column
from evaldrop.scorecard.model import OVERALL, Comparison
from evaldrop.scorecard.source import RunFile
from evaldrop.scorecard.tally import Floats, Ordinals, RunTally
from evaldrop.statistics.multiplicity import holm
from evaldrop.statistics.paired import PairedDifference, paired_difference
from evaldrop.statistics.power import detectable_from_standard_error

Scores = tuple[Ordinals, Floats]


def compare_candidates(
    run: RunFile, tally: RunTally, columns: Mapping[str, Columns]
) -> tuple[Comparison, ...]:
    """
    Return the difference of every pair on every criterion, and overall where there are several criteria.

    p values are adjusted by Holm's method within two families: all pairs on all criteria, and all pairs
    overall.
    """
    names = [candidate.name for candidate in run.candidates]
    found: list[Comparison] = []
    for criterion in run.criteria:
        scores = {
            name: (columns[name][criterion].ordinals, columns[name][criterion].scores)
            for name in names
            if criterion in columns[name]
        }
        found += _compare_pairs(names, scores, criterion, run, tally)
    single = _decide(found, run)
    if len(run.criteria) < 2 or OVERALL in run.criteria:
        return tuple(single)
    overall = {name: overall_column(columns[name], run.criteria, tally.records) for name in names}
    return (*single, *_decide(_compare_pairs(names, overall, OVERALL, run, tally), run))


def _compare_pairs(
    names: Iterable[str], scores: Mapping[str, Scores], criterion: str, run: RunFile, tally: RunTally
) -> list[Comparison]:
    confidence = run.evaluation.confidence
    return [
        _compare(a, b, criterion, scores, tally.groups, confidence)
        for a, b in combinations(names, 2)
        if a in scores and b in scores
    ]


def _compare(
    a: str, b: str, criterion: str, scores: Mapping[str, Scores], groups: Groups, confidence: float
) -> Comparison:
    both, in_a, in_b = np.intersect1d(scores[a][0], scores[b][0], assume_unique=True, return_indices=True)
    first, second = scores[a][1][in_a], scores[b][1][in_b]
    n = int(both.size)
    try:
        paired = paired_difference(
            first, second, groups=None if groups is None else groups[both], confidence=confidence
        )
    except NotEnoughData as error:
        difference = float((first - second).mean()) if n else None
        return Comparison(
            a=a, b=b, criterion=criterion, n=n, difference=difference, reason=f"no interval: {error}"
        )
    return Comparison(
        a=a,
        b=b,
        criterion=criterion,
        n=n,
        difference=paired.difference,
        interval=tuple(paired.interval),
        p_value=paired.p_value,
        minimum_detectable=_detectable(paired),
    )


def _detectable(paired: PairedDifference) -> float | None:
    if paired.standard_error == 0:
        return None
    return detectable_from_standard_error(paired.standard_error, level=1 - paired.confidence)


def _decide(comparisons: list[Comparison], run: RunFile) -> list[Comparison]:
    tested = [comparison for comparison in comparisons if comparison.p_value is not None]
    adjusted = iter(holm([comparison.p_value or 0.0 for comparison in tested]).tolist())
    return [
        _decided(comparison, next(adjusted), run) if comparison.p_value is not None else comparison
        for comparison in comparisons
    ]


def _decided(comparison: Comparison, p_adjusted: float, run: RunFile) -> Comparison:
    decisive = p_adjusted < 1 - run.evaluation.confidence and bool(comparison.difference)
    higher = comparison.criterion == OVERALL or run.criteria[comparison.criterion].higher_is_better
    a_is_better = ((comparison.difference or 0.0) > 0) == higher
    better = (comparison.a if a_is_better else comparison.b) if decisive else None
    return comparison.model_copy(update={"p_adjusted": p_adjusted, "decisive": decisive, "better": better})
