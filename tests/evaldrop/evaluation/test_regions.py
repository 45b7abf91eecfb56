"""What a model is called by from a Region, by the cards of the models (Bedrock user guide)."""

import re

import pytest

from evaldrop.errors import EvaluationError
from evaldrop.evaluation import parse_evaluation
from evaldrop.evaluation.definition import Price
from evaldrop.evaluation.model_ids import GEOGRAPHIES, model_arns, model_name, model_vendor
from evaldrop.evaluation.prices import load_prices, price_of
from evaldrop.evaluation.regions import (
    as_called,
    in_region,
    prices_in_region,
    region_problem,
    region_problems,
    resolved_model,
)

HAIKU = "anthropic.claude-haiku-4-5-20251001-v1:0"
LITE = "amazon.nova-lite-v1:0"

EVALUATION = f"""
name: near
candidates:
  - {{name: lite, model: "geo.{LITE}"}}
  - {{name: given, model: given}}
judges: [{{name: haiku, model: "geo.{HAIKU}"}}]
criteria: [correctness]
prices: {{"geo.{LITE}": {{input: 1, output: 2}}}}
"""


def evaluation(text=EVALUATION):
    return parse_evaluation(text, source="evaluation.yaml")


@pytest.mark.parametrize(
    ("region", "model", "called"),
    [
        ("us-east-1", HAIKU, f"us.{HAIKU}"),
        ("ca-central-1", HAIKU, f"us.{HAIKU}"),
        ("eu-central-1", HAIKU, f"eu.{HAIKU}"),
        ("eu-west-2", HAIKU, f"eu.{HAIKU}"),
        ("ap-northeast-1", HAIKU, f"jp.{HAIKU}"),
        ("ap-southeast-6", HAIKU, f"au.{HAIKU}"),
        ("eu-north-1", LITE, f"eu.{LITE}"),
        # It has no profile there, and is called as it is.
        ("ap-northeast-1", LITE, LITE),
        ("us-gov-west-1", LITE, LITE),
        ("eu-central-1", "qwen.qwen3-32b-v1:0", "qwen.qwen3-32b-v1:0"),
        # Nothing is known of it: the Region's own geography.
        ("eu-central-1", "polly.parrot-v1:0", "eu.polly.parrot-v1:0"),
        ("us-gov-west-1", "polly.parrot-v1:0", "us-gov.polly.parrot-v1:0"),
        ("cn-north-1", "polly.parrot-v1:0", "polly.parrot-v1:0"),
    ],
)
def test_geo_is_the_profile_of_the_region(region, model, called):
    assert resolved_model(f"geo.{model}", region) == called
    assert region_problem(f"geo.{model}", region) is None


@pytest.mark.parametrize("model", [HAIKU, f"us.{HAIKU}", f"global.{HAIKU}", "imported-model"])
def test_any_other_id_is_called_as_it_is_written(model):
    assert resolved_model(model, "eu-central-1") == model


@pytest.mark.parametrize(
    ("model", "instead"), [(HAIKU, f"or global.{HAIKU}, which any Region may answer"), ("meta.llama4-x", "")]
)
def test_a_model_that_would_leave_its_geography_is_refused_and_never_made_global(model, instead):
    with pytest.raises(EvaluationError, match="no inference profile of") as raised:
        resolved_model(f"geo.{model}", "sa-east-1")
    assert instead in str(raised.value)


@pytest.mark.parametrize(
    ("model", "region", "said"),
    [
        (f"us.{HAIKU}", "eu-central-1", f"Say model: geo.{HAIKU}"),
        (f"eu.{HAIKU}", "us-east-1", "called from Regions of eu, not from us-east-1"),
        (f"us.{LITE}", "us-gov-west-1", "not from us-gov-west-1"),
        (f"arn:aws:bedrock:eu-west-1:123456789012:inference-profile/eu.{LITE}", "eu-central-1", "eu-west-1"),
        ("geo.meta.llama3-3-70b-instruct-v1:0", "eu-central-1", "it has us"),
    ],
)
def test_a_profile_of_elsewhere_is_a_problem(model, region, said):
    assert said in region_problem(model, region)


@pytest.mark.parametrize(
    ("model", "region"),
    [
        (f"us.{HAIKU}", "us-west-2"),
        (f"us.{HAIKU}", "ca-central-1"),
        (f"global.{HAIKU}", "sa-east-1"),
        (HAIKU, "eu-central-1"),
        # No geography claims it: profiles are opened to such Regions one by one.
        (f"us.{HAIKU}", "mx-central-1"),
        ("arn:aws:bedrock:eu-west-1:123456789012:application-inference-profile/abc", "eu-west-1"),
        (f"arn:aws:bedrock:::foundation-model/{LITE}", "eu-west-1"),
    ],
)
def test_what_may_be_called_from_there_is_none(model, region):
    assert region_problem(model, region) is None


def test_a_whole_evaluation_is_resolved_and_its_prices_with_it():
    near = in_region(evaluation(), "eu-central-1")
    assert [each.model for each in near.candidates] == [f"eu.{LITE}", "given"]
    assert near.judges[0].model == f"eu.{HAIKU}"
    assert price_of(f"eu.{LITE}", load_prices(near.prices)).output == 2
    assert not list(region_problems(near, "eu-central-1"))


def test_limits_are_found_by_what_their_model_is_called_by():
    stated = evaluation(f'{EVALUATION}limits: {{"geo.{LITE}": {{rpm: 60}}, "us.{LITE}": {{rpm: 7}}}}\n')
    assert {name: each.rpm for name, each in in_region(stated, "eu-central-1").limits.items()} == {
        f"eu.{LITE}": 60,
        f"us.{LITE}": 7,
    }
    assert in_region(stated, "us-east-1").limits[f"us.{LITE}"].rpm == 7, "of the very profile"


def test_every_candidate_and_judge_that_cannot_be_called_is_named():
    said = list(region_problems(evaluation(), "sa-east-1"))
    assert [each.partition(":")[0] for each in said] == ["judge haiku"]
    assert len(list(region_problems(in_region(evaluation(), "us-east-1"), "eu-west-1"))) == 2


def test_a_run_that_is_read_again_keeps_the_ids_that_answered():
    before = in_region(evaluation(), "eu-central-1")
    assert as_called(evaluation(), before) == before
    chosen = evaluation(EVALUATION.replace("geo.", "us."))
    assert as_called(chosen, before) == chosen


def test_geo_costs_what_a_profile_of_a_geography_costs():
    prices = load_prices()
    assert price_of(f"geo.{HAIKU}", prices) == price_of(f"eu.{HAIKU}", prices)
    assert price_of(f"geo.{HAIKU}", prices) != price_of(f"global.{HAIKU}", prices)


def test_a_policy_allows_geo_in_whichever_geography_and_no_other_model():
    arns = model_arns(f"geo.{LITE}", partition="aws-us-gov", region="us-gov-west-1", account="1")
    assert arns == [
        f"arn:aws-us-gov:bedrock:us-gov-west-1:1:inference-profile/*.{LITE}",
        f"arn:aws-us-gov:bedrock:*::foundation-model/{LITE}",
    ]


@pytest.mark.parametrize("geography", GEOGRAPHIES)
def test_each_geography_is_recognised_and_has_regions(geography):
    assert model_name(f"{geography}.{LITE}") == (geography, LITE)
    assert model_vendor(f"{geography}.{LITE}") == "Amazon"
    assert re.match(r"[a-z]{2}-", GEOGRAPHIES[geography])


def test_the_price_of_the_very_profile_wins_over_that_of_the_region_at_hand():
    dear, cheap = Price(input=9, output=9), Price(input=1, output=1)
    for stated in ({f"geo.{LITE}": cheap, f"eu.{LITE}": dear}, {f"eu.{LITE}": dear, f"geo.{LITE}": cheap}):
        assert prices_in_region(stated, "eu-central-1") == {f"eu.{LITE}": dear}
    assert prices_in_region({f"geo.{LITE}": cheap}, "eu-central-1") == {f"eu.{LITE}": cheap}
    assert prices_in_region({"geo.of.nobody-knows": cheap}, "eu-central-1")


def test_whoever_writes_prompts_is_called_in_the_region_too():
    tuned = "  - {name: tuned, model: m.x, prompt: {improve: answer.v1, by: %s}}\n"
    geo = evaluation(EVALUATION.replace("judges:", tuned % f'"geo.{LITE}"' + "judges:"))
    prompt = in_region(geo, "eu-central-1").candidates[-1].prompt
    assert prompt.by == f"eu.{LITE}"
    by_name = evaluation(EVALUATION.replace("judges:", tuned % "lite" + "judges:"))
    assert in_region(by_name, "eu-central-1").candidates[-1].prompt.by == "lite"
    other = evaluation(EVALUATION.replace("judges:", tuned % f'"us.{HAIKU}"' + "judges:"))
    problems = list(region_problems(in_region(other, "eu-central-1"), "eu-central-1"))
    assert [each.partition(":")[0] for each in problems] == ["whoever writes prompts"]
