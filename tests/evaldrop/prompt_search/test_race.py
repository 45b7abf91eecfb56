"""What leaves a race, how seldom by chance, and what a race saves."""

import numpy as np
import pytest

from evaldrop.prompt_search.parts import PartsOf
from evaldrop.prompt_search.race import MOST_LOST, batch_ends, best, compare, dropped
from evaldrop.prompt_search.state import FIRST, Proposal, Tried

QUARTERS = {step / 4: Tried(quality=step / 4) for step in range(5)} | {None: Tried()}


def prompt(which, scores, tokens=100):
    dev = {f"d{place}": QUARTERS[score] for place, score in enumerate(scores)}
    return Proposal(id=which, text=which, dev=dev, tokens=tokens)


def dev_of(n, groups=None):
    return PartsOf((), tuple(f"d{place}" for place in range(n)), groups or {})


def raced(rng, *, dev, prompts, gain):
    """Return how many of a round's prompts dropped out, and the share of calls that the race took."""
    base = rng.uniform(0.3, 0.55, dev)

    def drawn(by):
        return rng.binomial(4, np.clip(base + rng.uniform(-0.15, 0.15, dev) + by, 0, 1)) / 4

    incumbent = prompt(FIRST, drawn(0.0))
    racing = [prompt(f"p{number}", drawn(gain)) for number in range(prompts)]
    calls = before = 0
    for end in batch_ends(dev):
        calls += len(racing) * (end - before)
        before = end
        gone = dropped(incumbent, racing, dev_of(dev), met=end)
        racing = [each for each in racing if each.id not in gone]
    return prompts - len(racing), calls / (prompts * dev)


@pytest.mark.parametrize(
    ("records", "ends"),
    [
        (0, ()),
        (1, (1,)),
        (8, (8,)),
        (15, (15,)),
        (16, (8, 16)),
        (39, (8, 39)),
        (40, (8, 24, 40)),
        (100, (8, 24, 56, 100)),
        (256, (8, 24, 56, 120, 256)),
    ],
)
def test_batches_grow_and_a_small_last_one_joins_the_one_before(records, ends):
    assert batch_ends(records) == ends


@pytest.mark.parametrize("n", range(1, 300))
def test_batches_end_with_the_records(n):
    ends = batch_ends(n)
    assert ends[-1] == n
    assert list(ends) == sorted(set(ends))


def test_a_prompt_as_good_as_the_incumbent_is_lost_in_fewer_races_than_is_stated():
    """2,000 races of one prompt with one pause: there the level is used up in a single test."""
    rng = np.random.default_rng(18)
    lost = np.mean([raced(rng, dev=24, prompts=1, gain=0.0)[0] > 0 for _ in range(2_000)])

    assert 0.05 <= lost <= MOST_LOST


def test_of_four_prompts_as_good_any_is_lost_in_fewer_races_than_is_stated():
    rng = np.random.default_rng(18)
    lost = np.mean([raced(rng, dev=50, prompts=4, gain=0.0)[0] > 0 for _ in range(150)])

    assert lost <= MOST_LOST


@pytest.mark.parametrize(
    ("dev", "gain", "most_calls"), [(50, -0.2, 0.6), (100, -0.1, 0.75), (250, -0.2, 0.2)]
)
def test_worse_prompts_leave_early(dev, gain, most_calls):
    rng = np.random.default_rng(18)
    races = [raced(rng, dev=dev, prompts=4, gain=gain) for _ in range(25)]

    assert np.mean([calls for _, calls in races]) <= most_calls


def test_a_better_prompt_is_seldom_lost():
    rng = np.random.default_rng(18)
    assert np.mean([raced(rng, dev=50, prompts=1, gain=0.05)[0] for _ in range(300)]) <= 0.05


def test_who_drops_is_told_from_whom_by_how_much_and_on_what():
    incumbent = prompt("r1p2", [1.0] * 24)
    racing = [prompt("r2p1", [0.25] * 24), prompt("r2p2", [1.0] * 24)]

    assert dropped(incumbent, racing, dev_of(100), met=24) == {
        "r2p1": "worse than r1p2 by 0.75 on 24 dev records"
    }


def test_at_the_end_of_dev_nobody_drops_for_being_worse():
    incumbent, racing = prompt(FIRST, [1.0] * 8), [prompt("r1p1", [0.0] * 8)]
    assert dropped(incumbent, racing, dev_of(8), met=8) == {}


def test_who_fails_on_more_than_a_quarter_drops_and_an_equal_share_does_not():
    incumbent = prompt(FIRST, [0.5] * 8)
    racing = [prompt("r1p1", [0.5] * 6 + [None] * 2), prompt("r1p2", [0.5] * 5 + [None] * 3)]

    assert dropped(incumbent, racing, dev_of(100), met=8) == {"r1p2": "failed on 3 of 8 dev records"}


def test_a_failure_of_the_incumbent_is_none_of_the_other_prompts():
    incumbent = prompt(FIRST, [0.5] * 4 + [None] * 4)
    other = prompt("r1p1", [0.75] * 3 + [None] * 2 + [1.0] * 3)

    one = compare(incumbent, other, dev_of(8).dev, {})

    assert (one.shared, one.failed, one.difference) == (3, 1, 0.25)


def test_records_of_one_group_count_as_one():
    """Eight records that are two groups cannot show that a prompt is worse; eight independent ones do."""
    incumbent, racing = prompt(FIRST, [0.75] * 8), [prompt("r1p1", [0.25, 0.5] * 4)]
    groups = {f"d{place}": f"g{place % 2}" for place in range(8)}

    assert dropped(incumbent, racing, dev_of(100, groups), met=8) == {}
    assert list(dropped(incumbent, racing, dev_of(100), met=8)) == ["r1p1"]


def test_the_best_is_better_than_the_incumbent_or_as_good_and_shorter():
    records = dev_of(4).dev
    incumbent = prompt(FIRST, [0.5] * 4)
    longer, shorter = prompt("r1p1", [0.5] * 4, tokens=101), prompt("r1p2", [0.5] * 4, tokens=99)
    better, same = prompt("r1p3", [0.5, 0.5, 0.5, 0.75], 900), prompt("r1p4", [0.75, 0.5, 0.5, 0.5], 900)

    assert best(incumbent, [longer], records) == incumbent
    assert best(incumbent, [longer, shorter], records) == shorter
    assert best(incumbent, [shorter, better, same], records) == better
    assert best(incumbent, [], records) == incumbent


def test_who_failed_on_what_is_hard_is_not_the_best_for_it():
    """By means of what each has it is at 0.75 against 0.6; on the records that both have they are alike."""
    incumbent = prompt(FIRST, [1.0, 1.0, 1.0, 0.0, 0.0])
    easy = prompt("r1p1", [1.0, 1.0, 1.0, 0.0, None])

    assert best(incumbent, [easy], dev_of(5).dev) == incumbent
