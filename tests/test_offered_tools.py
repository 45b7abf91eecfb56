"""Candidates that are offered tools: what they are sent, what they ask for, and what is refused."""

import json

import pytest

from evaldrop import read_run
from evaldrop.bedrock.families.requests import candidate_call, tool_problems
from evaldrop.errors import EvaluationError
from evaldrop.evaluation import Evaluation
from evaldrop.evaluation.load import parse_evaluation
from tests.whole_runs import called, only_run

SCHEMA = {"type": "object", "properties": {"order": {"type": "string"}}, "required": ["order"]}
TOOLS = [
    {"name": "get_order", "description": "Look up an order.", "input_schema": SCHEMA},
    {"name": "cancel_order"},
]
LITE, HAIKU = "amazon.nova-lite-v1:0", "anthropic.claude-haiku-4-5-20251001-v1:0"


def evaluation(*candidates, **more):
    return Evaluation.model_validate({"name": "tools", "tools": TOOLS, "candidates": candidates, **more})


def one(**more):
    return {"name": "one", "model": LITE, **more}


def test_each_api_is_sent_the_tools_in_its_own_words_and_nobody_has_to_call_one():
    (candidate,) = evaluation(one()).candidates
    config = candidate_call(candidate, request_key="k")["request"]["ToolConfig"]
    assert [tool["ToolSpec"]["Name"] for tool in config["Tools"]] == ["get_order", "cancel_order"]
    assert config["Tools"][0]["ToolSpec"]["InputSchema"] == {"Json": SCHEMA}
    assert "Description" not in config["Tools"][1]["ToolSpec"]
    assert "ToolChoice" not in config

    (candidate,) = evaluation(one(api="invoke_model")).candidates
    (first, _) = candidate_call(candidate, request_key="k")["body"]["toolConfig"]["tools"]
    assert first["toolSpec"]["inputSchema"] == {"json": SCHEMA}

    (candidate,) = evaluation(one(model=HAIKU, api="invoke_model")).candidates
    assert candidate_call(candidate, request_key="k")["body"]["tools"][0] == TOOLS[0]


def test_a_candidates_own_tools_hold_before_the_evaluations_also_none():
    own, none, given = evaluation(
        one(tools=TOOLS[1:]), {"name": "none", "model": LITE, "tools": []}, {"name": "old", "model": "given"}
    ).candidates
    assert [tool.name for tool in own.tools] == ["cancel_order"]
    assert none.tools == given.tools == ()


@pytest.mark.parametrize(
    ("candidate", "words"),
    [
        (one(model="meta.llama3-1-8b-instruct-v1:0", api="invoke_model"), "bodies of llama are given no"),
        (one(model="meta.llama3-8b-instruct-v1:0"), "takes no tools"),
        (one(model="given", tools=TOOLS), "nobody is called"),
    ],
)  # fmt: skip
def test_who_cannot_be_offered_tools_is_named_with_the_way_out(candidate, words):
    (problem,) = tool_problems(evaluation(candidate).candidates)
    assert problem.startswith("candidate one: ")
    assert words in problem


@pytest.mark.parametrize(
    ("tools", "words"),
    [
        ("[{name: a}, {name: a}]", "two tools are called a"),
        ("[{name: a b}]", "tools"),
        ("[{name: a, input_schema: {type: string}}]", "a tool's input is an object"),
        (f"[{{name: a, description: {'x' * 17_000}}}]", "16,384 bytes"),
    ],
)
def test_tools_that_cannot_be_sent_are_refused(tools, words):
    text = f"name: tools\ncandidates: [{{name: one, model: '{LITE}', tools: {tools}}}]\n"
    with pytest.raises(EvaluationError, match=words):
        parse_evaluation(text, source="evaluation.yaml")


def test_a_rehearsed_candidate_asks_for_a_tool_which_checks_see(tmp_path):
    """Some answer themselves; a call alone is a response, and no empty one."""
    made = {
        "name": "tools",
        "tools": TOOLS,
        "candidates": [one(), {"name": "two", "model": HAIKU, "api": "invoke_model"}],
        "checks": [{"name": "called", "tool_called": "get_order"}],
    }
    (tmp_path / "evaluation.yaml").write_text(json.dumps(made), encoding="utf-8")
    rows = [{"id": f"r{n}", "prompt": f"Where is order A-{n}?"} for n in range(12)]
    (tmp_path / "records.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    out = ("--out", tmp_path / "runs", "--yes", "--json")
    done = called("run", tmp_path / "records.jsonl", "--bedrock", "simulated", *out, cwd=tmp_path)
    assert done.returncode == 0, done.stderr

    run = read_run(str(only_run(tmp_path / "runs")))
    found = run.verdicts.merge(run.responses[["record_id", "candidate", "response", "stop_reason"]])
    asked = [bool(passed) for passed in found.passed]
    assert asked == [reason == "tool_use" for reason in found.stop_reason]
    assert 0 < sum(asked) < len(asked) == 24
    text = next(text for text, did in zip(found.response, asked, strict=True) if did)
    assert json.loads(text)["tool"] == "get_order"
