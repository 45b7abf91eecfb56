"""A comparison of two runs as a terminal shows it."""

import io

import pytest
from rich.console import Console

from evaldrop.cli.tables.baseline import print_baseline
from evaldrop.scorecard.model.baseline import Baseline, BaselineCandidate, Moved


def told(was, now):
    console = Console(file=io.StringIO(), width=200)
    known = Moved(was=500, now=500)
    card = BaselineCandidate(
        latency_ms_p50=known,
        latency_ms_p90=known,
        cost_usd_per_1000_records=Moved(was=was, now=now),
        criteria={},
    )
    baseline = Baseline(uri="runs/x", comparable=True, candidates={"lite": card})
    print_baseline(console, baseline)
    return console.file.getvalue()


@pytest.mark.parametrize("cost", [(0, 0), (None, None), (None, 0)])
def test_a_cost_that_is_nothing_or_not_known_in_both_runs_is_not_told(cost):
    assert "per 1,000 records" not in told(*cost)


def test_a_cost_that_one_run_has_is_told():
    assert "per 1,000 records $0 to $1.20" in told(0, 1.2)
