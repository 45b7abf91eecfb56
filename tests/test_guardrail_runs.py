"""Whole runs with guardrails: through the workflow, under both APIs, and from the replies again."""

import json
from collections import Counter

import pyarrow.parquet as pq
import pytest

from tests.whole_runs import ROOT, called, only_run

SAMPLE = ROOT / "datasets/guardrail/records.jsonl"
JUDGED = """
name: judged
candidates:
  - {name: plain, model: us.amazon.nova-lite-v1:0}
  - {name: converse, model: us.amazon.nova-lite-v1:0, guardrail: {id: strict1, version: "1", trace: enabled}}
  - name: invoke
    model: us.anthropic.claude-haiku-4-5-20251001-v1:0
    api: invoke_model
    guardrail: {id: strict1, version: "1"}
judges: [{name: judge, model: us.amazon.nova-pro-v1:0}]
criteria: [bedrock.refusal]
pairwise: {baseline: plain}
metrics: [length_words]
"""


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    out = tmp_path_factory.mktemp("sample")
    done = called("run", SAMPLE, "--bedrock", "simulated:latency=0", "--out", out)
    return done, only_run(out)


@pytest.fixture(scope="module")
def judged(tmp_path_factory):
    folder = tmp_path_factory.mktemp("judged")
    (folder / "evaluation.yaml").write_text(JUDGED, encoding="utf-8")
    rows = SAMPLE.read_text(encoding="utf-8").splitlines()[:24]
    (folder / "records.jsonl").write_text("\n".join(rows), encoding="utf-8")
    done = called("run", folder / "records.jsonl", "--bedrock", "simulated:latency=0", "--out", folder / "o")
    assert done.returncode == 0, done.stderr
    return only_run(folder / "o")


def scorecard_of(run):
    return json.loads((run / "scorecard.json").read_text(encoding="utf-8"))


def ends_of(run, candidate):
    table = pq.read_table(run / "responses.parquet").to_pylist()
    return {row["record_id"]: row["stop_reason"] for row in table if row["candidate"] == candidate}


def test_the_sample_passes_its_gate_and_tells_the_guardrails_apart(sample):
    done, run = sample
    assert done.returncode == 0, done.stdout + done.stderr
    assert "bad blocked" in done.stdout
    found = {name: card["guardrail"] for name, card in scorecard_of(run)["candidates"].items()}
    assert found["unguarded"]["blocked_bad"]["n"] == 0
    assert found["unguarded"]["guardrail"] is None
    standard, strict = found["standard"], found["strict"]
    assert 0 < standard["blocked_bad"]["n"] < strict["blocked_bad"]["n"] < 44
    assert standard["blocked_good"]["n"] < strict["blocked_good"]["n"]
    assert all(card["blocked_bad"]["of"] == card["blocked_good"]["of"] == 44 for card in found.values())


def test_the_samples_requests_are_half_bad_and_half_good_in_every_category():
    rows = [json.loads(line) for line in SAMPLE.read_text(encoding="utf-8").splitlines()]
    assert len({row["id"] for row in rows}) == len(rows) >= 60
    assert set(Counter((row["category"], row["expected_blocked"]) for row in rows).values()) == {4}


def test_both_apis_tell_an_intervention_and_models_behind_one_guardrail_are_stopped_alike(judged):
    blocked = {
        name: {record for record, stop in ends_of(judged, name).items() if stop == "guardrail_intervened"}
        for name in ("plain", "converse", "invoke")
    }
    assert blocked["plain"] == set()
    assert blocked["converse"] == blocked["invoke"] != set()


def outputs_of(run):
    for file in run.glob("results/*/SUCCEEDED_*"):
        yield from map(json.loads, file.read_text(encoding="utf-8").splitlines())


def is_stopped(found):
    reply = found["reply"]
    body = reply.get("Body") or {}
    return "guardrail_intervened" in reply.values() or "INTERVENED" in body.values()


def test_a_blocked_response_is_neither_judged_nor_compared_and_no_error(judged):
    """In the results as Step Functions writes them: no judge was asked, so nothing was paid."""
    blocked = 0
    for output in outputs_of(judged):
        stopped = {found["candidate"] for found in output["responses"] if is_stopped(found)}
        blocked += len(stopped)
        for found in output["responses"]:
            assert "error" not in found
            assert len(found["judgements"]) == (found["candidate"] not in stopped)
        for pair in output["comparisons"]:
            if stopped & {pair["candidate"], pair["baseline"]}:
                assert "reply" not in pair
    assert blocked > 0
    verdicts = pq.read_table(judged / "verdicts.parquet").to_pylist()
    assert Counter(row["unscored_reason"] for row in verdicts)["no_response"] == blocked
    comparisons = pq.read_table(judged / "comparisons.parquet").to_pylist()
    assert Counter(row["unscored_reason"] for row in comparisons)["missing"] == 2 * blocked


def test_what_is_blocked_raises_no_alarm_and_is_no_fault_of_the_judge(judged):
    scorecard = scorecard_of(judged)
    assert scorecard["judges"]["judge"]["errors"] == 0
    assert not any("judge" in alarm.lower() and "unscored" in alarm for alarm in scorecard["alarms"])
    assert all(card["responses"]["errors"] == 0 for card in scorecard["candidates"].values())
    assert scorecard["candidates"]["converse"]["responses"]["blocked"] > 0


def test_a_trace_that_was_asked_for_is_kept_in_the_results(judged):
    text = "".join(file.read_text(encoding="utf-8") for file in judged.glob("results/*/SUCCEEDED_*"))
    assert "InputAssessment" in text
    assert "ContentPolicy" in text
    assert "amazon-bedrock-trace" not in text


def test_read_again_the_same_was_blocked(judged):
    before = scorecard_of(judged)
    done = called("rescore", judged)
    assert done.returncode == 0, done.stderr
    (again,) = [file.parent for file in judged.parent.glob("*/run.json") if file.parent != judged]
    for name, card in scorecard_of(again)["candidates"].items():
        assert card["guardrail"] == before["candidates"][name]["guardrail"]


def test_wrong_expectations_are_refused_with_their_line_before_anything_is_called(tmp_path):
    (tmp_path / "evaluation.yaml").write_text(JUDGED, encoding="utf-8")
    rows = ['{"prompt": "a", "expected_blocked": true}', '{"prompt": "b", "expected_blocked": "no"}']
    (tmp_path / "records.jsonl").write_text("\n".join(rows), encoding="utf-8")
    done = called("run", tmp_path / "records.jsonl", "--bedrock", "simulated", "--out", tmp_path / "o")
    assert done.returncode == 64
    assert 'records.jsonl line 2: "expected_blocked" is a string, not true or false' in done.stderr
    assert not list((tmp_path / "o").glob("**/responses.parquet"))
