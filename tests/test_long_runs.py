"""Whole runs with a record too long for a payload among short ones: answered, judged, priced and flagged."""

import asyncio
import json
from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import yaml

from evaldrop import storage
from evaldrop.bedrock.journal import KeepingRuntime, journal_of
from evaldrop.bedrock.opening import open_runtime
from evaldrop.cli import main
from evaldrop.engine import ServiceError
from evaldrop.run.request import RunRequest
from evaldrop.running.workflow import run_locally
from evaldrop.scorecard.read import read_run

LITE = {"name": "lite", "model": "us.amazon.nova-lite-v1:0"}
HAIKU = {"name": "haiku", "model": "us.anthropic.claude-haiku-4-5-20251001-v1:0"}
JUDGE = {"name": "judge", "model": "us.amazon.nova-pro-v1:0"}
EVALUATION = {"name": "long", "candidates": [LITE, HAIKU], "judges": [JUDGE], "criteria": ["correctness"]}
SHORT, LONG = "Shop 1 takes things back for 30 days.", "The window is 30 days. " + "and so on " * 40_000
ROWS = [
    {"id": f"r{n}", "prompt": f"Question {n}: how long?", "context": SHORT, "reference": "30 days"}
    for n in range(4)
] + [{"id": "long", "prompt": "How long may I return it?", "context": LONG, "reference": "30 days"}]


class Recording:
    """A rehearsal that notes what it answered, fails or answers otherwise where it is told to."""

    is_simulated = True

    def __init__(self, *, fails=(), reply=None):
        self._runtime = open_runtime("simulated:latency=0", max_in_flight=8)
        self._fails = fails
        self._reply = reply
        self.answered = Counter()
        self.bodies = []
        self.judged = []

    async def converse(self, request):
        if request["modelId"] in self._fails:
            # One that is not tried again, and that does not end the run at its first calls.
            raise ServiceError("ServiceQuotaExceededException", "no")
        self.answered["converse", request["modelId"]] += 1
        if request["modelId"] == JUDGE["model"]:
            self.judged.append([block["text"] for block in request["messages"][0]["content"]])
        return await self._runtime.converse(request)

    async def invoke_model(self, request):
        self.answered["invoke_model", request["modelId"]] += 1
        self.bodies.append(request["body"])
        return self._reply or await self._runtime.invoke_model(request)

    async def close(self):
        await self._runtime.close()


def run(folder, runtime, evaluation=EVALUATION, rows=ROWS, run_id="one"):
    """Run here and return the run's folder."""
    (folder / "evaluation.yaml").write_text(yaml.safe_dump(evaluation), encoding="utf-8")
    (folder / "faq.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    out = folder / "runs"
    request = RunRequest(run_id=run_id, dataset=str(folder / "faq.jsonl"), out=str(out), bedrock="simulated")
    place = storage.join(str(out), "long", run_id)
    execution = asyncio.run(run_locally(request, KeepingRuntime(runtime, journal_of(place)), folder=place))
    assert execution.status == "SUCCEEDED", execution.cause
    return Path(place)


def rows_of(place, table, record_id="long"):
    return [
        row for row in pq.read_table(place / f"{table}.parquet").to_pylist() if row["record_id"] == record_id
    ]


def test_a_long_record_is_answered_judged_priced_and_flagged(tmp_path):
    runtime = Recording()
    place = run(tmp_path, runtime)

    assert runtime.answered["invoke_model", LITE["model"]] == 1
    assert runtime.answered["converse", LITE["model"]] == 4
    assert all(LONG.strip() in json.dumps(json.loads(body)) for body in runtime.bodies)
    long = [blocks for blocks in runtime.judged if "characters are left out here" in blocks[0]]
    assert len(long) == 2
    for before, response, _ in long:
        assert "The window is 30 days." in before
        assert "and so on \n</context>" in before
        assert before.endswith('">\n')
        assert response in {row["response"] for row in rows_of(place, "responses")}
    for row in rows_of(place, "responses"):
        assert row["response"]
        assert row["input_tokens"] > 100_000
        assert row["cost_usd"] > 0.005
    verdicts = rows_of(place, "verdicts")
    assert len(verdicts) == 2
    for row in verdicts:
        assert row["score"] is not None
        assert row["left_out_characters"] == len(LONG) - 120_000
    assert [row["left_out_characters"] for row in rows_of(place, "verdicts", "r0")] == [0, 0]
    scorecard = read_run(str(place)).scorecard
    assert scorecard.records.evaluated == 5
    assert scorecard.judges["judge"].on_shortened == 2
    assert any("Judge judge: 2 verdicts on shortened prompts" in alarm for alarm in scorecard.alarms)
    assert "2 verdicts on shortened prompts" in (place / "summary.md").read_text(encoding="utf-8")
    report = (place / "report.html").read_text(encoding="utf-8")
    assert "on shortened prompts</th>" in report
    # The page shows what judges were shown: neither it nor the Map's input holds the whole text.
    assert (place / "records.jsonl").stat().st_size < 300_000


def test_a_run_of_usual_records_has_no_column_for_shortened_prompts(tmp_path):
    place = run(tmp_path, Recording(), rows=ROWS[:2])
    assert "on shortened prompts" not in (place / "report.html").read_text(encoding="utf-8")
    assert not (place / "requests").exists()


def test_a_run_that_goes_on_does_not_pay_for_a_long_call_again(tmp_path):
    """The judge fails at first: every candidate's reply is in the journal, the long ones' too."""
    first = Recording(fails=[JUDGE["model"]])
    run(tmp_path, first)
    assert first.answered["invoke_model", HAIKU["model"]] == 1
    second = Recording()
    place = run(tmp_path, second)
    assert {model for _, model in second.answered} == {JUDGE["model"]}
    assert read_run(str(place)).scorecard.judges["judge"].scored == 10
    assert all(row["input_tokens"] > 100_000 for row in rows_of(place, "responses"))


def test_a_rejudged_run_asks_only_for_what_is_new_about_a_long_record(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    place = run(tmp_path, Recording())
    tone = {"name": "tone", "question": "Is the tone warm?", "scale": "binary"}
    evaluation = {**EVALUATION, "criteria": ["correctness", tone]}
    (tmp_path / "evaluation.yaml").write_text(yaml.safe_dump(evaluation), encoding="utf-8")
    assert main(["rejudge", str(place)]) in {0, 1, 2}
    (again,) = (
        folder for folder in (tmp_path / "runs/long").iterdir() if folder.name != "one" and folder.is_dir()
    )
    scorecard = read_run(str(again)).scorecard
    assert (scorecard.judges["judge"].calls, scorecard.judges["judge"].kept) == (20, 10)
    assert scorecard.reused.responses == 10
    assert [row["score"] for row in rows_of(again, "verdicts") if row["criterion"] == "correctness"] == [
        row["score"] for row in rows_of(place, "verdicts")
    ]
    assert all(row["left_out_characters"] > 0 for row in rows_of(again, "verdicts"))
    assert not (again / "requests").exists()


def test_a_rescored_run_keeps_the_flags(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    place = run(tmp_path, Recording())
    assert main(["rescore", str(place)]) in {0, 1, 2}
    (again,) = (
        folder for folder in (tmp_path / "runs/long").iterdir() if folder.name != "one" and folder.is_dir()
    )
    assert rows_of(again, "verdicts") == [
        {**row, "cost_usd": 0.0, "delivery": None} for row in rows_of(place, "verdicts")
    ]
    assert read_run(str(again)).scorecard.judges["judge"].on_shortened == 2


def test_pairs_of_long_records_are_compared_and_flagged(tmp_path):
    evaluation = {**EVALUATION, "pairwise": {"baseline": "lite"}}
    place = run(tmp_path, Recording(), evaluation)
    compared = rows_of(place, "comparisons")
    assert len(compared) == 2
    assert all(row["left_out_characters"] > 0 for row in compared if row["raw_reply"] != "null")
    health = read_run(str(place)).scorecard.judges["judge"]
    preferred = sum(row["preferred"] is not None and row["left_out_characters"] > 0 for row in compared)
    assert health.on_shortened == 2 + preferred


def test_perturbed_copies_of_a_long_record_are_answered(tmp_path):
    evaluation = {**EVALUATION, "robustness": {"perturbations": ["case"], "n": 1}}
    runtime = Recording()
    place = run(tmp_path, runtime, evaluation, ROWS[3:])
    assert runtime.answered["invoke_model", LITE["model"]] == 2
    copies = pq.read_table(place / "robustness.parquet").to_pylist()
    assert all(row["response"] for row in copies if row["of"] == "long")


def test_a_reply_too_long_for_the_workflow_is_a_response_all_the_same(tmp_path):
    """It was paid for: its text and its tokens count, and what no judge has seen is unscored."""
    answer = "a very long answer " * 20_000
    body = {"output": {"message": {"role": "assistant", "content": [{"text": answer}]}}}
    body |= {"stopReason": "end_turn", "usage": {"inputTokens": 1000, "outputTokens": 95_000}}
    reply = {"body": json.dumps(body).encode(), "contentType": "application/json"}
    place = run(tmp_path, Recording(reply=reply), {**EVALUATION, "candidates": [LITE]})
    (row,) = rows_of(place, "responses")
    assert (row["response"], row["error"], row["output_tokens"]) == (answer, None, 95_000)
    assert row["cost_usd"] > 0.02
    (verdict,) = rows_of(place, "verdicts")
    assert (verdict["score"], verdict["unscored_reason"]) == (None, "no_verdict")
    counts = read_run(str(place)).scorecard.candidates["lite"].responses
    assert (counts.n, counts.errors) == (5, 0)


@pytest.mark.parametrize(
    "command", ["validate", *(pytest.param(each, marks=pytest.mark.nightly) for each in ("plan", "run"))]
)
def test_a_record_that_cannot_be_sent_is_refused_with_its_size(tmp_path, monkeypatch, capsys, command):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "evaluation.yaml").write_text(yaml.safe_dump(EVALUATION), encoding="utf-8")
    rows = [*ROWS, {**ROWS[0], "id": "huge", "context": "c" * 30_000_000}]
    (tmp_path / "faq.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    bedrock = ["--bedrock", "simulated"] if command == "run" else []
    assert main([command, "faq.jsonl", *bedrock]) == 64
    told = " ".join(capsys.readouterr().err.split())
    assert "faq.jsonl line 6: the record is 30,000," in told
    assert "Bedrock takes 20,000,000" in told
    assert not list(tmp_path.glob("runs/*/*/requests"))


def test_what_requests_share_comes_back_into_each_of_them(tmp_path):
    """Eighty-one questions about a short record; the prompt shows most of it behind the response."""
    prompt = "## user\nHere: {{ response }}\nAsked: {{ prompt }}\n{{ criteria[0].question }}\n{{ context }}"
    own = {"mode": "per_criterion", "repeats": 3, "prompt": "behind.v1"}
    evaluation = {
        "name": "long",
        "candidates": [LITE],
        "judges": [{**JUDGE, **own, "name": f"j{n}"} for n in range(3)],
        "criteria": [
            {"name": f"c{n}", "question": f"Is it so, {n}? " + f"Look {n}. " * 200} for n in range(9)
        ],
    }
    context = "Thirty days. " * 120 + "That is all."
    (tmp_path / "prompts" / "judge").mkdir(parents=True)
    (tmp_path / "prompts" / "judge" / "behind.v1.md").write_text(prompt)
    runtime = Recording()
    row = {"id": "a", "prompt": "How long may I return it, and where?", "context": context}
    place = run(tmp_path, runtime, evaluation=evaluation, rows=[row])
    (record,) = [json.loads(line) for line in (place / "records.jsonl").read_text().splitlines()]
    assert record["calls"]["texts"]
    assert record["calls"]["constants"]
    assert all("tail" in request for request in record["calls"]["judgements"])
    asked = Counter()
    for before, _, after in runtime.judged:
        assert before.startswith('Here: <response mark="')
        close, _, rest = after.partition("\nAsked: ")
        assert close.startswith('\n</response mark="')
        asked[rest] += 1
    questions = [criterion["question"] for criterion in evaluation["criteria"]]
    assert asked == {f"{row['prompt']}\n{question}\n{context}": 9 for question in questions}
    assert len(rows_of(place, "verdicts", "a")) == 81
