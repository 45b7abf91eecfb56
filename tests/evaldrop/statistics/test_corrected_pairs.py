"""Paired differences corrected by labels, and what missing verdicts make of them."""

import numpy as np
import pytest

from evaldrop.errors import NotEnoughData
from evaldrop.statistics.corrected_pairs import corrected_pairing, with_missing
from evaldrop.statistics.debiasing import shared_clusters_ppi_mean
from evaldrop.statistics.paired_test import PairedScores, paired_test

RANDOM = np.random.default_rng(6)
JUDGE = RANDOM.integers(-2, 3, 80).astype(float)
HUMAN = np.where(np.arange(80) < 30, np.clip(JUDGE - (RANDOM.random(80) < 0.5), -4, 4), np.nan)


def corrected(human=HUMAN, judge=JUDGE, clusters=None):
    numbers = np.arange(judge.size) if clusters is None else clusters
    return corrected_pairing(human, judge, clusters=numbers, reach=4.0, step=1.0, confidence=0.95)


def test_it_is_the_formula_with_the_mean_over_all_records():
    """λ of the judge's mean over the others is λ' = λ/(1 - n/N) of its mean over all: the same estimate."""
    found = corrected()
    wanted = shared_clusters_ppi_mean(
        HUMAN[:30], JUDGE[:30], JUDGE[30:], labelled_groups=range(30), unlabelled_groups=range(30, 80), step=1
    )
    over_all = found.weight / (1 - 30 / 80)
    by_formula = over_all * JUDGE.mean() + (HUMAN[:30] - over_all * JUDGE[:30]).mean()
    assert found.pairing.difference == pytest.approx(wanted.mean) == pytest.approx(by_formula)
    assert found.pairing.spread.error == pytest.approx(wanted.standard_error)
    assert found.pairing.p_value == pytest.approx(0.055, abs=0.001)  # t is 2.0 on 28 degrees of freedom


def test_too_few_labels_are_refused():
    few = np.where(np.arange(80) < 9, HUMAN, np.nan)
    with pytest.raises(NotEnoughData, match="of 9 records; at least 10"):
        corrected(few)


def test_missing_verdicts_bound_it_as_far_around_as_the_judges():
    """Twenty more records nobody judged: the judge's bounds, moved by what labels move of four fifths."""
    scores = PairedScores(
        np.arange(80, dtype=np.int32),
        JUDGE,
        np.arange(80, 100, dtype=np.int32),
        np.full(20, -4.0),
        np.full(20, 4.0),
        4.0,
    )
    judge = paired_test(scores, None, confidence=0.95)
    found = with_missing(corrected().pairing, judge, whole=80)
    moved = (found.difference - judge.difference) * 0.8
    assert found.bounds == pytest.approx((judge.bounds[0] + moved, judge.bounds[1] + moved))
    assert found.n_missing == 20
    assert found.widest(0.95).low < found.bounds[0] < found.bounds[1] < found.widest(0.95).high
