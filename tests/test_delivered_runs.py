"""Whole runs in several deliveries: the same answers and verdicts, another price, and a plan that knew it."""

import json

import pytest

from tests.whole_runs import called, only_run, write_evaluation

EVALUATION = """
name: small
delivery: {delivery}
candidates:
  - {{name: lite, model: "us.amazon.nova-lite-v1:0"}}
  - {{name: micro, model: "us.amazon.nova-micro-v1:0"}}
judges: [{{name: pro, model: "us.amazon.nova-pro-v1:0", prompt: rules.v1, cache: "{cache}"}}]
criteria: [correctness]
"""
RULES = "\n".join(
    f"- Rule {n}: keep to what the paragraph says, and promise nothing else." for n in range(90)
)
JUDGE_PROMPT = f"""
## system
You are an exact judge.
{RULES}
- Give your verdicts by calling the tool {{{{ tool }}}} once, with every criterion in it.

## user
{{{{ prompt }}}}
{{% for criterion in criteria %}}{{{{ criterion.name }}}}: {{{{ criterion.question }}}}{{% endfor %}}
{{{{ reference }}}}
The response:
{{{{ response }}}}
"""


def ran(folder, delivery, cache):
    evaluation = EVALUATION.format(delivery=delivery, cache=cache)
    dataset = write_evaluation(folder, records=30, evaluation=evaluation)
    prompt = folder / "prompts" / "judge" / "rules.v1.md"
    prompt.parent.mkdir(parents=True)
    prompt.write_text(JUDGE_PROMPT, encoding="utf-8")
    ended = called("run", dataset, "--bedrock", "simulated:latency=0,ceiling=0.9", "--out", folder / "runs")
    assert ended.returncode == 0, ended.stderr
    return only_run(folder / "runs"), dataset


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    base = tmp_path_factory.mktemp("runs")
    settings = {"plain": ("on_demand", "off"), "cached": ("on_demand", "auto"), "flex": ("flex", "auto")}
    return {name: ran(base / name, *how) for name, how in settings.items()}


def scorecard(run):
    return json.loads((run / "scorecard.json").read_text())


def test_a_delivery_changes_no_answer_and_no_verdict(runs):
    plain, *others = (scorecard(run) for run, _ in runs.values())
    for other in others:
        for name, card in plain["candidates"].items():
            assert card["criteria"] == other["candidates"][name]["criteria"]
            assert card["tokens"] == other["candidates"][name]["tokens"]


def test_flex_is_half_the_price_and_a_cache_spares_most_of_the_rules(runs):
    plain, cached, flex = (scorecard(run)["cost_usd"] for run, _ in runs.values())
    assert flex["total"] == pytest.approx(cached["total"] / 2)
    (pro,) = [one for one in cached["deliveries"] if one["name"] == "pro"]
    assert pro["cache_read_tokens"] > 20 * pro["cache_write_tokens"] > 0
    assert plain["total"] - cached["total"] == pytest.approx(pro["cache_saved_usd"])
    assert {one["billed_as"] for one in flex["deliveries"]} == {"flex"}


def test_a_plan_like_an_earlier_run_is_within_a_tenth_of_the_bill(runs):
    like, _ = runs["plain"]
    for run, dataset in runs.values():
        ended = called("plan", dataset, "--like", like, "--json")
        likely = json.loads(ended.stdout)["cost_usd"]["likely"]
        assert likely == pytest.approx(scorecard(run)["cost_usd"]["total"], rel=0.1)
