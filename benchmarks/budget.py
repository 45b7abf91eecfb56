"""
A budget that is spent half-way: 10,000 records, 200 at a time, calls whose cost varies ten-fold.

    python -m benchmarks.budget                      # the figures of docs/costs.md

Answers come from memory after a fifth of a second and are billed as they leave, by a counter that knows
nothing of the budget. `--lost 0.01`: of a hundred calls one is lost after it was billed, and made once more.
"""

import argparse
import asyncio
import json
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from random import Random
from typing import Any

from evaldrop.engine.errors import ServiceError
from evaldrop.run.ledger import LEDGER, read_ledger
from evaldrop.run.request import RunRequest
from evaldrop.running.workflow import run_locally

JSON = dict[str, Any]

INPUT_USD, OUTPUT_USD = 1.0, 10.0
"""Per million tokens, which is micro-dollars a token."""
MAX_TOKENS = 1000
CALLS = 2
EVALUATION = f"""
name: budget
candidates: [{{name: a, model: bench.model-v1:0, inference: {{max_tokens: {MAX_TOKENS}}}}}]
judges: [{{name: judge, model: bench.model-v1:0, verdict: text, inference: {{max_tokens: {MAX_TOKENS}}}}}]
criteria: [correctness]
prices: {{"bench.model-v1:0": {{input: {INPUT_USD}, output: {OUTPUT_USD}}}}}
"""


class Billing:
    """A runtime that bills each call when it answers: from a tenth of `max_tokens` to all of them."""

    is_simulated = True

    def __init__(self, *, latency_s: float, lost: float) -> None:
        self.micros = 0.0
        self.calls = self.in_flight = self.most_in_flight = 0
        self._latency_s, self._lost, self._random = latency_s, lost, Random(1)

    async def converse(self, request: Mapping[str, Any]) -> JSON:
        """Answer after a while."""
        self.calls += 1
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            await asyncio.sleep(self._latency_s * self._random.uniform(0.5, 1.5))
        finally:
            self.in_flight -= 1
        sent = sum(len(part["text"]) for turn in request["messages"] for part in turn["content"]) // 4
        written = self._random.randint(MAX_TOKENS // 10, MAX_TOKENS)
        self.micros += sent * INPUT_USD + written * OUTPUT_USD
        if self._random.random() < self._lost:
            raise ServiceError("InternalServerException", "lost after it was billed")
        usage = {"inputTokens": sent, "outputTokens": written, "totalTokens": sent + written}
        text = '{"correctness": {"score": 4, "rationale": "so"}}'
        message = {"role": "assistant", "content": [{"text": text}]}
        return {
            "output": {"message": message},
            "stopReason": "end_turn",
            "usage": usage,
            "metrics": {"latencyMs": 1},
        }

    async def invoke_model(self, request: Mapping[str, Any]) -> JSON:
        """Never called."""
        raise ServiceError("ValidationException", f"{request['modelId']} is called by Converse")

    async def close(self) -> None:
        """Nothing is open."""


def measure(folder: Path, *, records: int, in_flight: int, budget_usd: float, lost: float) -> JSON:
    """Run the workflow with a budget and return its figures."""
    (folder / "evaluation.yaml").write_text(EVALUATION)
    with (folder / "records.jsonl").open("w") as lines:
        for n in range(records):
            row = {"id": f"r{n}", "prompt": f"Question {n}. " + "word " * (20 * (n % 10)), "reference": "yes"}
            lines.write(json.dumps(row) + "\n")
    run = folder / "runs" / "budget" / "bench"
    run.mkdir(parents=True)
    runtime = Billing(latency_s=0.2, lost=lost)
    request = RunRequest(
        run_id="bench",
        dataset=str(folder / "records.jsonl"),
        out=str(folder / "runs"),
        bedrock="simulated",
        max_in_flight=in_flight,
        budget_usd=budget_usd,
    )
    began = time.perf_counter()
    execution = asyncio.run(run_locally(request, runtime, folder=str(run)))
    seconds = time.perf_counter() - began
    if execution.status != "SUCCEEDED":
        raise SystemExit(f"{execution.error}: {execution.cause}")
    counts = json.loads((run / "scorecard.json").read_bytes())["records"]
    settled = read_ledger(run / LEDGER).spent
    limit = budget_usd * 1e6
    return {
        "seconds": round(seconds, 1),
        "records": records,
        "evaluated": counts["evaluated"],
        "skipped": counts["skipped"],
        "missing": counts["missing"],
        "calls": runtime.calls,
        "most in flight": runtime.most_in_flight,
        "budget_usd": budget_usd,
        "billed_usd": round(runtime.micros / 1e6, 4),
        "settled_usd": round(settled / 1e6, 4),
        "overshoot_usd": round(max(0.0, runtime.micros - limit) / 1e6, 6),
        "left_percent": round(max(0.0, limit - settled) / limit * 100, 2),
    }


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--records", type=int, default=10_000)
    parser.add_argument("--in-flight", type=int, default=200)
    parser.add_argument(
        "--budget", type=float, default=60.0, help="USD; all records take about twice as much"
    )
    parser.add_argument("--lost", type=float, default=0.0, help="share of calls that are lost")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(
            Path(folder),
            records=asked.records,
            in_flight=asked.in_flight,
            budget_usd=asked.budget,
            lost=asked.lost,
        )
    for name, figure in figures.items():
        print(f"{name:<15} {figure:,}" if isinstance(figure, int) else f"{name:<15} {figure}")


if __name__ == "__main__":
    main()
