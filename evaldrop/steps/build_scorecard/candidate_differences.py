"""Compares every pair of candidates, criterion by criterion, on the records both have a score for."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np

from evaldrop.run.definition import RunDefinition
from evaldrop.scorecard.figures import size
from evaldrop.scorecard.model.scorecard import OVERALL, Comparison, SliceComparisons
from evaldrop.scorecard.scores import largest_categories
from evaldrop.statistics.paired_test import (
    Groups,
    Scores,
    Shared,
    decide,
    paired_test,
    shared_scores,
)
from evaldrop.statistics.vectors import Ordinals
from evaldrop.steps.build_scorecard.columns import ColumnsOf, overall_column
from evaldrop.steps.build_scorecard.counts import RunCounts

# The t interval of a paired difference holds its level from about here (docs/method.md).
SMALL_SLICE = 20
# More comparisons of slices than this are left to overall quality alone, or left out.
MOST_SLICE_COMPARISONS = 2_000

_Measures = Mapping[str, Mapping[str, Scores]]


class ComparedCandidates(NamedTuple):
    """Every pair of candidates on all records, and category by category."""

    comparisons: tuple[Comparison, ...]
    slices: dict[str, SliceComparisons]


class _Sliced(NamedTuple):
    """A category's pairs, before they are decided."""

    name: str
    n: int
    found: list[Comparison]


def compare_candidates(
    run: RunDefinition, counts: RunCounts, columns: Mapping[str, ColumnsOf]
) -> ComparedCandidates:
    """
    Return the difference of every pair on every criterion, and overall where there are several criteria.

    p values are adjusted by Holm's method within three families: all pairs on all criteria, all pairs
    overall, and all pairs of all slices.
    """
    measures = _measures(run, counts.size, columns)
    found = [
        comparison
        for criterion, scores in measures.items()
        for comparison in _compare_pairs(scores, criterion, run, counts.groups)
    ]
    single = _decide([comparison for comparison in found if comparison.criterion in run.criteria], run)
    overall = _decide([comparison for comparison in found if comparison.criterion not in run.criteria], run)
    return ComparedCandidates((*single, *overall), _slices(measures, run, counts))


def _measures(run: RunDefinition, size: int, columns: Mapping[str, ColumnsOf]) -> _Measures:
    """Return scores by criterion and candidate; overall ones where there are several criteria."""
    names = [candidate.name for candidate in run.candidates]
    measures: dict[str, dict[str, Scores]] = {
        criterion: {
            name: (columns[name][criterion].ordinals, columns[name][criterion].scores)
            for name in names
            if criterion in columns[name]
        }
        for criterion in run.criteria
    }
    # An evaluation's own criterion may have this name, and would be overwritten.
    if len(run.criteria) > 1 and OVERALL not in run.criteria:
        measures[OVERALL] = {name: overall_column(columns[name], run.criteria, size) for name in names}
    return measures


def _compare_pairs(
    scores: Mapping[str, Scores], criterion: str, run: RunDefinition, groups: Groups
) -> Iterator[Comparison]:
    for a, b in combinations(scores, 2):
        yield _comparison(a, b, criterion, shared_scores(scores[a], scores[b]), run, groups)


def _comparison(
    a: str, b: str, criterion: str, shared: Shared, run: RunDefinition, groups: Groups
) -> Comparison:
    pairing = paired_test(
        shared,
        groups,
        on_binary_scale=criterion in run.criteria and run.criteria[criterion].scale.kind == "binary",
        confidence=run.evaluation.confidence,
    )
    return Comparison(a=a, b=b, criterion=criterion, **pairing._asdict())


def _slices(measures: _Measures, run: RunDefinition, counts: RunCounts) -> dict[str, SliceComparisons]:
    sliced = {
        code: _Sliced(counts.category_names[code], n, [])
        for code, n in largest_categories(counts.categories).items()
    }
    for criterion, scores in _fitting(measures, len(sliced)).items():
        for a, b in combinations(scores, 2):
            for code, part in _by_category(shared_scores(scores[a], scores[b]), counts.categories):
                if code in sliced:
                    sliced[code].found.append(_comparison(a, b, criterion, part, run, counts.groups))
    # All slices in one family: adjusted slice by slice, dozens of categories would bring findings by chance.
    decided = iter(_decide([pair for part in sliced.values() for pair in part.found], run))
    return {
        part.name: _slice(part, tuple(next(decided) for _ in part.found))
        for part in sliced.values()
        if part.found
    }


def _fitting(measures: _Measures, categories: int) -> _Measures:
    """Return the measures whose slices are few enough to be computed and read."""

    def comparisons(chosen: _Measures) -> int:
        return categories * sum(len(scores) * (len(scores) - 1) // 2 for scores in chosen.values())

    overall = {name: scores for name, scores in measures.items() if name == OVERALL}
    for chosen in (measures, overall):
        if comparisons(chosen) <= MOST_SLICE_COMPARISONS:
            return chosen
    return {}


def _by_category(shared: Shared, categories: Ordinals) -> Iterator[tuple[int, Shared]]:
    if not shared.ordinals.size:
        return
    codes = categories[shared.ordinals]
    # Stable: records keep their order, on which sums of floats depend in their last digit.
    order = np.argsort(codes, kind="stable")
    found, starts = np.unique(codes[order], return_index=True)
    for code, rows in zip(found.tolist(), np.split(order, starts[1:]), strict=True):
        yield code, Shared(shared.ordinals[rows], shared.first[rows], shared.second[rows])


def _slice(part: _Sliced, comparisons: tuple[Comparison, ...]) -> SliceComparisons:
    warning = None
    if part.n < SMALL_SLICE:
        # Of one criterion, the last: overall where there are several. Scales differ.
        main = comparisons[-1].criterion
        detectable = [pair.minimum_detectable for pair in comparisons if pair.criterion == main]
        seen = [least for least in detectable if least is not None]
        least = f"; on {main} only differences above {size(min(seen))} can be seen" if seen else ""
        warning = f"{part.n} records are too few to tell candidates apart{least}."
    return SliceComparisons(n=part.n, warning=warning, comparisons=comparisons)


def _decide(comparisons: Sequence[Comparison], run: RunDefinition) -> list[Comparison]:
    tests = [(comparison.difference, comparison.p_value) for comparison in comparisons]
    return [
        comparison.model_copy(
            update={"p_adjusted": p, "decisive": bool(sign), "better": _better(comparison, sign, run)}
        )
        for comparison, (p, sign) in zip(
            comparisons, decide(tests, confidence=run.evaluation.confidence), strict=True
        )
    ]


def _better(comparison: Comparison, sign: int, run: RunDefinition) -> str | None:
    if not sign:
        return None
    criterion = run.criteria.get(comparison.criterion)  # None: overall, where more is good
    higher_is_better = criterion is None or criterion.higher_is_better
    return comparison.a if (sign > 0) == higher_is_better else comparison.b
