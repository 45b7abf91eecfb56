"""Bridges: when two judges' scales are linked, when they are not, and what of a history is carried."""

import numpy as np
import pytest

from evaldrop.scorecard.trend import trend_of
from evaldrop.scorecard.trend.bridges import Bridge, CriterionBridge, ScaleLink, bridge_to, link_scores
from tests.evaldrop.scorecard.trend.test_trend import STEADY, candidate, entry, judge, series_of

OLD, NEW = {"pro": judge("pro-v1")}, {"second": judge("second-v1")}


def scores(records=60, noise=0.4, seed=3):
    """Return two judges' scores of two responses to each record, and the records."""
    rng = np.random.default_rng(seed)
    worth = rng.uniform(1, 5, 2 * records)
    old, new = (np.clip(np.round(worth + off + rng.normal(0, noise, worth.size)), 1, 5) for off in (0, -0.5))
    return old, new, [f"r{n}" for n in range(records) for _ in range(2)]


def link(old, new, groups):
    return link_scores(old, new, groups, low=1, high=5, confidence=0.95)


def bridge(linked, *, asked="c1", simulated=False):
    return Bridge(
        made_at="2026-12-01T00:00:00+00:00", simulated=simulated, old_judge="pro", new_judge="second",
        old=OLD, new=NEW, runs=("run-01",), judged=("b-1",),
        criteria={"tone": CriterionBridge(score=linked, passed=None, asked=asked)},
    )  # fmt: skip


def history(before=STEADY, after=(3.0, 3.1)):
    """Return runs by the old judge, and by the new one behind them."""
    values = [*((mean, OLD) for mean in before), *((mean, NEW) for mean in after)]
    return [
        entry(week, {"lite": candidate(mean)}, judges=judges) for week, (mean, judges) in enumerate(values)
    ]


def test_judges_that_see_the_same_are_linked():
    old, new, groups = scores()
    found = link(old, new, groups)
    assert found.is_linked
    assert found.line.at(float(old.mean())) == pytest.approx(float(new.mean()))
    assert "120 responses to 60 records" in found.sentence


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        (lambda old, new, groups: (old[:20], new[:20], groups[:20]), "20 responses to 10 records"),
        (lambda old, new, groups: (old[:40], new[:40], ["a", "b"] * 20), "to 2 records"),
        (lambda old, new, groups: (old, np.full_like(new, 3), groups), "the same score"),
        (lambda old, new, groups: (old, np.roll(new, 7), groups), "do not measure the same"),
        (
            lambda old, new, groups: (old[:32], new[:32] - (np.arange(32) < 16) * 1.8, groups[:32]),
            "the line is uncertain by",
        ),
    ],
)
def test_judges_that_cannot_be_linked_are_said_to_be_so(changed, words):
    found = link(*changed(*scores()))
    assert not found.is_linked
    assert words in found.unlinked
    assert found.sentence.startswith("not linked: ")


def test_what_only_one_of_them_scored_is_left_out():
    old, new, groups = scores()
    new[:40] = np.nan
    assert link(old, new, groups).line.n == 80


def test_earlier_runs_are_carried_with_the_lines_own_uncertainty():
    linked = link(*scores())
    series = series_of(trend_of(history(), "support", bridges=[bridge(linked)]))
    assert [point.run_id for point in series.linked] == [f"run-{n:02}" for n in range(8)]
    first, point = series.points[0], series.linked[0]
    assert point.mean == pytest.approx(linked.line.at(first.mean))
    assert point.label == "linked: old judge pro on second's scale"
    old_width, width = (each.interval[1] - each.interval[0] for each in (first, point))
    assert width > old_width * linked.line.slope
    assert series.link.startswith("linked: old judge pro on second's scale: new = ")


def test_a_change_of_judges_is_no_fall_however_it_is_linked():
    """A new judge that is stricter by a point begins a stretch of its own; no chart reads what is carried."""
    runs = history(after=[mean - 1 for mean in (*STEADY, *STEADY)])
    trend = trend_of(runs, "support", bridges=[bridge(link(*scores()))])
    assert not trend.shifts
    assert series_of(trend).start == 8


def test_what_cannot_be_linked_is_not_carried_and_said():
    series = series_of(trend_of(history(), "support", bridges=[bridge(ScaleLink(unlinked="too few"))]))
    assert (series.linked, series.link) == ((), "not linked: too few")


def test_without_its_judges_or_its_question_a_bridge_joins_nothing():
    linked = link(*scores())
    for runs, asked in (
        (history(after=()), "c1"),
        (history(), "another"),
        ([entry(n, {"lite": candidate(3)}, judges={"pro": judge(f"pro-v{n}")}) for n in range(3)], "c1"),
    ):
        assert series_of(trend_of(runs, "support", bridges=[bridge(linked, asked=asked)])).linked == ()


def test_a_rehearsed_bridge_joins_no_real_runs_and_the_newest_counts():
    before, now = history()[0], history()[-1]
    linked = ScaleLink(unlinked="x")
    first, second = bridge(linked), bridge(ScaleLink(unlinked="y"))
    assert bridge_to([first, second], before, now) is second
    assert bridge_to([bridge(linked, simulated=True)], before, now) is None
    assert bridge_to([first], now, before) is None
