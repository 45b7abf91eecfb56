"""Whole runs that compare pairs: a judge that forgets its tool is asked again, once; identical ones never."""

import asyncio
import json

import pytest
import yaml

from evaldrop import storage
from evaldrop.run.request import RunRequest
from evaldrop.running.workflow import run_locally
from evaldrop.scorecard.read import read_run

SONNET = "anthropic.claude-3-5-sonnet-20240620-v1:0"
ROWS = [
    {"id": "r1", "prompt": "One?", "responses": {"a": "better", "b": "worse"}},
    {"id": "r2", "prompt": "Two?", "responses": {"a": "same", "b": "same"}},
]


class ForgetfulJudge:
    """Prefers the response "better", and calls the tool only after a reminder (a sixth block)."""

    is_simulated = False

    def __init__(self, *, remembers=True):
        self.remembers = remembers
        self.asked = []

    async def converse(self, request):
        blocks = [block["text"] for block in request["messages"][0]["content"]]
        content = {"text": "Let me think."}
        if self._calls_the_tool(blocks):
            said = {"toolUseId": "t", "name": "submit_preference", "input": self._preference(blocks)}
            content = {"toolUse": said}
        return {
            "output": {"message": {"role": "assistant", "content": [content]}},
            "stopReason": "end_turn",
            "usage": {"inputTokens": 10, "outputTokens": 5, "totalTokens": 15},
            "metrics": {"latencyMs": 1},
        }

    async def invoke_model(self, request):
        body = json.loads(request["body"])
        blocks = [block["text"] for block in body["messages"][0]["content"]]
        content = {"type": "text", "text": "Let me think."}
        if self._calls_the_tool(blocks):
            content = {
                "type": "tool_use",
                "id": "t",
                "name": "submit_preference",
                "input": self._preference(blocks),
            }
        usage = {"input_tokens": 10, "output_tokens": 5}
        reply = {"content": [content], "stop_reason": "end_turn", "usage": usage}
        return {"body": json.dumps(reply).encode(), "contentType": "application/json"}

    async def close(self):
        pass

    def _calls_the_tool(self, blocks):
        self.asked.append(blocks)
        return len(blocks) == 6 and self.remembers

    def _preference(self, blocks):
        return {"rationale": "r", "preferred": "first" if blocks[1] == "better" else "second"}


def run(folder, judge, api):
    evaluation = {
        "name": "pairs",
        "judges": [{"name": "judge", "model": SONNET, "api": api}],
        "pairwise": {"baseline": "b"},
    }
    (folder / "evaluation.yaml").write_text(yaml.safe_dump(evaluation), encoding="utf-8")
    dataset = folder / "records.jsonl"
    dataset.write_text("".join(json.dumps(row) + "\n" for row in ROWS), encoding="utf-8")
    request = RunRequest(run_id="run-1", dataset=str(dataset), out=str(folder / "runs"))
    place = storage.join(str(folder / "runs"), "pairs", "run-1")
    execution = asyncio.run(run_locally(request, judge, folder=place))
    assert execution.status == "SUCCEEDED", execution
    return read_run(place)


@pytest.mark.parametrize("api", ["converse", "invoke_model"])
def test_a_judge_that_forgets_its_tool_is_asked_once_more_and_then_counts(tmp_path, api):
    judge = ForgetfulJudge()
    found = run(tmp_path, judge, api)
    pair = found.scorecard.candidates["a"].pairwise
    # r1 is won in both orders, r2 is a tie that nobody was asked about.
    assert (pair.wins, pair.ties, pair.n_both_orders, pair.flip_rate) == (1, 1, 1, 0)
    assert [len(blocks) for blocks in judge.asked].count(6) == 2
    assert len(judge.asked) == 4
    assert all(
        blocks[5].startswith("You did not call submit_preference.")
        for blocks in judge.asked
        if len(blocks) == 6
    )
    health = found.scorecard.judges["judge"]
    assert (health.calls, health.asked_again, health.tokens_output) == (2, 2, 20)
    assert set(found.comparisons["first_shown"]) == {"a", "b"}


def test_a_judge_that_never_calls_its_tool_leaves_the_pair_unscored(tmp_path):
    found = run(tmp_path, ForgetfulJudge(remembers=False), "converse")
    pair = found.scorecard.candidates["a"].pairwise
    assert (pair.n, pair.ties, pair.n_unscored, pair.bounds) == (1, 1, 1, (0.25, 0.75))
    assert set(found.comparisons["unscored_reason"].dropna()) == {"no_verdict"}
