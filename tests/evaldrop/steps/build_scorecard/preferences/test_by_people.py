"""What people prefer decides a pair, and an alarm says where judges do not prefer as they do."""

import pytest

from evaldrop.evaluation import Pairwise
from evaldrop.scorecard.model.calibration import PeoplesPreferences
from evaldrop.steps.build_scorecard.preferences.by_people import lean_alarms, with_peoples_preferences
from evaldrop.steps.build_scorecard.preferences.estimates import PairsAsked, pairwise_estimates
from evaldrop.steps.build_scorecard.preferences.words import headline
from tests.evaldrop.scorecard.gate.test_gate import card, scorecard
from tests.evaldrop.steps.build_scorecard.preferences.test_estimates import column


def people(rate, interval, p_value=0.001, candidate="a", baseline="b", **more):
    return PeoplesPreferences(
        candidate=candidate,
        baseline=baseline,
        n=40,
        raters={"Ada": 40},
        corrected_win_rate=rate,
        interval=interval,
        p_value=p_value,
        rests_on="people",
        n_labelled=40,
        **more,
    )


def decided(pairs, said):
    names = list(dict.fromkeys(name for pair in pairs for name in pair))
    n = len(next(iter(pairs.values())))
    asked = PairsAsked(list(pairs), Pairwise(all_pairs=True), n, None, 0.95)
    judges = pairwise_estimates({pair: {"j": column(one)} for pair, one in pairs.items()}, names, asked)
    return with_peoples_preferences(judges, said, 0.95)


@pytest.mark.parametrize("turned", [False, True])
def test_people_decide_against_the_judges(turned):
    said = people(0.9, (0.8, 0.96), candidate="b", baseline="a") if turned else people(0.1, (0.04, 0.2))
    found = decided({("a", "b"): "w" * 40}, [said])
    for one in (found["a"], found["a"].by_baseline["b"]):
        assert one.win_rate == pytest.approx(0.1)
        assert one.interval == pytest.approx((0.04, 0.2))
        assert (one.decisive, one.rests_on, one.n_labelled) == (True, "people", 40)
    assert found["b"].win_rate == pytest.approx(0.9)
    cards = {name: card((0.8, 0.9)).model_copy(update={"pairwise": one}) for name, one in found.items()}
    assert headline(scorecard(cards).model_copy(update={"criteria": {}})) == (
        "On preferences: b is preferred over a in 90 % of 40 pairs "
        "(80 to 96 %; by people, 40 labelled records)."
    )


def test_what_people_leave_open_is_open_however_sure_judges_are():
    one = decided({("a", "b"): "w" * 40}, [people(0.55, (0.4, 0.7), 0.5)])["a"]
    assert (one.decisive, one.open) == (False, "chance")


def test_lost_pairs_bound_what_people_say_too():
    """People compared what judges could read: half of the pairs may be anything."""
    one = decided({("a", "b"): "w" * 40 + "?" * 40}, [people(0.9, (0.8, 0.96))])["a"]
    assert one.family_interval == pytest.approx((0.4, 0.98))
    assert (one.decisive, one.open) == (False, "missing")


def test_other_pairs_stay_the_judges_and_share_the_family():
    pairs = {("a", "b"): "w" * 40, ("a", "c"): "w" * 40, ("b", "c"): "wl" * 20}
    found = decided(pairs, [people(0.6, (0.5, 0.7), 0.03)])
    assert found["a"].by_baseline["b"].p_adjusted == pytest.approx(0.06)
    assert not found["a"].by_baseline["b"].decisive
    assert found["a"].by_baseline["c"].decisive
    assert (found["a"].rests_on, found["b"].by_baseline["c"].rests_on) == ("judge", "judge")


def test_without_people_nothing_changes():
    pairs = {("a", "b"): "w" * 40}
    assert decided(pairs, []) == decided(pairs, [people(0.1, (0.0, 0.2), candidate="x")])
    assert decided(pairs, [])["a"].rests_on == "judge"


def test_an_alarm_names_the_size_and_what_becomes_of_it():
    lean = {"judge_lean": 0.35, "judge_lean_p_value": 0.001}
    run = scorecard({"a": card((0.8, 0.9))})
    corrected = run.model_copy(update={"preferences_by_people": (people(0.5, (0.4, 0.6), **lean),)})
    (alarm,) = lean_alarms(corrected)
    assert "give a a win rate over b that is 35 points higher; by people it is 50 % (40–60 %)" in alarm
    alone = people(None, None, None, **lean)
    (alarm,) = lean_alarms(run.model_copy(update={"preferences_by_people": (alone,)}))
    assert alarm.endswith("the comparison rests on the judges alone.")
    alike = people(0.5, (0.4, 0.6), judge_lean=0.01, judge_lean_p_value=0.4)
    assert not list(lean_alarms(run.model_copy(update={"preferences_by_people": (alike,)})))
