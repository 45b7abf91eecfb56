"""What the scorecard says in words."""

import pytest

from evaldrop.scorecard.model.part import OVERALL
from evaldrop.scorecard.model.scorecard import (
    Comparison,
    CriterionEstimate,
    MeanEstimate,
)
from evaldrop.steps.build_scorecard.words import counted_as_worst, verdict_in_words
from tests.evaldrop.scorecard.gate.test_gate import card, scorecard


def said(pair, *, hard_lost=0):
    """What the scorecard says of two candidates, of which haiku has lost verdicts on "hard"."""
    hard = CriterionEstimate(
        n_scored=100 - hard_lost, n_unscored=hard_lost, unscored={"no_verdict": hard_lost}, confidence=0.95
    )
    cards = {name: card((0.5, 0.6)) for name in ("lite", "haiku")}
    both = cards["haiku"].criteria | {"hard": hard}
    cards["haiku"] = cards["haiku"].model_copy(update={"criteria": both})
    return verdict_in_words(scorecard(cards).model_copy(update={"comparisons": (pair,)}))


def a_pair(**given):
    start = {"a": "lite", "b": "haiku", "criterion": OVERALL, "difference": 0.01, "n": 100}
    return Comparison(**start | {"family": {"n": 1, "confidence": 0.95}, "open": "chance"} | given)


@pytest.mark.parametrize(
    ("records", "words"),
    [
        (8, "(8 records are too few to say what could be seen)"),
        (10, "(with 10 records only differences above 0.06 can be seen, at 80 % power)"),
    ],
)
def test_what_could_be_seen_is_said_only_where_the_spread_is_known(records, words):
    """Eight records of which one differs have a tiny spread, and could show nothing all the same."""
    found = said(a_pair(n=records, minimum_detectable=0.06))
    assert (
        found == f"On quality over all criteria (95 %): the order of lite and haiku is not decided {words}."
    )


def test_missing_verdicts_that_could_turn_it_are_named_with_their_share_and_reach():
    found = said(a_pair(open="missing", n_missing=17, bounds=(-0.05, 0.12), p_adjusted=0.001), hard_lost=17)
    assert found.endswith(
        "the order of lite and haiku is not decided, because 17 % of haiku's verdicts on hard are missing: "
        "with them the difference may be −0.05 to +0.12."
    )


def test_few_changed_records_are_said_to_be_few():
    assert "so few of 100 records differ that a rare large difference" in said(a_pair(open="few_changed"))


def test_no_difference_and_too_few_records_are_told_apart():
    assert "(no difference in 100 records)" in said(a_pair(difference=0.0))
    assert "(too few to see a difference: 12 records)" in said(a_pair(n=12))


def test_candidates_alike_on_what_is_left_are_not_decided_because_of_what_is_missing():
    """With a difference of 0 it read "(no difference in 100 records)", whatever was missing."""
    found = said(a_pair(difference=0.0, n_missing=17, bounds=(-0.05, 0.12)), hard_lost=17)
    assert "not decided, because 17 % of haiku's verdicts on hard are missing: with them" in found


def test_much_that_is_missing_is_told_beside_what_could_be_seen():
    pair = a_pair(n_missing=17, bounds=(-0.05, 0.12), minimum_detectable=0.2)
    assert "at 80 % power; 17 % of haiku's verdicts on hard are missing)" in said(pair, hard_lost=17)
    assert "missing" not in said(
        a_pair(n_missing=1, bounds=(0.009, 0.011), minimum_detectable=0.2), hard_lost=1
    )


def test_of_one_candidate_the_headline_is_about_what_the_recommendation_is_about():
    """It named the mean of the first criterion beside a first line about all of them."""
    found = scorecard({"lite": card((0.5, 0.6))})
    criteria = found.criteria | {"tone": next(iter(found.criteria.values()))}
    overall = MeanEstimate(n=100, mean=0.7, interval=(0.6, 0.8))
    cards = {"lite": found.candidates["lite"].model_copy(update={"overall": overall})}
    several = found.model_copy(update={"criteria": criteria, "candidates": cards})
    assert (
        verdict_in_words(several) == "lite reaches a mean of 0.7 (0.6 to 0.8) on quality over all criteria."
    )


def test_verdicts_that_count_as_the_worst_are_named_with_their_share():
    hard = CriterionEstimate(n_scored=94, n_unscored=6, unscored={"no_response": 6}, confidence=0.95)
    found = card((0.5, 0.6))
    found = found.model_copy(update={"criteria": found.criteria | {"hard": hard}})
    (said,) = counted_as_worst(scorecard({"lite": found}))
    assert said.startswith("Missing verdicts count as the worst (unscored: worst): 6 % of lite's on hard. ")
    assert list(counted_as_worst(scorecard({"lite": card((0.5, 0.6))}))) == []


def test_of_many_pairs_the_best_is_named_against_the_next_first_and_then_against_others():
    """It named the first pairs of the evaluation's order: with six candidates those of the four worst."""
    means = {"worst": 0.2, "poor": 0.3, "good": 0.8, "best": 0.9}
    cards = {
        name: card((0.5, 0.6)).model_copy(update={"overall": MeanEstimate(n=100, mean=mean)})
        for name, mean in means.items()
    }
    pairs = tuple(
        a_pair(a=a, b=b, decisive=(b != "best" or a != "good"), better=b, family_interval=(-0.3, -0.1))
        for place, a in enumerate(means)
        for b in list(means)[place + 1 :]
    )
    found = verdict_in_words(scorecard(cards).model_copy(update={"comparisons": pairs}))
    first, second, third, rest = found.partition(": ")[2].split("; ")
    assert first.startswith("the order of good and best is not decided")
    assert second == "best is better than poor by 0.10 to 0.30"
    assert third == "best is better than worst by 0.10 to 0.30"
    assert rest == "3 more pairs are in the table."
