"""Changes around 0: right is better whichever way a scale runs, and only decided ones have a colour."""

import pytest

from evaldrop.report.changes import ChangeDot, baseline_axis, on_one_axis, perturbed, perturbed_axis
from evaldrop.scorecard.model.baseline import Baseline, BaselineCandidate, BaselineEstimate, Moved
from evaldrop.scorecard.model.scorecard import CriterionInfo, RobustnessDrop, RobustnessEstimate
from tests.evaldrop.scorecard.gate.test_gate import card, scorecard

UNKNOWN = Moved(was=None, now=None)


def test_the_axis_is_as_long_to_either_side_as_the_farthest_interval_asks_for():
    axis = on_one_axis({
        ("a",): ChangeDot(value=0.05, interval=(-0.05, 0.15), tone="open"),
        ("b",): ChangeDot(value=-0.1, interval=None, tone="far"),
    })  # fmt: skip
    assert [(tick.at, tick.text) for tick in axis.ticks] == [(0, "−20 %"), (50, "0"), (100, "+20 %")]
    assert (axis.dots["a",].low, axis.dots["a",].at, axis.dots["a",].high) == pytest.approx(
        (37.5, 62.5, 87.5)
    )
    assert (axis.dots["b",].at, axis.dots["b",].low, axis.dots["b",].tone) == (25, None, "far")


def test_no_change_at_all_has_an_axis():
    assert on_one_axis({}).ticks[1].text == "0"
    assert on_one_axis({("a",): ChangeDot(value=0.0, interval=None, tone="open")}).dots["a",].at == 50


def test_a_rise_on_a_scale_where_low_is_good_lies_to_the_left():
    harm = CriterionInfo(question="?", kind="points", low=1, high=5, pass_at=2, higher_is_better=False)
    run = scorecard({"lite": card((0.5, 0.7))})
    run = run.model_copy(update={"criteria": {**run.criteria, "harm": harm}})
    estimates = {
        "harm": BaselineEstimate(n=9, difference=0.8, interval=(0.4, 1.2), decision="regressed"),
        "correctness": BaselineEstimate(n=9, difference=0.1, interval=(0.05, 0.15), decision="improved"),
        "overall": BaselineEstimate(n=9, difference=None),
    }
    found = BaselineCandidate(
        criteria=estimates, latency_ms_p50=UNKNOWN, latency_ms_p90=UNKNOWN, cost_usd_per_1000_records=UNKNOWN
    )
    axis = baseline_axis(run, Baseline(uri="x", comparable=True, candidates={"lite": found}))
    worse, better = axis.dots["lite", "harm"], axis.dots["lite", "correctness"]
    assert worse.at < 50 < better.at
    assert worse.low < worse.at < worse.high
    assert (worse.tone, better.tone) == ("far", "best")
    assert ("lite", "overall") not in axis.dots


def drop(value, decisive):
    return RobustnessDrop(
        n=40, records=20, drop=value, interval=(value - 0.1, value + 0.1), decisive=decisive
    )


def test_a_drop_lies_to_the_left_and_all_candidates_of_a_perturbation_stand_together():
    def robust(**drops):
        estimates = {
            name: RobustnessEstimate(copies=40, missing=0, overall=found, criteria={}, metrics={})
            for name, found in drops.items()
        }
        return card((0.5, 0.7)).model_copy(update={"robustness": estimates})

    run = scorecard({
        "lite": robust(typos=drop(0.2, decisive=True), swapped_words=drop(0.0, decisive=False)),
        "haiku": robust(typos=drop(-0.2, decisive=True), swapped_words=drop(0.1, decisive=False)),
    })  # fmt: skip
    rows = perturbed(run)
    assert [(row.perturbation, row.candidate) for row in rows] == [
        ("typos", "lite"), ("typos", "haiku"), ("swapped words", "lite"), ("swapped words", "haiku"),
    ]  # fmt: skip
    dots = perturbed_axis(run, rows).dots
    lite, haiku = dots["typos", "lite", "overall"], dots["typos", "haiku", "overall"]
    assert lite.at < 50 < haiku.at
    assert (lite.tone, haiku.tone) == ("far", "best")
    assert dots["swapped words", "haiku", "overall"].tone == "open"


def test_of_a_run_without_criteria_metrics_are_listed_and_not_drawn():
    found = RobustnessEstimate(
        copies=4, missing=1, overall=None, criteria={}, metrics={"rouge_l": drop(0.1, decisive=False)}
    )
    run = scorecard({"lite": card((0.5, 0.7)).model_copy(update={"robustness": {"case": found}})})
    (row,) = perturbed(run)
    assert (row.on, row.copies, row.missing) == ("rouge_l", 4, 1)
    assert perturbed_axis(run, [row]).dots == {}
