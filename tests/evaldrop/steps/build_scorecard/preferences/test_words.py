"""What the headline says of preferences, and the alarm where none could be read."""

import re

import pytest

from evaldrop.evaluation import Pairwise
from evaldrop.scorecard.model.biases import Biases, PositionBias
from evaldrop.scorecard.model.judges import JudgeHealth
from evaldrop.steps.build_scorecard.preferences.estimates import PairsAsked, pairwise_estimates
from evaldrop.steps.build_scorecard.preferences.words import (
    headline,
    preference_alarms,
    preferences_in_words,
)
from tests.evaldrop.scorecard.gate.test_gate import card, scorecard
from tests.evaldrop.steps.build_scorecard.preferences.test_estimates import column


def run(pairs, *, simulated=False, criteria=False, records=None):
    """Pairs by their outcomes: w, l, t, and ? for unread."""
    names = list(dict.fromkeys(name for pair in pairs for name in pair))
    asked = PairsAsked(
        list(pairs), Pairwise(all_pairs=True), records or len(next(iter(pairs.values()))), None, 0.95
    )
    found = pairwise_estimates({pair: {"j": column(said)} for pair, said in pairs.items()}, names, asked)
    cards = {name: card((0.8, 0.9)).model_copy(update={"pairwise": found[name]}) for name in names}
    unread = {"no_verdict": sum(said.count("?") for said in pairs.values())}
    read = sum(len(said) - said.count("?") for said in pairs.values())
    judges = {"j": JudgeHealth(model="m", calls=1, errors=0, preferences=read, unread=unread)}
    update = {"simulated": simulated, "judges": judges} | ({} if criteria else {"criteria": {}})
    return scorecard(cards).model_copy(update=update)


def test_without_criteria_it_is_about_the_preferences():
    assert headline(run({("haiku", "lite"): "w" * 66 + "l" * 40 + "t" * 14})) == (
        "On preferences: haiku is preferred over lite in 61 % of 120 pairs, ties half (52 to 69 %)."
    )


def test_the_one_that_is_preferred_comes_first():
    said = headline(run({("haiku", "lite"): "l" * 66 + "w" * 40 + "t" * 14}, simulated=True))
    assert said == (
        "SIMULATED. On preferences: lite is preferred over haiku in 61 % of 120 pairs, "
        "ties half (52 to 69 %)."
    )


def test_it_follows_what_is_said_of_criteria():
    said = headline(run({("a", "b"): "w" * 30}, criteria=True))
    assert re.match(r".*correctness\. On preferences: a is preferred over b in 100 % of 30 pairs", said)


def test_what_chance_could_do_is_not_decided():
    assert headline(run({("a", "b"): "w" * 11 + "l" * 9})) == (
        "On preferences: whether a or b is preferred is not decided (a in 55 % of 20 pairs, 32 to 77 %)."
    )


def test_what_unread_pairs_could_undo_is_not_decided_and_says_why():
    assert headline(run({("a", "b"): "w" * 40 + "l" * 12 + "?" * 48})) == (
        "On preferences: whether a or b is preferred is not decided, "
        "because 48 % of 100 pairs have no preference."
    )


def test_the_level_is_said_once_where_several_are_decided_together():
    pairs = {
        ("a", "b"): "w" * 40 + "l" * 10,
        ("a", "c"): "w" * 26 + "l" * 24,
        ("b", "c"): "l" * 40 + "w" * 10,
    }
    said = headline(run(pairs))
    assert said.startswith(
        "On preferences (3 pairs decided together, intervals at 96.7 %): a is preferred over b"
    )
    assert said.count("%)") == 4
    assert "c is preferred over b in 80 % of 50 pairs" in said


def test_of_twelve_candidates_it_counts():
    names = [f"c{number:02}" for number in range(12)]
    pairs = {
        (one, other): "w" * 40 + "l" * 4 if one == "c00" else "wl" * 22
        for place, one in enumerate(names)
        for other in names[place + 1 :]
    }
    assert headline(run(pairs)) == (
        "On preferences (66 pairs decided together): c00 is preferred over 11 others; "
        "55 of 66 pairs are not decided."
    )


@pytest.mark.parametrize("records", [None, 30])
def test_where_nothing_could_be_read_nothing_is_decided_and_an_alarm_says_why(records):
    found = run({("a", "b"): "?" * 20}, records=records)
    n = records or 20
    assert preferences_in_words(found) == f"No preference could be read, of {n} pairs: nothing is decided."
    assert headline(found).startswith("This run failed, and nothing may rest on it: 0 of 20 preferences of ")
    assert preference_alarms(found) == (
        f"No preference could be read, of {n} pairs (no_verdict: 20): the run decides nothing about them.",
    )
    assert preference_alarms(run({("a", "b"): "ww"})) == ()


def test_lost_pairs_are_told_once():
    """Where nothing was read the alarm about the run says all that one about the judge would."""
    (alarm,) = preference_alarms(run({("a", "b"): "w?"}))
    assert "no preference could be read in pairs with" in alarm
    assert len(preference_alarms(run({("a", "b"): "??"}))) == 1


def test_a_judge_that_prefers_a_place_is_told_once():
    """How often the order decided is in the alarm of the place; without that one the flips are told."""
    flipped = run({("a", "b"): "t" * 20})
    for name, found in flipped.candidates.items():
        told = {"flip_rate": 1.0, "n_both_orders": 20}
        by_judge = {judge: one.model_copy(update=told) for judge, one in found.pairwise.by_judge.items()}
        won = found.pairwise.model_copy(update={"by_judge": by_judge})
        flipped.candidates[name] = found.model_copy(update={"pairwise": won})
    place = PositionBias(judge="j", n=20, n_both_orders=20, order_decides=1.0, size=1.0, decisive=True)
    (alarm,) = preference_alarms(flipped)
    assert "preferences changed with the order" in alarm
    assert preference_alarms(flipped.model_copy(update={"biases": Biases(position=(place,))})) == ()


def test_one_pair_of_several_that_could_not_be_read():
    said = headline(run({("a", "b"): "?" * 30, ("a", "c"): "w" * 30, ("b", "c"): "w" * 30}))
    assert "whether a or b is preferred is not decided (no preference could be read)" in said


def test_flips_of_several_candidates_are_one_sentence_of_each_judge():
    known = run({("a", "b"): "w" * 30, ("a", "c"): "w" * 30, ("b", "c"): "w" * 30})
    cards = {}
    for name, one in known.candidates.items():
        judged = one.pairwise.by_judge["j"].model_copy(update={"flip_rate": 0.4, "n_both_orders": 60})
        cards[name] = one.model_copy(
            update={"pairwise": one.pairwise.model_copy(update={"by_judge": {"j": judged}})}
        )
    (said,) = preference_alarms(known.model_copy(update={"candidates": cards}))
    assert said == (
        "Judge j: preferences changed with the order of the responses, and count as ties, "
        "in pairs with a (40 % of 60), b (40 % of 60) and c (40 % of 60)."
    )
