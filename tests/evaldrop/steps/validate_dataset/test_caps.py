"""What a stack lets an upload ask: what an uploader's own evaluation could say to spend more is refused."""

import json

import pytest

from evaldrop import storage
from evaldrop.errors import BudgetExceeded, DatasetError, EvaluationError, StorageError
from evaldrop.evaluation import parse_evaluation
from evaldrop.evaluation.definition import Price
from evaldrop.evaluation.prices import price_of
from evaldrop.run.definition import RunDefinition
from evaldrop.steps.prepare_records.prepare import prepare_records
from evaldrop.steps.validate_dataset.caps import Caps, read_caps
from evaldrop.steps.validate_dataset.validate import check_dataset, validate_dataset
from tests.evaldrop.evaluations import JUDGE, LITE, PRO, ROW, SMALL, lines, request, write

ARN = "arn:aws:lambda:eu-west-1:123456789012:function:ValidateDataset"
MODELS = (LITE["model"], PRO["model"], JUDGE["model"])
CAPS = Caps(
    max_run_usd=25,
    max_calls=2_000,
    default_budget_usd=25,
    whose_prices="stack",
    models=MODELS,
    guardrails=("gr-1",),
)


def rows(n, **more):
    return [{**ROW, "id": f"r{number}", **more} for number in range(n)]


def validate(folder, evaluation, records, *, caps=CAPS, **more):
    """Validate as the stack's function does; return the definition that run.json holds."""
    write(folder, evaluation, records)
    run = validate_dataset(request(folder, **more), caps=caps, arn=ARN)["run"]
    return RunDefinition.load(run["folder"])


def refused(folder, evaluation, records, *, caps=CAPS, **more):
    """Return what a refusal says; nothing may have been written."""
    with pytest.raises((BudgetExceeded, DatasetError, EvaluationError)) as raised:
        validate(folder, evaluation, records, caps=caps, **more)
    assert not (folder / "runs").exists()
    return str(raised.value)


def test_an_upload_within_the_caps_is_taken(tmp_path):
    assert validate(tmp_path, SMALL, rows(3)).evaluation.budget_usd is None


# What an uploader may try, and the cap that holds it

CLAUDE = {"name": "haiku", "model": JUDGE["model"]}
LONG = {"max_tokens": 64_000}
MANY_CRITERIA = [{"name": f"c{n}", "question": "Is it so?", "scale": "binary"} for n in range(45)]
ATTACKS = {
    "repeats": ({**SMALL, "judges": [{**JUDGE, "repeats": 20, "inference": LONG}]}, 50, "max_run_usd: 25"),
    "judges": ({**SMALL, "judges": [{**JUDGE, "name": f"j{n}"} for n in range(50)]}, 50, "max_calls: 2,000"),
    "criteria": (
        {**SMALL, "judges": [{**JUDGE, "mode": "per_criterion"}], "criteria": MANY_CRITERIA},
        50,
        "max_calls: 2,000",
    ),
    "long replies": ({**SMALL, "candidates": [{**CLAUDE, "inference": LONG}]}, 500, "max_run_usd: 25"),
    "replies without end": (
        {**SMALL, "candidates": [{**CLAUDE, "inference": {"max_tokens": None}}]},
        500,
        "max_run_usd: 25",
    ),
    "a limit handed past inference": (
        {**SMALL, "candidates": [{**CLAUDE, "extra": {"max_tokens": 64_000}}]},
        500,
        "max_run_usd: 25",
    ),
    "several replies to a call": (
        {**SMALL, "candidates": [{**CLAUDE, "extra": {"n": 100}}]},
        500,
        "max_run_usd: 25",
    ),
    "copies": ({**SMALL, "robustness": {"n": 8}}, 50, "max_calls: 2,000"),
    "every pair": (
        {
            **SMALL,
            "candidates": [{**LITE, "name": f"c{n}"} for n in range(8)],
            "pairwise": {"all_pairs": True},
        },
        50,
        "max_calls: 2,000",
    ),
    "prices of nothing": (
        {
            **SMALL,
            "candidates": [{**CLAUDE, "inference": LONG}],
            "prices": {JUDGE["model"]: {"input": 0, "output": 0}},
        },
        500,
        "max_run_usd: 25",
    ),
    "the base model's price of nothing": (
        {
            **SMALL,
            "candidates": [{**CLAUDE, "inference": LONG}],
            "prices": {"anthropic.claude-haiku-4-5": {"input": 0, "output": 0}},
        },
        500,
        "max_run_usd: 25",
    ),
    "an infinite price": (
        {**SMALL, "prices": {JUDGE["model"]: {"input": float("inf"), "output": 0}}},
        5,
        "it has no end",
    ),
    "a large budget": ({**SMALL, "budget_usd": 50_000}, 5, "budget_usd: 50000 is above max_run_usd: 25"),
    "a budget without end": ({**SMALL, "budget_usd": float("inf")}, 5, "it has no end"),
    "another model": (
        {**SMALL, "candidates": [{"name": "dear", "model": "us.anthropic.claude-opus-4-7"}]},
        5,
        'model "us.anthropic.claude-opus-4-7"',
    ),
    "a model by another account's ARN": (
        {
            **SMALL,
            "candidates": [
                {
                    "name": "theirs",
                    "family": "anthropic",
                    "model": "arn:aws:bedrock:eu-west-1:999999999999:application-inference-profile/abc",
                }
            ],
        },
        5,
        "application-inference-profile/abc",
    ),
    "every model": ({**SMALL, "candidates": [{"name": "any", "model": "*"}]}, 5, 'model "*"'),
    "another guardrail": (
        {**SMALL, "candidates": [{**LITE, "guardrail": {"id": "gr-2"}}]},
        5,
        'guardrail "gr-2"',
    ),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_upload_cannot_ask_for_more_by(tmp_path, attack):
    evaluation, n, told = ATTACKS[attack]

    message = refused(tmp_path, evaluation, rows(n))

    assert told in message
    assert "cdk.json" in message or "it has no end" in message


@pytest.mark.parametrize(
    "asked",
    [
        {"judges": [{**JUDGE, "name": f"j{n}"} for n in range(200)]},
        {"judges": [{**JUDGE, "mode": "per_criterion"}], "criteria": [*MANY_CRITERIA] * 10},
        {"candidates": [{**LITE, "name": f"c{n}"} for n in range(41)]},
        {"judges": [{**JUDGE, "repeats": 1_000}]},
    ],
)
def test_what_is_more_still_is_refused_before_it_is_counted(tmp_path, asked):
    """Repeats and candidates have limits of their own, and a record's requests must fit a child workflow."""
    assert refused(tmp_path, {**SMALL, **asked}, rows(1))


@pytest.mark.parametrize(("price", "said"), [(-1, "prices"), (float("nan"), "no number")])
def test_a_price_below_nothing_or_no_number_is_none(tmp_path, price, said):
    evaluation = {**SMALL, "prices": {JUDGE["model"]: {"input": price, "output": 1}}}
    assert said in refused(tmp_path, evaluation, rows(1))


def test_costly_records_cannot_be_kept_out_of_the_count(tmp_path):
    """A sample takes every second of 400 records: what is in the others counts all the same."""
    judge = {**JUDGE, "mode": "per_criterion"}
    asked = [{"name": f"c{n}", "question": "Is it so?"} for n in range(20)]
    records = [
        {
            **ROW,
            "id": f"r{n}",
            "criteria": {each["name"]: each["question"] for each in asked[: 1 + 19 * (n % 2)]},
        }
        for n in range(400)
    ]
    evaluation = {**SMALL, "judges": [judge], "criteria": ["correctness"]}

    message = refused(tmp_path, evaluation, records, caps=CAPS.model_copy(update={"max_calls": 3_000}))

    assert "max_calls: 3,000" in message


def test_counting_ends_where_the_cap_is_passed(tmp_path):
    message = refused(tmp_path, {**SMALL, "robustness": {"n": 8}}, rows(1_000))
    assert "for its first" in message


def test_responses_that_come_with_the_dataset_are_read_at_their_own_length(tmp_path):
    evaluation = {**SMALL, "candidates": [], "judges": [{**JUDGE, "repeats": 20}]}
    records = rows(90, responses={"theirs": "word " * 8_000})

    assert "max_run_usd: 25" in refused(tmp_path, evaluation, records)
    assert validate(tmp_path, evaluation, rows(90, responses={"theirs": "word"}))


def test_a_limit_that_the_upload_asks_for_counts(tmp_path):
    evaluation = {**SMALL, "robustness": {"n": 8}}
    assert validate(tmp_path, evaluation, rows(1_000), limit=5)


# Prices


def test_an_uploads_price_counts_where_the_stack_has_none_or_it_is_the_higher_one():
    stated = {
        "prices": {
            LITE["model"]: {"input": 0, "output": 900},
            "imported": {"input": 3, "output": 4},
            PRO["model"]: {"input": 1, "output": 2},
        },
        "candidates": [LITE, PRO, {"name": "own", "model": "imported"}],
    }
    evaluation = parse_evaluation(json.dumps({"name": "x", **stated}), source="x.yaml")
    caps = CAPS.model_copy(update={"prices": {PRO["model"]: evaluation.prices[LITE["model"]]}})
    prices = caps.prices_for(evaluation)

    lite, imported = price_of(LITE["model"], prices), price_of("imported", prices)
    assert lite.input > 0
    assert lite.output == 900
    assert (imported.input, imported.output) == (3, 4)
    assert price_of(PRO["model"], prices).output == 900
    theirs = caps.model_copy(update={"whose_prices": "evaluation"}).prices_for(evaluation)
    assert price_of(LITE["model"], theirs).input == 0


@pytest.mark.parametrize(("asked", "is_let_in"), [("geo", True), ("eu", True), ("global", False)])
def test_a_model_of_the_region_at_hand_is_no_leave_for_the_profile_that_leaves_it(tmp_path, asked, is_let_in):
    lite = {"name": "lite", "model": f"{asked}.amazon.nova-2-lite-v1:0"}
    evaluation = {"name": "small", "candidates": [lite], "metrics": ["length_words"]}
    caps = CAPS.model_copy(update={"models": (*MODELS, "geo.amazon.nova-2-lite-v1:0")})
    if is_let_in:
        assert validate(tmp_path, evaluation, rows(1), caps=caps, region="eu-central-1")
    else:
        said = refused(tmp_path, evaluation, rows(1), caps=caps, region="eu-central-1")
        assert "global.amazon.nova-2-lite-v1:0" in said


@pytest.mark.parametrize("stated", ["geo.amazon.nova-lite-v1:0", "eu.amazon.nova-lite-v1:0"])
def test_a_stacks_price_of_the_region_at_hand_is_that_of_the_profile_that_is_called(tmp_path, stated):
    geo = {"name": "lite", "model": "geo.amazon.nova-lite-v1:0"}
    free = {geo["model"]: {"input": 0, "output": 0}}
    evaluation = {"name": "small", "candidates": [geo], "metrics": ["length_words"], "prices": free}
    caps = CAPS.model_copy(
        update={"prices": {stated: Price(input=7, output=8)}, "models": (*MODELS, geo["model"])}
    )
    prices = validate(tmp_path, evaluation, rows(1), caps=caps, region="eu-central-1").prices
    price = prices["eu.amazon.nova-lite-v1:0"]
    assert (price.input, price.output) == (7, 8)


def test_a_run_is_accounted_at_the_prices_that_count(tmp_path):
    evaluation = {**SMALL, "prices": {LITE["model"]: {"input": 0, "output": 0}}}
    assert validate(tmp_path, evaluation, rows(1)).prices[LITE["model"]].output > 0


def test_a_model_of_unknown_price_is_refused_where_dollars_are_capped(tmp_path):
    evaluation = {**SMALL, "candidates": [{"name": "new", "model": "acme.nobody-knows-v1:0"}]}
    caps = CAPS.model_copy(update={"models": (*MODELS, "acme.nobody-knows-v1:0")})

    assert "the price of acme.nobody-knows-v1:0 is unknown" in refused(
        tmp_path, evaluation, rows(1), caps=caps
    )
    priced = {**evaluation, "prices": {"acme.nobody-knows-v1:0": {"input": 1, "output": 1}}}
    assert validate(tmp_path, priced, rows(1), caps=caps)


# Budgets


def test_without_a_budget_the_stacks_default_holds(tmp_path):
    caps = CAPS.model_copy(update={"default_budget_usd": 0.0001})

    message = refused(tmp_path, SMALL, rows(50), caps=caps)

    assert "this stack's default for an evaluation that states none" in message
    assert validate(tmp_path, {**SMALL, "budget_usd": 10}, rows(50), caps=caps)


def test_a_budget_of_its_own_holds_as_before(tmp_path):
    assert "above budget_usd: 0.0001" in refused(tmp_path, {**SMALL, "budget_usd": 0.0001}, rows(50))


# Models


@pytest.mark.parametrize(
    "model",
    [
        LITE["model"],
        "amazon.nova-lite-v1:0",
        "arn:aws:bedrock:eu-west-1::foundation-model/amazon.nova-lite-v1:0",
        "arn:aws:bedrock:eu-west-1:123456789012:inference-profile/us.amazon.nova-lite-v1:0",
    ],
)
def test_what_the_stacks_role_may_call_is_allowed_however_it_is_spelt(model):
    evaluation = parse_evaluation(
        json.dumps({"name": "x", "candidates": [{"name": "a", "model": model}]}), source="x"
    )
    assert not list(CAPS.problems(evaluation, arn=ARN))


@pytest.mark.parametrize(
    "model",
    [
        "eu.amazon.nova-lite-v1:0",
        "arn:aws:bedrock:eu-west-1:999999999999:inference-profile/us.amazon.nova-lite-v1:0",
        "amazon.nova-lite-v1:0:300k",
    ],
)
def test_what_its_role_may_not_call_is_refused_in_words(model):
    evaluation = parse_evaluation(
        json.dumps({"name": "x", "candidates": [{"name": "a", "model": model}]}), source="x"
    )
    (problem,) = CAPS.problems(evaluation, arn=ARN)
    assert model in problem
    assert "add it to models (cdk.json)" in problem


# Where they come from, and what they do not touch


def test_one_machine_has_no_caps(tmp_path):
    write(tmp_path, {**SMALL, "judges": [{**JUDGE, "repeats": 20}], "robustness": {"n": 8}}, rows(200))
    assert check_dataset(request(tmp_path)).plan.calls > CAPS.max_calls


def test_a_function_without_its_caps_validates_nothing():
    with pytest.raises(StorageError):
        read_caps("no-such-caps.json")


def test_a_prompt_or_evaluation_replaced_after_validation_changes_nothing(tmp_path):
    write(tmp_path, {**SMALL, "prompt": "own.v1"}, rows(2), {"candidate/own.v1": "Short: {{ prompt }}"})
    asked = request(tmp_path)
    run = validate_dataset(asked, caps=CAPS, arn=ARN)["run"]

    write(tmp_path, {**SMALL, "judges": [{**JUDGE, "repeats": 20}]}, rows(2))
    (tmp_path / "prompts" / "candidate" / "own.v1.md").write_text("Long " * 10_000)
    prepare_records(asked, run["folder"])

    for line in lines(tmp_path, "records.jsonl"):
        assert "Short:" in json.dumps(line["calls"]["requests"])
        assert "Long Long" not in json.dumps(line)
        assert len(line["calls"]["judgements"]) == 1


def test_a_dataset_is_prepared_in_the_version_that_was_validated(tmp_path, monkeypatch):
    write(tmp_path, SMALL, rows(2))
    asked = request(tmp_path, dataset_version="v1")
    read: list[str | None] = []
    real = storage.open_read

    def remembering(uri, version=None):
        if uri.endswith("faq.jsonl"):
            read.append(version)
        return real(uri)

    monkeypatch.setattr(storage, "open_read", remembering)
    prepare_records(asked, validate_dataset(asked, caps=CAPS, arn=ARN)["run"]["folder"])

    assert set(read) == {"v1"}


@pytest.mark.parametrize("delivery", ["on_demand", "flex", "batch"])
def test_a_cap_is_held_against_the_price_on_demand_whatever_the_delivery(tmp_path, delivery):
    evaluation = {**SMALL, "prices": {each["model"]: {"input": 1, "output": 1} for each in (LITE, JUDGE)}}
    write(tmp_path, evaluation, rows(4))
    on_demand = check_dataset(request(tmp_path)).plan.cost_usd.high
    delivered = {**evaluation, "delivery": delivery}
    caps = Caps(max_run_usd=on_demand * 0.9)
    assert "above max_run_usd" in refused(tmp_path, delivered, rows(4), caps=caps)
