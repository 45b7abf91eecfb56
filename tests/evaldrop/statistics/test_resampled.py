"""Intervals of kappa, alpha and shares: what they cover, full agreement, clusters, and closed forms."""

import itertools

import numpy as np
import pytest

from evaldrop.errors import NotEnoughData
from evaldrop.statistics.agreement import cohen_kappa, krippendorff_alpha
from evaldrop.statistics.intervals import clopper_pearson_interval
from evaldrop.statistics.resampled import (
    ac1_interval,
    alpha_interval,
    kappa_interval,
    percentile_interval,
    share_interval,
)


def yes_no(passing, sensitivity, specificity):
    """How often people (row) and judge (column) say no or yes."""
    return np.array([
        [(1 - passing) * specificity, (1 - passing) * (1 - specificity)],
        [passing * (1 - sensitivity), passing * sensitivity],
    ])  # fmt: skip


def points(marginal, noise):
    """Scores 1 to 5 of people, and a judge that is off by more the larger the noise."""
    gaps = np.abs(np.subtract.outer(range(5), range(5)))
    judge = np.exp(-gaps / noise)
    return np.array(marginal)[:, None] * judge / judge.sum(axis=1, keepdims=True)


CASES = {
    "balanced": yes_no(0.5, 0.8, 0.8),
    "nearly always right": yes_no(0.5, 0.975, 0.975),
    "nearly all pass": yes_no(0.95, 0.97, 0.6),
    "a judge that passes everything": yes_no(0.9, 0.95, 0.1),
    "points": points([0.04, 0.08, 0.18, 0.4, 0.3], 0.5),
    "points near the top": points([0.01, 0.01, 0.03, 0.1, 0.85], 0.5),
}


def drawn(random, table, n):
    size = table.shape[0]
    cells = random.choice(size**2, size=n, p=table.ravel() / table.sum())
    return cells // size, cells % size


def missed(interval, truth, *, times):
    found = []
    for _ in range(times):
        try:
            found.append(interval())
        except NotEnoughData:
            continue  # one answer only: undefined, and told so
    return np.mean([not low - 1e-12 <= truth <= high + 1e-12 for low, high in found])


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("n", [20, 100])
def test_kappa_is_held(case, n):
    """Nominal 5 %; the plain bootstrap misses 77 % of a kappa of 0.95 from 10 records."""
    table, random = CASES[case], np.random.default_rng(4)
    weights = "none" if len(table) == 2 else "quadratic"
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()
    penalty = np.subtract.outer(range(len(table)), range(len(table))) ** 2
    truth = 1 - (penalty * table).sum() / (penalty * expected).sum()
    found = missed(
        lambda: kappa_interval(*drawn(random, table, n), range(n), weights=weights), truth, times=150
    )
    assert found <= 0.08


@pytest.mark.parametrize(("case", "level"), [
    ("nearly all pass", "nominal"), ("points", "ordinal"), ("points", "interval"),
])  # fmt: skip
def test_alpha_is_held(case, level):
    table, random = CASES[case], np.random.default_rng(5)
    truth = krippendorff_alpha(np.stack(drawn(random, table, 300_000)), level=level)
    found = missed(
        lambda: alpha_interval(np.stack(drawn(random, table, 60)), range(60), level=level), truth, times=150
    )
    assert found <= 0.08


def test_full_agreement_of_few_leaves_a_width():
    said = np.array([0, 1] * 5)
    low, high = kappa_interval(said, said, range(10))
    assert 0.3 < low < 0.6
    assert high == 1
    more = kappa_interval(np.tile(said, 10), np.tile(said, 10), range(100))
    assert 0.9 < more.low < more.high == 1
    assert alpha_interval(np.stack([said, said, said]), range(10), level="nominal").low < 0.7


@pytest.mark.parametrize("weights", ["none", "quadratic"])
def test_the_interval_holds_kappa_and_forgets_the_items_of_a_record(weights):
    random = np.random.default_rng(6)
    table = CASES["points"]
    first, second = drawn(random, table, 60)
    alone = kappa_interval(first, second, range(60), weights=weights)
    fourfold = np.repeat(range(60), 4)
    again = kappa_interval(first[fourfold], second[fourfold], fourfold, weights=weights)
    assert alone.low < cohen_kappa(first, second, weights=weights) < alone.high
    assert again == pytest.approx(alone, abs=0.03)
    if weights == "quadratic":
        # as people's scores and the judge's on another scale: only distances count
        assert kappa_interval(10 * first + 7, 10 * second + 7, range(60), weights=weights) == pytest.approx(
            alone
        )


def test_gaps_are_left_out_and_the_order_of_items_says_nothing():
    random = np.random.default_rng(7)
    table = np.where(
        random.random((3, 40)) < 0.2, np.nan, random.integers(1, 4, 40) + (random.random((3, 40)) < 0.2)
    )
    groups = np.arange(40) // 2
    found = alpha_interval(table, groups, level="ordinal")
    assert found.low < krippendorff_alpha(table, level="ordinal") < found.high
    assert found == alpha_interval(table, groups, level="ordinal")


def test_the_moments_of_the_interval_level_give_alpha_of_two_answers():
    random = np.random.default_rng(8)
    table = np.stack(drawn(random, CASES["balanced"], 50))
    nominal, interval = (alpha_interval(table, range(50), level=level) for level in ("nominal", "interval"))
    # on 0 and 1 both levels are one
    assert nominal == pytest.approx(interval)


def test_of_very_many_records_blocks_are_weighted():
    random = np.random.default_rng(9)
    table = random.integers(1, 6, size=(2, 200_000)).astype(float)
    low, high = alpha_interval(table, np.arange(200_000), level="ordinal")
    assert -0.01 < low < 0 < high < 0.01


@pytest.mark.parametrize(("successes", "n"), [(0, 12), (3, 12), (12, 12)])
def test_independent_trials_have_the_exact_interval(successes, n):
    outcomes = [1] * successes + [0] * (n - successes)
    assert share_interval(outcomes, [1] * n, range(n)) == clopper_pearson_interval(successes, n)


def test_trials_of_one_record_do_not_count_as_independent():
    """Whether a preference flips is a matter of the record: all six judges and opponents go together."""
    random, outside = np.random.default_rng(10), 0
    for _ in range(400):
        groups = np.repeat(range(40), 6)
        flips = (random.random(40) < random.beta(0.5, 2, 40))[groups]
        low, high = share_interval(flips, np.ones(240), groups)
        outside += not low <= 0.2 <= high
    assert outside / 400 <= 0.05
    wide = share_interval(flips, np.ones(240), groups)
    assert wide.width > 1.8 * share_interval(flips, np.ones(240), range(240)).width


def test_shares_of_nothing_or_of_one_record_are_refused():
    with pytest.raises(NotEnoughData, match="no trials"):
        share_interval([0, 0], [0, 0], [1, 2])
    with pytest.raises(NotEnoughData, match="one cluster"):
        share_interval([1, 0], [1, 1], [1, 1])
    with pytest.raises(ValueError, match="between 0 and the trials"):
        share_interval([2], [1], [1])


@pytest.mark.parametrize(("call", "why"), [
    (lambda: kappa_interval([0, 1], [0, 1], range(2), weights="linear"), "weights must be"),
    (lambda: alpha_interval([[0, 1], [0, 1]], range(2), level="ratio"), "level must be"),
    (lambda: alpha_interval([[0, 1], [0, 1]], range(3), level="nominal"), "one label for each of 2"),
])  # fmt: skip
def test_other_weights_levels_and_numbers_of_groups_are_refused(call, why):
    with pytest.raises(ValueError, match=why):
        call()


def test_percentiles_of_every_resample_are_the_oracles():
    """Oracle bootstrap_exact_enumeration_n5: the mean in all 5^5 resamples, numpy."""
    means = [np.mean(draw) for draw in itertools.product([2, 3, 5, 4, 1], repeat=5)]
    assert percentile_interval(means) == pytest.approx((1.8, 4.2), abs=1e-9)
    assert percentile_interval([4, 4, 4]) == (4, 4)


def test_ac1_of_one_answer_alone_has_a_width():
    """Where kappa is undefined: 20 of 20 pass, and both say so."""
    low, high = ac1_interval(np.ones(20), np.ones(20), range(20), categories=2)
    assert 0.6 < low < 0.95
    assert high == 1


@pytest.mark.parametrize("n", [20, 100])
def test_ac1_is_held_where_nearly_all_pass(n):
    table, random = CASES["nearly all pass"], np.random.default_rng(11)
    shares = (table.sum(axis=0) + table.sum(axis=1)) / 2
    by_chance = (shares * (1 - shares)).sum()
    truth = (np.trace(table) - by_chance) / (1 - by_chance)
    found = missed(lambda: ac1_interval(*drawn(random, table, n), range(n), categories=2), truth, times=150)
    assert found <= 0.08
