"""What is said of planted faults holds in worlds whose truth is known."""

import numpy as np
import pytest

from evaldrop.proving.noticing import noticed_faults, rewarded
from tests.evaldrop.proving.worlds import World

SIMULATIONS = 200


def proofs(world):
    source = np.random.default_rng(19)
    for _ in range(SIMULATIONS):
        found = noticed_faults(world.proof(100, 60, source), confidence=0.95)
        yield {each.kind: each for each in found}


def fallen(world, *, is_worsened):
    """Return the true share that scores worse than the same response as it is."""
    source = np.random.default_rng(1)
    deserved = world.deserved(200_000, source)
    then = world.judged(deserved, source)
    now = world.judged(world.worsened(deserved, source) if is_worsened else deserved, source)
    return float((now < then).mean())


@pytest.mark.parametrize("cluster", [1, 4])
@pytest.mark.parametrize("sharpness", [0.0, 0.3, 0.95])
def test_the_share_noticed_is_within_its_interval(sharpness, cluster):
    world = World(sharpness=sharpness, cluster=cluster)
    true = fallen(world, is_worsened=True)
    found = [each["wrong_number"] for each in proofs(world)]
    assert np.mean([each.share for each in found]) == pytest.approx(true, abs=0.02)
    # 0.91 is what 95 % leaves 200 simulations with bad luck of 1 in 100.
    assert np.mean([each.interval[0] <= true <= each.interval[1] for each in found]) >= 0.91


@pytest.mark.parametrize("scale", ["binary", "five"])
def test_a_blind_judge_notices_and_rewards_nothing(scale):
    """In at most 5 % of proofs anything is claimed, of all kinds together; 9 % is bad luck of 1 in 100."""
    world = World(scale=scale, sharpness=0.0)
    false = [any(each.decision != "undecided" for each in kinds.values()) for kinds in proofs(world)]
    assert np.mean(false) <= 0.09


@pytest.mark.parametrize("scale", ["binary", "five"])
def test_a_judge_that_likes_length_is_found_to_reward_padding(scale):
    world = World(scale=scale, quality=0.6, likes_length=0.6)
    found = list(proofs(world))
    assert np.mean([each["padding"].decision == "rewarded" for each in found]) >= 0.95
    assert [each.kind for each in rewarded(list(found[0].values()))] == ["padding"]


@pytest.mark.parametrize("scale", ["binary", "five"])
def test_a_sharp_judge_is_found_to_notice(scale):
    found = list(proofs(World(scale=scale, sharpness=0.95)))
    assert all(each["wrong_number"].decision == "noticed" for each in found)


@pytest.mark.parametrize("scale", ["binary", "five"])
def test_what_falls_by_chance_is_what_falls_without_a_fault(scale):
    world = World(scale=scale, noise=0.2)
    true = fallen(world, is_worsened=False)
    assert np.mean([each["padding"].by_chance for each in proofs(world)]) == pytest.approx(true, abs=0.01)


def test_what_falls_by_chance_is_of_the_responses_that_a_fault_was_planted_in():
    """Responses that give a fault no hold, code or labels, may be judged with other noise."""
    judged = World().proof(100, 60, np.random.default_rng(19))
    for copies in judged.criteria.values():
        for faulty in copies.faulty.values():
            faulty[:20] = np.nan
    quiet = noticed_faults(judged, confidence=0.95)
    for copies in judged.criteria.values():
        copies.again[:20] = 1 - copies.first[:20]
    noisy = noticed_faults(judged, confidence=0.95)
    assert all(each.by_chance < 0.25 for each in quiet)
    assert [each.by_chance for each in noisy] == [each.by_chance for each in quiet]
