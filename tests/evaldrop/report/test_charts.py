"""Where numbers land on axes."""

import pytest

from evaldrop.report import charts
from evaldrop.report.plane import cost_quality_plane
from evaldrop.scorecard.model.scorecard import CandidateCost, Comparison, MeanEstimate
from tests.evaldrop.scorecard.gate.test_gate import card, scorecard

BETTER, CHEAP, WORSE = (0.85, 0.95), (0.70, 0.80), (0.60, 0.70)


def priced(pass_interval, usd):
    mean = sum(pass_interval) / 2
    return card(pass_interval).model_copy(update={
        "overall": MeanEstimate(n=40, mean=mean, interval=pass_interval),
        "cost_usd": CandidateCost(candidate=1, judge=1, per_1000_records=usd),
    })  # fmt: skip


def test_a_dot_is_the_mean_as_a_share_of_the_scale_with_its_interval():
    dots = charts.dots(scorecard({"lite": card((0.5, 0.7)), "haiku": card((0.9, 1.0))}), "correctness")
    lite = dots["lite"]
    assert (lite.at, lite.low, lite.high) == pytest.approx((60, 50, 70))


def test_overall_quality_is_plotted_first_where_there_are_several_criteria():
    one = scorecard({"lite": priced(BETTER, 1.0), "haiku": priced(CHEAP, 1.0)})
    assert charts.plotted(one) == ["correctness"]
    info = one.criteria["correctness"]
    several = one.model_copy(update={"criteria": {"correctness": info, "tone": info}})
    assert charts.plotted(several) == ["overall", "correctness", "tone"]
    pair = Comparison(a="lite", b="haiku", criterion="overall", n=40, difference=0.15, decisive=True,
                      better="lite")  # fmt: skip
    dots = charts.dots(several.model_copy(update={"comparisons": (pair,)}), "overall")
    assert (dots["lite"].at, dots["lite"].low, dots["lite"].high) == pytest.approx((90, 85, 95))
    assert (dots["lite"].tone, dots["haiku"].tone) == ("best", "behind")
    named = several.model_copy(update={"criteria": {"overall": info, "tone": info}})
    assert charts.plotted(named) == ["overall", "tone"], "a criterion of that name is its own"


def test_a_candidate_without_a_mean_has_no_dot():
    assert charts.dots(scorecard({"lite": card(None)}), "correctness") == {}


def compared(a, b, better):
    return Comparison(a=a, b=b, criterion="correctness", n=40, difference=0.1, decisive=better is not None,
                      better=better)  # fmt: skip


@pytest.mark.parametrize(
    ("pairs", "tones"),
    [
        ([], ("open", "open", "open")),
        ([compared("best", "near", None), compared("best", "low", None)], ("open", "open", "open")),
        ([compared("best", "near", None), compared("low", "best", "best")], ("best", "open", "far")),
        ([compared("best", "near", "best"), compared("low", "best", "best")], ("best", "behind", "far")),
        # the best is the one with the best mean; that others differ says nothing about it
        ([compared("near", "low", "near")], ("open", "open", "open")),
    ],
)
def test_only_a_decided_difference_from_the_best_is_coloured_and_by_its_size(pairs, tones):
    cards = {"best": card((0.88, 0.92)), "near": card((0.8, 0.84)), "low": card((0.4, 0.5))}
    dots = charts.dots(scorecard(cards).model_copy(update={"comparisons": tuple(pairs)}), "correctness")
    assert tuple(dots[name].tone for name in cards) == tones


def test_a_candidate_that_is_dearer_and_worse_is_dominated():
    cards = {"good": priced(BETTER, 3.0), "cheap": priced(CHEAP, 0.5), "bad": priced(WORSE, 1.0)}
    plane = cost_quality_plane(scorecard(cards))
    assert {mark.name: mark.is_dominated for mark in plane.marks} == {
        "good": False,
        "cheap": False,
        "bad": True,
    }
    # the axis ends at $4: 3.15 rounded up
    assert {mark.name: mark.x / plane.width for mark in plane.marks} == {
        "good": 0.75,
        "cheap": 0.125,
        "bad": 0.25,
    }
    assert plane.x_ticks[-1].text == "$4"
    assert len(plane.frontier.split()) == 2


@pytest.mark.parametrize(("costs", "end"), [((0.96, 0.1), "$2"), ((9.9, 1), "$20"), ((0, 0), "$1")])
def test_the_cost_axis_ends_at_a_round_number_beyond_the_dearest(costs, end):
    cards = {str(place): priced(BETTER, usd) for place, usd in enumerate(costs)}
    assert cost_quality_plane(scorecard(cards)).x_ticks[-1].text == end


def test_without_two_priced_candidates_there_is_no_plane():
    unknown = card(BETTER)
    assert cost_quality_plane(scorecard({"good": priced(BETTER, 3.0), "unknown": unknown})) is None


def test_a_difference_in_a_matrix_has_the_interval_that_decides_it():
    """That of one comparison alone is too short for a difference that stands out among others."""
    pair = Comparison(a="lite", b="haiku", criterion="correctness", n=40, difference=0.2, decisive=True,
                      better="lite", interval=(0.1, 0.3), family_interval=(0.05, 0.35))  # fmt: skip
    cards = {"lite": card(BETTER), "haiku": card(WORSE)}
    (found,) = charts.matrices(scorecard(cards).model_copy(update={"comparisons": (pair,)}))
    assert found.rows[0][1][1].interval == (0.05, 0.35)
    assert found.rows[1][1][0].interval == (-0.35, -0.05)
