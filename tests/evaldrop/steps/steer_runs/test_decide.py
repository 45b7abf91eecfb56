"""Fewer records at a time while a model is throttled, and more again afterwards."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaldrop.steps.steer_runs.decide import Traffic, next_concurrency

FINE, SOME, BAD = Traffic(1_000, 5), Traffic(970, 30), Traffic(900, 100)


@pytest.mark.parametrize(
    ("now", "traffic", "after"),
    [
        (50, [BAD], 35),
        (50, [FINE, BAD], 35),
        (2, [BAD], 1),
        (1, [BAD], 1),
        (20, [FINE], 25),
        (48, [FINE], 50),
        (50, [FINE], 50),
        (20, [SOME], 20),
        (20, [SOME, FINE], 20),
        # Too few calls to tell, or none.
        (20, [Traffic(5, 5)], 20),
        (20, [], 20),
        # No limit, and more than the run asked for.
        (0, [BAD], 35),
        (0, [], 50),
        (500, [SOME], 50),
    ],
)
def test_throttles_lower_it_and_their_absence_raises_it_up_to_the_runs_own(now, traffic, after):
    assert next_concurrency(now, 50, traffic) == after


counts = st.floats(0, 1e6)


@given(st.integers(0, 10_000), st.integers(1, 10_000), st.lists(st.builds(Traffic, counts, counts)))
def test_it_is_never_0_and_never_above_the_runs_own(now, own, traffic):
    assert 1 <= next_concurrency(now, own, traffic) <= own


def test_while_throttles_last_it_comes_down_to_1_and_afterwards_to_what_it_was():
    concurrency = 200
    for _ in range(20):
        concurrency = next_concurrency(concurrency, 200, [BAD])
    assert concurrency == 1
    for _ in range(10):
        concurrency = next_concurrency(concurrency, 200, [FINE])
    assert concurrency == 200
