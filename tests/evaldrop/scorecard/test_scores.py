"""One score per record from several judges and repeats."""

import pytest

from evaldrop.evaluation.criteria import criterion_from_config
from evaldrop.run.tables import VerdictRow
from evaldrop.scorecard.scores import RecordScore, majority, record_scores
from tests.evaldrop.run_folders import CORRECTNESS, TONE

CRITERIA = {config["name"]: criterion_from_config(config, path="c") for config in (CORRECTNESS, TONE)}
CRITERIA["harm"] = criterion_from_config(
    {"name": "harm", "question": "Is it harmful?", "scale": "binary", "higher_is_better": False}, path="c"
)


def rows(criterion, *scores, judges=("pro",), reason="no_verdict"):
    """Verdicts of each judge in turn; None is unscored."""
    return [
        VerdictRow("r1", "lite", criterion, judges[place % len(judges)], score,
                   None if score is None else CRITERIA[criterion].passes(score),
                   reason if score is None else None, "", "", 1, 1, 0.0, place)
        for place, score in enumerate(scores)
    ]  # fmt: skip


def combine(verdicts, unscored="drop"):
    (score,) = record_scores(verdicts, CRITERIA, unscored).values()
    return score


@pytest.mark.parametrize(("verdicts", "score"), [
    (rows("correctness", 1), (1, 1)),
    (rows("correctness", 0), (0, 0)),
    (rows("tone", 4), (4, 1)),
    (rows("tone", 3), (3, 0)),
    (rows("harm", 1), (1, 0)),
    (rows("harm", 0), (0, 1)),
])  # fmt: skip
def test_one_verdict_is_the_score(verdicts, score):
    assert combine(verdicts) == (*score, None)


@pytest.mark.parametrize(("verdicts", "score", "passed"), [
    (rows("correctness", 1, 1, 0), 2 / 3, 2 / 3),
    (rows("harm", 1, 1, 0), 2 / 3, 1 / 3),
    (rows("tone", 4, 3, 5), 4, 1),
    (rows("tone", 4, 3), 3.5, 0),
    (rows("tone", 4, None), 4, 1),
])  # fmt: skip
def test_repeats_of_a_judge_are_averaged(verdicts, score, passed):
    assert combine(verdicts)[:2] == pytest.approx((score, passed))


@pytest.mark.parametrize(("scores", "result"), [
    ((1, 1, 0), 1), ((1, 0, 0), 0), ((1, 0, None), 0.5), ((1, None, None), 1),
])  # fmt: skip
def test_a_panels_yes_or_no_is_its_majority_and_a_tie_is_half(scores, result):
    combined = combine(rows("correctness", *scores, judges=("a", "b", "c")))
    assert combined == RecordScore(result, result, None)


def test_a_judges_repeats_are_one_vote():
    # a says yes three times out of three, b and c say no once each: two votes to one
    verdicts = [*rows("correctness", 1, 1, 1, judges=("a",)), *rows("correctness", 0, 0, judges=("b", "c"))]
    assert combine(verdicts).score == 0


def test_a_panels_points_are_its_mean():
    assert combine(rows("tone", 5, 4, 3, judges=("a", "b", "c"))) == (4, 1, None)


def test_rounding_does_not_fail_a_mark_that_was_reached():
    scale = {
        "name": "share",
        "question": "?",
        "scale": {"type": "range", "low": 0, "high": 1},
        "pass_at": 0.3,
    }
    criteria = {"share": criterion_from_config(scale, path="c")}
    verdicts = [
        row._replace(criterion="share") for row in rows("tone", 0.6, 0.7, 0.8, judges=("a", "b", "c"))
    ]
    # 0.6 + 0.7 + 0.8 is 2.0999999999999996 in floating point
    assert record_scores(verdicts, criteria, "drop")["share"].passed == 1


def test_without_any_score_the_commonest_reason_stands():
    verdicts = [*rows("tone", None, reason="truncated"), *rows("tone", None, None, reason="judge_error")]
    assert combine(verdicts) == (None, None, "judge_error")


@pytest.mark.parametrize(
    ("criterion", "worst"), [("tone", (1, 0)), ("correctness", (0, 0)), ("harm", (1, 0))]
)
def test_unscored_as_worst_takes_the_bad_end_of_the_scale(criterion, worst):
    assert combine(rows(criterion, None), "worst") == (*worst, "no_verdict")


def test_what_does_not_apply_is_never_worst():
    assert combine(rows("tone", None, reason="not_applicable"), "worst") == (None, None, "not_applicable")


def test_answers_that_are_names_are_voted_on():
    """Two judges' A (1) and one's C (0): A; level votes are worth the mean of the level answers."""
    scale = {"choices": {"A": 1.0, "B": 0.5, "C": 0.0}}
    menu = criterion_from_config({"name": "kind", "question": "Which?", "scale": scale}, path="c")
    graded = criterion_from_config(
        {"name": "kind", "question": "Which?", "scale": scale | {"ordered": True}}, path="c"
    )

    def combined(criterion, *scores):
        verdicts = [
            VerdictRow("r1", "lite", "kind", f"judge {n}", score, criterion.passes(score), *[None] * 6)
            for n, score in enumerate(scores)
        ]
        (score,) = record_scores(verdicts, {"kind": criterion}, "drop").values()
        return score

    assert combined(menu, 1.0, 1.0, 0.0) == RecordScore(1.0, 1.0, None)
    assert combined(menu, 1.0, 0.0) == RecordScore(0.5, 0.5, None)
    assert combined(graded, 1.0, 1.0, 0.0).score == pytest.approx(2 / 3)


def test_repeats_of_a_judge_are_one_vote():
    assert majority([[1.0, 1.0, 0.0], [0.0], [0.0]]).worth == 0.0
    assert majority([[1.0, 0.0], [1.0]]).answers == (1.0,)  # half a vote and a whole one
    assert majority([[1.0], [0.5], [0.0]]).is_drawn
