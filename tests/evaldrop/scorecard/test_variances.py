"""The variance that a plan takes as likely: the middle of a run's pairs, or a usual one."""

from pathlib import Path

import pytest

from evaldrop.scorecard.variances import USUAL_VARIANCE, planned_variance, variances_of_differences
from tests.evaldrop.scorecard.baseline.runs import write


def test_the_middle_of_the_pairs_is_planned_with_and_pairs_without_spread_are_none(tmp_path: Path) -> None:
    scores = {"lite": [(1, 4)] * 5, "haiku": [(0, 4), *[(1, 4)] * 4]}
    scorecard = write(str(tmp_path / "support" / "run-0"), scores)
    (pair,) = [each for each in scorecard.comparisons if each.criterion == "correctness"]
    assert pair.n == 5
    spread = [pair.model_copy(update={"standard_error": error}) for error in (0.3, 0.1, 0.2, 0.0, None)]
    several = scorecard.model_copy(update={"comparisons": tuple(spread)})
    assert variances_of_differences(several) == pytest.approx([0.05, 0.2, 0.45])
    assert planned_variance(several) == pytest.approx(0.2)
    assert planned_variance(scorecard.model_copy(update={"comparisons": ()})) == USUAL_VARIANCE
