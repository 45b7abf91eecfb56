"""
Speed and memory of a whole run, against an endpoint with a fixed latency, as ratios within one run.

    python -m benchmarks.throughput                  # the table of docs/performance.md
    python -m benchmarks.throughput --growth         # 10 times the records as well

Every line is a process of its own: start, imports, validation, calls, scorecard and report are in its time.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.endpoint import Settings, serving_processes

ROOT = Path(__file__).parent.parent
LATENCY_MS = 100
CALLS_PER_RECORD = 6

EVALUATION = """
name: bench
candidates:
  - {name: a, model: "bench.candidate-a-v1:0"}
  - {name: b, model: "bench.candidate-b-v1:0"}
  - {name: c, model: "bench.candidate-c-v1:0"}
judges: [{name: judge, model: "amazon.nova-pro-v1:0"}]
criteria: [correctness]
"""


class Measured(NamedTuple):
    """What a process took: wall-clock seconds and its peak resident memory in MB."""

    seconds: float
    megabytes: float


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--records", type=int, default=1000)
    parser.add_argument("--in-flight", type=int, nargs="+", default=[64, 256])
    parser.add_argument(
        "--growth", action="store_true", help="also ten times the records, at the first --in-flight"
    )
    parser.add_argument("--only", choices=["evaldrop", "threads"], help="measure one of the two")
    given = parser.parse_args()
    with (
        serving_processes(Settings(latency_ms=LATENCY_MS), port=0, processes=1) as (url, _),
        tempfile.TemporaryDirectory() as folder,
    ):
        environment = _environment(url)
        print(f"{'in flight':>9}  {'what':<14} {'seconds':>8} {'x ideal':>8} {'peak MB':>8}")
        for in_flight in given.in_flight:
            _compare(given.records, in_flight, Path(folder), environment, only=given.only)
        if given.growth:
            _grow(given.records, given.in_flight[0], Path(folder), environment)


def _compare(
    records: int, in_flight: int, folder: Path, environment: dict[str, str], *, only: str | None
) -> None:
    ideal = records * CALLS_PER_RECORD * LATENCY_MS / 1000 / in_flight
    print(f"{in_flight:>9}  {'ideal':<14} {ideal:>8.2f} {1:>8.2f}")
    if only != "evaldrop":
        command = [
            sys.executable,
            "-m",
            "benchmarks.bare_threads",
            "--records",
            str(records),
            "--threads",
            str(in_flight),
        ]
        _line(in_flight, "boto3 threads", _measure(command, environment), ideal)
    if only != "threads":
        _line(in_flight, "evaldrop", _evaldrop(records, in_flight, folder, environment), ideal)


def _grow(records: int, in_flight: int, folder: Path, environment: dict[str, str]) -> None:
    small = _evaldrop(records, in_flight, folder, environment)
    large = _evaldrop(10 * records, in_flight, folder, environment)
    print(
        f"\n10 x the records: {large.seconds / small.seconds:.2f} x the time ({large.seconds:.1f} s), "
        f"{large.megabytes / small.megabytes:.2f} x the memory ({large.megabytes:.0f} MB)"
    )


def _evaldrop(records: int, in_flight: int, folder: Path, environment: dict[str, str]) -> Measured:
    dataset = folder / f"bench-{records}" / "records.jsonl"
    if not dataset.exists():
        dataset.parent.mkdir()
        (dataset.parent / "evaluation.yaml").write_text(EVALUATION)
        with dataset.open("w") as lines:
            for number in range(records):
                lines.write(json.dumps(_record(number)) + "\n")
    command = [sys.executable, "-m", "evaldrop", "run", str(dataset), "--bedrock", "aws", "--yes"]
    command += ["--max-in-flight", str(in_flight), "--out", str(folder / "runs"), "--json"]
    return _measure(command, environment)


def _record(number: int) -> dict[str, str]:
    return {
        "id": f"record-{number}",
        "prompt": f"Question {number}: how long may I take to send it back, and who pays for the parcel?",
        "reference": "30 days from delivery; the customer pays unless the item is faulty.",
        "category": f"category {number % 5}",
    }


def _measure(command: Sequence[str], environment: dict[str, str]) -> Measured:
    began = time.perf_counter()
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    assert process.stderr
    errors = process.stderr.read().decode()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}:\n{errors}")
    return Measured(time.perf_counter() - began, usage.ru_maxrss / 1024)


def _line(in_flight: int, what: str, measured: Measured, ideal: float) -> None:
    print(
        f"{in_flight:>9}  {what:<14} {measured.seconds:>8.2f} "
        f"{measured.seconds / ideal:>8.2f} {measured.megabytes:>8.0f}"
    )


def _environment(url: str) -> dict[str, str]:
    return {
        **os.environ,
        "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": url,
        "AWS_ACCESS_KEY_ID": "benchmark",
        "AWS_SECRET_ACCESS_KEY": "benchmark",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }


if __name__ == "__main__":
    main()
