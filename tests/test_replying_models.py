"""Whole runs with models that think, answer in other shapes, break off or say nothing."""

import asyncio
import json
from types import SimpleNamespace

import orjson
import pyarrow.parquet as pq
import pytest
import yaml

from evaldrop import storage
from evaldrop.bedrock.openai import converse_response
from evaldrop.run.request import RunRequest
from evaldrop.running.workflow import run_locally
from evaldrop.scorecard.read import read_run
from tests.evaldrop.bedrock.families.recorded_replies import THOUGHT, body, chat, llama, said

JUDGE = "us.amazon.nova-pro-v1:0"
GPT, LLAMA, R1 = "openai.gpt-oss-20b-1:0", "us.meta.llama3-3-70b-instruct-v1:0", "us.deepseek.r1-v1:0"


def blocks(*content, stop="end_turn"):
    return {
        "output": {"message": {"role": "assistant", "content": list(content)}},
        "stopReason": stop,
        "usage": {"inputTokens": 10, "outputTokens": 20, "totalTokens": 30},
        "metrics": {"latencyMs": 5},
    }


class Models:
    """Models by their IDs: each gives the reply it is told to; the judge a 5 where it is shown 42 alone."""

    is_simulated = False

    def __init__(self, replies):
        self._replies = replies
        self.shown = []
        self.judgement = None

    async def converse(self, request):
        if request["modelId"] != JUDGE:
            return self._replies[request["modelId"]]
        texts = [block["text"] for block in request["messages"][0]["content"]]
        self.shown.append(texts[1])
        if self.judgement is not None:
            return self.judgement
        verdicts = {"correctness": {"rationale": "So.", "score": 5 if texts[1] == "42" else 1}}
        use = {"toolUseId": "t", "name": "submit_verdicts", "input": verdicts}
        return blocks({"toolUse": use}, stop="tool_use")

    async def invoke_model(self, request):
        return {"body": orjson.dumps(self._replies[request["modelId"]]["Body"]), "contentType": "json"}

    async def close(self):
        pass


@pytest.fixture
def run(tmp_path):
    def go(*candidates, context="It is so.", judgement=None):
        listed = [
            {
                "name": f"c{n}",
                "model": each.model,
                **({"api": "invoke_model", "family": each.family} if each.family else {}),
            }
            for n, each in enumerate(candidates)
        ]
        evaluation = {"name": "e", "candidates": listed, "judges": [{"name": "judge", "model": JUDGE}],
                      "criteria": ["correctness"], "metrics": ["exact_match"]}  # fmt: skip
        (tmp_path / "evaluation.yaml").write_text(yaml.safe_dump(evaluation), encoding="utf-8")
        dataset = tmp_path / "records.jsonl"
        row = {"id": "r", "prompt": "What is 6 x 7?", "context": context, "reference": "42"}
        dataset.write_text(json.dumps(row), encoding="utf-8")
        request = RunRequest(run_id="run-1", dataset=str(dataset), out=str(tmp_path / "runs"), bedrock="aws")
        folder = storage.join(request.out, "e", "run-1")
        models = Models({each.model: each.reply for each in candidates})
        models.judgement = judgement
        execution = asyncio.run(run_locally(request, models, folder=folder))
        assert execution.status == "SUCCEEDED", execution
        scorecard = read_run(folder).scorecard
        rows = pq.read_table(storage.join(folder, "responses.parquet")).to_pylist()
        cards = [scorecard.candidates[f"c{n}"] for n in range(len(candidates))]
        return SimpleNamespace(
            cards=cards, rows=rows, shown=models.shown, alarms=" ".join(scorecard.alarms),
            judge=scorecard.judges["judge"],
        )  # fmt: skip

    return go


def candidate(reply, family=None, model=None):
    model = model or {"chat": GPT, "llama": LLAMA, "deepseek": R1}.get(family, "x.converse")
    return SimpleNamespace(model=model, reply=reply, family=family)


def test_the_same_answer_scores_the_same_however_its_thinking_is_wrapped(run):
    done = run(
        candidate(blocks({"reasoningContent": {"reasoningText": {"text": THOUGHT}}}, {"text": "42"})),
        candidate(blocks({"text": f"<think>{THOUGHT}</think>\n\n42"}), model="x.tags"),
        candidate(said(f"<reasoning>{THOUGHT}</reasoning>42"), "chat"),
        candidate(said("42", reasoning_content=THOUGHT), "chat", "x.served"),
        candidate(llama(f"{THOUGHT}\n</think>\n\n42"), "llama"),
        candidate(body(choices=[{"text": f"{THOUGHT}\n</think>\n\n42", "stop_reason": "stop"}]), "deepseek"),
        candidate(converse_response(said("42", reasoning=THOUGHT)["Body"], latency_ms=5), model="x.openai"),
    )
    assert done.shown == ["42"] * 7
    for card in done.cards:
        assert (card.criteria["correctness"].mean, card.metrics["exact_match"].mean) == (5, 1)
        assert (card.responses.thinking, card.responses.errors, card.responses.empty) == (1, 0, 0)
        assert card.responses.thinking_characters == len(THOUGHT)
    assert [(row["response"], row["thinking"]) for row in done.rows] == [("42", THOUGHT)] * 7


def test_a_long_records_reply_is_shown_without_its_thinking(run):
    done = run(candidate(said(f"<reasoning>{THOUGHT}</reasoning>42"), "chat"), context="long " * 60_000)
    assert done.shown == ["42"]
    assert done.cards[0].responses.thinking == 1


def test_a_reply_of_no_known_layout_is_an_error_and_not_an_empty_answer(run):
    done = run(candidate(chat({"role": "assistant", "parts": ["42"]}), "chat"))
    assert done.shown == []
    counts = done.cards[0].responses
    assert (counts.errors, counts.error_names, counts.empty) == (1, {"UnknownReplyLayout": 1}, 0)
    assert "choices[0].message.parts[0]" in done.alarms
    assert done.rows[0]["response"] is None
    assert done.rows[0]["error"].startswith("UnknownReplyLayout: ")


@pytest.mark.parametrize("stop", ["malformed_model_output", "malformed_tool_use", "error"])
@pytest.mark.parametrize("api", ["converse", "invoke_model"])
def test_a_broken_reply_is_an_error_and_its_tokens_count(run, stop, api):
    reply = blocks({"text": "4"}, stop=stop) if api == "converse" else chat({"content": "4"}, stop)
    done = run(candidate(reply, None if api == "converse" else "chat"))
    assert done.shown == []
    counts = done.cards[0].responses
    assert (counts.errors, counts.error_names) == (1, {stop: 1})
    assert done.cards[0].tokens.output == 20
    assert done.rows[0]["stop_reason"] == stop


def test_a_full_context_cuts_off_and_what_is_empty_is_counted(run):
    done = run(
        candidate(blocks({"text": "forty-"}, stop="model_context_window_exceeded"), model="x.full"),
        candidate(
            blocks({"reasoningContent": {"reasoningText": {"text": "hm"}}}, stop="max_tokens"),
            model="x.thought",
        ),
        candidate(blocks(), model="x.silent"),
        candidate(blocks({"text": "No."}, stop="refusal"), model="x.refuses"),
        candidate(blocks({"text": "42"}, stop="bored"), model="x.bored"),
    )
    counts = [card.responses for card in done.cards]
    assert [each.truncated for each in counts] == [1, 1, 0, 0, 0]
    assert [each.empty for each in counts] == [0, 1, 1, 0, 0]
    assert [each.refused for each in counts] == [0, 0, 0, 1, 0]
    assert [each.thinking for each in counts] == [0, 1, 0, 0, 0]
    assert counts[4].unknown_stop_reasons == {"bored": 1}
    assert "c4: 1 reply ended for a reason that evaldrop does not know (bored: 1)" in done.alarms
    assert "c2: 1 of 1 responses are empty" in done.alarms
    assert done.shown.count("(The response is empty.)") == 2


def test_a_judge_thinks_beside_its_verdict(run):
    judgement = blocks({"text": "<think>correctness: 1? No.</think>correctness: 4"})
    done = run(candidate(blocks({"text": "42"})), judgement=judgement)
    assert done.cards[0].criteria["correctness"].mean == 4
    assert (done.judge.thinking, done.judge.scored) == (1, 1)


def test_a_judges_reply_of_no_known_layout_is_a_failed_call(run):
    done = run(candidate(blocks({"text": "42"})), judgement=blocks({"hologram": {"uri": "x"}}, stop="bored"))
    assert (done.judge.errors, done.judge.unscored) == (1, {"judge_error": 1})
    assert done.judge.unknown_stop_reasons == {"bored": 2}
    assert "Output.Message.Content[0]" in done.alarms, done.alarms


def test_a_judges_malformed_call_is_no_verdict_and_no_score(run):
    judgement = blocks({"text": "<function_calls>"}, stop="malformed_tool_use")
    done = run(candidate(blocks({"text": "42"})), judgement=judgement)
    assert (done.judge.errors, done.judge.unscored) == (0, {"no_verdict": 1})


def test_a_response_of_the_dataset_is_read_as_any_other(tmp_path):
    evaluation = {"name": "e", "candidates": [{"name": "old", "model": "given"}],
                  "judges": [{"name": "judge", "model": JUDGE}], "criteria": ["correctness"],
                  "metrics": ["exact_match"]}  # fmt: skip
    (tmp_path / "evaluation.yaml").write_text(yaml.safe_dump(evaluation), encoding="utf-8")
    row = {"id": "r", "prompt": "What is 6 x 7?", "reference": "42"}
    row["responses"] = {"old": f"<think>{THOUGHT}</think>42"}
    (tmp_path / "records.jsonl").write_text(json.dumps(row), encoding="utf-8")
    request = RunRequest(
        run_id="run-1", dataset=str(tmp_path / "records.jsonl"), out=str(tmp_path / "runs"), bedrock="aws"
    )
    models = Models({})
    folder = storage.join(request.out, "e", "run-1")
    assert asyncio.run(run_locally(request, models, folder=folder)).status == "SUCCEEDED"
    card = read_run(folder).scorecard.candidates["old"]
    assert models.shown == ["42"]
    assert (card.metrics["exact_match"].mean, card.responses.thinking) == (1, 1)
