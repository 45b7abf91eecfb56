"""Ratios of totals and tables of labels: worked examples, and intervals that cover as often as they say."""

from math import sqrt

import numpy as np
import pytest

from evaldrop.statistics.totals import confusion, label_scores, ratio_of_totals


def test_a_ratio_is_that_of_the_sums_and_not_the_mean_of_ratios():
    found = ratio_of_totals(np.array([1.0, 9.0]), np.array([1.0, 19.0]))
    assert found.value == 10 / 20
    assert found.interval is not None


def test_records_that_hold_no_value_say_nothing():
    parts, wholes = np.array([1.0, 0.0, 2.0]), np.array([2.0, 0.0, 3.0])
    without = ratio_of_totals(parts[[0, 2]], wholes[[0, 2]])
    assert ratio_of_totals(parts, wholes) == without
    assert ratio_of_totals(np.zeros(3), np.zeros(3)).value is None


def test_what_is_all_right_is_no_point_and_one_record_has_no_interval():
    found = ratio_of_totals(np.full(20, 4.0), np.full(20, 4.0))
    assert found.value == 1.0
    assert found.interval.high == 1.0
    assert 0.7 < found.interval.low < 0.95
    assert ratio_of_totals(np.array([1.0]), np.array([2.0])).interval is None


def test_records_of_one_group_are_one_piece_of_evidence():
    rng = np.random.default_rng(3)
    rates = np.repeat(rng.beta(2, 2, 20), 10)
    wholes = rng.integers(1, 6, rates.size).astype(float)
    parts = rng.binomial(wholes.astype(int), rates).astype(float)
    alone = ratio_of_totals(parts, wholes).interval
    grouped = ratio_of_totals(parts, wholes, np.repeat(np.arange(20), 10)).interval
    assert grouped.width > 1.5 * alone.width


@pytest.mark.parametrize(("groups", "size"), [(40, 1), (200, 1), (30, 8)])
def test_intervals_of_ratios_cover_as_often_as_they_say(groups, size):
    """Values of a record are right or wrong together: as independent values they would cover far less."""
    rng = np.random.default_rng(5)
    codes = np.repeat(np.arange(groups), size)
    tries, covered = 400, 0
    for _ in range(tries):
        wholes = rng.integers(1, 12, codes.size)
        rates = rng.beta(6, 1.5, groups)[codes]
        found = ratio_of_totals(rng.binomial(wholes, rates).astype(float), wholes.astype(float), codes)
        covered += found.interval.low <= 0.8 <= found.interval.high
    assert 0.92 <= covered / tries <= 0.99


def test_the_example_of_scikit_learns_documentation():
    """f1_score([0, 1, 2, 0, 1, 2], [0, 2, 1, 0, 0, 1], average="macro") is 0.2666…"""
    wanted, said = np.array([0, 1, 2, 0, 1, 2]), np.array([0, 2, 1, 0, 0, 1])
    assert label_scores(wanted, said, 3).macro_f1.value == pytest.approx(0.8 / 3)
    assert confusion(wanted, said, 3)[:3, :3].tolist() == [[2, 0, 0], [1, 0, 1], [0, 2, 0]]


def test_matthews_correlation_of_two_labels_is_the_known_formula():
    """matthews_corrcoef([1, 1, 1, -1], [1, -1, 1, 1]) is -0.33…: (2·0 - 1·1) / √(3·3·1·1)."""
    found = label_scores(np.array([1, 1, 1, 0]), np.array([1, 0, 1, 1]), 2)
    assert found.matthews.value == pytest.approx(-1 / 3)


def test_matthews_correlation_of_three_labels_by_hand():
    """Rows 5 1 0 / 2 3 1 / 0 1 4: c 12, s 17, Σpt = 7·6 + 5·6 + 5·5 = 97, Σp² = 99, Σt² = 97."""
    table = np.array([[5, 1, 0], [2, 3, 1], [0, 1, 4]])
    wanted, said = (np.repeat(part.ravel(), table.ravel()) for part in np.indices(table.shape))
    found = label_scores(wanted, said, 3).matthews.value
    assert found == pytest.approx((12 * 17 - 97) / sqrt((17**2 - 99) * (17**2 - 97)))


def test_an_answer_without_a_label_costs_recall_and_correlation_and_is_no_label():
    """F1 of 0: 2·1/(2 + 1), of 1: 2·2/(2 + 2); no third label is averaged in."""
    found = label_scores(np.array([0, 0, 1, 1]), np.array([0, 2, 1, 1]), 2)
    assert found.macro_f1.value == pytest.approx((2 / 3 + 1) / 2)
    # c 3, s 4, Σpt = 1·2 + 2·2, Σp² = 1 + 4 + 1, Σt² = 8.
    assert found.matthews.value == pytest.approx((12 - 6) / sqrt((16 - 6) * (16 - 8)))


def test_a_label_that_nobody_wants_or_says_is_not_averaged_in():
    wanted, said = np.array([0, 1, 0, 1]), np.array([0, 1, 1, 1])
    assert label_scores(wanted, said, 7).macro_f1.value == label_scores(wanted, said, 2).macro_f1.value


def test_where_all_references_are_one_label_there_is_no_correlation():
    assert label_scores(np.array([0, 0, 0]), np.array([0, 1, 0]), 2).matthews.value is None
    assert label_scores(np.array([], int), np.array([], int), 2).macro_f1.value is None


def test_all_right_is_one_and_no_point():
    labels = np.tile(np.arange(3), 10)
    for found in label_scores(labels, labels, 3):
        assert found.value == pytest.approx(1.0)
        assert 0.6 < found.interval.low < 0.97
        assert found.interval.high == 1.0


def test_intervals_agree_with_the_jackknife_that_leaves_out_one_record():
    rng = np.random.default_rng(11)
    wanted = rng.integers(0, 3, 300)
    said = np.where(rng.random(300) < 0.7, wanted, rng.integers(0, 4, 300))
    found = label_scores(wanted, said, 3)
    left = [label_scores(np.delete(wanted, n), np.delete(said, n), 3) for n in range(300)]
    for name in ("macro_f1", "matthews"):
        values = np.array([getattr(each, name).value for each in left])
        error = sqrt(299 / 300 * ((values - values.mean()) ** 2).sum())
        assert getattr(found, name).interval.width == pytest.approx(2 * 1.968 * error, rel=0.04)


@pytest.mark.parametrize("n", [40, 200])
def test_intervals_of_tables_cover_as_often_as_they_say(n):
    rng = np.random.default_rng(7)
    cells = np.array([[0.38, 0.05, 0.01, 0.02], [0.04, 0.22, 0.03, 0.01], [0.02, 0.02, 0.19, 0.01]])
    many = np.rint(cells * 100_000).astype(int)
    places = np.indices(cells.shape).reshape(2, -1)
    truth = label_scores(*np.repeat(places, many.ravel(), axis=1), 3)
    covered, tries = {"macro_f1": 0, "matthews": 0}, 400
    for _ in range(tries):
        drawn = places[:, rng.choice(cells.size, n, p=cells.ravel())]
        found = label_scores(*drawn, 3)
        for name in covered:
            bounds = getattr(found, name).interval
            covered[name] += bounds.low <= getattr(truth, name).value <= bounds.high
    assert all(0.92 <= each / tries <= 0.985 for each in covered.values()), covered
