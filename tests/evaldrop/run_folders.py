"""Builds small run folders by hand: run.json, records.jsonl, result files and their manifest."""

import json
from pathlib import Path
from typing import Any

from evaldrop import storage

MAP_RUN = "11111111-2222-3333-4444-555555555555"
CORRECTNESS = {"name": "correctness", "question": "Is it right?", "scale": "binary"}
TONE = {
    "name": "tone",
    "question": "Is the tone warm?",
    "scale": {"1": "rude", "2": "flat", "3": "polite", "4": "warm", "5": "delightful"},
    "pass_at": 4,
}
LITE, HAIKU, PRO = (
    "us.amazon.nova-lite-v1:0",
    "us.anthropic.claude-haiku-4-5-20251001-v1:0",
    "us.amazon.nova-pro-v1:0",
)
# Round prices, so that sums can be checked in the head: USD per 1,000,000 tokens.
PRICES = {
    LITE: {"input": 1.0, "output": 2.0},
    HAIKU: {"input": 10.0, "output": 20.0},
    PRO: {"input": 100.0, "output": 200.0},
}


def run_json(**changes: Any) -> dict[str, Any]:
    """A run of two candidates, one judge and two criteria; `changes` replace whole keys."""
    criteria = changes.get("criteria", [CORRECTNESS, TONE])
    evaluation = {
        "name": "support",
        "candidates": [{"name": "lite", "model": LITE}, {"name": "haiku", "model": HAIKU}],
        "judges": [{"name": "pro", "model": PRO}],
        "criteria": criteria,
        **changes.pop("evaluation", {}),
    }
    return {
        "run_id": "run-1",
        "evaluation_name": "support",
        "started_at": "2026-11-21T09:00:00+00:00",
        "simulated": False,
        "dataset": {"uri": "data/faq.jsonl", "version": None, "sha256": "ab" * 32, "shape": "canonical",
                    "records": {"read": 4, "rejected": 0}, "notes": []},
        "evaluation": evaluation,
        "evaluation_uri": "data/evaluation.yaml",
        "criteria": criteria,
        "prompts": {"candidate/answer.v1": {"sha256": "cd" * 32, "text": "{{ prompt }}"}},
        "workflow_sha256": "ef" * 32,
        "prices": {"date": "2026-11-21", "source": "test", "models": dict(PRICES)},
        "estimate": None,
        "versions": {"evaldrop": "0.1.0", "python": "3.11"},
        "nonce": "00",
        "options": {},
        "baseline": None,
        **changes,
    }  # fmt: skip


def record(
    record_id: str,
    *,
    judges: tuple[str, ...] = ("pro",),
    criteria: tuple[str, ...] = ("correctness", "tone"),
    repeats: int = 1,
    not_applicable: dict[str, str] | None = None,
    **fields: Any,
) -> dict[str, Any]:
    """A prepared record."""
    asked = [name for name in criteria if name not in (not_applicable or {})]
    judgements = [
        {"judge": judge, "api": "converse", "request_key": judge, "criteria": asked, "before": "",
        "after": "",
         "fences": {}, "repeat": repeat}
        for judge in judges for repeat in range(repeats)
    ]  # fmt: skip
    return {
        "record_id": record_id, "line": 1, "prompt": f"prompt of {record_id}", "system": None,
        "context": None,
        "reference": ["yes"], "category": None, "group": None, "metadata": {},
        "not_applicable": not_applicable or {},
        "calls": {"record_id": record_id, "requests": {}, "given": {}, "judgements": judgements,
        "comparisons": []},
        **fields,
    }  # fmt: skip


def converse(
    text: str, *, tokens: tuple[int, int] = (100, 10), latency_ms: int = 500, stop: str = "end_turn"
) -> dict[str, Any]:
    """A raw reply of converse with a text."""
    return _converse([{"Text": text}], tokens, latency_ms, stop)


def verdict(tool_input: dict[str, Any], *, tokens: tuple[int, int] = (200, 20)) -> dict[str, Any]:
    """A raw reply of converse with a tool call."""
    block = {"ToolUse": {"ToolUseId": "t", "Name": "give_verdict", "Input": tool_input}}
    return _converse([block], tokens, 900, "tool_use")


def _converse(content: list[Any], tokens: tuple[int, int], latency_ms: int, stop: str) -> dict[str, Any]:
    return {
        "Output": {"Message": {"Role": "assistant", "Content": content}},
        "StopReason": stop,
        "Usage": {"InputTokens": tokens[0], "OutputTokens": tokens[1], "TotalTokens": sum(tokens)},
        "Metrics": {"LatencyMs": latency_ms},
    }


def judgement(
    scores: dict[str, Any], *, judge: str = "pro", repeat: int = 0, rationale: str = "because", **fields: Any
) -> dict[str, Any]:
    """A judge's raw answer that gives these scores by the forced tool."""
    return {
        "judge": judge, "criteria": list(scores), "repeat": repeat, "api": "converse",
        "reply": verdict(tool_input(scores, rationale)), "retries": 0, "elapsed_ms": 950, **fields,
    }  # fmt: skip


def tool_input(scores: dict[str, Any], rationale: str) -> dict[str, Any]:
    """The forced tool's input for some scores; correctness and the like, which are yes or no, in words."""
    return {
        name: {"rationale": rationale, "score": score if name == "tone" else "yes" if score else "no"}
        for name, score in scores.items()
    }


def response(
    candidate: str, text: str = "an answer", scores: dict[str, Any] | None = None, **fields: Any
) -> dict[str, Any]:
    """A candidate's response, judged once on these scores."""
    return {
        "candidate": candidate, "api": "converse", "reply": converse(text), "retries": 0, "elapsed_ms": 600,
        "judgements": [judgement(scores)] if scores else [], **fields,
    }  # fmt: skip


def failed_response(
    candidate: str, error: str = "ThrottlingException", cause: str = "slow down"
) -> dict[str, Any]:
    """A candidate's call that failed after its retries."""
    return {
        "candidate": candidate,
        "api": "converse",
        "error": {"Error": error, "Cause": cause},
        "retries": 3,
        "elapsed_ms": 9000,
        "judgements": [],
    }


def row(
    record_id: str, *responses: dict[str, Any], comparisons: tuple[dict[str, Any], ...] = ()
) -> dict[str, Any]:
    """A child's output."""
    return {"record_id": record_id, "responses": list(responses), "comparisons": list(comparisons)}


def none_form(output: dict[str, Any]) -> dict[str, Any]:
    """A child's output as ResultWriter writes it without transformation."""
    return {
        "ExecutionArn": "arn:aws:states:::execution",
        "Input": "{}",
        "Output": json.dumps(output),
        "Status": "SUCCEEDED",
    }


def failed_row(record_id: str, error: str = "States.Timeout", cause: str = "300 s") -> dict[str, Any]:
    """A failed child as ResultWriter writes it."""
    return {
        "ExecutionArn": "arn",
        "Input": json.dumps({"record": {"record_id": record_id}}),
        "Status": "FAILED",
        "Error": error,
        "Cause": cause,
    }


def write_run(
    folder: str | Path,
    *,
    run: dict[str, Any],
    records: list[dict[str, Any]],
    succeeded: list[dict[str, Any]],
    failed: list[dict[str, Any]] | None = None,
    map_run: str = MAP_RUN,
    as_array: bool = False,
) -> str:
    """Write a run's folder as the steps before BuildScorecard leave it; return the manifest's URI."""
    uri = str(folder)
    storage.write_bytes(storage.join(uri, "run.json"), json.dumps(run).encode())
    storage.write_bytes(storage.join(uri, "records.jsonl"), _lines(records))
    return write_results(uri, succeeded=succeeded, failed=failed, map_run=map_run, as_array=as_array)


def write_results(
    folder: str,
    *,
    succeeded: list[dict[str, Any]],
    failed: list[dict[str, Any]] | None = None,
    pending: list[dict[str, Any]] | None = None,
    map_run: str = MAP_RUN,
    as_array: bool = False,
) -> str:
    """
    Write a Map run's result files and their manifest; return the manifest's URI.

    Rows in lists of lists are those of attempts: each attempt's successes are a file, of failures the last
    attempt's alone stand in the manifest, as after a redrive.
    """
    place = storage.join(folder, "results", map_run)
    files: dict[str, list[dict[str, Any]]] = {"FAILED": [], "PENDING": [], "SUCCEEDED": []}
    bucket = storage.place(folder, None if storage.is_s3(folder) else "/")
    for status, rows in (("SUCCEEDED", succeeded), ("FAILED", failed or []), ("PENDING", pending or [])):
        if rows:
            content = json.dumps(rows).encode() if as_array else _lines(rows)
            name = f"{status}_0.json" if as_array else f"{status}_0.jsonl"
            storage.write_bytes(storage.join(place, name), content)
            files[status].append({"Key": f"{bucket.key}/results/{map_run}/{name}", "Size": len(content)})
    manifest = {
        "DestinationBucket": bucket.bucket,
        "MapRunArn": f"arn:aws:states:::mapRun:{map_run}",
        "ResultFiles": files,
    }
    uri = storage.join(place, "manifest.json")
    storage.write_bytes(uri, json.dumps(manifest).encode())
    return uri


def _lines(rows: list[dict[str, Any]]) -> bytes:
    return b"".join(json.dumps(row, separators=(",", ":")).encode() + b"\n" for row in rows)
