"""One paired test, and many decided together: the same records under two candidates, or in two runs."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from evaldrop.errors import NotEnoughData
from evaldrop.statistics.mcnemar import mcnemar_p_value, paired_pass_interval, paired_pass_standard_error
from evaldrop.statistics.multiplicity import holm
from evaldrop.statistics.paired import paired_difference
from evaldrop.statistics.power import detectable_from_standard_error
from evaldrop.statistics.vectors import Floats, Ordinals

Groups = npt.NDArray[np.int32] | None
Scores = tuple[Ordinals, Floats]


class Pairing(NamedTuple):
    """Mean of first minus second over `n` records; null with a reason where there is too little data."""

    n: int
    difference: float | None = None
    interval: tuple[float, float] | None = None
    p_value: float | None = None
    minimum_detectable: float | None = None
    reason: str | None = None


class Decided(NamedTuple):
    """
    What a test decides within its family.

    `p_adjusted` is None where nothing was tested; `sign` is the difference's, 0 where it is not decided.
    """

    p_adjusted: float | None
    sign: int


class Shared(NamedTuple):
    """Records that two columns both have, ascending, and both columns' scores on them."""

    ordinals: Ordinals
    first: Floats
    second: Floats


def shared_scores(first: Scores, second: Scores) -> Shared:
    """Return the scores on the records that are in both columns, whose ordinals ascend."""
    # The usual case, and cheap to see: intersecting sorts both columns.
    if np.array_equal(first[0], second[0]):
        return Shared(first[0], first[1], second[1])
    both, in_first, in_second = np.intersect1d(first[0], second[0], assume_unique=True, return_indices=True)
    return Shared(both, first[1][in_first], second[1][in_second])


def paired_test(shared: Shared, groups: Groups, *, on_binary_scale: bool, confidence: float) -> Pairing:
    """
    Compare two columns of scores on the records both have.

    Yes/no scores of independent records: Bonett–Price's interval and McNemar's exact test, which hold
    their level where few records differ. All others, and averaged yes/no scores: paired t, clustered by
    group.

    Args:
        shared: The scores.
        groups: The cluster of each record by its ordinal; None when they are independent.
        on_binary_scale: Whether the scale has only yes and no.
        confidence: Two-sided level of the interval.
    """
    ordinals, first, second = shared
    if not first.size:
        return Pairing(0, reason="no interval: no record has a score from both")
    # Repeats or a drawn vote give fractions, and groups are not independent: McNemar counts neither.
    if on_binary_scale and groups is None and _is_yes_or_no(first) and _is_yes_or_no(second):
        return _pass_test(first, second, confidence)
    clusters = None if groups is None else groups[ordinals]
    try:
        paired = paired_difference(first, second, groups=clusters, confidence=confidence)
    except NotEnoughData as error:
        difference = float((first - second).mean())
        return Pairing(first.size, difference, reason=f"no interval: {error}")
    spread = paired.standard_error
    # Without spread the formula gives 0, as if the run could have shown any difference.
    detectable = detectable_from_standard_error(spread, level=1 - confidence) if spread else None
    return Pairing(
        paired.n, paired.difference, (paired.interval.low, paired.interval.high), paired.p_value, detectable
    )


def decide(tests: Iterable[tuple[float | None, float | None]], *, confidence: float) -> list[Decided]:
    """
    Decide a family of tests together, by Holm's method.

    Args:
        tests: Of each the difference and its p value; None where there was too little data to test.
        confidence: The chance that no difference is decided falsely, a fraction in (0, 1).
    """
    family = list(tests)
    # What was not tested is not in the family: it would make the others' correction larger for nothing.
    adjusted = iter(holm([p for _, p in family if p is not None]).tolist())
    return [
        Decided(None, 0) if p is None else _decided(difference or 0.0, next(adjusted), confidence)
        for difference, p in family
    ]


def _decided(difference: float, p_adjusted: float, confidence: float) -> Decided:
    is_decided = p_adjusted < 1 - confidence
    return Decided(p_adjusted, ((difference > 0) - (difference < 0)) if is_decided else 0)


def _pass_test(first: Floats, second: Floats, confidence: float) -> Pairing:
    n, difference = first.size, float((first - second).mean())
    only_first, only_second = int((first > second).sum()), int((second > first).sum())
    if n < 2:
        return Pairing(n, difference, reason="no interval: one record says nothing about spread")
    interval = paired_pass_interval(only_first, only_second, records=n, confidence=confidence)
    error = paired_pass_standard_error(only_first, only_second, records=n)
    p_value = mcnemar_p_value(only_first, only_second)
    detectable = detectable_from_standard_error(error, level=1 - confidence)
    return Pairing(n, difference, (interval.low, interval.high), p_value, detectable)


def _is_yes_or_no(scores: Floats) -> bool:
    return bool(((scores == 0) | (scores == 1)).all())
