"""What a try is worth, and what it cost."""

import pytest

from evaldrop.evaluation.criteria import criterion_from_config
from evaldrop.scorecard.scores import NO_VERDICT, NOT_APPLICABLE, RecordScore
from evaldrop.steps.choose_prompts.outcomes import PromptOutcome, quality_of

CRITERIA = {
    "kind": criterion_from_config(
        {"name": "kind", "question": "Is it?", "scale": {"type": "range", "low": 1, "high": 5}}, path="a"
    ),
    "harm": criterion_from_config(
        {"name": "harm", "question": "Is it?", "scale": "binary", "higher_is_better": False, "weight": 3},
        path="b",
    ),
}


def scored(**scores):
    return {name: RecordScore(score, None, None) for name, score in scores.items()}


def lost(name, reason):
    return {name: RecordScore(None, None, reason)}


def test_quality_is_a_share_by_the_criterias_weights_in_which_one_is_good():
    assert quality_of(scored(kind=5, harm=0), CRITERIA) == 1
    assert quality_of(scored(kind=3, harm=1), CRITERIA) == pytest.approx(0.5 / 4)


def test_a_verdict_that_was_lost_is_no_quality_and_a_criterion_that_does_not_apply_has_no_part_in_it():
    assert quality_of(scored(kind=3) | lost("harm", NO_VERDICT), CRITERIA) is None
    assert quality_of(scored(kind=3) | lost("harm", NOT_APPLICABLE), CRITERIA) == 0.5
    assert quality_of({}, CRITERIA) is None


def test_a_cost_that_is_unknown_makes_the_whole_unknown():
    outcome = PromptOutcome()
    outcome.add_cost(0.25)
    outcome.add_cost(0.5)
    assert outcome.cost_usd == 0.75
    outcome.add_cost(None)
    outcome.add_cost(0.5)
    assert outcome.cost_usd is None
