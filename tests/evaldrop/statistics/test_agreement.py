"""
Agreement against scikit-learn, statsmodels and published examples, and LLMBar's real judgments where they
are at hand.
"""

import json
import os
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaldrop.errors import NotEnoughData
from evaldrop.statistics.agreement import (
    agreement_rate,
    cohen_kappa,
    gwet_ac1,
    krippendorff_alpha,
    order_bias,
)

# Oracle cohen_kappa: scikit-learn 1.9.1 cohen_kappa_score.
HUMAN = [1, 2, 3, 4, 5, 5, 4, 3, 2, 1, 3, 3, 4, 5, 2]
JUDGE = [1, 2, 3, 5, 5, 4, 4, 3, 3, 1, 2, 3, 4, 4, 2]

# Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability", example E (nominal .743, ordinal .815,
# interval .849, ratio .797); further digits from oracle krippendorff_canonical, krippendorff 0.9.0.
GAP = float("nan")
CANONICAL = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, GAP, GAP, GAP],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, GAP, 3],
    [GAP, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, GAP],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, GAP],
]

# Oracle position_bias_llmbar_cot, 419 records: unscored in one order or both; unscored in both; agreement
# (two unscored orders are the same); first-shown rate; kappa with people in the plain order, unscored being a
# third category; score, where a conflict or one unscored order is a tie.
LLMBAR = {
    "GPT-4": (0, 0, 0.8926014319809069, 0.522673031026253, 0.6231370897043252, 0.8126491646778043),
    "ChatGPT": (5, 0, 0.5823389021479713, 0.6980676328502415, -0.18814890131616124, 0.4045346062052506),
    "ChatGPT-0301": (1, 0, 0.5560859188544153, 0.6901913875598086, -0.09223411007344273, 0.45346062052505964),
    "LLaMA2": (4, 0, 0.5823389021479713, 0.6698795180722892, -0.034754564214752204, 0.4737470167064439),
    "PaLM2": (5, 1, 0.4606205250596659, 0.7560386473429952, 0.12331263498920086, 0.5871121718377088),
    "Falcon": (3, 0, 0.12649164677804295, 0.9338942307692307, 0.05128548324131388, 0.522673031026253),
}

LEVELS = ["nominal", "ordinal", "interval", "ratio"]
RATINGS = st.lists(st.tuples(st.integers(1, 4), st.integers(1, 4)), min_size=2, max_size=30).filter(
    lambda rows: len({value for row in rows for value in row}) > 1
)


@pytest.mark.parametrize(
    ("weights", "kappa"),
    [("none", 0.5786516853932584), ("linear", 0.7678018575851393), ("quadratic", 0.8974008207934336)],
)
def test_cohen_kappa_matches_scikit_learn(weights, kappa):
    assert cohen_kappa(HUMAN, JUDGE, weights=weights) == pytest.approx(kappa, abs=1e-9)


def test_agreement_rate_is_the_share_of_equal_ratings():
    assert agreement_rate(HUMAN, JUDGE) == pytest.approx(0.6666666666666666, abs=1e-9)


def test_kappa_is_low_where_agreement_is_high_and_categories_are_skewed():
    """Feinstein & Cicchetti 1990: 46 of 50 agree, yet chance explains most of it."""
    a = ["pass"] * 46 + ["fail"] * 4
    b = ["pass"] * 44 + ["fail"] * 2 + ["pass"] * 2 + ["fail"] * 2
    assert agreement_rate(a, b) == pytest.approx(0.92)
    expected = (0.92 - (0.92 * 0.92 + 0.08 * 0.08)) / (1 - (0.92 * 0.92 + 0.08 * 0.08))
    assert cohen_kappa(a, b) == pytest.approx(expected)
    assert expected < 0.5


def test_weighted_kappa_knows_how_far_ratings_are_apart():
    """1 against 5 is worse than 1 against 2, also when nobody used 3 and 4."""
    near = cohen_kappa([1, 1, 2, 5, 5, 2], [1, 2, 1, 5, 5, 2], weights="quadratic")
    far = cohen_kappa([1, 1, 5, 5, 5, 2], [1, 5, 1, 5, 5, 2], weights="quadratic")
    assert near > far
    assert cohen_kappa(["a", "b", "c"], ["a", "b", "b"], weights="linear") == pytest.approx(
        cohen_kappa([0, 1, 2], [0, 1, 1], weights="linear")
    )


@settings(max_examples=50, deadline=None)
@given(RATINGS)
def test_kappa_is_at_most_1_symmetric_and_1_for_a_rater_with_itself(rows):
    a, b = zip(*rows, strict=True)
    for weights in ("none", "linear", "quadratic"):
        kappa = cohen_kappa(a, b, weights=weights)
        assert kappa <= 1
        assert cohen_kappa(b, a, weights=weights) == pytest.approx(kappa)
    both = a + b
    assert cohen_kappa(both, both) == pytest.approx(1)


@pytest.mark.parametrize(
    ("level", "alpha"),
    [
        ("nominal", 0.743421052631579),
        ("ordinal", 0.8153875037548814),
        ("interval", 0.8491071428571428),
        ("ratio", 0.7974027747116121),
    ],
)
def test_krippendorff_alpha_matches_the_canonical_example(level, alpha):
    assert krippendorff_alpha(CANONICAL, level=level) == pytest.approx(alpha, abs=1e-6)


@settings(max_examples=50, deadline=None)
@given(RATINGS, st.randoms(use_true_random=False))
def test_alpha_is_at_most_1_and_minds_neither_raters_nor_items_order(rows, random):
    table = np.array(rows, dtype=float).T
    shuffled = rows.copy()
    random.shuffle(shuffled)
    for level in LEVELS:
        alpha = krippendorff_alpha(table, level=level)
        assert alpha <= 1 + 1e-12
        assert krippendorff_alpha(np.array(shuffled, dtype=float).T[::-1], level=level) == pytest.approx(
            alpha
        )


@pytest.mark.parametrize("level", LEVELS)
def test_alpha_of_raters_who_agree_is_1_and_zeros_do_not_divide(level):
    assert krippendorff_alpha([[0, 1, 2], [0, 1, 2]], level=level) == pytest.approx(1.0)


def test_alpha_ignores_an_item_that_only_one_rater_saw():
    with_lone = [[*row, value] for row, value in zip(CANONICAL, [7, GAP, GAP, GAP], strict=True)]
    assert krippendorff_alpha(with_lone, level="interval") == pytest.approx(0.8491071428571428, abs=1e-9)


@pytest.mark.parametrize("ratings", [[[1, GAP], [GAP, 2]], [[], []], [[3, 3], [3, 3]]])
def test_alpha_is_undefined_without_pairs_or_without_differences(ratings):
    with pytest.raises(NotEnoughData):
        krippendorff_alpha(ratings, level="interval")


def test_alpha_refuses_what_its_level_cannot_compare():
    with pytest.raises(ValueError, match="ratio"):
        krippendorff_alpha([[-1, 2], [1, 2]], level="ratio")
    with pytest.raises(ValueError, match="level must be"):
        krippendorff_alpha([[1, 2], [1, 2]], level="cardinal")
    with pytest.raises(ValueError, match="table"):
        krippendorff_alpha([1, 2], level="nominal")


def test_kappa_is_undefined_for_nothing_or_one_category():
    with pytest.raises(NotEnoughData, match="one and the same category"):
        cohen_kappa([1, 1], [1, 1])
    with pytest.raises(NotEnoughData, match="no items"):
        cohen_kappa([], [])


def test_kappa_refuses_unequal_gappy_or_oddly_weighted_ratings():
    with pytest.raises(ValueError, match="same items"):
        cohen_kappa([1, 2], [1])
    with pytest.raises(ValueError, match="NaN"):
        cohen_kappa([1.0, GAP], [1.0, 2.0])
    with pytest.raises(ValueError, match="weights"):
        cohen_kappa([1, 2], [1, 2], weights="cubic")


def test_order_bias_of_a_judge_that_always_takes_the_first():
    bias = order_bias([1, 1, 1], [0, 0, 0])
    assert (bias.agreement, bias.first_shown_rate) == (0.0, 1.0)


def test_order_bias_of_a_judge_that_does_not_look_at_order():
    bias = order_bias([1, 0, 0.5, 1], [1, 0, 0.5, 1])
    assert (bias.n, bias.agreement, bias.first_shown_rate) == (4, 1.0, 0.5)


@pytest.mark.skipif("EVALDROP_SHARED_DATA" not in os.environ, reason="EVALDROP_SHARED_DATA is not set")
@pytest.mark.parametrize("judge", LLMBAR)
def test_order_bias_and_kappa_match_llmbar(judge):
    unscored, unscored_twice, agreement, first_shown_rate, kappa, conflict_as_tie = LLMBAR[judge]
    human, verdicts = _llmbar(judge)
    both = {record: pair for record, pair in verdicts.items() if None not in pair}
    assert len(verdicts) - len(both) == unscored
    bias = order_bias(*zip(*both.values(), strict=True))
    assert bias.first_shown_rate == pytest.approx(first_shown_rate, abs=1e-9)
    assert (bias.agreement * bias.n + unscored_twice) / 419 == pytest.approx(agreement, abs=1e-9)
    plain = [str(pair[0]) for pair in verdicts.values()]
    assert cohen_kappa([str(human[r]) for r in verdicts], plain) == pytest.approx(kappa, abs=1e-9)
    # Two orders that contradict each other count half: that is the mean of both.
    right = sum((pair[0] == human[r]) + (pair[1] == human[r]) for r, pair in both.items()) / 2
    ties = 0.5 * (unscored - unscored_twice)
    assert (right + ties) / 419 == pytest.approx(conflict_as_tie, abs=1e-9)


def test_order_bias_refuses_nothing_and_what_is_no_preference():
    with pytest.raises(NotEnoughData):
        order_bias([], [])
    with pytest.raises(ValueError, match="preferences"):
        order_bias([2], [1])


def _llmbar(judge):
    folder = Path(os.environ["EVALDROP_SHARED_DATA"]) / "llmbar"
    codes = {"output_1": 1.0, "output_2": 0.0, None: None}
    human = {row["record_id"]: codes[row["preferred"]] for row in _rows(folder / "human.jsonl")}
    verdicts = defaultdict(lambda: [None, None])
    for row in _rows(folder / "judgments.jsonl"):
        if row["judge"] == judge and row["judge_prompt"] == "CoT":
            verdicts[row["record_id"]][row["order"] == "output_2_first"] = codes[row["verdict"]]
    return human, verdicts


def _rows(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_gwets_ac1_by_hand_and_where_kappa_is_low():
    """Two raters on 100 items: 92 % agreement, shares of yes .94 and .94 (pi .94): AC1 .9098, kappa .29."""
    first = ["yes"] * 90 + ["no"] * 2 + ["yes"] * 4 + ["no"] * 4
    second = ["yes"] * 90 + ["no"] * 2 + ["no"] * 4 + ["yes"] * 4
    by_chance = 2 * 0.94 * 0.06
    assert gwet_ac1(first, second, categories=2) == pytest.approx((0.92 - by_chance) / (1 - by_chance))
    assert cohen_kappa(first, second) < 0.5
    assert gwet_ac1([1, 1], [1, 1], categories=2) == 1  # defined where kappa is not
    with pytest.raises(ValueError, match="3 categories are used"):
        gwet_ac1([1, 2], [3, 1], categories=2)
