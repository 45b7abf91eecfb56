"""A whole run whose models answer with anything: every call is a result, and the scorecard is built."""

import asyncio
import itertools
import json

import pyarrow.parquet as pq
import pytest
import yaml

from evaldrop import storage
from evaldrop.bedrock.answers import json_object
from evaldrop.run.request import RunRequest
from evaldrop.running.workflow import run_locally
from evaldrop.scorecard.read import read_run

USAGES = [
    {"inputTokens": -5, "outputTokens": -7}, {"inputTokens": "12", "outputTokens": "5"},
    {"inputTokens": None, "outputTokens": None}, {"inputTokens": 10**18, "outputTokens": 10**18}, [1], "x",
    {"inputTokens": 1.5, "outputTokens": 1e300}, None,
]  # fmt: skip
CONTENTS = [
    "42", [], {}, None, [None], [{"text": 4}], [{"text": None}], ["42"], [{"toolUse": "x"}],
    [{"toolUse": {"input": [[[]]]}}], [{"toolUse": {"name": 4, "input": "[" * 300 + "]" * 300}}],
    [{"toolUse": {"name": "submit_verdicts", "input": {"correctness": {"score": {"a": 1}}}}}],
    [{"toolUse": {"name": "submit_preference", "input": {"preferred": ["first", "second"]}}}],
    [{"reasoningContent": 5}], [{"text": "preferred: first\ncorrectness: 5"}], [{"text": "42 \ud83d"}],
    [{"text": "<think>" + " " * 3000}], [{"text": "{" * 3000}], [{"text": "Score: 4\n" * 300}],
]  # fmt: skip


def replies():
    """Bytes, as a server sends them with status 200."""
    whole = {
        "stopReason": "end_turn",
        "metrics": {"latencyMs": 5},
        "usage": {"inputTokens": 1, "outputTokens": 1},
    }
    for content in CONTENTS:
        yield {**whole, "output": {"message": {"role": "assistant", "content": content}}}
    said = {"message": {"role": "assistant", "content": [{"text": "preferred: first\ncorrectness: 5"}]}}
    for usage in USAGES:
        yield {**whole, "output": said, "usage": usage}
    for latency in (-1, 10**30, "5", None, True):
        yield {**whole, "output": said, "metrics": {"latencyMs": latency}}
    for stop in (["x"], {"a": 1}, 5, None, "✂", "malformed_tool_use"):
        yield {**whole, "output": said, "stopReason": stop}
    yield from ({}, [], None, "x", {"output": []}, {"output": {"message": "x"}}, {"metrics": 5})


SENT = [json.dumps(reply).encode() for reply in replies()] + [
    b"<html>",
    b'{"output":',
    b"",
    b"\xff\xfe",
    b"NaN",
]


class Hostile:
    """Answers every call with the next reply of the list, candidates and judges alike."""

    is_simulated = False

    def __init__(self):
        self.left = itertools.cycle(SENT)
        self.calls = 0

    async def converse(self, _request):
        self.calls += 1
        return json_object(next(self.left), what="the response")

    async def invoke_model(self, _request):
        self.calls += 1
        return {"body": next(self.left), "contentType": "application/json"}

    async def close(self):
        pass


@pytest.mark.parametrize("api", ["converse", "invoke_model"])
def test_a_scorecard_is_built_whatever_the_models_answer(tmp_path, api):
    own = {"api": "invoke_model", "family": "anthropic"} if api == "invoke_model" else {}
    evaluation = {
        "name": "e", "criteria": ["correctness", "helpfulness"], "metrics": ["exact_match", "rouge_l"],
        "candidates": [{"name": name, "model": f"x.{name}", **own} for name in ("a", "b")],
        "judges": [
            {"name": "tool", "model": "y.tool", **own},
            {"name": "text", "model": "y.text", "verdict": "text"},
        ],
        "pairwise": {"baseline": "a"},
        "prices": {model: {"input": 1.0, "output": 2.0} for model in ("x.a", "x.b", "y.tool", "y.text")},
    }  # fmt: skip
    (tmp_path / "evaluation.yaml").write_text(yaml.safe_dump(evaluation), encoding="utf-8")
    rows = [{"id": f"r{n}", "prompt": f"What is 6 x 7? ({n})", "reference": "42"} for n in range(20)]
    (tmp_path / "records.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    request = RunRequest(
        run_id="run-1", dataset=str(tmp_path / "records.jsonl"), out=str(tmp_path / "runs"), bedrock="aws"
    )
    folder, models = storage.join(request.out, "e", "run-1"), Hostile()
    execution = asyncio.run(run_locally(request, models, folder=folder))
    assert execution.status == "SUCCEEDED", execution
    assert models.calls > len(SENT), "every reply has been given"
    scorecard = read_run(folder).scorecard
    assert scorecard.records.missing == 0
    for name in ("responses", "verdicts", "comparisons"):
        for row in pq.read_table(storage.join(folder, f"{name}.parquet")).to_pylist():
            assert not str(row.get("error") or "").startswith("States.TaskFailed"), row
            for key in ("input_tokens", "output_tokens", "latency_ms", "cost_usd"):
                assert row.get(key) is None or 0 <= row[key] < 10**9, (name, row)
