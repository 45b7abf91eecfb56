"""Rules on win rates: whose, over whom, and what unread pairs leave open."""

import pytest

from evaldrop.cli import exits
from evaldrop.errors import EvaluationError
from evaldrop.evaluation import Evaluation
from evaldrop.scorecard.gate import RunNames, evaluate_gate, gate_problems, parse_gate
from evaldrop.scorecard.model.pairwise import CandidatePairwise, PairwiseEstimate
from tests.evaldrop.scorecard.gate.test_gate import card, scorecard


def estimate(rate, interval, *, n=100, lost=0):
    won = n * (rate or 0)
    return {
        "win_rate": rate, "standard_error": 0.05, "interval": interval, "wins": int(won),
        "losses": n - int(won), "ties": 0, "flip_rate": 0.0,
        "n": n, "n_unscored": lost, "n_lost": lost, "coverage": n / (n + lost),
        "bounds": (won / (n + lost), (won + lost) / (n + lost)),
        # As far beyond the bounds as the interval is beyond the rate.
        "bounds_interval": ((won / (n + lost) - rate + interval[0], 1.0) if lost and interval else None),
    }  # fmt: skip


def pairwise(overall, **opponents):
    return CandidatePairwise(
        **overall, by_baseline={name: PairwiseEstimate(**one) for name, one in opponents.items()}
    )


def run(**known):
    """lite is the baseline of the others."""
    return scorecard({
        name: card((0.8, 0.9)).model_copy(update={"pairwise": known.get(name)})
        for name in ("lite", *known)
    })  # fmt: skip


def against_lite(rate, interval, **counts):
    one = estimate(rate, interval, **counts)
    return pairwise(one, lite=one)


@pytest.mark.parametrize(("interval", "decision"), [
    ((0.52, 0.69), "pass"), ((0.48, 0.65), "inconclusive"), ((0.30, 0.49), "fail"),
])  # fmt: skip
def test_a_win_rate_is_judged_by_its_interval(interval, decision):
    gate = evaluate_gate(["haiku.win_rate >= 0.5"], run(haiku=against_lite(sum(interval) / 2, interval)))
    assert gate.decision == decision
    assert gate.checks[0].candidate == "haiku"
    assert gate.checks[0].sentence.startswith("haiku.win_rate over lite is 0.")


@pytest.mark.parametrize(("lost", "decision"), [(0, "pass"), (1, "pass"), (3, "inconclusive")])
def test_pairs_without_a_preference_may_each_have_been_lost(lost, decision):
    """61 of 100 won, the interval from 51 %: three more that are lost take it to less than one half."""
    gate = evaluate_gate(["win_rate >= 0.5"], run(haiku=against_lite(0.61, (0.51, 0.70), lost=lost)))
    assert gate.decision == decision
    if lost:
        assert (
            f"whatever the {lost} of {100 + lost} pairs without a preference were" in gate.checks[0].sentence
        )


def test_a_rule_for_every_candidate_leaves_the_baseline_out_and_says_so():
    known = run(haiku=against_lite(0.6, (0.52, 0.68)), opus=against_lite(0.7, (0.6, 0.8)))
    for rule in ("win_rate >= 0.5", "win_rate >= 0.5 for every candidate"):
        gate = evaluate_gate([rule], known)
        assert gate.decision == "pass"
        assert [check.candidate for check in gate.checks] == ["haiku", "opus"]
        assert gate.checks[-1].sentence.endswith("lite has none of its own: the others are compared with it.")


def test_a_rule_may_be_about_one_opponent():
    better, worse, even = (estimate(rate, (rate - 0.1, rate + 0.1)) for rate in (0.7, 0.3, 0.5))
    known = scorecard({
        "a": card((0.8, 0.9)).model_copy(update={"pairwise": pairwise(even, b=better, c=worse)}),
        "b": card((0.8, 0.9)).model_copy(update={"pairwise": pairwise(worse, a=worse)}),
        "c": card((0.8, 0.9)).model_copy(update={"pairwise": pairwise(better, a=better)}),
    })  # fmt: skip
    decisions = {
        rule: evaluate_gate([rule], known).decision
        for rule in ("a.win_rate over b >= 0.5", "a.win_rate over c >= 0.5", "a.win_rate >= 0.5",
                     "win_rate over a >= 0.5 for c", "win_rate over a >= 0.5")
    }  # fmt: skip
    assert list(decisions.values()) == ["pass", "fail", "inconclusive", "pass", "fail"]
    assert "a.win_rate over 2 others is 0.5" in evaluate_gate(["a.win_rate > 0"], known).reasons[0]


ASKED = RunNames.asked(
    Evaluation.model_validate({
        "name": "pairs", "candidates": [{"name": name, "model": "m"} for name in ("lite", "haiku")],
        "judges": [{"name": "j", "model": "m"}], "pairwise": {"baseline": "lite"},
    }), ["tone"],
)  # fmt: skip


@pytest.mark.parametrize(("rule", "problem"), [
    ("lite.win_rate >= 0.5", 'lite has no win rate in this run; there is "haiku.win_rate over lite"'),
    ("win_rate >= 0.5 for lite", "position 21: lite has no win rate"),
    ("win_rate over haiku >= 0.5", "nobody has a win rate over haiku"),
    ("haiku.win_rate over hiku >= 0.5", 'position 21: the run has no candidate "hiku"; did you mean "haiku"'),
    ("haikuu.win_rate >= 0.5", 'did you mean "haiku"'),
    ("haiku.win_rate >= 0.5 for lite", "says otherwise at its end"),
    ("tone.win_rate >= 0.5", 'nothing called "tone" with win_rate'),
    ("haiku.win_rate over >= 0.5", "expected the candidate that it is preferred over"),
    ("haiku.cost_usd over lite < 5", "expected one of >="),
])  # fmt: skip
def test_a_rule_that_means_nobody_is_refused_before_money_is_spent(rule, problem):
    (said,) = gate_problems([rule], ASKED)
    assert problem in said


def test_a_run_without_pairs_has_no_win_rates():
    with pytest.raises(EvaluationError, match="compares no pairs"):
        evaluate_gate(["haiku.win_rate >= 0.5"], scorecard({"haiku": card((0.8, 0.9))}))


def test_a_name_may_end_like_a_quantity():
    assert parse_gate("win_rate.mean > 3").subject == "win_rate"
    assert parse_gate("a.b.win_rate over c.d > .5").over == "c.d"


UNREAD = {**estimate(None, None, n=0, lost=40), "coverage": 0.0, "bounds": (0.0, 1.0)}
AS_TIES = {**estimate(0.5, (0.4, 0.6), n=40), "n_lost": 40, "coverage": 0.0, "bounds": (0.0, 1.0)}


@pytest.mark.parametrize("nothing", [UNREAD, AS_TIES])
@pytest.mark.parametrize("rules", [(), ("cost_usd < 5",), ("haiku.win_rate >= 0",)])
def test_a_run_whose_pairs_came_to_nothing_never_passes(rules, nothing):
    gate = evaluate_gate(rules, run(haiku=pairwise(nothing, lite=nothing)))
    assert gate.decision == "inconclusive"
    assert "no preference could be read, of 40 pairs" in gate.reasons[0]


@pytest.mark.parametrize("nothing", [UNREAD, AS_TIES])
@pytest.mark.parametrize("rules", [(), ("cost_usd < 5",), ("haiku.win_rate >= 0",)])
def test_a_run_of_pairs_alone_of_which_none_could_be_read_has_failed(rules, nothing):
    known = run(haiku=pairwise(nothing, lite=nothing))
    cards = {name: one.model_copy(update={"criteria": {}}) for name, one in known.candidates.items()}
    found = known.model_copy(update={"candidates": cards, "criteria": {}})
    gate = evaluate_gate(rules, found)
    assert gate.decision == "fail"
    assert exits.of_scorecard(found.model_copy(update={"gate": gate})) == exits.RUN_FAILED
    assert any("lite has 0 of 40 preferences" in reason for reason in gate.reasons)


@pytest.mark.parametrize(("lost", "decision"), [(3, "no gate"), (4, "no gate"), (5, "inconclusive")])
def test_without_rules_nine_tenths_of_the_pairs_are_asked_for(lost, decision):
    known = run(haiku=against_lite(0.6, (0.5, 0.7), n=40 - lost, lost=lost))
    cards = {name: one.model_copy(update={"criteria": {}}) for name, one in known.candidates.items()}
    found = known.model_copy(update={"candidates": cards, "criteria": {}})
    assert evaluate_gate([], found).decision == decision


def test_unread_preferences_count_against_a_candidates_coverage_on_both_sides():
    known = run(haiku=against_lite(0.6, (0.5, 0.7), n=30, lost=10))
    gate = evaluate_gate(["haiku.coverage >= 0.95", "lite.coverage >= 0.95"], known)
    # 40 verdicts of each, and 30 of 40 preferences.
    assert [check.sentence for check in gate.checks] == [
        f"{name}.coverage is 0.875; wanted >= 0.95." for name in ("haiku", "lite")
    ]
    assert gate.decision == "fail"
    assert evaluate_gate(["correctness.coverage >= 0.95"], known).decision == "pass"
