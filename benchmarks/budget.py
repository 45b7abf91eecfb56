"""
A budget that is spent half-way: 10,000 records, 200 at a time, calls whose cost varies ten-fold.

    python -m benchmarks.budget                      # the figures of docs/costs.md
    python -m benchmarks.budget --failing 0.1        # a tenth of the children fail, and the run goes on

Answers come from memory after a fifth of a second and are billed as they leave, by a counter that knows
nothing of the budget. `--lost 0.01`: of a hundred calls one is lost after it was billed, and made once more.
`--failing 0.1`: of a hundred children five end without a call, since the table's answer to what they reserve
is lost, and five after their calls, which are longer together than a payload. Then the run goes on twice.
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
from unittest.mock import patch

from evaldrop.bedrock.journal import KeepingRuntime, journal_of
from evaldrop.engine.errors import ServiceError
from evaldrop.run.ledger import LEDGER, read_ledger
from evaldrop.run.request import RunRequest
from evaldrop.running import workflow
from evaldrop.running.budget_table import BudgetTable

JSON = dict[str, Any]

INPUT_USD, OUTPUT_USD = 1.0, 10.0
"""Per million tokens, which is micro-dollars a token."""
MAX_TOKENS = 1000
LONG = 140_000
"""Characters beside a reply, two of which a child's payload does not hold."""
CALLS = 2
EVALUATION = f"""
name: budget
candidates: [{{name: a, model: bench.model-v1:0, inference: {{max_tokens: {MAX_TOKENS}}}}}]
judges: [{{name: judge, model: bench.model-v1:0, verdict: text, inference: {{max_tokens: {MAX_TOKENS}}}}}]
criteria: [correctness]
tolerated_failure_percentage: 100
prices: {{"bench.model-v1:0": {{input: {INPUT_USD}, output: {OUTPUT_USD}}}}}
"""


class LosingTable(BudgetTable):
    """A table that reserves for some records, and whose answer never arrives."""

    async def update_item(self, request: JSON) -> JSON:
        """Update the item."""
        answer = await super().update_item(request)
        values = request["ExpressionAttributeValues"]
        if ":room" in values and fails(values.get(":record", {}).get("S", ""), UNCALLED):
            raise ServiceError("InternalServerError", "no answer")
        return answer


UNCALLED, TOO_LONG = "uncalled-", "long-"
"""How the IDs begin of records whose children fail, before their calls and after them."""


def fails(text: str, how: str) -> bool:
    """Tell whether the child of a record fails so, which an ID or a prompt tells."""
    return how in text


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
        # Beside the text, for a judge would read it.
        fields = "x" * LONG if fails(json.dumps(request["messages"]), TOO_LONG) else ""
        message = {"role": "assistant", "content": [{"text": text}]}
        return {
            "output": {"message": message},
            "stopReason": "end_turn",
            "usage": usage,
            "metrics": {"latencyMs": 1},
            "additionalModelResponseFields": {"fields": fields},
        }

    async def invoke_model(self, request: Mapping[str, Any]) -> JSON:
        """Never called."""
        raise ServiceError("ValidationException", f"{request['modelId']} is called by Converse")

    async def close(self) -> None:
        """Nothing is open."""


def measure(
    folder: Path, *, records: int, in_flight: int, budget_usd: float, lost: float, failing: float = 0.0
) -> JSON:
    """Run the workflow with a budget and return its figures; where children fail, also of how it goes on."""
    run = _written(folder, records=records, failing=failing)
    runtime = Billing(latency_s=0.2, lost=lost)
    began = time.perf_counter()
    _execute(folder, run, runtime, in_flight, budget_usd, loses=bool(failing))
    seconds = time.perf_counter() - began
    figures: JSON = {
        "seconds": round(seconds, 1),
        "records": records,
        **_counts(run),
        "calls": runtime.calls,
        "most in flight": runtime.most_in_flight,
        "budget_usd": budget_usd,
        **_money(run, runtime, budget_usd),
    }
    for again in range(1, 3) if failing else ():
        _execute(folder, run, runtime, in_flight, budget_usd, loses=False)
        went_on = {**_counts(run), **_money(run, runtime, budget_usd)}
        figures |= {f"again {again}: {name}": figure for name, figure in went_on.items()}
    return figures


def _written(folder: Path, *, records: int, failing: float) -> Path:
    """Write an evaluation and its dataset, and return the folder of the run to be."""
    (folder / "evaluation.yaml").write_text(EVALUATION)
    every = round(2 / failing) if failing else records + 1
    with (folder / "records.jsonl").open("w") as lines:
        for n in range(records):
            how = UNCALLED if n % every == every - 1 else TOO_LONG if n % every == every // 2 - 1 else "r"
            text = f"Question {how}{n}. " + "word " * (20 * (n % 10))
            lines.write(json.dumps({"id": f"{how}{n}", "prompt": text, "reference": "yes"}) + "\n")
    run = folder / "runs" / "budget" / "bench"
    run.mkdir(parents=True)
    return run


def _execute(
    folder: Path, run: Path, runtime: Billing, in_flight: int, budget_usd: float, *, loses: bool
) -> None:
    request = RunRequest(
        run_id="bench",
        dataset=str(folder / "records.jsonl"),
        out=str(folder / "runs"),
        bedrock="simulated",
        max_in_flight=in_flight,
        budget_usd=budget_usd,
    )
    keeping = KeepingRuntime(runtime, journal_of(str(run)))
    with patch.object(workflow, "BudgetTable", LosingTable if loses else BudgetTable):
        ran = workflow.run_locally(request, keeping, folder=str(run), is_quiet=lambda: True)
        execution = asyncio.run(ran)
    if execution.status != "SUCCEEDED":
        raise SystemExit(f"{execution.error}: {execution.cause}")


def _counts(run: Path) -> JSON:
    counts = json.loads((run / "scorecard.json").read_bytes())["records"]
    return {name: counts[name] for name in ("evaluated", "skipped", "missing")}


def _money(run: Path, runtime: Billing, budget_usd: float) -> JSON:
    limit, ledger = budget_usd * 1e6, read_ledger(run / LEDGER)
    return {
        "billed_usd": round(runtime.micros / 1e6, 4),
        "settled_usd": round(ledger.spent / 1e6, 4),
        "unknown_usd": round(ledger.unknown / 1e6, 4),
        "overshoot_usd": round(max(0.0, runtime.micros - limit) / 1e6, 6),
        "left_percent": round(max(0.0, limit - ledger.spent - ledger.unknown) / limit * 100, 2),
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
    parser.add_argument("--failing", type=float, default=0.0, help="share of children that fail")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(
            Path(folder),
            records=asked.records,
            in_flight=asked.in_flight,
            budget_usd=asked.budget,
            lost=asked.lost,
            failing=asked.failing,
        )
    for name, figure in figures.items():
        print(f"{name:<24} {figure:,}" if isinstance(figure, int) else f"{name:<24} {figure}")


if __name__ == "__main__":
    main()
