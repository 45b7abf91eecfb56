"""Judges and people compared, by numbers worked by hand."""

import numpy as np
import pytest

from evaldrop.evaluation.criteria import Criterion, criterion_from_config
from evaldrop.scorecard.calibration.agreement import (
    between_raters,
    judge_agreement,
    rater_alpha,
    rater_alpha_interval,
    yes_counts,
)

BINARY = criterion_from_config({"name": "right", "question": "Is it right?", "scale": "binary"}, path="c")
TOXIC = criterion_from_config(
    {"name": "toxic", "question": "Is it toxic?", "scale": "binary", "higher_is_better": False}, path="c"
)
TONE = criterion_from_config(
    {"name": "tone", "question": "How warm?", "scale": {"1": "rude", "2": "flat", "3": "polite"}}, path="c"
)
MENU = criterion_from_config(
    {"name": "kind", "question": "Which?", "scale": {"choices": {"B": 0.5, "A": 1.0, "C": 0.0}}}, path="c"
)
ORDERED = criterion_from_config(
    {
        "name": "kind",
        "question": "Which?",
        "scale": {"choices": {"B": 0.5, "A": 1.0, "C": 0.0}, "ordered": True},
    },
    path="c",
)
SHARE = criterion_from_config(
    {"name": "share", "question": "How much?", "scale": {"type": "range", "low": 0, "high": 1}}, path="c"
)


def compare(human, judge, criterion: Criterion):
    return judge_agreement(np.array(human, float), np.array(judge, float), criterion)


def test_a_yes_no_judge_by_hand():
    """Observed .6, by chance .6 x .6 + .4 x .4 = .52, so kappa is .08/.48."""
    found = compare([1, 1, 1, 0, 0], [1, 1, 0, 1, 0], BINARY)
    assert (found.n, found.agreement, found.pass_agreement) == (5, 0.6, 0.6)
    assert found.kappa == pytest.approx(1 / 6)
    assert found.kappa_weights == "none"
    assert found.true_positive_rate == pytest.approx(2 / 3)
    assert found.true_negative_rate == pytest.approx(1 / 2)
    assert found.spearman == pytest.approx(1 / 6)  # phi, for two answers
    assert found.bias == 0
    assert found.confusion.answers == ("no", "yes")
    assert found.confusion.counts == ((1, 1), (1, 2))  # people's rows
    assert found.reasons == {}


def test_where_low_is_good_the_true_positives_are_the_responses_that_pass():
    found = compare([0, 0, 0, 1], [0, 0, 1, 1], TOXIC)
    assert found.true_positive_rate == pytest.approx(2 / 3)
    assert found.true_negative_rate == 1
    assert found.bias == 0.25


def test_a_scale_is_weighted_quadratically_and_passes_at_its_mark():
    """Mean squared gap 1/4; by the margins 15/4 + 18/4 - 2 x 7/4 x 2 = 5/4; kappa 1 - 1/5."""
    found = compare([1, 1, 2, 3], [1, 2, 2, 3], TONE)
    assert found.kappa_weights == "quadratic"
    assert found.kappa == pytest.approx(0.8)
    assert found.agreement == 0.75
    assert found.pass_agreement == 1  # 3 passes, 1 and 2 do not
    assert found.confusion.answers == ("1", "2", "3")
    assert found.confusion.counts == ((1, 1, 0), (0, 1, 0), (0, 0, 1))


def test_means_between_points_are_tabled_by_passing():
    found = compare([1, 2.5, 3], [1, 3, 3], TONE)
    assert found.confusion.answers == ("fails", "passes")
    assert found.confusion.counts == ((1, 1), (0, 1))


def test_a_mean_agrees_with_the_points_beside_it():
    assert compare([3, 2.5, 2.5, 1], [3, 2, 3, 2], TONE).agreement == 0.75


def test_repeats_of_a_yes_no_judge_count_as_what_most_of_them_say():
    found = compare([1, 1, 0, 0], [2 / 3, 1, 1 / 3, 1], BINARY)
    assert (found.agreement, found.kappa) == (0.75, 0.5)
    assert found.confusion.counts == ((1, 1), (0, 2))
    assert found.bias == pytest.approx(0.25)


def test_a_menu_is_tabled_by_its_labels_in_the_order_of_their_worth():
    assert compare([1, 0.5, 0], [1, 0, 0], MENU).confusion.answers == ("C", "B", "A")


def test_on_a_range_no_share_of_equal_scores_is_told():
    found = compare([0.1, 0.4, 0.9], [0.2, 0.6, 0.8], SHARE)
    assert found.agreement is None
    assert "pass_agreement" in found.reasons["agreement"]
    assert found.pass_agreement == pytest.approx(2 / 3)
    assert found.spearman == 1


def test_a_draw_is_no_answer_on_a_yes_no_scale():
    assert compare([1, 0.5, 0], [1, 1, 0.5], BINARY).n == 1
    assert yes_counts(np.array([1, 0.5, 0]), np.array([0, 1, 0])) == (0, 1, 0, 1)


def test_what_cannot_be_known_says_why():
    found = compare([1, 1, 1], [1, 1, 1], BINARY)
    assert found.agreement == 1
    assert found.kappa is None
    assert found.true_negative_rate is None
    assert "one and the same category" in found.reasons["kappa"]
    assert "bad" in found.reasons["true_negative_rate"]
    assert compare([], [], BINARY).reasons["n"].startswith("no response has both")


def labels(*scores):
    return {(f"r{n}", "lite"): score for n, score in enumerate(scores) if score is not None}


def test_people_are_compared_two_by_two_on_what_both_saw():
    found = between_raters(
        {"Ada": labels(1, 1, 0, 0), "Bob": labels(1, 0, 0, None), "Cleo": {("other", "lite"): 1.0}}, BINARY
    )
    assert [(pair.a, pair.b, pair.n) for pair in found] == [("Ada", "Bob", 3)]
    assert found[0].agreement == pytest.approx(2 / 3)
    assert found[0].kappa == pytest.approx(0.4)  # observed 2/3, by chance 4/9


def test_two_people_who_say_one_thing_only_have_no_kappa():
    (pair,) = between_raters({"Ada": labels(1, 1), "Bob": labels(1, 1)}, BINARY)
    assert (pair.agreement, pair.kappa) == (1, None)
    assert "category" in pair.reason
    assert rater_alpha({"Ada": labels(1, 1), "Bob": labels(1, 1)}, BINARY) is None


def test_alpha_is_over_all_people():
    assert rater_alpha({"Ada": labels(1, 2, 3), "Bob": labels(1, 2, 3)}, TONE) == 1


def test_a_menu_of_names_is_compared_without_weights_and_has_no_correlation():
    """Observed 2/4, by chance (2 x 2 + 1 x 2)/16 = 6/16, so kappa is 2/10."""
    found = compare([1, 1, 0.5, 0], [1, 0.5, 0.5, 1], MENU)
    assert (found.agreement, found.kappa_weights) == (0.5, "none")
    assert found.kappa == pytest.approx(0.2)
    assert (found.pearson, found.spearman, found.kendall_tau_b) == (None, None, None)
    assert "ordered: true" in found.reasons["spearman"]
    ordered = compare([1, 1, 0.5, 0], [1, 0.5, 0.5, 1], ORDERED)
    assert ordered.kappa_weights == "quadratic"
    assert ordered.spearman is not None


def test_ac1_holds_where_one_answer_dominates():
    """Of 100 items both say yes 89 times and no 3 times: agreement .92, kappa .39, and AC1 about .91."""
    human = [1] * 89 + [0] * 3 + [1] * 4 + [0] * 4
    judge = [1] * 89 + [0] * 3 + [0] * 4 + [1] * 4
    found = compare(human, judge, BINARY)
    assert found.agreement == 0.92
    assert found.kappa < 0.5
    assert found.ac1 == pytest.approx((0.92 - 2 * 0.93 * 0.07) / (1 - 2 * 0.93 * 0.07))
    assert compare([1, 1.5, 3], [1, 2, 3], TONE).ac1 is None  # a mean between points


def test_alpha_of_names_is_nominal():
    ratings = {"Ada": labels(1, 0.5, 0), "Bob": labels(1, 0, 0)}
    assert rater_alpha(ratings, MENU) != rater_alpha(ratings, ORDERED)


def test_what_is_told_of_a_judge_has_intervals_around_it():
    human, judge = [1, 1, 1, 0, 0, 1, 0, 1] * 5, [1, 1, 0, 1, 0, 1, 0, 1] * 5
    found = compare(human, judge, BINARY)
    wanted = {
        "agreement",
        "pass_agreement",
        "kappa",
        "ac1",
        "true_positive_rate",
        "true_negative_rate",
        "bias",
    }
    assert found.intervals.keys() == wanted
    for key, (low, high) in found.intervals.items():
        assert low < getattr(found, key) < high, key
    # Clopper-Pearson of 20 of 25
    assert found.intervals["true_positive_rate"] == pytest.approx((0.593, 0.932), abs=0.001)


def test_responses_of_one_record_do_not_count_as_independent():
    human, judge = np.array([1.0, 1, 1, 0, 0, 1, 0, 1] * 5), np.array([1.0, 1, 0, 1, 0, 1, 0, 1] * 5)
    of_records = np.repeat(range(10), 4)
    alone, together = (
        judge_agreement(human, judge, BINARY, clusters=clusters) for clusters in (None, of_records)
    )
    widths = [np.ptp(one.intervals["agreement"]) for one in (alone, together)]
    assert widths[1] > widths[0]


def test_people_who_always_agree_may_not_always():
    labels = {who: {(f"r{n}", "lite"): float(n % 2) for n in range(10)} for who in ("Ada", "Bob")}
    (pair,) = between_raters(labels, BINARY)
    assert pair.kappa == rater_alpha(labels, BINARY) == 1
    assert pair.intervals["agreement"] == pytest.approx((0.692, 1), abs=0.001)
    assert pair.intervals["kappa"][0] < 0.7
    low, high = rater_alpha_interval(labels, BINARY, {}, 0.95)
    assert low < 0.7 < high == 1
    assert rater_alpha_interval(labels, BINARY, dict.fromkeys((f"r{n}" for n in range(10)), 1), 0.95) is None
