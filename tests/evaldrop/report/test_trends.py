"""The history's charts: where runs, baselines and changes lie."""

import pytest

from evaldrop.report.trends import HEIGHT, WIDTH, trends
from evaldrop.scorecard.trend import Series, Trend
from evaldrop.scorecard.trend.types import Change, Shift


def run(number, *, rates=(0.6, 0.8), cost=0.5, **fields):
    candidates = {
        name: {
            "criteria": {
                "correctness": {"pass_rate": rate, "pass_interval": rate and [rate - 0.1, rate + 0.1]}
            },
            "overall": rate,
            "overall_interval": None,
        }
        for name, rate in zip(("lite", "haiku"), rates, strict=True)
    }
    return {
        "run_id": f"run-{number}", "folder": f"my support/run-{number}",
        "started_at": f"2026-11-{number:02}T09:00:00+00:00",
        "simulated": False, "alarms": 0, "baseline": None, "dataset": "faq.jsonl", "cost_usd": cost,
        "candidates": candidates, **fields,
    }  # fmt: skip


def newest_first(*runs):
    return list(reversed(runs))


def test_a_single_run_has_no_trend():
    assert trends([run(1)]) is None


def test_runs_lie_from_the_oldest_to_the_newest_with_intervals():
    found = trends(newest_first(run(1), run(2, rates=(0.7, None))))
    assert [chart.name for chart in found.charts] == ["overall", "correctness"]
    lite, haiku = found.charts[1].series
    assert (lite.name, haiku.name) == ("lite", "haiku")
    first, second = lite.points
    assert first.x < WIDTH / 2 < second.x
    assert first.y > second.y, "better is higher up"
    assert first.low > first.y > first.high
    assert all(point.high >= 0 and point.low <= HEIGHT for point in lite.points)
    assert first.href == "my%20support/run-1/report.html#candidate=lite&criterion=correctness&verdict=scored"
    assert "0.60 (0.50 to 0.70)" in first.label
    assert len(haiku.points) == 1, "a run without a verdict has no point"


def test_win_rates_are_a_chart_from_the_run_on_that_has_them():
    later = run(2)
    later["candidates"]["haiku"] |= {"win_rate": 0.61, "win_rate_interval": [0.52, 0.69], "win_rate_n": 120}
    chart = trends(newest_first(run(1), later)).charts[-1]
    assert chart.name == "win rate"
    (haiku,) = chart.series
    (point,) = haiku.points
    assert "0.61 (0.52 to 0.69)" in point.label


def test_candidates_of_one_run_stand_side_by_side():
    lite, haiku = trends(newest_first(run(1), run(2))).charts[0].series
    assert lite.points[0].x < haiku.points[0].x
    assert {lite.colour, haiku.colour} == {"0", "1"}


def test_alarms_baselines_and_another_dataset_are_marked():
    runs = newest_first(run(1), run(2, alarms=3), run(3), run(4, dataset="other.jsonl"))
    marks = [(kind, words) for _, kind, words in trends(runs, baselines={"run-1"}).marks]
    assert marks == [
        ("baseline", "2026-11-01 09:00 UTC: baseline"),
        ("alarm", "2026-11-02 09:00 UTC: 3 alarms"),
        ("changed", "2026-11-04 09:00 UTC: another dataset from here on"),
    ]


def test_a_dataset_of_another_name_and_the_same_content_is_the_same():
    runs = newest_first(run(1, dataset_sha256="ab"), run(2, dataset_sha256="ab", dataset="moved.jsonl"))
    assert trends(runs).marks == []


def test_an_unknown_cost_has_no_bar():
    cheap, unknown = trends(newest_first(run(1), run(2, cost=None))).bars
    assert cheap.y < unknown.y
    assert unknown.label.endswith("unknown")


def test_only_the_last_runs_are_drawn():
    runs = [run(number % 28 + 1) | {"run_id": f"r{number}"} for number in range(100)]
    assert len(trends(runs).bars) == 60


def test_anchors_have_charts_of_their_own_on_the_criterions_scale():
    def anchored(number, mean):
        estimate = {"mean": mean, "interval": [mean - 0.5, mean + 0.5], "pass_rate": 1.0}
        return run(number, anchors={"good anchors (pro)": {"correctness": estimate}, "haiku": {}})

    found = trends(newest_first(anchored(1, 4.5), anchored(2, 3.5)))
    assert [series.name for series in found.charts[0].series] == ["lite"], "haiku is frozen here"
    (chart,) = found.anchors
    assert chart.name == "correctness"
    assert [tick.text for tick in chart.ticks] == ["3.0", "3.5", "4.0", "4.5", "5.0"]
    before, now = chart.series[0].points
    assert now.y - before.y == pytest.approx(HEIGHT / 2)


def test_what_was_changed_on_purpose_and_what_moved_is_marked():
    drift = Trend(
        evaluation="support", simulated=False, runs=("run-1", "run-2"), left_out={},
        changes=(
            Change(run_id="run-2", started_at="2026-11-02T09:00:00+00:00", what="judge", name="pro",
                   sentence="judge pro: model a → b"),
            Change(run_id="gone", started_at="", what="judge", name="pro", sentence="before what is drawn"),
        ),
        series=(Series(
            name="lite", criterion="correctness", is_anchor=False, points=(), changes=(), start=0,
            charts=None, reason=None,
            shifts=(Shift(charts=("CUSUM",), direction="down", size=-0.1, cause="judge", run_id="run-2",
                          since_run_id="run-1", sentence="lite fell."),),
        ),),
    )  # fmt: skip
    marks = trends(newest_first(run(1), run(2)), drift).marks
    assert marks == [
        (WIDTH / 2, "changed", "2026-11-02 09:00 UTC: judge pro: model a → b"),
        (WIDTH / 4, "moved", "lite fell."),
    ]
