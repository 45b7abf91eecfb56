"""The same run in each delivery: one scorecard, a bill that it tells, and a plan that knew it."""

import pytest

from benchmarks.deliveries import DELIVERIES, WITHIN, Spent, figures_of, off
from tests.whole_runs import called


def execute(*arguments):
    ended = called(*arguments)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


@pytest.mark.parametrize(
    ("records", "deliveries"),
    [
        # The first two of each go on demand, and a job has a hundred.
        pytest.param(104, ("on_demand", "auto"), id="a few"),
        pytest.param(300, DELIVERIES, id="all", marks=pytest.mark.nightly),
    ],
)
def test_every_delivery_has_one_scorecard_and_the_bill_that_a_plan_like_an_earlier_run_told(
    tmp_path, records, deliveries
):
    done = figures_of(tmp_path, records, execute=execute, spent=lambda: Spent(0, 0), deliveries=deliveries)
    assert [each.delivery for each in done] == list(deliveries)
    whole, *others = (each.billed for each in done)
    assert all(0.49 * whole < half < 0.56 * whole for half in others)
    assert all(abs(off(each.like, each.billed)) <= WITHIN for each in done)
