"""Where numbers land on axes."""

import pytest

from evaldrop.report import charts
from evaldrop.scorecard.model import CandidateCost, MeanEstimate
from tests.evaldrop.test_gate import card, scorecard

BETTER, CHEAP, WORSE = (0.85, 0.95), (0.70, 0.80), (0.60, 0.70)


def priced(pass_interval, usd):
    mean = sum(pass_interval) / 2
    return card(pass_interval).model_copy(update={
        "overall": MeanEstimate(n=40, mean=mean, interval=pass_interval),
        "cost_usd": CandidateCost(candidate=1, judge=1, per_1000_records=usd),
    })  # fmt: skip


def test_a_dot_is_the_mean_as_a_share_of_the_scale_with_its_interval():
    dots = charts.dots(scorecard({"lite": card((0.5, 0.7)), "haiku": card((0.9, 1.0))}), "correctness")
    lite, haiku = dots["lite"], dots["haiku"]
    assert (lite.at, lite.low, lite.high) == pytest.approx((60, 50, 70))
    assert (lite.tone, haiku.tone) == (3, 0)


def test_a_candidate_without_a_mean_has_no_dot():
    assert charts.dots(scorecard({"lite": card(None)}), "correctness") == {}


@pytest.mark.parametrize(("distance", "tone"), [(0, 0), (0.05, 1), (0.15, 2), (0.16, 3)])
def test_colour_is_the_distance_from_the_best(distance, tone):
    assert charts.tone(distance) == tone


def test_a_candidate_that_is_dearer_and_worse_is_dominated():
    cards = {"good": priced(BETTER, 3.0), "cheap": priced(CHEAP, 0.5), "bad": priced(WORSE, 1.0)}
    plane = charts.cost_quality_plane(scorecard(cards))
    assert {mark.name: mark.is_dominated for mark in plane.marks} == {
        "good": False,
        "cheap": False,
        "bad": True,
    }
    # the axis ends at $4: 3.15 rounded up
    assert {mark.name: mark.x for mark in plane.marks} == {"good": 75, "cheap": 12.5, "bad": 25}
    assert plane.x_ticks[-1].text == "$4"
    assert len(plane.frontier.split()) == 2


@pytest.mark.parametrize(("costs", "end"), [((0.96, 0.1), "$2"), ((9.9, 1), "$20"), ((0, 0), "$1")])
def test_the_cost_axis_ends_at_a_round_number_beyond_the_dearest(costs, end):
    cards = {str(place): priced(BETTER, usd) for place, usd in enumerate(costs)}
    assert charts.cost_quality_plane(scorecard(cards)).x_ticks[-1].text == end


def test_without_two_priced_candidates_there_is_no_plane():
    unknown = card(BETTER)
    assert charts.cost_quality_plane(scorecard({"good": priced(BETTER, 3.0), "unknown": unknown})) is None
