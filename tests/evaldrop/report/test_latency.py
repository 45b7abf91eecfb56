"""Latencies are counted as they stream by and drawn with as much area as there are calls."""

import pytest

from evaldrop.report.latency import FEWEST_CALLS, LatencyCounts, latencies_drawn
from evaldrop.scorecard.model.scorecard import Latency
from tests.evaldrop.scorecard.gate.test_gate import card, scorecard


def measured(p50, p90, p99):
    return card((0.5, 0.7)).model_copy(update={"latency_ms": Latency(n=9, p50=p50, p90=p90, p99=p99)})


def test_the_areas_of_the_bars_are_as_the_calls_in_them():
    counts = LatencyCounts()
    for latency_ms, calls in ((100, 30), (400, 60), (410, 30)):
        for _ in range(calls):
            counts.add("lite", latency_ms)
    drawn = latencies_drawn(scorecard({"lite": measured(100, 400, 410)}), counts)
    (span,) = drawn.spans
    areas = [(right - left) * height for left, right, height in span.shape]
    assert areas[1] == pytest.approx(areas[0] * 3)
    assert max(height for *_, height in span.shape) == 1
    assert all(left <= 100 * latency / 600 < right for latency, (left, right, _) in zip(
        (100, 400), span.shape, strict=True))  # fmt: skip
    assert [mark.at for mark in span.marks] == pytest.approx([100 / 6, 400 / 6, 410 / 6])


def test_a_percentile_opens_the_calls_at_or_above_it_and_the_shape_all_of_them():
    drawn = latencies_drawn(scorecard({"lite": measured(100.5, 400, 410)}), LatencyCounts())
    (span,) = drawn.spans
    assert [mark.opens.fragment for mark in span.marks[:2]] == [
        "#candidate=lite&slower=100.5&sort=slow",
        "#candidate=lite&slower=400&sort=slow",
    ]
    assert span.opens.fragment == "#candidate=lite&answer=timed&sort=slow&n=9"


def test_what_is_kept_does_not_grow_with_the_calls():
    counts = LatencyCounts()
    for number in range(10_000):
        counts.add("lite", 1.0 + number % 3000)
    assert len(list(counts.bins("lite"))) < 100
    assert sum(calls for *_, calls in counts.bins("lite")) == 10_000


def test_few_calls_have_no_shape_and_unknown_latencies_are_passed_over():
    counts = LatencyCounts()
    for _ in range(FEWEST_CALLS - 1):
        counts.add("lite", 100.0)
    counts.add("lite", None)
    assert list(counts.bins("lite")) == []
    counts.add("lite", 0.0)
    assert len(list(counts.bins("lite"))) == 2


def test_without_a_latency_nothing_is_drawn():
    assert latencies_drawn(scorecard({"lite": measured(None, None, None)}), LatencyCounts()) is None
