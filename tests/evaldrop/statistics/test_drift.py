"""Control charts against hand-worked series, and how often they cry wolf."""

import numpy as np
import pytest

from evaldrop.errors import NotEnoughData
from evaldrop.statistics.drift import cusum, ewma, run_noise

# Oracles cusum, ewma: by hand.
WEEKS = [0.8, 0.82, 0.79, 0.81, 0.8, 0.78, 0.74, 0.73, 0.75, 0.72, 0.71, 0.73]


def test_cusum_matches_the_hand_worked_series():
    chart = cusum(WEEKS, target=0.8, sigma=0.02)
    assert chart.up == pytest.approx([0, 0.5, *[0] * 10], abs=1e-9)
    assert chart.down == pytest.approx([0, 0, 0, 0, 0, 0.5, 3, 6, 8, 11.5, 15.5, 18.5], abs=1e-9)
    assert chart.first_alarm == 7


def test_ewma_matches_the_hand_worked_series():
    chart = ewma(WEEKS, target=0.8, sigma=0.02)
    average = [
        0.8, 0.806, 0.8012, 0.80384, 0.802688, 0.7958816, 0.77911712, 0.764381984, 0.7600673888,
        0.74804717216, 0.7366330205119999, 0.7346431143583998,
    ]  # fmt: skip
    low = [
        0.7838, 0.7802253799025114, 0.778691610947798, 0.777979027097787, 0.7776381487505082,
        0.7774730012709381, 0.7773925193983897, 0.7773531876904372, 0.7773339400685862, 0.7773245146980473,
        0.7773198976963783, 0.7773176357086315,
    ]  # fmt: skip
    assert chart.average == pytest.approx(average, abs=1e-9)
    assert chart.low == pytest.approx(low, abs=1e-9)
    assert chart.high == pytest.approx(1.6 - np.array(low), abs=1e-9)
    assert chart.first_alarm == 7


def test_charts_see_a_rise_as_they_see_a_fall():
    mirrored = 1.6 - np.array(WEEKS)
    down, up = cusum(WEEKS, target=0.8, sigma=0.02), cusum(mirrored, target=0.8, sigma=0.02)
    assert up.up == pytest.approx(down.down, abs=1e-9)
    assert up.first_alarm == ewma(mirrored, target=0.8, sigma=0.02).first_alarm == 7


def test_quiet_series_raise_no_alarm():
    quiet = [0.8, 0.81, 0.79, 0.8]
    assert cusum(quiet, target=0.8, sigma=0.02).first_alarm is None
    assert ewma(quiet, target=0.8, sigma=0.02).first_alarm is None


def test_a_chart_at_its_limit_does_not_alarm_yet():
    assert cusum([1.5], target=0, sigma=1, limit=1.0).first_alarm is None
    assert cusum([1.6], target=0, sigma=1, limit=1.0).first_alarm == 0


def test_cusum_cries_wolf_once_in_about_170_runs():
    """Montgomery, Introduction to Statistical Quality Control, table 9.3: k ½, h 4, two-sided, ARL 168."""
    random = np.random.default_rng(11)
    series = random.normal(size=(400, 1500))
    alarms = [cusum(row, target=0.0, sigma=1.0).first_alarm for row in series]
    lengths = [1500 if alarm is None else alarm + 1 for alarm in alarms]
    assert np.mean(lengths) == pytest.approx(168, rel=0.12)


def test_run_noise_is_what_runs_differ_by_and_never_less_than_asking_again_does():
    noisy = run_noise([0.70, 0.80, 0.90], [0.02, 0.02, 0.02])
    assert noisy.sigma == noisy.spread == pytest.approx(0.1)
    assert noisy.mean == pytest.approx(0.8)
    assert noisy.between == pytest.approx((0.01 - 0.0004) ** 0.5)
    lucky = run_noise([0.80, 0.80, 0.801], [0.02, 0.02, 0.02])
    assert (lucky.sigma, lucky.repeat, lucky.between) == pytest.approx((0.02, 0.02, 0.0))


def test_run_noise_takes_the_repeat_errors_that_are_known():
    # The first run of a stretch has none before it.
    assert run_noise([0.8, 0.8, 0.8], [None, 0.03, 0.03]).repeat == pytest.approx(0.03)
    unknown = run_noise([0.7, 0.8, 0.9], [None] * 3)
    assert (unknown.sigma, unknown.repeat) == pytest.approx((0.1, 0.0))


def test_sigma_of_records_alone_alarms_where_runs_differ_anyway():
    """Runs differ by .03 and the records explain .01: in 20 quiet weeks nearly every chart of .01 alarms."""
    random = np.random.default_rng(1)
    alarms = {"records": 0, "noise": 0}
    for estimates in 0.8 + random.normal(0, 0.03, size=(200, 40)):
        noise = run_noise(estimates[:20], [0.01] * 20)
        for name, sigma in (("records", noise.repeat), ("noise", noise.sigma)):
            alarms[name] += cusum(estimates[20:], target=0.8, sigma=sigma).first_alarm is not None
    assert alarms["records"] > 190
    assert alarms["noise"] < 60


@pytest.mark.parametrize(
    ("chart", "message"),
    [
        (lambda: cusum(WEEKS, target=0.8, sigma=0), "sigma"),
        (lambda: cusum(WEEKS, target=0.8, sigma=1, slack=-1), "slack"),
        (lambda: cusum([float("nan")], target=0.8, sigma=1), "NaN"),
        (lambda: cusum(WEEKS, target=float("nan"), sigma=1), "target"),
        (lambda: ewma(WEEKS, target=float("nan"), sigma=1), "target"),
        (lambda: ewma(WEEKS, target=0.8, sigma=1, weight=0), "weight"),
        (lambda: ewma(WEEKS, target=0.8, sigma=1, width=0), "width"),
        (lambda: run_noise([1, 2], [1, -1]), "repeat error"),
    ],
)
def test_charts_refuse_settings_that_mean_nothing(chart, message):
    with pytest.raises(ValueError, match=message):
        chart()


@pytest.mark.parametrize(
    "chart",
    [
        lambda: cusum([], target=0.8, sigma=1),
        lambda: ewma([], target=0.8, sigma=1),
        lambda: run_noise([0.8], [None]),
    ],
)
def test_charts_refuse_too_few_runs(chart):
    with pytest.raises(NotEnoughData):
        chart()
