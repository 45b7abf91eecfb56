"""How often a candidate is said to differ from itself, of judges whose noise is known."""

from functools import cache

import numpy as np
import pytest

from evaldrop.evaluation.criteria import Criterion
from evaldrop.proving.false_alarms import FEWEST_JUDGED_TWICE, false_alarms
from evaldrop.proving.judged_copies import CriterionCopies, JudgedCopies
from evaldrop.scorecard.model.proof import FalseAlarm
from evaldrop.statistics.paired_test import Groups
from evaldrop.statistics.vectors import Floats

RECORDS = 200
CRITERION = Criterion(name="correctness", question="Is it right?")


def _judged(first: Floats, again: Floats, groups: Groups = None) -> JudgedCopies:
    copies = CriterionCopies(criterion=CRITERION, first=first, again=again, faulty={})
    return JudgedCopies(
        candidate="lite", criteria={"correctness": copies}, groups=groups, run_records=RECORDS
    )


def _alarm(first: Floats, again: Floats, groups: Groups = None) -> FalseAlarm:
    (found,) = false_alarms(_judged(first, again, groups), confidence=0.95, seed=0, tries=400)
    return found


@cache
def _noisy() -> tuple[Floats, Floats]:
    """Return pass marks of which a fifth is another one the second time, either way alike."""
    first = np.tile([1.0, 0.0], RECORDS // 2)
    return first, np.where(np.arange(RECORDS) % 10 < 2, 1 - first, first)


def test_an_instrument_that_repeats_itself_never_alarms() -> None:
    first, _ = _noisy()
    found = _alarm(first, first)
    assert (found.n, found.changed, found.share, found.moved, found.is_moved) == (RECORDS, 0, 0, 0, False)
    # Clopper and Pearson of 0 in 400.
    assert found.interval == pytest.approx((0.0, 1 - 0.025 ** (1 / 400)))


def test_noise_alarms_no_more_often_than_the_confidence_allows() -> None:
    found = _alarm(*_noisy())
    assert found.changed == pytest.approx(0.2)
    assert found.tries == 400
    assert found.share is not None
    assert found.interval is not None
    # McNemar's exact test of some 40 changes errs in 2 to 4 % of tries.
    assert 0.005 < found.share <= 0.05
    assert found.interval[0] < found.share < found.interval[1]
    assert not found.is_moved


def test_a_judge_that_has_turned_strict_has_moved_and_yet_raises_no_false_alarms() -> None:
    first = np.ones(RECORDS)
    again = np.where(np.arange(RECORDS) % 10 == 0, 0.0, 1.0)
    found = _alarm(first, again)
    assert found.is_moved
    assert found.moved == pytest.approx(-0.1)
    assert found.moved_interval is not None
    assert found.moved_interval[1] < 0
    assert found.share is not None
    assert found.share <= 0.06


def test_groups_that_change_together_are_drawn_together() -> None:
    first = np.tile([1.0, 0.0], RECORDS // 2)
    groups = np.repeat(np.arange(20), 10).astype(np.int32)
    again = np.where(groups < 10, 1 - first, first)
    found = _alarm(first, again, groups)
    assert found.share is not None
    assert found.share <= 0.1


def test_of_few_nothing_is_said_and_what_was_not_scored_does_not_count() -> None:
    first = np.where(np.arange(RECORDS) < FEWEST_JUDGED_TWICE - 1, 1.0, np.nan)
    found = _alarm(first, np.ones(RECORDS))
    assert (found.n, found.changed, found.tries, found.share, found.interval) == (
        FEWEST_JUDGED_TWICE - 1,
        0.0,
        0,
        None,
        None,
    )
    nothing = _alarm(np.full(RECORDS, np.nan), np.ones(RECORDS))
    assert (nothing.n, nothing.changed, nothing.moved) == (0, None, None)
