"""
How long BuildScorecard takes and how much memory it needs, by number of records.

    python benchmarks/scorecard_rows.py 1000 10000
    python benchmarks/scorecard_rows.py 1000000 --folder /somewhere/with/9GB

Every record has three candidates' responses and a joint judge call on two criteria each; results lie in the
files in another order than the records, as parallel children leave them. Each size runs in its own process.
"""

import argparse
import json
import random
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

CANDIDATES = {"lite": 0.6, "haiku": 0.9, "llama": 0.88}
MODELS = {
    "lite": "us.amazon.nova-lite-v1:0",
    "haiku": "us.anthropic.claude-haiku-4-5-20251001-v1:0",
    "llama": "us.meta.llama3-3-70b-instruct-v1:0",
}
JUDGE = "us.amazon.nova-pro-v1:0"
CRITERIA = [
    {"name": "correctness", "question": "Is it right?", "scale": "binary"},
    {
        "name": "tone",
        "question": "Is it warm?",
        "scale": {"1": "rude", "2": "flat", "3": "polite", "4": "warm"},
    },
]
# Rows leave the Map in the order children end; this many are in flight at once.
SHUFFLED = 200
# Different records; a larger run has them again under other ids.
VARIETY = 5_000

_MEASURED = """
import resource, sys, time
from evaldrop.steps.build_scorecard.build import build_scorecard
start, cpu = time.perf_counter(), time.process_time()
scorecard = build_scorecard(sys.argv[1])
print(time.perf_counter() - start, time.process_time() - cpu,
      resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, scorecard.records.evaluated)
"""


def main() -> None:
    """Print a line per size."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("sizes", type=int, nargs="+", help="numbers of records")
    parser.add_argument(
        "--folder", type=Path, help="where the runs are written; a temporary folder by default"
    )
    arguments = parser.parse_args()
    print(f"{'records':>9}  {'wall s':>8}  {'cpu s':>8}  {'peak MB':>8}  {'µs/record':>9}  {'report MB':>9}")
    for size in arguments.sizes:
        with tempfile.TemporaryDirectory(dir=arguments.folder) as out:
            folder = Path(out) / "bench" / f"run-{size}"
            write_run(folder, size)
            done = subprocess.run(
                [sys.executable, "-c", _MEASURED, str(folder)], capture_output=True, text=True, check=True
            )
            wall, cpu, peak, _ = map(float, done.stdout.split())
            report = (folder / "report.html").stat().st_size / 1e6
            each = 1e6 * cpu / size
            print(
                f"{size:>9,}  {wall:>8.2f}  {cpu:>8.2f}  {peak:>8.0f}  {each:>9.0f}  {report:>9.1f}",
                flush=True,
            )
            shutil.rmtree(folder)


def write_run(folder: Path, size: int) -> None:
    """Write a run's folder as the Map leaves it, line by line."""
    source = random.Random(7)
    words = [
        "".join(source.choices("abcdefghijklmnopqrstuvwxyz", k=source.randint(2, 9))) for _ in range(5000)
    ]
    place = folder / "results" / "map-run"
    place.mkdir(parents=True)
    (folder / "run.json").write_text(json.dumps(run_file(size)))
    prepared = [dumped(record(number, words, source)) for number in range(min(size, VARIETY))]
    answered = [dumped(result(number, words, source)) for number in range(min(size, VARIETY))]
    with (folder / "records.jsonl").open("w") as records, (place / "SUCCEEDED_0.jsonl").open("w") as results:
        waiting: list[str] = []
        for number in range(size):
            old, new = f"r{number % VARIETY:07d}", f"r{number:07d}"
            records.write(prepared[number % VARIETY].replace(old, new, 1))
            waiting.append(answered[number % VARIETY].replace(old, new, 1))
            if len(waiting) >= SHUFFLED:
                results.write(waiting.pop(source.randrange(SHUFFLED)))
        results.writelines(waiting)
    manifest = {
        "DestinationBucket": str(place.parent),
        "MapRunArn": "arn:aws:states:::mapRun:bench",
        "ResultFiles": {
            "FAILED": [],
            "PENDING": [],
            "SUCCEEDED": [{"Key": "map-run/SUCCEEDED_0.jsonl", "Size": 0}],
        },
    }
    (place / "manifest.json").write_text(json.dumps(manifest))


def run_file(size: int) -> dict[str, Any]:
    """Return a `run.json`."""
    return {
        "run_id": f"run-{size}",
        "evaluation_name": "bench",
        "nonce": "00",
        "started_at": "2026-11-21T09:00:00+00:00",
        "simulated": True,
        "dataset": {"uri": "bench.jsonl", "records": {"read": size, "rejected": 0}},
        "evaluation": {
            "name": "bench",
            "candidates": [{"name": name, "model": MODELS[name]} for name in CANDIDATES],
            "judges": [{"name": "pro", "model": JUDGE}],
            "criteria": CRITERIA,
            "metrics": ["length_words"],
        },
        "criteria": CRITERIA,
        "prices": {
            "date": "2026-11-21",
            "source": "bench",
            "models": {model: {"input": 1, "output": 4} for model in (*MODELS.values(), JUDGE)},
        },
    }


def record(number: int, words: list[str], source: random.Random) -> dict[str, Any]:
    """Return a line of `records.jsonl`."""
    asked = {"judge": "pro", "criteria": [criterion["name"] for criterion in CRITERIA], "repeat": 0}
    prompt = text(words, source, 40)
    return {
        "record_id": f"r{number:07d}",
        "prompt": prompt,
        "reference": [text(words, source, 20)],
        "category": f"category {number % 6}",
        "calls": {"requests": {"answer": {"Messages": [prompt]}}, "judgements": [asked]},
    }


def result(number: int, words: list[str], source: random.Random) -> dict[str, Any]:
    """Return a child's output."""
    return {
        "record_id": f"r{number:07d}",
        "responses": [response(name, rate, words, source) for name, rate in CANDIDATES.items()],
        "comparisons": [],
    }


def response(name: str, rate: float, words: list[str], source: random.Random) -> dict[str, Any]:
    """Return a candidate's response with its verdicts."""
    scores = {"correctness": "yes" if source.random() < rate else "no", "tone": source.randint(2, 4)}
    given = {name: {"rationale": text(words, source, 25), "score": score} for name, score in scores.items()}
    block = {"ToolUse": {"ToolUseId": "t", "Name": "give_verdicts", "Input": given}}
    judgement = {
        "judge": "pro",
        "criteria": list(scores),
        "repeat": 0,
        "api": "converse",
        "reply": converse([block], "tool_use"),
        "retries": 0,
        "elapsed_ms": 400,
    }
    answer = converse([{"Text": text(words, source, 80)}], "end_turn")
    return {
        "candidate": name,
        "api": "converse",
        "reply": answer,
        "retries": 0,
        "elapsed_ms": 700,
        "judgements": [judgement],
    }


def converse(content: list[Any], stop_reason: str) -> dict[str, Any]:
    """Return a raw reply of Converse as Step Functions writes it."""
    return {
        "Output": {"Message": {"Role": "assistant", "Content": content}},
        "StopReason": stop_reason,
        "Usage": {"InputTokens": 120, "OutputTokens": 80, "TotalTokens": 200},
        "Metrics": {"LatencyMs": 650},
    }


def dumped(value: dict[str, Any]) -> str:
    """Return a line of JSON."""
    return json.dumps(value, separators=(",", ":")) + "\n"


def text(words: list[str], source: random.Random, count: int) -> str:
    """Return words that compress about as well as English does."""
    return " ".join(source.choices(words, k=count))


if __name__ == "__main__":
    main()
