"""
The decision without rules, in worlds in which answers are missing at random.

Record by record it is drawn which call fails and which verdict cannot be read; what of it a scorecard says is
counted here by hand, and the decision held against the shares that were drawn.
"""

from collections import Counter

import numpy as np
import pytest

from evaldrop.cli import exits
from evaldrop.scorecard.gate import evaluate_gate
from evaldrop.scorecard.model.judges import JudgedCriterion
from evaldrop.scorecard.model.scorecard import CriterionEstimate, JudgeHealth, ResponseCounts
from tests.evaldrop.scorecard.gate.test_gate import INFO, card, scorecard

RUNS = 2_000
ENOUGH = 0.9
MISSING = ("responses", "verdicts", "judge", "criterion")
"""Of whom answers are missing in a world: one candidate, on one, a judge, a judge on one criterion."""


def drawn(rng, what, missing):
    """
    Return which responses are there, of shape (candidates, records), and which verdicts, of shape (judges,
    candidates, criteria, records).
    """
    records = int(rng.integers(20, 401))
    candidates, judges, criteria = (int(rng.integers(1, most + 1)) for most in (4, 3, 5))
    responses = np.ones((candidates, records), bool)
    verdicts = np.ones((judges, candidates, criteria, records), bool)
    one, judge, criterion = (int(rng.integers(size)) for size in (candidates, judges, criteria))
    if what == "responses":
        responses[one] = rng.random(records) >= missing
    elif what == "verdicts":
        verdicts[:, one] = rng.random((judges, criteria, records)) >= missing
    elif what == "judge":
        verdicts[judge] = rng.random((candidates, criteria, records)) >= missing
    else:
        verdicts[judge, :, criterion] = rng.random((candidates, records)) >= missing
    return responses, verdicts & responses[None, :, None, :]


def told(responses, verdicts):
    """Return the scorecard of what was drawn."""
    judges, candidates, criteria, records = verdicts.shape
    # A record has a score where any judge of the panel gave one.
    scored = verdicts.any(axis=0)
    cards = {}
    for one in range(candidates):
        failed = int((~responses[one]).sum())
        estimates = {}
        for criterion in range(criteria):
            there = int(scored[one, criterion].sum())
            lost = Counter(no_response=failed, no_verdict=records - failed - there)
            estimates[f"c{criterion}"] = CriterionEstimate(
                n_scored=there, n_unscored=lost.total(), unscored=+lost, confidence=0.95
            )
        counts = ResponseCounts(n=records, errors=failed, error_names={"E": failed} if failed else {})
        cards[f"m{one}"] = card(None).model_copy(update={"responses": counts, "criteria": estimates})
    health = {}
    for judge in range(judges):
        asked = np.broadcast_to(responses[:, None, :], verdicts.shape[1:])
        known = {
            f"c{criterion}": JudgedCriterion(
                scored=int(verdicts[judge, :, criterion].sum()),
                lost=int((asked[:, criterion] & ~verdicts[judge, :, criterion]).sum()),
            )
            for criterion in range(criteria)
        }
        health[f"j{judge}"] = JudgeHealth(
            model="m", calls=int(responses.sum()), errors=0, criteria=known,
            scored=sum(each.scored for each in known.values()),
            unscored={"no_verdict": sum(each.lost for each in known.values())},
        )  # fmt: skip
    infos = {f"c{criterion}": INFO for criterion in range(criteria)}
    return scorecard(cards).model_copy(update={"judges": health, "criteria": infos})


def least(responses, verdicts):
    """Return the smallest share that the default rule asks for, from what was drawn."""
    asked = np.broadcast_to(responses[None, :, None, :], verdicts.shape)
    scored = verdicts.any(axis=0)
    return min(
        responses.mean(axis=1).min(),
        scored.mean(axis=(1, 2)).min(),
        (verdicts.sum(axis=(1, 3)) / np.maximum(1, asked.sum(axis=(1, 3)))).min(),
    )


@pytest.mark.parametrize("what", MISSING)
def test_below_nine_tenths_no_run_without_rules_passes_or_is_without_a_gate(what):
    """The other way round too: with nine tenths of everything none is held up."""
    rng = np.random.default_rng(14)
    decisions = {"below": Counter(), "enough": Counter()}
    for _ in range(RUNS // len(MISSING)):
        world = drawn(rng, what, rng.uniform(0.02, 0.6))
        side = "below" if least(*world) < ENOUGH else "enough"
        decisions[side][evaluate_gate([], told(*world)).decision] += 1
    assert set(decisions["below"]) == {"inconclusive"}
    assert set(decisions["enough"]) == {"no gate"}
    assert min(counts.total() for counts in decisions.values()) > RUNS // 50


def test_a_run_in_which_every_call_fails_never_ends_well():
    rng = np.random.default_rng(14)
    for _ in range(RUNS // 10):
        responses, verdicts = drawn(rng, "judge", 0.0)
        nothing = told(np.zeros_like(responses), np.zeros_like(verdicts))
        for rules in ([], ["cost_usd < 5"], ["coverage >= 0"]):
            gate = evaluate_gate(rules, nothing)
            assert gate.decision == "fail"
            assert exits.of_scorecard(nothing.model_copy(update={"gate": gate})) == exits.RUN_FAILED
