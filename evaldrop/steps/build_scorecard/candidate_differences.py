"""Compares every pair of candidates, criterion by criterion, on the records both have a score for."""

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

from evaldrop.run.definition import RunDefinition
from evaldrop.scorecard.calibration import Calibration
from evaldrop.scorecard.calibration.deciding import decided_by
from evaldrop.scorecard.figures import size
from evaldrop.scorecard.model.part import OVERALL
from evaldrop.scorecard.model.scorecard import (
    Comparison,
    SliceComparisons,
)
from evaldrop.scorecard.scores import largest_categories
from evaldrop.statistics.paired_test import Groups, PairedScores, Pairing, decide, paired_test
from evaldrop.steps.build_scorecard.columns import ColumnsOf
from evaldrop.steps.build_scorecard.counts import RunCounts
from evaldrop.steps.build_scorecard.pairing import paired_overall, paired_scores

# The t interval of a paired difference holds its level from about here (docs/method.md).
SMALL_SLICE = 20
# More comparisons of slices than this are left to overall quality alone, or left out.
MOST_SLICE_COMPARISONS = 2_000

_Pairs = Mapping[str, Sequence[tuple[str, str]]]
"""The pairs of candidates to be compared, by criterion."""


class ComparedCandidates(NamedTuple):
    """Every pair of candidates on all records, and category by category."""

    comparisons: tuple[Comparison, ...]
    slices: dict[str, SliceComparisons]


class _Sliced(NamedTuple):
    """A category's pairs, before they are decided."""

    name: str
    n: int
    found: list["_Found"]


class _Found(NamedTuple):
    """A pair of candidates on a criterion, tested and not yet decided."""

    a: str
    b: str
    criterion: str
    pairing: Pairing
    people: Mapping[str, object]


def compare_candidates(
    run: RunDefinition,
    counts: RunCounts,
    columns: Mapping[str, ColumnsOf],
    calibration: Calibration | None = None,
) -> ComparedCandidates:
    """
    Return the difference of every pair on every criterion, and overall where there are several criteria.

    p values are adjusted by Holm's method within three families: all pairs on all criteria, all pairs
    overall, and all pairs of all slices.
    """
    pairs = _pairs(run, columns)
    sliced = {
        code: _Sliced(counts.category_names[code], n, [])
        for code, n in largest_categories(counts.categories).items()
    }
    in_slices = _fitting(pairs, len(sliced))
    found = []
    for criterion, of_it in pairs.items():
        for pair in of_it:
            # One at a time: all pairs of a large run together would take gigabytes.
            scores = _scores(pair, criterion, run, columns, counts.size)
            found.append(_tested(pair, criterion, scores, counts.groups, run, calibration))
            if criterion not in in_slices:
                continue
            for code, inside in scores.by_category(counts.categories, list(sliced)).items():
                part = sliced[code]
                if inside.ordinals.size or inside.missing.size:
                    part.found.append(
                        _tested(pair, criterion, inside, counts.groups, run, calibration, part.name)
                    )
    single = _decide([one for one in found if one.criterion in run.criteria], run)
    overall = _decide([one for one in found if one.criterion not in run.criteria], run)
    # All slices in one family: adjusted slice by slice, dozens of categories would bring findings by chance.
    decided = iter(_decide([pair for part in sliced.values() for pair in part.found], run))
    slices = {
        part.name: _slice(part, tuple(next(decided) for _ in part.found))
        for part in sliced.values()
        if part.found
    }
    return ComparedCandidates((*single, *overall), slices)


def _pairs(run: RunDefinition, columns: Mapping[str, ColumnsOf]) -> _Pairs:
    names = [candidate.name for candidate in run.candidates]
    pairs = {
        criterion: list(combinations([name for name in names if criterion in columns[name]], 2))
        for criterion in run.criteria
    }
    # An evaluation's own criterion may have this name, and would be overwritten.
    if len(run.criteria) > 1 and OVERALL not in run.criteria:
        pairs[OVERALL] = list(combinations(names, 2))
    return pairs


def _scores(
    pair: tuple[str, str], criterion: str, run: RunDefinition, columns: Mapping[str, ColumnsOf], size: int
) -> PairedScores:
    first, second = (columns[name] for name in pair)
    if criterion not in run.criteria:
        return paired_overall(first, second, run.criteria, size)
    return paired_scores(first[criterion], second[criterion], run.criteria[criterion], size)


def _tested(
    pair: tuple[str, str],
    criterion: str,
    scores: PairedScores,
    groups: Groups,
    run: RunDefinition,
    calibration: Calibration | None,
    category: str | None = None,
) -> _Found:
    by_judge = paired_test(scores, groups, confidence=run.evaluation.confidence)
    people = calibration and calibration.difference(*pair, criterion, category)
    return _Found(*pair, criterion, *decided_by(people or None, by_judge, scores))


def _fitting(pairs: _Pairs, categories: int) -> _Pairs:
    """Return the pairs whose slices are few enough to be computed and read."""
    overall = {criterion: of_it for criterion, of_it in pairs.items() if criterion == OVERALL}
    for chosen in (pairs, overall):
        if categories * sum(map(len, chosen.values())) <= MOST_SLICE_COMPARISONS:
            return chosen
    return {}


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


def _decide(found: Sequence[_Found], run: RunDefinition) -> list[Comparison]:
    decided = decide([one.pairing for one in found], confidence=run.evaluation.confidence)
    return [
        Comparison(
            a=one.a,
            b=one.b,
            criterion=one.criterion,
            **one.pairing.parts(),
            **decision.parts(),
            **one.people,
            decisive=bool(decision.sign),
            better=_better(one, decision.sign, run),
        )
        for one, decision in zip(found, decided, strict=True)
    ]


def _better(found: _Found, sign: int, run: RunDefinition) -> str | None:
    if not sign:
        return None
    criterion = run.criteria.get(found.criterion)  # None: overall, where more is good
    higher_is_better = criterion is None or criterion.higher_is_better
    return found.a if (sign > 0) == higher_is_better else found.b
