"""What jobs cost, by hand and on the page."""

from pathlib import Path

import pytest

from evaldrop.evaluation.criteria import BUILT_IN
from evaldrop.evaluation.definition import Candidate, Price
from evaldrop.evaluation.prices import load_prices
from evaldrop.evaluation_jobs.datasets import RowTally
from evaldrop.evaluation_jobs.prices import added, candidate_cost, judge_cost, people_cost
from evaldrop.job_formats.asked_metrics import MetricGroup, judged_groups
from evaldrop.steps.validate_dataset.plan import VERDICT_TOKENS
from evaldrop.steps.validate_dataset.planned_lines import Range
from tests.whole_runs import ROOT

LITE = Candidate(name="lite", model="us.amazon.nova-lite-v1:0")
PRICES = load_prices({"m": Price(input=1, output=10)})
TWO = MetricGroup(names=("Builtin.Helpfulness", "Builtin.Relevance"))


def tally_of(**changes):
    return RowTally(**{"n": 1_000, "prompt_tokens": 100_000, **changes})


def test_a_judge_is_asked_once_for_each_prompt_and_metric():
    line = judge_cost("j", "m", LITE, tally_of(response_tokens={"lite": 250_000}), TWO, PRICES)

    # 500 tokens of AWS's prompt, 100 of the question and 250 of the response, for each of 2,000 calls.
    assert line.calls == 2_000
    assert line.input_tokens.likely == 2_000 * (500 + 100 + 250)
    assert line.cost_usd.likely == pytest.approx((1_700_000 + 10 * 2_000 * VERDICT_TOKENS.likely) / 1e6)


def test_a_custom_metric_has_its_own_words_and_not_awss():
    (own,) = judged_groups([BUILT_IN["bedrock.refusal"]])
    (custom,) = judged_groups([BUILT_IN["toxicity"]])

    asked = [judge_cost("j", "m", LITE, tally_of(), group, PRICES).input_tokens for group in (own, custom)]
    assert asked[0].low < asked[0].likely < asked[0].high
    assert asked[1].high - asked[1].low < asked[0].high - asked[0].low


def test_responses_that_are_known_are_no_guess():
    known = judge_cost("j", "m", LITE, tally_of(response_tokens={"lite": 1}), TWO, PRICES).input_tokens
    guessed = judge_cost("j", "m", LITE, tally_of(), TWO, PRICES).input_tokens

    assert guessed.high > known.high


def test_a_reference_is_the_hint_of_a_responses_length():
    line = candidate_cost(LITE, tally_of(references=1_000, reference_tokens=200_000), TWO, PRICES)

    assert line.output_tokens == Range(low=60_000, likely=300_000, high=1_024_000)


def test_a_person_is_paid_by_the_task():
    line = people_cost("people", tally_of())

    assert (line.calls, line.cost_usd.likely) == (1_000, 210.0)


def test_lines_of_one_model_are_one_and_unknown_if_one_is():
    one = people_cost("people", tally_of())
    unknown = judge_cost("people", "x", LITE, tally_of(), TWO, PRICES)

    (both,) = added(added({}, one), one).values()
    assert (both.calls, both.cost_usd.likely) == (2_000, 420.0)
    assert unknown.cost_usd is None
    assert len(added(added({}, one), unknown)) == 2
    (twice,) = added(added({}, unknown), unknown).values()
    assert twice.cost_usd is None


def test_the_pages_example_is_what_is_computed():
    page = Path(ROOT / "docs/bedrock-evaluations.md").read_text(encoding="utf-8")
    prices, judge = load_prices(), "us.amazon.nova-pro-v1:0"
    candidate = candidate_cost(LITE, tally_of(), TWO, prices)
    judged = judge_cost("pro", judge, LITE, tally_of(), TWO, prices)

    assert f"| candidate `{LITE.model}` | 1,000 | {candidate.cost_usd.likely:.2f} |" in page
    assert f"| judge `{judge}` | 2,000 | {judged.cost_usd.likely:.2f} |" in page
    assert prices.date in page
