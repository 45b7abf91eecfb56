"""A model that takes no call ends a run at its first calls, through the workflow; --go-on leaves it out."""

import asyncio
import json
import threading
from collections import Counter
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import yaml

from evaldrop.bedrock.journal import KeepingRuntime, journal_of
from evaldrop.bedrock.opening import open_runtime
from evaldrop.bedrock.protocol import ServiceError
from evaldrop.run.request import RunRequest
from evaldrop.running.workflow import run_locally
from evaldrop.scorecard.read import read_run
from tests.whole_runs import called, only_run

LITE, HAIKU, PRO = "us.amazon.nova-lite-v1:0", "anthropic.claude-3-haiku-v1:0", "us.amazon.nova-pro-v1:0"
IMPORTED = "us.meta.llama3-3-70b-instruct-v1:0"
EVALUATION = {
    "name": "first",
    "candidates": [{"name": "lite", "model": LITE}, {"name": "haiku", "model": HAIKU}],
    "judges": [{"name": "pro", "model": PRO}],
    "criteria": ["correctness"],
}
RECORDS = 60
PROFILE = "Invocation of model ID X with on-demand throughput isn’t supported."
REFUSAL = ("ValidationException", PROFILE)


class Refusing:
    """A runtime whose models refuse calls as a test says: by model, an error or what decides on a request."""

    is_simulated = False

    def __init__(self, **refusals):
        self._refusals = refusals
        self._runtime = open_runtime("simulated:latency=0", max_in_flight=64)
        self.calls = Counter()

    def _answer(self, request):
        self.calls[request["modelId"]] += 1
        for name, refusal in self._refusals.items():
            if {"lite": LITE, "haiku": HAIKU, "pro": PRO, "imported": IMPORTED}[name] == request["modelId"]:
                found = refusal(request) if callable(refusal) else refusal
                if found:
                    raise ServiceError(*found)

    async def converse(self, request):
        self._answer(request)
        return await self._runtime.converse(request)

    async def invoke_model(self, request):
        self._answer(request)
        return await self._runtime.invoke_model(request)

    async def close(self):
        await self._runtime.close()


def rows(count, **more):
    return [
        {"id": f"r{n}", "prompt": f"What is {n} + 1?", "reference": str(n + 1), **more} for n in range(count)
    ]


def run(folder, runtime, *, evaluation=EVALUATION, records=None, **request):
    """Run here and return the execution and the run's folder."""
    (folder / "evaluation.yaml").write_text(yaml.safe_dump(evaluation), encoding="utf-8")
    dataset = folder / "faq.jsonl"
    text = "".join(json.dumps(row) + "\n" for row in records or rows(RECORDS))
    dataset.write_text(text, encoding="utf-8")
    asked = RunRequest(run_id="one", dataset=str(dataset), out=str(folder / "runs"), **request)
    place = folder / "runs" / evaluation["name"] / "one"
    kept = KeepingRuntime(runtime, journal_of(str(place)))
    return asyncio.run(run_locally(asked, kept, folder=str(place))), place


def scorecard_of(execution, place):
    assert execution.status == "SUCCEEDED", execution.cause
    return read_run(str(place)).scorecard


def test_a_candidate_that_is_refused_ends_the_run_at_a_handful_of_calls(tmp_path):
    runtime = Refusing(haiku=REFUSAL)
    execution, place = run(tmp_path, runtime)
    assert (execution.status, execution.error) == ("FAILED", "ModelRefused")
    assert execution.cause.startswith(
        f"CheckFirstCalls: candidate haiku ({HAIKU}) is refused: {REFUSAL[0]}: "
    )
    for words in (PROFILE.rstrip("."), f"inference profile as its model: geo.{HAIKU} is the one", "--go-on"):
        assert words in execution.cause
    assert runtime.calls == {LITE: 2, HAIKU: 2, PRO: 2}
    assert not (place / "scorecard.json").exists()


def test_going_on_evaluates_the_other_candidate_whole_and_says_who_was_left_out(tmp_path):
    runtime = Refusing(haiku=REFUSAL)
    scorecard = scorecard_of(*run(tmp_path, runtime, go_on=True))
    assert runtime.calls == {LITE: RECORDS, HAIKU: 2, PRO: RECORDS}
    lite, haiku = scorecard.candidates["lite"], scorecard.candidates["haiku"]
    assert (lite.responses.errors, lite.criteria["correctness"].n_scored) == (0, RECORDS)
    assert haiku.responses.errors == RECORDS
    assert haiku.responses.error_names == {"LeftOut": RECORDS - 2, "BedrockRuntime.ValidationException": 2}
    assert haiku.criteria["correctness"].n_unscored == RECORDS
    (alarm,) = [alarm for alarm in scorecard.alarms if "haiku" in alarm]
    assert f"haiku was left out: {RECORDS} of {RECORDS}" in alarm
    assert PROFILE in alarm
    assert scorecard.records.evaluated == RECORDS
    assert scorecard.records.missing == 0


def test_a_judge_that_is_refused_ends_the_run_too_and_going_on_leaves_its_verdicts_unscored(tmp_path):
    forced = ("ValidationException", "Thinking may not be enabled when tool_choice forces tool use.")
    first = Refusing(pro=forced)
    execution, _ = run(tmp_path, first)
    assert execution.error == "ModelRefused"
    assert f"judge pro ({PRO}) is refused: ValidationException: {forced[1]}" in execution.cause
    assert "`verdict: text`" in execution.cause
    assert first.calls.total() == 8

    second = Refusing(pro=forced)
    scorecard = scorecard_of(*run(tmp_path, second, go_on=True))
    assert second.calls == {LITE: RECORDS - 2, HAIKU: RECORDS - 2, PRO: 4}  # two replies are in the journal
    judge = scorecard.judges["pro"]
    assert (judge.scored, judge.errors) == (0, 2 * RECORDS)
    assert scorecard.candidates["lite"].responses.errors == 0
    assert any(
        f"Judge pro: {2 * RECORDS} of {2 * RECORDS} verdicts are unscored" in alarm
        for alarm in scorecard.alarms
    )


def test_all_that_is_refused_is_told_at_once_and_with_no_candidate_left_there_is_no_going_on(tmp_path):
    denied = ("AccessDeniedException", "You don't have access to the model with the specified model ID.")
    execution, _ = run(tmp_path, Refusing(lite=denied, haiku=REFUSAL), go_on=True)
    assert execution.error == "ModelRefused"
    assert "candidate lite" in execution.cause
    assert "candidate haiku" in execution.cause
    assert "No candidate is left" in execution.cause


def test_a_run_goes_on_when_the_cause_is_gone_and_pays_for_no_call_twice(tmp_path):
    first = Refusing(haiku=("AccessDeniedException", "not yet"))
    execution, _ = run(tmp_path, first)
    assert execution.error == "ModelRefused"
    second = Refusing()
    scorecard = scorecard_of(*run(tmp_path, second))
    assert second.calls == {LITE: RECORDS - 2, HAIKU: RECORDS, PRO: 2 * RECORDS - 2}
    assert scorecard.candidates["haiku"].responses.errors == 0
    assert scorecard.records.evaluated == RECORDS


def test_a_run_that_nobody_refuses_makes_no_call_more(tmp_path):
    runtime = Refusing()
    scorecard = scorecard_of(*run(tmp_path, runtime, records=rows(5)))
    assert runtime.calls == {LITE: 5, HAIKU: 5, PRO: 10}
    assert (scorecard.records.evaluated, scorecard.records.missing, scorecard.records.repeated) == (5, 0, 0)
    assert not [alarm for alarm in scorecard.alarms if "cost is unknown" not in alarm]


@pytest.mark.parametrize("count", [1, 2])
def test_a_dataset_of_nothing_but_first_records_is_evaluated_whole(tmp_path, count):
    runtime = Refusing()
    scorecard = scorecard_of(*run(tmp_path, runtime, records=rows(count)))
    assert runtime.calls == {LITE: count, HAIKU: count, PRO: 2 * count}
    assert scorecard.records.evaluated == count


def of_record(*numbers, error):
    texts = [f"What is {number} + 1?" for number in numbers]
    return lambda request: error if any(text in json.dumps(request["messages"]) for text in texts) else None


@pytest.mark.parametrize(
    "refusal",
    [
        of_record(0, error=("ValidationException", "An odd refusal of this text.")),
        of_record(0, 1, error=("ValidationException", "Input is too long for requested model.")),
        of_record(0, 1, error=("ServiceQuotaExceededException", "for now")),
    ],
)
def test_a_refusal_of_a_record_or_for_a_while_ends_nothing(tmp_path, refusal):
    scorecard = scorecard_of(*run(tmp_path, Refusing(haiku=refusal), records=rows(6)))
    errors = scorecard.candidates["haiku"].responses.errors
    assert 1 <= errors <= 2
    assert scorecard.candidates["haiku"].criteria["correctness"].n_scored == 6 - errors


def test_native_bodies_are_looked_at_as_well(tmp_path):
    candidates = [
        {"name": "lite", "model": LITE},
        {"name": "imported", "model": IMPORTED, "api": "invoke_model"},
    ]
    runtime = Refusing(imported=("ResourceNotFoundException", "no such model"))
    execution, _ = run(tmp_path, runtime, evaluation={**EVALUATION, "candidates": candidates})
    assert "candidate imported" in execution.cause
    assert runtime.calls.total() == 6


def test_a_judge_with_a_native_body_is_looked_at_as_well(tmp_path):
    judges = [{"name": "haiku", "model": HAIKU, "api": "invoke_model"}]
    evaluation = {**EVALUATION, "candidates": [{"name": "lite", "model": LITE}], "judges": judges}
    execution, _ = run(tmp_path, Refusing(haiku=REFUSAL), evaluation=evaluation)
    assert "judge haiku" in execution.cause


def test_long_records_that_go_by_way_of_s3_are_looked_at_as_well(tmp_path):
    runtime = Refusing(lite=("AccessDeniedException", "no"))
    records = rows(3, context="and so on " * 40_000)
    metrics = {**EVALUATION, "judges": [], "criteria": [], "metrics": ["exact_match"]}
    execution, _ = run(tmp_path, runtime, evaluation=metrics, records=records)
    assert "candidate lite" in execution.cause
    assert runtime.calls[LITE] == 2
    assert runtime.calls[HAIKU] == 2


def test_responses_that_are_given_call_nobody_and_their_judge_is_called_first(tmp_path):
    evaluation = {"name": "given", "judges": EVALUATION["judges"], "criteria": ["correctness"]}
    records = rows(50, responses={"ours": "a response"})
    runtime = Refusing(pro=REFUSAL)
    execution, _ = run(tmp_path, runtime, evaluation=evaluation, records=records)
    assert "judge pro" in execution.cause
    assert runtime.calls == {PRO: 2}


def test_a_candidate_that_only_later_records_call_is_called_first_too(tmp_path):
    records = rows(50)
    for row in records[:40]:
        row["responses"] = {"haiku": "a response"}
    runtime = Refusing(haiku=REFUSAL)
    execution, _ = run(tmp_path, runtime, records=records)
    assert "candidate haiku" in execution.cause
    assert runtime.calls[HAIKU] == 2
    assert runtime.calls[LITE] == 4


def test_a_judge_of_pairs_is_left_out_of_them_as_well(tmp_path):
    runtime = Refusing(pro=REFUSAL)
    evaluation = {**EVALUATION, "pairwise": {"baseline": "lite"}}
    execution, place = run(tmp_path, runtime, evaluation=evaluation, records=rows(20), go_on=True)
    scorecard = scorecard_of(execution, place)
    assert runtime.calls[PRO] <= 8
    assert scorecard.candidates["haiku"].pairwise.n == 0
    assert scorecard.judges["pro"].scored == 0


def test_a_run_without_a_call_has_no_first_records(tmp_path):
    evaluation = {"name": "given", "metrics": ["exact_match"]}
    execution, place = run(
        tmp_path, Refusing(), evaluation=evaluation, records=rows(3, responses={"ours": "1"})
    )
    assert scorecard_of(execution, place).records.evaluated == 3
    assert not (place / "first.jsonl").exists()
    assert len(list(Path(place, "results").iterdir())) == 1


@contextmanager
def serving(calls):
    """Serve OpenAI's API, where nobody may call haiku; `calls` counts them by model."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_):
            pass

        def do_POST(self):
            model = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["model"]
            calls[model] += 1
            message = {"role": "assistant", "content": "correctness: 5"}
            usage = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
            body = {"choices": [{"index": 0, "message": message, "finish_reason": "stop"}], "usage": usage}
            if model == HAIKU:
                body = {"error": {"message": "You may not call it.", "type": "invalid_request_error"}}
            content = json.dumps(body).encode()
            self.send_response(403 if model == HAIKU else 200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
        server.server_close()


def test_at_the_command_line_the_run_fails_and_is_gone_on_with(tmp_path):
    judges = [{"name": "pro", "model": PRO, "verdict": "text"}]
    (tmp_path / "evaluation.yaml").write_text(yaml.safe_dump({**EVALUATION, "judges": judges}))
    dataset = tmp_path / "faq.jsonl"
    dataset.write_text("".join(json.dumps(row) + "\n" for row in rows(30)), encoding="utf-8")
    calls = Counter()
    with serving(calls) as url:
        first = called("run", dataset, "--bedrock", f"openai={url}", "--out", tmp_path / "runs")
        assert first.returncode == 3, first.stderr
        said = " ".join(first.stderr.split())
        assert f"candidate haiku ({HAIKU}) is refused: AccessDeniedException: You may not call it." in said
        assert "Look at OPENAI_API_KEY" in said
        assert "--go-on" in said
        place = only_run(tmp_path / "runs")
        assert f"evaldrop run --resume {place}" in first.stderr
        assert calls == {LITE: 2, HAIKU: 2, PRO: 2}
        second = called("run", "--resume", place, "--go-on")
    assert second.returncode == 0, second.stderr
    assert calls == {LITE: 30, HAIKU: 4, PRO: 30}
    assert "haiku was left out: 30 of 30" in " ".join(second.stdout.split())
