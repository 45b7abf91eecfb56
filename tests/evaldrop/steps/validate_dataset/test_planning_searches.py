"""What searches for prompts are planned to take, before anything is spent."""

import pytest

from evaldrop.errors import BudgetExceeded
from evaldrop.prompt_search.calls import expected_calls
from evaldrop.prompt_search.kept import read_parts
from evaldrop.prompt_search.parts import FEWEST_TO_CLAIM
from evaldrop.prompt_search.power import provable
from evaldrop.steps.choose_prompts.tuning_records import split_records, tuning_records
from evaldrop.steps.validate_dataset.caps import Caps
from evaldrop.steps.validate_dataset.plan import refuse_above_budget
from evaldrop.steps.validate_dataset.search_records import split_before
from evaldrop.steps.validate_dataset.sensitivity import plan_sensitivity
from evaldrop.steps.validate_dataset.validate import validate_dataset
from tests.evaldrop.evaluations import JUDGE, LITE, PRO, SMALL, check, request

RECORDS = [{"id": f"r{n}", "prompt": f"question {n}", "reference": "x"} for n in range(60)]
IMPROVE = {"improve": "answer.v1", "rounds": 2, "proposals": 3}


def tuned(name="tuned", **prompt):
    return {**LITE, "name": name, "prompt": prompt}


def checked(folder, *candidates, rows=RECORDS, bedrock="aws", caps=None, **changes):
    evaluation = {**SMALL, "candidates": [LITE, *candidates], **changes}
    return check(folder, evaluation, rows=rows, bedrock=bedrock, **({} if caps is None else {"caps": caps}))


def plan_of(folder, *candidates, **changes):
    found = checked(folder, *candidates, **changes)
    assert not found.problems
    return found.plan


@pytest.fixture(scope="module")
def planned(tmp_path_factory):
    return checked(tmp_path_factory.mktemp("planned"), tuned(**IMPROVE))


def test_the_run_itself_is_of_the_test_part_and_the_search_of_the_others(planned):
    search = planned.plan.prompt_search
    assert sum(search.records.values()) == len(RECORDS)
    assert planned.plan.records == search.records["test"] == search.test_units
    assert [line.calls for line in planned.plan.lines] == [search.records["test"]] * 2 + [
        2 * search.records["test"]
    ]


def test_parts_are_those_that_the_run_has(planned):
    planned.definition.save()
    split = split_before(planned.definition)
    assert split_records(planned.definition) == split.records
    assert read_parts(planned.definition.folder) == split.parts
    assert tuning_records(planned.definition).parts == split.order


def test_calls_are_those_that_are_expected_of_the_settings(planned):
    (search,) = planned.plan.prompt_search.searches
    candidate = planned.definition.candidates[1]
    expected = expected_calls(candidate.prompt, split_before(planned.definition).order)
    assert [(line.role, line.calls) for line in search.lines] == [
        ("proposer", expected.likely.proposing),
        ("candidate", expected.likely.tries),
        ("judge", expected.likely.tries),
    ]
    assert search.most == {
        "proposer": expected.most.proposing,
        "candidate": expected.most.tries,
        "judge": expected.most.tries,
    }
    assert planned.plan.calls == sum(line.calls for line in planned.plan.lines) + search.calls
    assert planned.plan.most_calls > planned.plan.calls


def test_the_cost_of_a_run_has_its_search_in_it_and_every_delivery_too(planned):
    plan = planned.plan
    own = sum(line.cost_usd.likely for line in plan.lines)
    searching = plan.prompt_search.cost_usd
    assert plan.cost_usd.likely == pytest.approx(own + searching.likely)
    assert 0 < searching.low < searching.likely < searching.high
    on_demand = next(option for option in plan.options if option.delivery == "on_demand")
    assert on_demand.cost_usd.likely == pytest.approx(plan.cost_usd.likely)
    estimate = planned.definition.estimate
    assert estimate["cost_usd"]["likely"] == pytest.approx(plan.cost_usd.likely)
    assert estimate["prompt_search"]["cost_usd"]["likely"] == pytest.approx(searching.likely)


def test_a_searchs_own_budget_holds_what_it_costs(tmp_path):
    free = plan_of(tmp_path, tuned(**IMPROVE)).prompt_search.searches[0]
    budget = (free.choice_usd + free.cost_usd.likely) / 2
    (held,) = plan_of(tmp_path, tuned(**IMPROVE, budget_usd=budget)).prompt_search.searches
    assert held.cost_usd.likely == held.cost_usd.high == budget


def test_beside_a_search_without_a_budget_ones_budget_is_not_said_to_hold(tmp_path):
    found = plan_of(tmp_path, tuned(**IMPROVE, budget_usd=0.5), tuned("other", **IMPROVE))
    first, _ = found.prompt_search.searches
    assert first.cost_usd.high > 0.5


def test_a_budget_that_ends_before_there_is_a_choice_is_refused(tmp_path):
    (problem,) = checked(tmp_path, tuned(**IMPROVE, budget_usd=0.01)).problems
    assert "candidate tuned: prompt.budget_usd: 0.01 ends its search before there is a choice" in problem


def test_a_run_above_its_budget_is_refused_with_rounds_among_the_ways_out(planned):
    with pytest.raises(BudgetExceeded, match="have fewer rounds or proposals of prompts"):
        refuse_above_budget(planned.plan, planned.plan.cost_usd.likely / 2)


def test_instructions_take_a_call_and_no_record(tmp_path):
    plan = plan_of(tmp_path, tuned(instructions="Be brief."))
    (search,) = plan.prompt_search.searches
    assert (plan.records, search.most) == (len(RECORDS), {"proposer": 1})
    assert 0 < search.cost_usd.likely < search.cost_usd.high


def test_bedrocks_optimiser_has_a_price_of_its_own(tmp_path):
    plan = plan_of(tmp_path, tuned(improve="answer.v1", by="bedrock"))
    (search,) = plan.prompt_search.searches
    assert not plan.unknown
    assert plan.records == len(RECORDS)
    # Some hundred tokens read and written, at three cents a thousand.
    assert 0.003 < search.cost_usd.likely < 0.05


def test_a_proposer_of_unknown_price_makes_the_cost_unknown(tmp_path):
    found = checked(tmp_path, tuned(**IMPROVE, by="us.someone.new-v1:0", budget_usd=5))
    assert found.plan.unknown == ("us.someone.new-v1:0",)
    assert found.plan.to_json()["cost_usd"] is None
    assert any("budget_usd cannot be held to" in each for each in found.warnings)


def test_too_long_a_first_prompt_is_refused_at_once(tmp_path):
    words = "word " * 400
    (problem,) = checked(tmp_path, tuned(instructions=words, max_prompt_tokens=50)).problems
    assert "prompt.max_prompt_tokens: 50 is below the " in problem


@pytest.mark.parametrize("name", ["tuned", "lite"])
def test_given_responses_cannot_show_what_a_prompt_gains(tmp_path, name):
    rows = [{**row, "responses": {name: "x"}} for row in RECORDS]
    (problem,) = checked(tmp_path, tuned(**IMPROVE), rows=rows).problems
    assert f"the dataset brings responses of {name}" in problem


def test_two_groups_are_not_three_parts(tmp_path):
    rows = [{**row, "group": f"g{place % 2}"} for place, row in enumerate(RECORDS)]
    (problem,) = checked(tmp_path, tuned(**IMPROVE), rows=rows).problems
    assert "no group is torn" in problem


def test_too_few_groups_are_said_to_show_nothing(tmp_path):
    rows = [{**row, "group": f"g{place % 8}"} for place, row in enumerate(RECORDS)]
    found = checked(tmp_path, tuned(**IMPROVE), rows=rows)
    assert any("too few to claim any gain" in each for each in found.warnings)
    gain = plan_sensitivity(found, like=None, difference=None).prompt_gain
    assert (gain.is_enough, gain.test_units) == (False, found.plan.prompt_search.test_units)
    assert gain.test_units < 8
    assert len(RECORDS) > gain.for_claim > gain.test_units


def test_tries_of_what_is_in_batch_are_told_to_go_on_demand(tmp_path):
    found = checked(tmp_path, tuned(**IMPROVE), delivery="batch")
    assert any("its prompts are tried on demand" in each for each in found.warnings)
    assert {line.delivery for line in found.plan.prompt_search.lines} == {"on_demand"}
    in_flex = checked(tmp_path, tuned(**IMPROVE), delivery="flex").plan.prompt_search
    assert {line.role: line.delivery for line in in_flex.lines} == {
        "proposer": "on_demand",
        "candidate": "flex",
        "judge": "flex",
    }


def test_the_fewest_records_for_a_claim_are_those_that_can_prove_one():
    assert provable(FEWEST_TO_CLAIM).is_enough
    assert not provable(FEWEST_TO_CLAIM - 1).is_enough


def test_a_stacks_caps_hold_for_all_that_a_search_may_take(tmp_path):
    plan = plan_of(tmp_path, tuned(**IMPROVE, max_prompt_tokens=50_000))
    evaluation = checked(tmp_path, tuned(**IMPROVE)).definition.evaluation
    with pytest.raises(BudgetExceeded, match="max_calls"):
        Caps(max_calls=plan.calls).refuse(plan, evaluation)
    with pytest.raises(BudgetExceeded, match="max_run_usd"):
        Caps(max_run_usd=plan.cost_usd.likely).refuse(plan, evaluation)


def test_a_proposer_is_none_that_a_stack_does_not_allow(tmp_path):
    caps = Caps(models=(LITE["model"], JUDGE["model"]))
    arn = "arn:aws:lambda:us-east-1:123456789012:function:validate"
    checked(tmp_path, tuned(**IMPROVE, by=PRO["model"]))
    with pytest.raises(Exception, match="nova-pro-v1:0"):
        validate_dataset(request(tmp_path, region="us-east-1"), caps=caps, arn=arn)
