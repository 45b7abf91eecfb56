"""What two candidates are compared on: both sides' verdicts, and what missing ones could have been."""

import numpy as np
import pytest

from evaldrop.evaluation.criteria import Criterion, Scale
from evaldrop.evaluation.criteria.scales import Point
from evaldrop.statistics.paired_test import decide, paired_test
from evaldrop.steps.build_scorecard.build import build_scorecard
from evaldrop.steps.build_scorecard.columns import common_quality
from evaldrop.steps.build_scorecard.counts import ScoreColumn
from evaldrop.steps.build_scorecard.pairing import paired_overall, paired_scores
from tests.evaldrop.run_folders import CORRECTNESS, TONE, record, response, row, run_json, write_run

SIZE = 6


def binary(name):
    return Criterion(name=name, question=f"{name}?", scale=Scale.binary())


def points(name, low, high, **options):
    scale = Scale.of_points(*(Point(value=float(n), label=str(n)) for n in range(low, high + 1)))
    return Criterion(name=name, question=f"{name}?", scale=scale, **options)


EASY, TONES = binary("easy"), points("tone", 1, 5)


def column(scores, *, lost=(), not_applicable=()):
    """A column of scores by ordinal; `lost` and `not_applicable` are ordinals without one."""
    ordinals = np.array(sorted(scores), np.int32)
    values = np.array([scores[ordinal] for ordinal in sorted(scores)], np.float64)
    missed = np.array([*lost, *not_applicable], np.int32)
    reasons = np.array([0] * len(lost) + [1] * len(not_applicable), np.uint8)
    order = np.argsort(missed)
    return ScoreColumn(
        ordinals, values, values, missed[order], reasons[order], ["no_verdict", "not_applicable"]
    )


def test_a_lost_verdict_may_have_been_either_end_of_its_scale():
    first = column({0: 5, 1: 4, 3: 2}, lost=[2], not_applicable=[4])
    second = column({0: 3, 1: 4, 2: 2, 4: 5}, lost=[3, 5])
    found = paired_scores(first, second, TONES, SIZE)
    assert found.ordinals.tolist() == [0, 1]
    assert found.differences.tolist() == [2, 0]
    # 2: first is lost, second has 2; 3: first has 2, second is lost. 4 does not apply, nor does 5.
    assert found.missing.tolist() == [2, 3]
    assert found.least.tolist() == [1 - 2, 2 - 5]
    assert found.greatest.tolist() == [5 - 2, 2 - 1]
    assert (found.reach, found.step, found.is_binary) == (4, 1, False)


def test_both_lost_may_differ_by_the_whole_scale():
    found = paired_scores(column({}, lost=[0]), column({}, lost=[0]), EASY, SIZE)
    assert (found.least.tolist(), found.greatest.tolist()) == ([-1], [1])


def test_a_verdict_counted_as_the_worst_is_not_missing():
    """`unscored: worst` is the reader's own rule: what it counts has a score."""
    first = column({0: 1, 1: 0}, lost=[1])
    found = paired_scores(first, column({0: 1, 1: 1}), EASY, SIZE)
    assert (found.differences.tolist(), found.missing.tolist()) == ([0, -1], [])


def test_overall_is_compared_on_the_criteria_that_both_have_of_a_record():
    """Equal on every criterion, they do not differ, whichever verdict is missing."""
    easy, hard = binary("easy"), binary("hard")
    full = {"easy": column(dict.fromkeys(range(4), 1)), "hard": column(dict.fromkeys(range(4), 0))}
    holes = {"easy": full["easy"], "hard": column({0: 0, 1: 0}, lost=[2, 3])}
    found = paired_overall(holes, full, {"easy": easy, "hard": hard}, SIZE)
    assert found.differences.tolist() == [0, 0, 0, 0]
    assert found.missing.tolist() == [2, 3]
    # Half of the weight is missing: 0 at the worst, and half a point better than the 0 beside it at the best.
    assert (found.least.tolist(), found.greatest.tolist()) == ([0, 0], [0.5, 0.5])


def test_overall_weighs_criteria_and_leaves_out_those_that_do_not_apply_to_either():
    heavy = points("tone", 1, 5, weight=3.0)
    first = {"easy": column({0: 1, 1: 1}), "tone": column({0: 5}, not_applicable=[1])}
    second = {"easy": column({0: 0, 1: 1}), "tone": column({0: 3, 1: 1})}
    found = paired_overall(first, second, {"easy": binary("easy"), "tone": heavy}, SIZE)
    assert found.differences.tolist() == [pytest.approx((1 * 1 + 3 * 0.5) / 4), 0]
    assert found.missing.size == 0


def test_the_quality_all_candidates_are_ranked_by_is_of_the_verdicts_all_have():
    criteria = {"easy": binary("easy"), "hard": binary("hard")}
    full = {"easy": column(dict.fromkeys(range(4), 1)), "hard": column(dict.fromkeys(range(4), 0))}
    holes = {"easy": full["easy"], "hard": column({0: 0}, lost=[1, 2, 3])}
    quality = common_quality({"a": full, "b": holes}, criteria, SIZE)
    assert quality["a"] == quality["b"] == pytest.approx((0.5 + 1 + 1 + 1) / 4)


@pytest.mark.parametrize("adverse", [True, False])
def test_missing_verdicts_never_make_a_difference_where_there_is_none(adverse):
    """
    1,000 records on which two candidates are alike, and 2 % of one's verdicts missing: at random, or just
    those that speak against it. Of 200 runs at most about the level's share may say otherwise.
    """
    random = np.random.default_rng(5)
    criteria = {"easy": binary("easy"), "hard": binary("hard")}
    claims = 0
    for _ in range(200):
        easy, hard = random.random(1000) < 0.95, random.random(1000) < 0.45
        candidates = np.flatnonzero(~hard) if adverse else np.arange(1000)
        lost = np.sort(random.choice(candidates, 20, replace=False))
        kept = {n: float(score) for n, score in enumerate(hard) if n not in set(lost.tolist())}
        full = {"easy": dict(enumerate(easy.astype(float))), "hard": dict(enumerate(hard.astype(float)))}
        a = {name: column(scores) for name, scores in full.items()}
        b = {"easy": a["easy"], "hard": column(kept, lost=lost.tolist())}
        tested = paired_test(paired_overall(a, b, criteria, 1000), None, confidence=0.95)
        claims += decide([tested], confidence=0.95)[0].sign != 0
    assert claims <= 12


def test_a_whole_run_says_that_missing_verdicts_leave_it_open(tmp_path):
    """Lite is better on every record that both have; haiku's other half could turn it."""
    folder = str(tmp_path / "support" / "run-1")
    names = [f"r{n}" for n in range(60)]
    rows = [
        row(
            name,
            response("lite", scores={"correctness": True, "tone": 5}),
            response("haiku", scores={"tone": 5} | ({"correctness": False} if n % 2 else {})),
        )
        for n, name in enumerate(names)
    ]
    write_run(
        folder,
        run=run_json(criteria=[CORRECTNESS, TONE]),
        records=[record(name) for name in names],
        succeeded=rows,
    )
    scorecard = build_scorecard(folder)
    pair = next(each for each in scorecard.comparisons if each.criterion == "correctness")
    assert (pair.n, pair.n_missing, pair.difference) == (30, 30, 1.0)
    assert pair.bounds == (0.5, 1.0)
    overall = scorecard.comparisons[-1]
    assert (overall.criterion, overall.n, overall.n_missing) == ("overall", 60, 30)
