"""How far two candidates' scores on a record lie apart: what a run's size is planned by."""

from typing import Final

from evaldrop.scorecard.model.part import OVERALL
from evaldrop.scorecard.model.scorecard import (
    Comparison,
    Scorecard,
)

USUAL_VARIANCE: Final = 1 / 9
"""Of two candidates' difference over records, as a share of the scale (Miller 2024, section 5)."""


def variances_of_differences(scorecard: Scorecard) -> list[float]:
    """
    Return the variance over records of each pair's difference, ascending; none where it has no spread.

    SE² · n of each pair's overall comparison (of each criterion's, where there is a single one), as shares of
    the scale. Where records had groups, what they share is in it.
    """
    pairs = [pair for pair in scorecard.comparisons if pair.criterion == OVERALL] or scorecard.comparisons
    return sorted(filter(None, (_variance(pair, scorecard) for pair in pairs)))


def planned_variance(scorecard: Scorecard) -> float:
    """Return the variance that a plan like this run takes as likely: the run's middle one, or a usual one."""
    found = variances_of_differences(scorecard)
    return found[len(found) // 2] if found else USUAL_VARIANCE


def _variance(pair: Comparison, scorecard: Scorecard) -> float | None:
    if not pair.standard_error:
        return None
    info = scorecard.criteria.get(pair.criterion)
    scale = 1.0 if info is None else info.high - info.low
    return (pair.standard_error / scale) ** 2 * pair.n
