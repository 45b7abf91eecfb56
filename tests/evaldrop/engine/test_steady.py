"""A clock that is set while a run goes on: no latency becomes negative, or hours long."""

import subprocess
import sys
import time

import pytest

from evaldrop.engine import Clock
from evaldrop.engine.queries.functions import FUNCTIONS
from evaldrop.engine.steady import now_ns

SET = """
import time
import evaldrop.engine.steady as steady
from evaldrop.engine import Clock
before = Clock().now()
real = time.time
time.time = lambda: real() + ({step})
time.time_ns = lambda: int((real() + ({step})) * 1e9)
print(Clock().now() - before)
"""


@pytest.mark.parametrize("step", [-3600, 3600])
def test_a_clock_that_is_set_changes_no_difference_of_two_times(step):
    done = subprocess.run(
        [sys.executable, "-c", SET.format(step=step)], capture_output=True, text=True, check=True
    )
    assert 0 <= float(done.stdout) < 60


def test_it_is_the_time_of_day():
    assert abs(now_ns() / 1e9 - time.time()) < 60


def test_expressions_and_states_have_one_clock():
    """What the workflow takes for a latency is the difference of the two."""
    before = int(Clock().now() * 1000)
    assert 0 <= FUNCTIONS["millis"].call() - before < 10_000
