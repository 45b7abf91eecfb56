"""The power that a proof states holds in worlds whose truth is known."""

import numpy as np
import pytest

from evaldrop.proving.power import detection_power
from tests.evaldrop.proving.worlds import World

DROPS = (0.0, 0.05, 0.20)
SHARPNESS = (0.3, 0.6, 0.95)


def stated(world, source, *, drop, size, tries):
    """Return what one proof states of a drop, asked once."""
    records, planted, run_records = size
    proof = world.proof(records, planted, source, run_records=run_records)
    of_drop = detection_power(
        proof,
        drops=(drop,),
        confidence=0.95,
        planned_variance=None,
        seed=int(source.integers(2**31)),
        tries=tries,
    )
    return next(of_drop)


def held(world, *, drop, size, simulations, tries, truth_tries):
    """Return in what share of simulations the true power is within the stated interval."""
    source = np.random.default_rng(19)
    true = world.true_power(size[2], drop, source, tries=truth_tries)
    found = [stated(world, source, drop=drop, size=size, tries=tries).interval for _ in range(simulations)]
    # Half a try of the truth's own: a power of 0.9999 is found in all of them.
    own = 0.5 / truth_tries
    return sum(low - own <= true <= high + own for low, high in found) / simulations


@pytest.mark.parametrize(
    ("scale", "sharpness", "drop"),
    [("binary", 0.3, 0.20), ("binary", 0.95, 0.05), ("five", 0.6, 0.20)],
)
def test_the_true_power_is_within_the_stated_interval(scale, sharpness, drop):
    world = World(scale=scale, sharpness=sharpness)
    share = held(world, drop=drop, size=(100, 60, 100), simulations=40, tries=40, truth_tries=400)
    # 35 of 40: of intervals that hold in 95 % fewer occur in 14 of 1,000 tests.
    assert share >= 0.875


@pytest.mark.nightly
@pytest.mark.parametrize("size", [(100, 60, 100), (100, 100, 400), (40, 20, 200)], ids=str)
@pytest.mark.parametrize("drop", DROPS)
@pytest.mark.parametrize("sharpness", SHARPNESS)
@pytest.mark.parametrize("scale", ["binary", "five"])
def test_the_true_power_is_within_the_stated_interval_in_200_simulations(scale, sharpness, drop, size):
    world = World(scale=scale, sharpness=sharpness)
    # 0.91 is what 95 % leaves 200 simulations with bad luck of 1 in 100.
    assert held(world, drop=drop, size=size, simulations=200, tries=150, truth_tries=3_000) >= 0.91


@pytest.mark.nightly
@pytest.mark.parametrize("drop", DROPS)
def test_the_true_power_is_within_the_stated_interval_with_groups(drop):
    world = World(cluster=4)
    assert held(world, drop=drop, size=(120, 80, 200), simulations=200, tries=100, truth_tries=2_000) >= 0.91


@pytest.mark.parametrize("scale", ["binary", "five"])
def test_without_a_drop_no_more_is_found_than_the_level_allows(scale):
    source = np.random.default_rng(5)
    world = World(scale=scale)
    shares = [stated(world, source, drop=0.0, size=(100, 60, 200), tries=60).share for _ in range(15)]
    # Half of the two-sided level: only a fall is a find.
    assert np.mean(shares) <= 0.025


def test_a_sharper_judge_has_more_power():
    source = np.random.default_rng(6)
    shares = [
        np.mean(
            [
                stated(World(sharpness=sharp), source, drop=0.1, size=(150, 100, 300), tries=60).share
                for _ in range(5)
            ]
        )
        for sharp in SHARPNESS
    ]
    assert shares == sorted(shares)
    assert shares[0] < 0.6 < 0.9 < shares[-1]


def test_faults_that_could_be_planted_in_few_records_are_not_taken_for_few_faults():
    source = np.random.default_rng(7)
    few, all_of_them = (
        np.mean(
            [
                stated(World(sharpness=0.95), source, drop=0.1, size=(200, planted, 200), tries=60).share
                for _ in range(5)
            ]
        )
        for planted in (30, 200)
    )
    assert few == pytest.approx(all_of_them, abs=0.15)


@pytest.mark.parametrize(
    ("planted", "quality", "reason"),
    [(4, 0.85, "planted faults say nothing"), (60, 0.02, "pass, which cannot fall by 20 points")],
)
def test_too_little_to_tell_of_has_a_reason(planted, quality, reason):
    world = World(quality=quality, noise=0.02)
    found = stated(world, np.random.default_rng(8), drop=0.2, size=(100, planted, 100), tries=10)
    assert (found.share, found.interval, found.tries) == (None, None, 0)
    assert reason in found.reason


def test_the_same_seed_gives_the_same_numbers_and_the_weekly_look_finds_less():
    proof = World().proof(150, 100, np.random.default_rng(9))
    first, second = (
        list(detection_power(proof, drops=(0.1,), confidence=0.95, planned_variance=0.1, seed=3, tries=50))
        for _ in range(2)
    )
    assert first == second
    single, weekly = first[:2]
    assert (single.look, weekly.look) == ("single", "weekly")
    assert weekly.share < single.share
    assert weekly.promised < single.promised
    assert [each.kind for each in first[2:]] == ["wrong_number", "dropped_step"]
