"""
The same run in each delivery: is the scorecard the same, and did a plan know what it would be billed?

    python -m benchmarks.deliveries                  # the figures of docs/delivery.md
    python -m benchmarks.deliveries --records 300

Two candidates and a judge about the questions of `datasets/support-faq`, asked again and again with a number
in them, in a rehearsal without a wait. The bill is added up from the tokens that the rehearsed jobs and calls
tell, beside what the scorecard says.
"""

import argparse
import json
import re
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow.parquet as pq

from benchmarks.memory import peak_megabytes
from evaldrop.evaluation.prices import Prices, TokenUsage, cost_at, price_of
from evaldrop.run.definition import RunDefinition
from tests.whole_runs import ROOT, command, environment, only_run

JSON = dict[str, Any]

RECORDS, EARLIER = 5_000, 200
BEDROCK = "simulated:latency=0,job_looks=1,ceiling=0.9"
# Batch is there for a plan, too: on one machine a rehearsal alone has jobs.
AS_RUN = ("--bedrock", BEDROCK)
DELIVERIES = ("on_demand", "flex", "batch", "auto")
# A judge in batch gives its verdict in text: only what is asked in the same way is answered in the same way.
EVALUATION = """
name: deliveries
delivery: {delivery}
{deadline}
candidates:
  - {{name: lite, model: us.amazon.nova-lite-v1:0}}
  - {{name: haiku, model: us.anthropic.claude-haiku-4-5-20251001-v1:0}}
judges: [{{name: pro, model: us.amazon.nova-pro-v1:0, verdict: text}}]
criteria: [correctness, helpfulness]
"""
DEADLINE = "deadline: 60h"
OF_COST_AND_TIME = {
    "run_id", "started_at", "duration_s", "dataset", "latency_ms", "latency_ms_p90", "cost_usd",
    "cost_usd_per_1000_records", "frontier", "evidence", "hints", "alarms", "ranking_evidence",
}  # fmt: skip
# What more records would cost is in the recommendation's sentence.
_DOLLARS = re.compile(r"\$[\d,.]+\d")
WITHIN = 0.1
"""Of the bill: how far a plan may be from it."""

Execute = Callable[..., str]
"""Runs evaldrop with some arguments, and returns what it prints."""


class Spent(NamedTuple):
    """What a run took: seconds, megabytes at the peak."""

    seconds: float
    megabytes: float


class Figures(NamedTuple):
    """
    What came of a delivery, in USD.

    `told` is the scorecard's cost, `planned` what a plan says without an earlier run, `like` with one.
    """

    delivery: str
    spent: Spent
    billed: float
    told: float
    planned: float
    like: float


def write_dataset(folder: Path, delivery: str, records: int) -> Path:
    """Write the questions of the shop's support, as many as asked for, and an evaluation of a delivery."""
    folder.mkdir(parents=True, exist_ok=True)
    deadline = DEADLINE if delivery == "auto" else ""
    (folder / "evaluation.yaml").write_text(EVALUATION.format(delivery=delivery, deadline=deadline))
    text = (ROOT / "datasets/support-faq/records.jsonl").read_text(encoding="utf-8")
    rows = [row for row in map(json.loads, text.splitlines()) if "prompt" in row]
    with (folder / "records.jsonl").open("w", encoding="utf-8") as lines:
        for n in range(records):
            row = rows[n % len(rows)]
            asked = {"id": f"r{n}", "prompt": f"Case {n}. {row['prompt']}", "reference": row["reference"]}
            lines.write(json.dumps(asked) + "\n")
    return folder / "records.jsonl"


def figures_of(
    folder: Path,
    records: int,
    *,
    execute: Execute,
    spent: Callable[[], Spent],
    deliveries: Sequence[str] = DELIVERIES,
) -> list[Figures]:
    """
    Run every delivery, and return what it cost.

    Args:
        folder: An empty one.
        records: In each run.
        execute: Runs evaldrop.
        spent: What the latest run took.
        deliveries: The settings to run it with; the first is what the others are held to.

    Raises:
        AssertionError: A delivery has another scorecard, apart from cost and time; or its cost is not that of
            the bill.
    """
    small = write_dataset(folder / "earlier", "on_demand", min(EARLIER, records // 2))
    execute("run", small, "--bedrock", BEDROCK, "--out", folder / "earlier" / "runs")
    earlier = only_run(folder / "earlier" / "runs")
    done: list[Figures] = []
    expected: Any = None
    for delivery in deliveries:
        dataset = write_dataset(folder / delivery, delivery, records)
        asked = ("plan", dataset, "--json", *AS_RUN)
        plans = [json.loads(execute(*asked, *like)) for like in ((), ("--like", earlier))]
        planned, like = (plan["cost_usd"]["likely"] for plan in plans)
        execute("run", dataset, "--bedrock", BEDROCK, "--out", folder / delivery / "runs")
        run = only_run(folder / delivery / "runs")
        card = json.loads((run / "scorecard.json").read_bytes())
        expected = expected or but_for_cost_and_time(card)
        assert but_for_cost_and_time(card) == expected, f"{delivery}: another scorecard"
        billed, told = bill(run), card["cost_usd"]["total"]
        assert abs(billed - told) < 1e-6 * billed, f"{delivery}: ${told} told, ${billed} billed"
        done.append(Figures(delivery, spent(), billed, told, planned, like))
    return done


def but_for_cost_and_time(value: Any) -> Any:
    """Return a scorecard without what a delivery may change."""
    if isinstance(value, list):
        return [but_for_cost_and_time(each) for each in value]
    if isinstance(value, str):
        return _DOLLARS.sub("$", value)
    if not isinstance(value, dict):
        return value
    return {key: but_for_cost_and_time(each) for key, each in value.items() if key not in OF_COST_AND_TIME}


def bill(run: Path) -> float:
    """Return what a rehearsed Bedrock would bill for a run: its jobs by their own counts, calls by theirs."""
    definition = RunDefinition.load(str(run))
    models = {each.name: each.model for each in (*definition.candidates, *definition.judges)}
    total = 0.0
    for path in run.glob("simulated-bedrock/*/*.json"):
        job = json.loads(path.read_bytes())
        output = Path(job["outputDataConfig"]["s3OutputDataConfig"]["s3Uri"].removeprefix("file://"))
        (manifest,) = output.glob("*/manifest.json.out")
        counts = json.loads(manifest.read_bytes())
        usage = TokenUsage(counts["inputTokenCount"], counts["outputTokenCount"])
        total += _usd(definition, job["modelId"], usage, "batch")
    for table, role in (("responses", "candidate"), ("verdicts", "judge")):
        for row in pq.read_table(run / f"{table}.parquet").to_pylist():
            if row["delivery"] != "batch" and row["input_tokens"] is not None:
                cached = (row["cache_read_tokens"] or 0, row["cache_write_tokens"] or 0)
                usage = TokenUsage(row["input_tokens"], row["output_tokens"], *cached)
                total += _usd(definition, models[row[role]], usage, row["delivery"])
    return total


def _usd(definition: RunDefinition, model: str, usage: TokenUsage, delivery: Any) -> float:
    return cost_at(price_of(model, Prices.from_json(definition.price_list)), usage, delivery) or 0.0


class Commands:
    """Runs evaldrop in processes of their own, and knows what the latest took."""

    def __init__(self) -> None:
        self._spent = Spent(0, 0)

    def execute(self, *arguments: object) -> str:
        """
        Run evaldrop, and return what it prints.

        Raises:
            SystemExit: It failed.
        """
        began = time.perf_counter()
        process = subprocess.Popen(
            command(*arguments),
            cwd=ROOT,
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        with peak_megabytes(process.pid) as peak:
            out, errors = process.communicate()
        if process.returncode:
            raise SystemExit(errors)
        self._spent = Spent(time.perf_counter() - began, peak[0])
        return out

    def spent(self) -> Spent:
        """Return what the latest command took."""
        return self._spent


def table(done: list[Figures]) -> str:
    """Return the figures in words: time and memory as multiples of those on demand."""
    first = done[0].spent
    lines = [
        "| delivery | time | memory | billed | plan | off | plan --like | off |",
        "|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for each in done:
        took = f"{each.spent.seconds / first.seconds:.2f} | {each.spent.megabytes / first.megabytes:.2f}"
        plans = " | ".join(f"${usd:.3f} | {off(usd, each.billed):+.1%}" for usd in (each.planned, each.like))
        lines.append(f"| {each.delivery} | {took} | ${each.billed:.3f} | {plans} |")
    return "\n".join(lines)


def off(planned: float, billed: float) -> float:
    """Return by which share of the bill a plan is above it."""
    return planned / billed - 1


def main() -> None:
    """Print the figures; fail where a plan that knows an earlier run is too far from the bill."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--records", type=int, default=RECORDS)
    asked = parser.parse_args()
    commands = Commands()
    with tempfile.TemporaryDirectory() as folder:
        done = figures_of(Path(folder), asked.records, execute=commands.execute, spent=commands.spent)
    print(f"{asked.records:,} records; on demand {done[0].spent.seconds:.1f} s, "
          f"{done[0].spent.megabytes:.0f} MB")  # fmt: skip
    print(table(done))
    assert all(abs(off(each.like, each.billed)) <= WITHIN for each in done)


if __name__ == "__main__":
    main()
