"""What searches may cost: of the run's budget, of their own, and what proposing took is not the table's."""

import math

import pytest

from evaldrop.evaluation.improvement import ImprovedPrompt
from evaldrop.prompt_search.search import begin
from evaldrop.prompt_search.state import SearchFile
from evaldrop.run.definition import RunDefinition
from evaldrop.steps.choose_prompts.money import Room, budget_of_searches, limit_of_tries, with_cost
from tests.evaldrop.run_folders import run_json

SETTINGS = {"a": ImprovedPrompt(improve="x.v1", budget_usd=1.0), "b": ImprovedPrompt(improve="x.v1")}


def run(budget_usd=None, planned=0.0):
    made = RunDefinition.model_validate(run_json(bedrock="aws", folder="/runs/x", out="/runs"))
    estimate = {"known_cost_usd": {"likely": planned}}
    return made.changed(budget_usd=budget_usd, estimate=estimate)


def searches(*costs):
    """Return searches by what tries and what proposing have cost them."""
    found = []
    for name, (tries, proposing) in zip("ab", costs, strict=False):
        search = begin(name, "first", "m", "text", 1)
        search = with_cost(search, tries, is_proposing=False)
        found.append(with_cost(search, proposing, is_proposing=True))
    return SearchFile(records={}, judge=None, searches=tuple(found))


def test_a_search_leaves_the_run_what_it_is_likely_to_need_and_takes_half_at_most_from_it():
    assert budget_of_searches(run()) is None
    assert budget_of_searches(run(10, planned=3)) == 7
    assert budget_of_searches(run(10, planned=8)) == 5


def test_tries_are_held_to_the_runs_budget_less_what_proposing_took():
    kept = searches((0.5, 0.25), (0.5, 0.5))
    assert limit_of_tries(run(4), kept, kept.searches, SETTINGS) == 3_250_000
    assert limit_of_tries(run(), kept, kept.searches, SETTINGS) is None


def test_where_all_that_try_have_a_budget_their_sum_holds_on_top_of_what_was_tried():
    kept = searches((0.5, 0.25), (0.5, 0.5))
    # A quarter is left of a's; a dollar has been spent on tries, which the table knows.
    assert limit_of_tries(run(), kept, kept.searches[:1], SETTINGS) == 1_250_000


def test_what_is_asked_for_has_room_in_both_budgets():
    kept = searches((0.5, 0.25), (0.5, 0.5))
    room = Room(run(), kept, SETTINGS)
    a, b = kept.searches
    assert room.take(a, 0.2)
    assert not room.take(a, 0.1)
    assert room.take(b, 1000.0)
    of_run = Room(run(4), kept, SETTINGS)
    assert of_run.take(b, 2.0)
    assert not of_run.take(b, 0.5)


def test_what_is_not_known_makes_the_whole_unknown():
    search = with_cost(begin("a", "first", "m", "text", 1), None, is_proposing=True)
    assert search.cost_usd is search.proposing_usd is None
    tried = with_cost(begin("a", "first", "m", "text", 1), None, is_proposing=False)
    assert (tried.cost_usd, tried.proposing_usd) == (None, 0.0)
    assert math.isfinite(limit_of_tries(run(4), searches((0.0, 0.0)), [tried], SETTINGS))


@pytest.mark.parametrize("spent", [1.0, 2.0])
def test_a_budget_that_is_spent_leaves_tries_nothing(spent):
    kept = searches((spent, 0.0))
    assert limit_of_tries(run(), kept, kept.searches, SETTINGS) == spent * 1e6
