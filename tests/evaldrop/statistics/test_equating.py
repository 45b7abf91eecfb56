"""Lines between scales: by hand, the same both ways, and intervals that hold what they promise."""

import numpy as np
import pytest

from evaldrop.errors import NotEnoughData
from evaldrop.statistics.equating import equate

OLD = [1.0, 2, 3, 4, 5]
NEW = [2.0, 2.5, 3, 3.5, 4]


def test_linear_equating_by_hand():
    line = equate(OLD, NEW, range(5))
    assert (line.method, line.slope, line.intercept) == ("linear", 0.5, 1.5)
    assert line.at(4) == 3.5
    assert (line.correlation, line.identical) == (pytest.approx(1), 0.2)
    # Both scales tell the same but for their unit: there is nothing left to be unsure of.
    assert line.error_at(5) == pytest.approx(0, abs=1e-9)


def test_it_is_the_same_line_in_both_directions():
    rng = np.random.default_rng(1)
    old = rng.normal(3, 1, 50)
    new = old + rng.normal(0, 1, 50)
    there, back = equate(old, new, range(50)), equate(new, old, range(50))
    assert back.at(there.at(2.5)) == pytest.approx(2.5)


def test_a_scale_of_few_values_moves_by_its_mean():
    line = equate([1, 1, 0, 0], [1, 0, 0, 0], range(4))
    assert (line.method, line.slope, line.intercept, line.slope_error) == ("mean", 1.0, -0.25, 0.0)
    # sd of the differences (population), times sqrt(n / (n - 1)), over sqrt(n).
    assert line.level_error == pytest.approx(np.std([0, -1, 0, 0]) / np.sqrt(3))


def test_an_old_interval_and_the_lines_own_add_as_squares():
    line = equate([1, 1, 0, 0], [1, 0, 0, 0], range(4))
    alone = line.interval_at(0.5)
    carried = line.carry(0.5, (0.2, 0.6))
    assert carried.low == pytest.approx(0.25 - np.hypot(0.3, 0.25 - alone.low))
    assert carried.high == pytest.approx(0.25 + np.hypot(0.1, alone.high - 0.25))


def test_one_cluster_tells_no_error():
    with pytest.raises(NotEnoughData):
        equate(OLD, NEW, [1] * 5)
    with pytest.raises(ValueError, match="5 old scores and 4 new ones"):
        equate(OLD, NEW[:4], range(5))


@pytest.mark.parametrize("kind", ["five points", "binary"])
@pytest.mark.parametrize("noise", [0.5, 1.0])
def test_intervals_hold_the_true_line(kind, noise):
    """At the mean and a standard deviation off it: 60 records, 2 responses of each that are alike."""
    rng = np.random.default_rng(7)
    n_series, records = 600, 60
    groups = np.repeat(np.arange(records), 2)

    def scores(shape):
        worth = rng.normal(0, 1, (*shape, records, 1)) + rng.normal(0, 0.6, (*shape, records, 2))
        worth = worth.reshape(*shape, -1)
        old, new = worth + rng.normal(0, noise, worth.shape), worth + rng.normal(0, noise, worth.shape)
        if kind == "binary":
            return (old > 0).astype(float), (new > 0.3).astype(float)
        return np.clip(np.round(3 + old), 1, 5), np.clip(np.round(2.6 + 0.8 * new), 1, 5)

    old, new = scores((5000,))
    true = equate(old.ravel()[: 2 * 10**5], new.ravel()[: 2 * 10**5], np.arange(2 * 10**5))
    many = scores((n_series,))
    for place in (true.old_mean, true.old_mean + float(np.std(old)) * (kind != "binary")):
        found = [equate(one, other, groups).interval_at(place) for one, other in zip(*many, strict=True)]
        held = np.mean([low <= true.at(place) <= high for low, high in found])
        assert held >= 0.93
