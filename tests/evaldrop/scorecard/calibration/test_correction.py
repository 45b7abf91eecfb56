"""Corrected means: which estimate is made of what, and what refuses one."""

import numpy as np
import pytest

from evaldrop.evaluation.criteria import criterion_from_config
from evaldrop.scorecard.calibration.correction import Judged, calibrated_mean
from evaldrop.statistics.clusters import clustered_mean_estimate
from evaldrop.statistics.debiasing import JudgeCounts, clustered_ppi_mean, rogan_gladen
from tests.evaldrop.scorecard.calibration.test_agreement import BINARY, TONE

LIKERT = criterion_from_config(
    {"name": "t", "question": "How?", "scale": {n: f"point {'abcde'[n - 1]}" for n in range(1, 6)}}, path="c"
)
RANDOM = np.random.default_rng(3)


def judged(judge, human, clusters=None):
    human = np.array([np.nan if one is None else one for one in human], float)
    judge = np.array(judge, float)
    numbers = np.arange(judge.size) if clusters is None else np.array(clusters)
    return Judged(judge, human, numbers, clusters is not None)


def test_it_is_ppi_clustered_by_record_with_a_tuned_weight():
    judge = [3, 2, 1, 3, 3, 2, 1, 3, 3, 2]
    human = [3, 1, 1, 2, None, None, None, None, None, None]
    found = calibrated_mean(judged(judge, human), TONE, 0.95)
    wanted = clustered_ppi_mean(
        human[:4],
        judge[:4],
        judge[4:],
        labelled_groups=range(4),
        unlabelled_groups=range(4, 10),
        step=1,  # few labels: wider than the textbook, which covers too little
    )
    assert found.mean == pytest.approx(wanted.mean)
    assert found.standard_error == pytest.approx(wanted.standard_error)
    assert found.weight == pytest.approx(wanted.weight)
    assert (found.method, found.n_labelled, found.n_unlabelled) == ("ppi++", 4, 6)
    assert found.judge_bias == 0.5
    assert found.rogan_gladen is None
    low, high = found.interval
    assert 1 <= low < found.mean < high <= 3  # cut to the scale: t on 3 degrees of freedom is wide


def test_groups_seen_in_part_count_in_both_parts():
    judge, human = [3, 2, 1, 3, 3, 2, 1, 3], [3, 1, 1, 2, None, None, None, None]
    apart = calibrated_mean(judged(judge, human), TONE, 0.95)
    shared = calibrated_mean(judged(judge, human, clusters=[0, 1, 2, 3, 0, 1, 2, 3]), TONE, 0.95)
    assert shared.n_unlabelled == apart.n_unlabelled == 4
    assert shared.standard_error != pytest.approx(apart.standard_error)


def test_when_all_is_labelled_it_is_what_people_said():
    human = [3, 1, 2, 3]
    found = calibrated_mean(judged([1, 1, 1, 3], human), TONE, 0.95)
    wanted = clustered_mean_estimate(human, range(4))
    assert (found.method, found.mean) == ("labels_only", wanted.mean)
    assert found.standard_error == pytest.approx(wanted.standard_error)


def test_a_yes_no_scale_has_the_rogan_gladen_rate_beside_it():
    human = [1] * 20 + [0] * 10 + [None] * 70
    judge = [1] * 18 + [0] * 2 + [1] * 1 + [0] * 9 + [1] * 40 + [0] * 30
    found = calibrated_mean(judged(judge, human), BINARY, 0.9)
    wanted = rogan_gladen(59, 100, judge=JudgeCounts(18, 2, 1, 9), confidence=0.9)
    assert found.rogan_gladen.rate == pytest.approx(wanted.rate)
    assert found.rogan_gladen.interval == pytest.approx(wanted.interval)
    assert found.rogan_gladen.rate == pytest.approx((0.59 + 0.9 - 1) / (0.9 + 0.9 - 1))
    assert 0 <= found.interval[0] < found.mean < found.interval[1] <= 1


@pytest.mark.parametrize(
    ("human", "reason"),
    [([None] * 6, "0 labels"), ([1, *[None] * 5], "1 labels"), ([1, 1, 1, *[None] * 3], "do not vary")],
)
def test_too_little_is_refused_politely(human, reason):
    found = calibrated_mean(judged([1, 0, 1, 0, 1, 1], human), BINARY, 0.95)
    assert (found.mean, found.interval, found.method) == (None, None, None)
    assert reason in found.reason


def test_equal_labels_of_everything_are_refused_too():
    assert "do not vary" in calibrated_mean(judged([1, 0], [1, 1]), BINARY, 0.95).reason


def test_a_rate_that_needs_an_answer_nobody_gave_says_which():
    found = calibrated_mean(judged([1, 0, 1, 0], [1, 1, None, None]), BINARY, 0.95)
    assert "people answer no" in found.rogan_gladen.reason


def test_the_correction_takes_away_a_judges_bias():
    """A judge too kind on 400 records, 60 of them labelled: the judge's mean is off, this is not."""
    human = RANDOM.integers(1, 3, 400).astype(float)
    judge = np.minimum(human + (RANDOM.random(400) < 0.8), 3)
    labels = [score if n < 60 else None for n, score in enumerate(human)]
    found = calibrated_mean(judged(judge, labels), TONE, 0.95)
    assert judge.mean() > human.mean() + 0.5
    assert found.interval[0] <= human.mean() <= found.interval[1]


def test_a_gate_seldom_passes_falsely_by_corrected_numbers():
    """Fifty labels of 500 records, a lenient judge: whole intervals above what is true, at most 2.5 %."""
    random = np.random.default_rng(12)
    above = []
    for _ in range(120):
        human = random.choice([1.0, 2, 3, 4, 5], 500, p=[0.05, 0.1, 0.25, 0.35, 0.25])
        lenient = np.where(random.random(500) < 0.3, np.minimum(5, human + 1), human)
        seen = np.where(np.arange(500) < 50, human, np.nan)
        passes = judged((lenient >= 4).astype(float), np.where(np.isnan(seen), np.nan, seen >= 4))
        found = calibrated_mean(judged(lenient, seen), LIKERT, 0.95, passes=passes)
        assert found.decides
        assert found.pass_interval[0] < found.pass_rate < found.pass_interval[1]
        above.append((found.interval[0] > 3.65, found.pass_interval[0] > 0.6))
    # 2.5 % and three standard errors of 120 runs.
    assert max(np.mean(above, axis=0)) <= 0.067


def test_many_equal_labels_have_a_mean_and_a_width():
    found = calibrated_mean(judged([3] * 80, [3] * 20 + [None] * 60), TONE, 0.95)
    assert (found.mean, found.decides) == (3, True)
    assert found.interval[0] < 3 - 2 * (1 - 0.05 ** (1 / 20)) + 1e-9
