"""Every branch of the rule, by the sentence that a team acts on. docs/recommendation.md states it."""

import pytest

from evaldrop.scorecard.gate import evaluate_gate
from evaldrop.scorecard.model.calibration import CalibratedMean
from evaldrop.scorecard.model.scorecard import JudgeHealth, Records
from evaldrop.scorecard.recommendation import recommend
from evaldrop.scorecard.recommendation.leads import WIN_RATE, Quantity, leads_of, unseen_share
from tests.evaldrop.scorecard.recommendation.cards import (
    CORRECTNESS,
    RECORDS,
    candidate,
    gate,
    pair,
    preferred,
    scorecard,
    since,
    untrusted,
)

NOBODY_BETTER = "nobody is shown to be better (if at all, by at most 0.05)"
TWO = {"haiku": candidate(0.80, cost=1.0), "sonnet": candidate(0.81, cost=2.4)}
EQUAL = (pair("haiku", "sonnet", -0.01),)
OPEN = (pair("haiku", "sonnet", -0.02, 0.04),)
THREE = {**TWO, "lite": candidate(0.60, cost=0.1)}
LITE_IS_WORSE = (
    pair("haiku", "lite", 0.2, better="haiku"),
    pair("sonnet", "lite", 0.21, better="sonnet"),
)


def said(card):
    found = recommend(card)
    return found.kind, found.choice, found.reason


# Quality and price


def test_the_better_one_is_shipped_with_what_it_costs_more():
    card = scorecard(TWO, [pair("haiku", "sonnet", -0.1, better="sonnet")])
    assert said(card) == (
        "best",
        "sonnet",
        "Ship sonnet: it is better than haiku by 0.08 to 0.12, and costs 2.4 times as much as haiku.",
    )


def test_a_decided_difference_counts_however_small_it_is():
    card = scorecard(TWO, [pair("haiku", "sonnet", -0.01, 0.005, better="sonnet", n=5000)])
    kind, choice, reason = said(card)
    assert (kind, choice) == ("best", "sonnet")
    assert "by 0.005 to 0.01" in reason


def test_of_equal_ones_the_cheapest_is_shipped():
    assert said(scorecard(TWO, EQUAL)) == (
        "cheapest",
        "haiku",
        f"Ship haiku: {NOBODY_BETTER}, and sonnet costs 2.4 times as much.",
    )


def test_who_is_shown_to_be_worse_is_not_shipped_though_it_is_the_cheapest():
    found = recommend(scorecard(THREE, [*EQUAL, *LITE_IS_WORSE]))
    assert found.choice == "haiku"
    assert [(one.candidate, one.standing) for one in found.ranking] == [
        ("haiku", "chosen"),
        ("sonnet", "not_worse"),
        ("lite", "worse"),
    ]


def test_the_best_of_three_names_the_nearest():
    pairs = [
        pair("haiku", "sonnet", -0.1, better="sonnet"),
        pair("haiku", "lite", 0.2, better="haiku"),
        pair("sonnet", "lite", 0.3, better="sonnet"),
    ]
    _, choice, reason = said(scorecard(THREE, pairs))
    assert choice == "sonnet"
    assert reason == (
        "Ship sonnet: it is better than each of the 2 others, than haiku by 0.08 to 0.12, "
        "and costs 24 times as much as lite."
    )


def test_the_best_may_be_best_by_way_of_another():
    """Sonnet beats haiku and haiku beats lite; sonnet and lite alone are not decided."""
    pairs = [
        pair("haiku", "sonnet", -0.1, better="sonnet"),
        pair("haiku", "lite", 0.2, better="haiku"),
        pair("sonnet", "lite", 0.1, 0.2),
    ]
    kind, choice, reason = said(scorecard(THREE, pairs))
    assert (kind, choice) == ("best", "sonnet")
    assert "every other candidate is shown to be worse than another one" in reason


def test_each_shown_to_be_worse_than_another_decides_nothing():
    pairs = [
        pair("haiku", "sonnet", -0.1, better="sonnet"),
        pair("haiku", "lite", 0.1, better="haiku"),
        pair("sonnet", "lite", -0.1, better="lite"),
    ]
    kind, choice, reason = said(scorecard(THREE, pairs))
    assert (kind, choice) == ("not_decided", None)
    assert reason.endswith("each is shown to be worse than another one.")


def test_low_is_good_turns_the_difference():
    """On toxicity a minus b of +0.4 of 4 means that a is the worse one."""
    toxicity = CORRECTNESS.model_copy(update={"higher_is_better": False})
    ones = {
        "haiku": candidate(0.2, criteria=("toxicity",)),
        "sonnet": candidate(0.1, cost=2.0, criteria=("toxicity",)),
    }
    worse = pair("haiku", "sonnet", 0.4, 0.1, better="sonnet", criterion="toxicity")
    card = scorecard(ones, [worse], criteria=(), infos={"toxicity": toxicity})
    kind, choice, reason = said(card)
    assert (kind, choice) == ("best", "sonnet")
    assert "by 0.30 to 0.50" in reason
    assert [one.candidate for one in recommend(card).ranking] == ["sonnet", "haiku"]
    # 0.1 of a scale of 4 is a fortieth of it: below the margin of 0.2.
    alike = pair("haiku", "sonnet", 0.1, 0.08, criterion="toxicity")
    found = recommend(scorecard(ones, [alike], criteria=(), infos={"toxicity": toxicity}))
    assert (found.choice, found.margin) == ("haiku", pytest.approx(0.2))


def test_a_criterion_called_overall_is_what_decides():
    ones = {name: candidate(0.8, criteria=("overall", "tone")) for name in ("a", "b")}
    pairs = [
        pair("a", "b", 0.4, 0.1, better="a", criterion="overall"),
        pair("a", "b", -0.4, 0.1, better="b", criterion="tone"),
    ]
    found = recommend(scorecard(ones, pairs, criteria=("overall", "tone")))
    assert (found.choice, found.quantity, found.margin) == ("a", "overall", pytest.approx(0.2))


# Not decided is another thing than equal


def test_one_that_may_be_better_by_more_than_the_margin_leaves_it_open_with_what_would_decide():
    found = recommend(scorecard(TWO, OPEN))
    assert (found.kind, found.choice) == ("not_decided", None)
    # The interval is 0.08 wide and has to be 0.05: (0.08 / 0.05)^2 = 2.56 times 300 records, at 1 cent each.
    assert found.would_decide.records == 470
    assert found.would_decide.cost_usd == pytest.approx(4.70)
    assert found.would_decide.between == ("haiku", "sonnet")
    assert found.reason == (
        "Not decided between haiku and sonnet: 470 more records, about $4.70, would decide "
        "(evaldrop plan DATASET --like RUN). None of them is shown to be better, and haiku is the cheapest."
    )


def test_without_a_known_cost_the_records_are_named_alone():
    found = recommend(scorecard(TWO, OPEN, cost=None))
    assert found.would_decide.cost_usd is None
    assert "470 more records would decide" in found.reason


def test_records_that_nobody_has_are_not_asked_for():
    """An interval of 0.24 would take 23 times the records; it says so, and ships nobody for all that."""
    found = recommend(scorecard(TWO, [pair("haiku", "sonnet", -0.02, 0.12)]))
    assert (found.choice, found.would_decide.beyond_reach) == (None, True)
    assert (
        "more than 20 times these records would be needed. None of them is shown to be better" in found.reason
    )


def test_a_handful_of_records_says_nothing_of_how_many_would_decide():
    found = recommend(scorecard(TWO, [pair("haiku", "sonnet", -0.02, 0.12, n=8)]))
    assert (found.kind, found.would_decide) == ("not_decided", None)
    assert "too few records to say how many would decide" in found.reason


def test_a_difference_that_never_showed_in_few_records_is_not_ruled_out():
    """50 records on which nothing differs: a difference on 7 % of all would still show none of them."""
    still = pair("haiku", "sonnet", 0.0, 0.0, n=50)
    assert recommend(scorecard(TWO, [still])).kind == "not_decided"
    still = pair("haiku", "sonnet", 0.0, 0.0, n=150)
    assert recommend(scorecard(TWO, [still])).kind == "cheapest"


def test_where_people_decide_more_records_alone_are_not_asked_for():
    found = recommend(scorecard(TWO, [pair("haiku", "sonnet", -0.02, 0.04, rests_on="both")]))
    assert (found.kind, found.would_decide) == ("not_decided", None)
    assert "too few records have labels by people to tell" in found.reason
    assert found.evidence[-1] == "It rests on the verdicts of people too."


def test_where_people_decide_the_quality_is_theirs():
    """The judge's own would contradict the sentence and the order of the ranking."""
    people = CalibratedMean(mean=0.9, interval=(0.85, 0.95), decides=True, n_labelled=40)
    judged = TWO["haiku"].overall
    by_people = {**TWO, "haiku": TWO["haiku"].model_copy(update={
        "overall": judged.model_copy(update={"calibrated": people})})}  # fmt: skip
    rows = {one.candidate: one for one in recommend(scorecard(by_people, EQUAL)).ranking}
    assert (rows["haiku"].quality, rows["haiku"].interval) == (0.9, (0.85, 0.95))
    few = judged.model_copy(update={"calibrated": people.model_copy(update={"decides": False})})
    by_judge = {**TWO, "haiku": TWO["haiku"].model_copy(update={"overall": few})}
    rows = {one.candidate: one for one in recommend(scorecard(by_judge, EQUAL)).ranking}
    assert rows["haiku"].quality == judged.mean


def test_long_names_of_one_family_are_told_apart():
    names = [f"support-assistant-with-tools-and-memory-2026-v{version}" for version in (1, 2)]
    cards = {name: candidate(0.80, cost=cost) for name, cost in zip(names, (1.0, 2.4), strict=True)}
    reason = recommend(scorecard(cards, [pair(*names, -0.01)])).reason
    assert "2026-v1: " in reason
    assert "2026-v2 costs" in reason


def test_a_dearer_one_that_is_safe_does_not_make_the_cheaper_one_safe():
    """Sonnet is at most 0.02 worse, haiku perhaps 0.06: what is open is whether sonnet is worth its price."""
    assert recommend(scorecard(TWO, OPEN)).kind == "not_decided"
    swapped = {"haiku": candidate(0.80, cost=2.4), "sonnet": candidate(0.81, cost=1.0)}
    assert recommend(scorecard(swapped, OPEN)).choice == "sonnet"


def test_a_pair_that_was_not_compared_is_not_decided():
    found = recommend(scorecard(TWO, ()))
    assert (found.kind, found.choice) == ("not_decided", None)


def test_a_pair_that_was_compared_without_an_interval_says_why():
    why = "no interval: one record says nothing about spread"
    compared = pair("haiku", "sonnet", 0.0).model_copy(update={"family_interval": None, "reason": why})
    reason = recommend(scorecard(TWO, (compared,))).reason
    assert ": one record says nothing about spread. None" in reason
    assert "all_pairs" not in reason


def test_of_three_only_those_that_matter_are_named():
    pairs = [*OPEN, *LITE_IS_WORSE]
    assert "Not decided between haiku and sonnet:" in recommend(scorecard(THREE, pairs)).reason


# Missing verdicts


def test_missing_verdicts_that_could_turn_it_leave_it_open():
    ones = {"a": candidate(0.85), "b": candidate(0.80, unread=51)}
    turned = pair("a", "b", 0.05, 0.02, reach=(-0.07, 0.14), n_missing=51, open="missing")
    found = recommend(scorecard(ones, [turned]))
    assert (found.kind, found.choice, found.would_decide) == ("missing", None, None)
    assert found.reason == (
        "Not decided between a and b: 17 % of b's verdicts on correctness are missing, and could turn it."
    )


def test_missing_verdicts_count_against_calling_two_equal_too():
    ones = {"a": candidate(0.80, cost=1.0), "b": candidate(0.80, cost=2.0, unread=30)}
    card = scorecard(ones, [pair("a", "b", 0.0, 0.01, reach=(-0.07, 0.04), n_missing=30)])
    assert said(card)[:2] == ("missing", None)
    few = scorecard(ones, [pair("a", "b", 0.0, 0.01, reach=(-0.03, 0.02), n_missing=6)])
    assert said(few)[:2] == ("cheapest", "a")


def test_a_candidate_without_any_verdict_leaves_nothing_to_ship():
    ones = {"a": candidate(0.85), "b": candidate(None, unread=RECORDS)}
    kind, choice, reason = said(scorecard(ones, [pair("a", "b", 0.1, better="a")]))
    assert (kind, choice) == ("unanswered", None)
    assert reason == "Ship nothing: b has 0 of 600 verdicts (no_verdict: 600)."


def test_more_records_help_only_as_far_as_nothing_is_missing():
    """Of the margin 0.05 what is missing may take 0.02: the interval has to shrink to 0.03."""
    open_too = pair("haiku", "sonnet", -0.02, 0.04, reach=(-0.07, 0.03), n_missing=6)
    found = recommend(scorecard(TWO, [open_too]))
    assert found.would_decide.records == 1900


# Price and speed


def test_an_unknown_price_among_equal_ones_leaves_it_open():
    ones = {"haiku": candidate(0.80, cost=1.0), "sonnet": candidate(0.81, cost=None)}
    better_than_haiku = NOBODY_BETTER.replace("better", "better than haiku")
    assert said(scorecard(ones, EQUAL)) == (
        "price_unknown",
        None,
        f"Not decided between haiku and sonnet: {better_than_haiku}, and what sonnet costs is not known.",
    )


def test_without_any_price_the_faster_of_equal_ones_is_not_the_one_to_ship():
    ones = {"haiku": candidate(0.80, cost=None, p90=900.0), "sonnet": candidate(0.81, cost=None, p90=400.0)}
    kind, choice, reason = said(scorecard(ones, EQUAL))
    assert (kind, choice) == ("price_unknown", None)
    assert "what sonnet and haiku cost is not known" in reason


def test_of_ones_as_good_and_as_cheap_the_faster_is_shipped():
    ones = {"haiku": candidate(0.80, cost=1.0, p90=900.0), "sonnet": candidate(0.81, cost=1.02, p90=400.0)}
    assert said(scorecard(ones, EQUAL))[:2] == ("fastest", "sonnet")


def test_of_ones_alike_in_all_that_is_known_the_first_is_shipped():
    ones = {"haiku": candidate(0.80, cost=1.0, p90=None), "sonnet": candidate(0.81, cost=1.0, p90=None)}
    kind, choice, reason = said(scorecard(ones, EQUAL))
    assert (kind, choice) == ("alike", "haiku")
    assert reason.endswith("nobody is known to be cheaper or faster.")
    ones = {"haiku": candidate(0.80, p90=200.0), "sonnet": candidate(0.81, p90=205.0)}
    assert said(scorecard(ones, EQUAL))[:2] == ("alike", "haiku")


def test_without_price_and_latency_equal_ones_are_not_told_apart():
    ones = {name: candidate(0.80, cost=None, p90=None) for name in ("haiku", "sonnet")}
    kind, choice, reason = said(scorecard(ones, EQUAL))
    assert (kind, choice) == ("price_unknown", None)
    assert "what haiku and sonnet cost is not known" in reason


def test_missing_verdicts_make_nobody_the_first_of_a_ranking():
    """What is left of b's verdicts has the higher mean; on what both have they are alike."""
    ones = {"a": candidate(0.70), "b": candidate(0.75, unread=51)}
    card = scorecard(ones, [pair("a", "b", 0.0, 0.02, reach=(-0.1, 0.1), n_missing=51)])
    assert [one.candidate for one in recommend(card).ranking] == ["a", "b"]


def test_of_those_that_are_alike_on_what_both_have_the_cheaper_comes_first():
    ones = {"a": candidate(0.75, unread=51, cost=2.0), "b": candidate(0.70)}
    card = scorecard(ones, [pair("a", "b", 0.0, 0.02, reach=(-0.1, 0.1), n_missing=51)])
    assert [one.candidate for one in recommend(card).ranking] == ["b", "a"]


def test_what_costs_nothing_is_the_cheapest():
    ones = {"own": candidate(0.80, cost=0.0), "sonnet": candidate(0.81, cost=2.4)}
    _, choice, reason = said(scorecard(ones, [pair("own", "sonnet", -0.01)]))
    assert choice == "own"
    assert reason.endswith("sonnet costs $2.40 per 1,000 records where it costs nothing.")


def test_the_best_has_an_unknown_price_told():
    ones = {"haiku": candidate(0.80, cost=1.0), "sonnet": candidate(0.9, cost=None)}
    _, choice, reason = said(scorecard(ones, [pair("haiku", "sonnet", -0.1, better="sonnet")]))
    assert choice == "sonnet"
    assert reason.endswith("but what it costs is not known.")


def test_responses_given_with_the_dataset_have_no_price_to_tell():
    ones = {"haiku": candidate(0.80, cost=1.0), "old": candidate(0.9, cost=None, p90=None, given=RECORDS)}
    _, choice, reason = said(scorecard(ones, [pair("haiku", "old", -0.1, better="old")]))
    assert choice == "old"
    assert "not known" not in reason
    assert said(scorecard(ones, [pair("haiku", "old", 0.0)]))[0] == "price_unknown"


# Gate


def test_every_candidate_fails_the_gate():
    card = scorecard(TWO, EQUAL, gate=gate(haiku="fail", sonnet="fail"))
    assert said(card) == ("gate_failed", None, "Ship nothing: every candidate fails the gate on correctness.")


def test_who_fails_the_gate_is_out_though_it_is_the_best():
    card = scorecard(
        TWO, [pair("haiku", "sonnet", -0.1, better="sonnet")], gate=gate(haiku="pass", sonnet="fail")
    )
    assert said(card) == (
        "only",
        "haiku",
        "Ship haiku: it alone passes the gate; sonnet fails the gate on correctness.",
    )


def test_of_several_that_pass_the_rule_chooses_and_says_who_fails():
    card = scorecard(THREE, [*EQUAL, *LITE_IS_WORSE], gate=gate(haiku="pass", sonnet="pass", lite="fail"))
    _, choice, reason = said(card)
    assert choice == "haiku"
    assert reason.endswith("lite fails the gate on correctness.")


def test_a_rule_about_the_run_that_fails_ships_nothing():
    card = scorecard(TWO, EQUAL, gate=gate(run="fail", haiku="pass", sonnet="pass"))
    assert said(card) == (
        "gate_failed",
        None,
        "Ship nothing: the run as a whole fails the gate on cost_usd < 1.",
    )


def test_a_rule_about_the_run_that_is_open_decides_nothing():
    card = scorecard(TWO, EQUAL, gate=gate(run="inconclusive", haiku="pass", sonnet="pass"))
    kind, choice, reason = said(card)
    assert (kind, choice) == ("gate_open", None)
    assert reason.startswith("Not decided: whether haiku passes the gate is open on cost_usd < 1. Else ")


def test_an_open_gate_leaves_the_choice_to_an_equal_one_that_passes():
    card = scorecard(TWO, EQUAL, gate=gate(haiku="inconclusive", sonnet="pass"))
    kind, choice, reason = said(card)
    assert (kind, choice) == ("cheapest", "sonnet")
    assert "the cheapest (whether haiku passes the gate is open)" in reason


def test_an_open_gate_of_the_best_is_not_made_up_for_by_a_worse_one():
    card = scorecard(
        TWO,
        [pair("haiku", "sonnet", -0.1, better="sonnet")],
        gate=gate(haiku="pass", sonnet="inconclusive"),
    )
    kind, choice, reason = said(card)
    assert (kind, choice) == ("gate_open", None)
    assert reason.startswith("Not decided: whether sonnet passes the gate is open on correctness.")


def test_a_gate_about_one_candidate_alone_does_not_let_the_others_pass():
    card = scorecard(TWO, EQUAL, gate=gate(haiku="fail"))
    kind, choice, reason = said(card)
    assert (kind, choice) == ("no_gate", None)
    assert "no rule of the gate about it" in reason


# One candidate


def test_one_candidate_that_passes_is_shipped():
    card = scorecard({"haiku": candidate()}, gate=gate(haiku="pass"))
    assert said(card) == ("passes", "haiku", "Ship haiku: it passes the gate.")


def test_one_candidate_that_fails_is_not_shipped():
    card = scorecard({"haiku": candidate()}, gate=gate(haiku="fail"))
    assert said(card) == ("gate_failed", None, "Ship nothing: haiku fails the gate on correctness.")


def test_one_candidate_with_an_open_gate_is_not_decided():
    card = scorecard({"haiku": candidate()}, gate=gate(haiku="inconclusive"))
    assert said(card) == (
        "gate_open",
        None,
        "Not decided: whether haiku passes the gate is open on correctness.",
    )


def test_one_candidate_without_a_gate_is_measured_and_nothing_more():
    kind, choice, reason = said(scorecard({"haiku": candidate(0.8)}))
    assert (kind, choice) == ("no_gate", None)
    assert reason == (
        "haiku reaches 0.80 (0.77 to 0.83) on quality over all criteria; with no gate and nothing to compare "
        "with, this run does not say whether to ship it."
    )


@pytest.mark.parametrize(
    ("moved", "width", "kind", "choice", "words"),
    [
        (
            (0.1, "improved"),
            0.02,
            "improved",
            "haiku",
            "better than in the blessed run by 0.08 to 0.12; no gate",
        ),
        (
            (0.0, "undecided"),
            0.02,
            "not_worse",
            "haiku",
            "not worse than in the blessed run by more than 0.05",
        ),
        (
            (-0.1, "regressed"),
            0.02,
            "regressed",
            None,
            "Ship nothing: haiku is worse than in the blessed run",
        ),
        ((-0.02, "undecided"), 0.05, "not_decided", None, "900 more records, about $9.00, would decide"),
    ],
)
def test_one_candidate_without_a_gate_is_held_to_its_blessed_run(moved, width, kind, choice, words):
    card = scorecard({"haiku": candidate()}, baseline=since({"haiku": moved}, width=width))
    assert said(card)[:2] == (kind, choice)
    assert words in said(card)[2]


# The blessed run


def test_the_choice_is_not_worse_than_its_blessed_run():
    card = scorecard(TWO, EQUAL, baseline=since({"haiku": (0.0, "undecided"), "sonnet": (0.0, "undecided")}))
    assert said(card)[2].endswith("Not worse than the blessed run by more than 0.05.")


def test_a_loss_that_could_not_have_been_seen_is_said():
    card = scorecard(TWO, EQUAL, baseline=since({"haiku": (0.0, "undecided")}, width=0.09))
    assert said(card)[2].endswith(
        "No loss since the blessed run is shown, but one of up to 0.09 is not ruled out."
    )


def test_a_regression_leaves_the_choice_to_an_equal_one():
    card = scorecard(TWO, EQUAL, baseline=since({"haiku": (-0.1, "regressed"), "sonnet": (0.0, "undecided")}))
    kind, choice, reason = said(card)
    assert (kind, choice) == ("cheapest", "sonnet")
    assert "haiku is worse than in the blessed run on overall" in reason


def test_a_regression_of_the_best_ships_nothing():
    card = scorecard(
        TWO,
        [pair("haiku", "sonnet", -0.1, better="sonnet")],
        baseline=since({"sonnet": (-0.1, "regressed")}),
    )
    kind, choice, reason = said(card)
    assert (kind, choice) == ("regressed", None)
    assert reason.startswith(
        "Ship nothing: sonnet is worse than in the blessed run on overall. Else it would"
    )


def test_a_regression_on_one_criterion_counts():
    card = scorecard(
        {"haiku": candidate()},
        gate=gate(haiku="pass"),
        baseline=since({"haiku": (-0.4, "regressed")}, criterion="tone"),
    )
    assert said(card)[:2] == ("regressed", None)
    assert "on tone" in said(card)[2]


def test_a_blessed_run_that_cannot_be_compared_says_nothing():
    card = scorecard(TWO, EQUAL, baseline=since({}, comparable=False, obstacles=("another judge",)))
    assert said(card)[2] == said(scorecard(TWO, EQUAL))[2]


def test_a_run_that_is_the_blessed_one_itself_is_not_held_to_itself():
    card = scorecard(TWO, EQUAL, baseline=since({"haiku": (0.0, "undecided")}, run_id="run-1"))
    assert said(card)[2] == said(scorecard(TWO, EQUAL))[2]


# Runs that say nothing


def test_a_judge_that_is_not_trusted_decides_nothing():
    card = scorecard(TWO, EQUAL, anchors={"pro": untrusted()}, judge_trusted=False)
    assert said(card) == (
        "untrusted",
        None,
        "Not decided: judge pro gets the anchors wrong, and nothing may rest on its verdicts.",
    )


def test_every_call_failed():
    ones = {name: candidate(None, errors=RECORDS, criteria=()) for name in ("a", "b")}
    card = scorecard(ones)
    assert said(card) == ("no_responses", None, "Ship nothing: no candidate gave a response (AccessDenied).")


def test_a_candidate_that_gave_no_response_leaves_nothing_to_ship():
    """Of three the one that failed may be the best: the run has to be mended, not decided by."""
    down = candidate(None, errors=RECORDS, criteria=())
    counts = down.responses.model_copy(update={"error_example": "no access", "error_advice": "Ask for it."})
    ones = {"haiku": candidate(), "down": down.model_copy(update={"responses": counts})}
    kind, choice, reason = said(scorecard(ones, gate=gate(haiku="pass")))
    assert (kind, choice) == ("unanswered", None)
    assert reason == (
        "Ship nothing: down gave no response to any of 300 records (AccessDenied: 300). "
        "It said: no access. Ask for it."
    )


def test_one_that_was_left_out_by_consent_is_out():
    down = candidate(None, errors=RECORDS, criteria=())
    counts = down.responses.model_copy(update={"error_names": {"LeftOut": RECORDS}})
    ones = {"haiku": candidate(), "down": down.model_copy(update={"responses": counts})}
    card = scorecard(ones, gate=gate(haiku="pass"))
    assert said(card)[2] == "Ship haiku: it alone passes the gate; down gave no response."


def test_a_silent_judge_leaves_nothing_to_ship():
    judge = JudgeHealth(model="m", calls=600, errors=600, error_names={"AccessDenied": 600})
    card = scorecard(TWO, [pair("haiku", "sonnet", -0.1, better="sonnet")], judges={"mute": judge})
    assert said(card)[:2] == ("unanswered", None)


# Enough answers


@pytest.mark.parametrize(("unread", "kind"), [(30, "best"), (31, "low_coverage")])
def test_below_nine_tenths_of_its_verdicts_nobody_is_shipped(unread, kind):
    ones = {"haiku": candidate(0.6, unread=0), "sonnet": candidate(0.9, unread=unread)}
    card = scorecard(ones, [pair("haiku", "sonnet", -0.3, better="sonnet", reach=(-0.4, -0.1))])
    assert said(card)[0] == kind
    assert (said(card)[1] is None) == (kind == "low_coverage")
    if kind == "low_coverage":
        assert said(card)[2].startswith(
            "Not decided: sonnet has 538 of 600 verdicts (no_verdict: 62); 90 % of all answers are asked for."
            " Else sonnet would be chosen: it is better than haiku"
        )


@pytest.mark.parametrize("rules", ["default", "own"])
def test_another_ones_missing_answers_count_where_the_gate_is_open_for_them(rules):
    """By bounds sonnet is better whatever haiku's missing verdicts were; without rules the run is open."""
    ones = {"haiku": candidate(0.6, unread=100), "sonnet": candidate(0.9)}
    found = scorecard(ones, [pair("haiku", "sonnet", -0.3, better="sonnet", reach=(-0.4, -0.1))])
    gate_of_it = evaluate_gate([], found) if rules == "default" else gate(sonnet="pass")
    kind, choice, reason = said(found.model_copy(update={"gate": gate_of_it}))
    assert (kind, choice) == (("low_coverage", None) if rules == "default" else ("best", "sonnet"))
    if rules == "default":
        assert "haiku has 400 of 600 verdicts" in reason
        assert "Else sonnet would be chosen" in reason


def test_a_judge_that_gave_too_few_verdicts_leaves_it_open():
    judge = JudgeHealth(model="m", calls=600, errors=0, scored=500, unscored={"no_verdict": 100})
    card = scorecard(TWO, [pair("haiku", "sonnet", -0.1, better="sonnet")], judges={"lax": judge})
    assert said(card)[:2] == ("low_coverage", None)


def test_the_only_candidate_that_passes_needs_its_answers_too():
    card = scorecard({"haiku": candidate(0.9, unread=60)}, gate=gate(haiku="pass"))
    assert said(card) == (
        "low_coverage",
        None,
        "Not decided: haiku has 480 of 600 verdicts (no_verdict: 120); 90 % of all answers are asked for.",
    )


def test_nothing_was_evaluated():
    empty = Records(read=0, rejected=0, evaluated=0, missing=0)
    nobody = candidate(None, criteria=())
    nobody = nobody.model_copy(update={"responses": nobody.responses.model_copy(update={"n": 0})})
    assert said(scorecard({"a": nobody}, records=empty))[0] == "no_responses"


def test_without_verdicts_nobody_is_better():
    ones = {name: candidate(None, criteria=()) for name in ("a", "b")}
    assert said(scorecard(ones, criteria=())) == (
        "no_verdicts",
        None,
        "Not decided between a and b: no verdict says which is better.",
    )


def test_a_run_of_guardrails_without_a_criterion_goes_by_the_gate():
    ones = {name: candidate(None, criteria=()) for name in ("with", "without")}
    card = scorecard(ones, criteria=(), gate=gate(**{"with": "pass", "without": "fail"}))
    assert said(card)[:2] == ("only", "with")
    both = scorecard(ones, criteria=(), gate=gate(**{"with": "pass", "without": "pass"}))
    assert said(both)[2].endswith("no verdict says which is better. with and without pass the gate.")


def test_a_rehearsal_never_says_ship_and_chooses_nobody():
    kind, choice, reason = said(scorecard(TWO, EQUAL, simulated=True))
    assert (kind, choice) == ("cheapest", None)
    assert reason.startswith('SIMULATED: would say "Ship haiku: ')
    assert {one.standing for one in recommend(scorecard(TWO, EQUAL, simulated=True)).ranking} == {
        "chosen",
        "not_worse",
    }


# Preferences alone


def compared(rate, **more):
    ones = {
        "new": candidate(None, criteria=(), won=preferred("old", rate, **more), cost=1.0),
        "old": candidate(None, criteria=(), cost=2.0),
    }
    return scorecard(ones, criteria=())


def test_preferences_decide_where_no_criterion_is_judged():
    found = recommend(compared(0.6))
    assert (found.kind, found.choice, found.quantity) == ("best", "new", "win_rate")
    assert "better than old at a win rate of 57 % to 63 %" in found.reason
    assert [one.quality for one in found.ranking] == [pytest.approx(0.6), pytest.approx(0.4)]


def test_preferences_may_be_as_good_as_even_or_open():
    assert said(compared(0.5, width=0.02))[:2] == ("cheapest", "new")
    assert said(compared(0.48, width=0.06))[:2] == ("not_decided", None)
    assert said(compared(0.4))[:2] == ("best", "old")


def test_unread_preferences_that_could_turn_it_leave_it_open():
    kind, choice, reason = said(compared(0.56, n_unscored=60))
    assert (kind, choice) == ("missing", None)
    assert "17 % of new's preferences are missing" in reason


def test_candidates_that_were_only_compared_with_a_third_are_not_ranked_among_themselves():
    ones = {
        "a": candidate(None, criteria=(), won=preferred("base", 0.6), cost=1.0),
        "b": candidate(None, criteria=(), won=preferred("base", 0.7), cost=2.0),
        "base": candidate(None, criteria=(), cost=3.0),
    }
    kind, choice, reason = said(scorecard(ones, criteria=()))
    assert (kind, choice) == ("not_decided", None)
    assert reason.startswith("Not decided between a and b: not all of them were compared with each other")


def test_a_win_rate_is_said_with_what_the_unread_could_make_of_it():
    """The headline has these bounds too: two intervals of one claim contradict each other."""
    found = recommend(compared(0.8, n_unscored=30))
    assert "at a win rate of 70 % to 85 %" in found.reason
    new, old = found.ranking
    assert old.interval == pytest.approx((1 - new.interval[1], 1 - new.interval[0]))


def test_pairs_that_nobody_could_read_have_no_quality():
    """`unscored: tie` counts them as 50 %, which nobody said."""
    one = preferred("old", 0.5)
    unread = {"coverage": 0.0, "n_lost": RECORDS}
    none = one.model_copy(
        update={**unread, "by_baseline": {"old": one.by_baseline["old"].model_copy(update=unread)}}
    )
    ones = {"new": candidate(None, criteria=(), won=none), "old": candidate(None, criteria=())}
    found = recommend(scorecard(ones, criteria=()))
    assert [(one.quality, one.interval) for one in found.ranking] == [(None, None)] * 2


def test_nothing_seen_in_ties_is_half_as_much_of_a_win_rate():
    """One per cent of the pairs won raises a win rate by half a per cent."""
    card = compared(0.5, width=0.001, n=120)
    (lead,) = (lead for _, lead in leads_of(card, Quantity(WIN_RATE)))
    assert lead.high == pytest.approx(unseen_share(120, 0.95) / 2)


def test_preferences_against_the_choice_are_told_beside_it():
    ones = {**TWO, "sonnet": candidate(0.81, cost=2.4, won=preferred("haiku", 0.7))}
    card = scorecard(ones, [pair("haiku", "sonnet", 0.1, better="haiku")])
    assert said(card)[2].endswith(" Side by side sonnet is preferred to it.")
    agreeing = {**TWO, "haiku": candidate(0.81, won=preferred("sonnet", 0.7))}
    assert "Side by side" not in said(scorecard(agreeing, card.comparisons))[2]


@pytest.mark.parametrize(
    ("whose", "said_so"),
    [
        ({"rests_on": "both", "n_labelled": 250}, "(by people and judge, 250 labelled records)"),
        ({"left_out": "people chose them"}, "(by the judge alone)"),
        ({}, "by 0.08 to 0.12, and"),
    ],
)
def test_where_people_labelled_the_sentence_says_whose_verdicts_it_rests_on(whose, said_so):
    assert said_so in said(scorecard(TWO, [pair("haiku", "sonnet", -0.1, better="sonnet", **whose)]))[2]
    alike = said(scorecard(TWO, [pair("haiku", "sonnet", -0.01, **whose)]))[2]
    assert (said_so.strip("()") in alike) == bool(whose)


def test_a_difference_is_said_with_what_the_missing_could_make_of_it():
    decided = pair("haiku", "sonnet", -0.2, better="sonnet", reach=(-0.3, -0.05))
    assert "by 0.05 to 0.30" in said(scorecard(TWO, [decided]))[2]


# Many, and hostile names


def test_of_many_names_the_first_are_named():
    ones = {f"model-{n}": candidate(0.8, cost=1.0 + n) for n in range(12)}
    card = scorecard(ones, gate=gate(**dict.fromkeys(ones, "fail")))
    assert said(card)[2] == "Ship nothing: every candidate fails the gate on correctness."
    found = recommend(scorecard(ones))
    assert "Not decided between model-0, model-1, model-2 and 9 more" in found.reason
    assert len(found.ranking) == 12


def test_a_name_cannot_break_the_line():
    ones = {"a\n\x1b[31mb": candidate(), "x" * 300: candidate(cost=9.0)}
    reason = recommend(scorecard(ones, [pair(*ones, 0.0)])).reason
    assert "\n" not in reason
    assert "\x1b" not in reason
    assert len(reason) < 300
