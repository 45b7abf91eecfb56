"""Runs that make a prompt, asked for by the API: what they take, and what a stack does not allow."""

import pytest
import yaml

from evaldrop.steps.validate_dataset.caps import Caps
from tests.evaldrop.api.asking import ask

LITE, HAIKU = "us.amazon.nova-lite-v1:0", "us.anthropic.claude-haiku-4-5-20251001-v1:0"
PRO = "us.amazon.nova-pro-v1:0"
ROWS = [{"id": f"r{n}", "prompt": f"question {n}?", "reference": f"answer {n}"} for n in range(40)]
IMPROVE = {"improve": "answer.v1", "rounds": 2, "proposals": 2}


def asked(prompt=IMPROVE, **more):
    candidates = [{"name": "lite", "model": LITE}, {"name": "tuned", "model": LITE, "prompt": prompt}]
    judges = [{"name": "haiku", "model": HAIKU}]
    definition = {"name": "t", "candidates": candidates, "judges": judges, "criteria": ["correctness"]}
    return {"records": ROWS, "evaluation": definition | more}


def refusal(here, prompt, **more):
    answer = ask(here.api, "POST", "/runs", asked(prompt, **more))
    assert answer.status == 422
    assert not here.place.puts
    return answer.json


def test_a_plan_has_the_search_in_it(here):
    plan = ask(here.api, "POST", "/plan", asked()).json
    search = plan["prompt_search"]
    assert plan["records"] == search["records"]["test"] < len(ROWS)
    own = sum(line["cost_usd"]["likely"] for line in plan["lines"])
    assert plan["cost_usd"]["likely"] == pytest.approx(own + search["cost_usd"]["likely"])
    assert plan["calls"] == sum(line["calls"] for line in plan["lines"]) + search["calls"]
    without = ask(here.api, "POST", "/plan", asked("answer.v1")).json
    assert without["prompt_search"] is None


def test_a_run_reserves_what_its_search_takes_too(here):
    plan = ask(here.api, "POST", "/plan", asked()).json
    started = ask(here.api, "POST", "/runs", asked())
    assert started.status == 202
    assert started.json["estimate_usd"] == pytest.approx(plan["cost_usd"]["likely"], abs=1e-6)
    (start,) = here.place.puts
    assert [name for name in start.files if name.startswith("prompts/candidate")] == [
        "prompts/candidate/answer.v1.md"
    ]


def test_a_named_evaluation_that_is_changed_brings_the_prompt_that_is_improved(here, tmp_path):
    folder = tmp_path / "named"
    (folder / "prompts" / "candidate").mkdir(parents=True)
    (folder / "prompts" / "candidate" / "own.v3.md").write_text("## user\nIn one word: {{ prompt }}\n")
    definition = asked({**IMPROVE, "improve": "own.v3"})["evaluation"]
    (folder / "evaluation.yaml").write_text(yaml.safe_dump(definition))
    here.place.known_evaluations["t"] = str(folder / "evaluation.yaml")
    body = {"records": ROWS, "evaluation": "t", "criteria": ["correctness"]}
    assert ask(here.api, "POST", "/runs", body).status == 202
    assert b"In one word" in here.place.puts[0].files["prompts/candidate/own.v3.md"]


@pytest.mark.parametrize("by", [PRO, "geo.amazon.nova-pro-v1:0", "*", f"arn:aws:bedrock:us-east-1::x/{PRO}"])
def test_who_writes_prompts_is_a_model_that_the_stack_allows(here, by):
    here.place.caps = Caps(models=(LITE, HAIKU))
    here.place.function_arn = "arn:aws:lambda:us-east-1:123456789012:function:api"
    assert "is none that this stack may use" in str(refusal(here, {**IMPROVE, "by": by}))


def test_bedrocks_optimiser_is_asked_only_where_a_stack_may(here):
    here.place.caps = Caps(prompt_optimizer=False)
    here.place.function_arn = "arn:aws:lambda:us-east-1:123456789012:function:api"
    assert "set prompt_optimizer (cdk.json)" in refusal(here, {**IMPROVE, "by": "bedrock"})["detail"]
    here.place.caps = Caps()
    assert ask(here.api, "POST", "/plan", asked({**IMPROVE, "by": "bedrock"})).status == 200


@pytest.mark.parametrize(
    "name", ["../../../etc/passwd.v1", "/etc/hosts.v1", "answer\0.v1", "answer.v1+tuned"]
)
def test_what_is_improved_is_a_prompts_name_and_no_path(here, name):
    assert "a name looks like answer.v1" in refusal(here, {"improve": name})["detail"]


@pytest.mark.parametrize("begin", ["{{ prompt }}", "{% for x in y %}", "## user\n", "## system\r"])
def test_instructions_are_plain_words_however_long(here, begin):
    (fault,) = refusal(here, {"instructions": begin + "a" * 19_900})["errors"]
    assert fault["pointer"] == "/evaluation/candidates/1/prompt/instructions"


def test_a_large_search_is_not_begun_with_a_cent(here):
    large = {**IMPROVE, "rounds": 10, "proposals": 12}
    assert "before there is a choice" in refusal(here, {**large, "budget_usd": 0.01})["detail"]
    assert "above budget_usd: 0.01" in refusal(here, large, budget_usd=0.01)["detail"]
    here.place.caps = Caps(max_calls=1_000)
    assert "above max_calls: 1,000" in refusal(here, large)["detail"]
