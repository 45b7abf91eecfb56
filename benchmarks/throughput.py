"""
Speed and memory of a whole run, against an endpoint with a fixed latency, as ratios within one run.

    python -m benchmarks.throughput                  # the table of docs/performance.md
    python -m benchmarks.throughput --growth         # 10 times the records as well

Every line is a program of its own: start, imports, validation, calls, scorecard and report are in its time.
*Bare bytes* is the least a client can take on this machine: it reads, signs and writes nothing.
The endpoint's own columns tell a busy machine from a slow client: calls it answered, its mean time from a
request read to its answer written, and its CPU time.
"""

import argparse
import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.endpoint import Counts, Settings, serving_processes
from benchmarks.memory import peak_megabytes

ROOT = Path(__file__).parent.parent
LATENCY_MS = 100
CALLS_PER_RECORD = 6
HEADING = (
    f"{'':<67}| the endpoint\n"
    f"{'in flight':>9}  {'what':<13} {'seconds':>7} {'x ideal':>7} {'x threads':>9} "
    f"{'1st call':>8} {'CPU s':>6} {'MB':>5}"
    f"  | {'calls':>6} {'ms a call':>9} {'CPU s':>6}"
)

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
    """
    What a process and its children took, and what the endpoint says it did meanwhile.

    Attributes:
        seconds: Wall-clock time.
        first_call_s: Seconds from the command to when the endpoint had read the first call.
        cpu_s: CPU time, user and system.
        megabytes: The most memory at one time, a page that processes share counted once.
        calls: Calls the endpoint answered.
        served_ms: Mean time from a request read to its answer written.
        endpoint_cpu_s: CPU time of the endpoint.
    """

    seconds: float
    first_call_s: float
    cpu_s: float
    megabytes: float
    calls: int
    served_ms: float
    endpoint_cpu_s: float


class Bench(NamedTuple):
    """Where a reading happens."""

    folder: Path
    environment: dict[str, str]
    counts: Counts
    repeats: int


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
    parser.add_argument("--only", choices=["evaldrop", "threads", "bytes"], help="measure one of them")
    parser.add_argument("--repeats", type=int, default=1, help="the fastest of so many is told")
    given = parser.parse_args()
    with (
        serving_processes(Settings(latency_ms=LATENCY_MS), port=0, processes=1) as (url, counts),
        tempfile.TemporaryDirectory() as folder,
    ):
        bench = Bench(Path(folder), environment(url), counts, given.repeats)
        print(HEADING)
        for in_flight in given.in_flight:
            _compare(given.records, in_flight, bench, only=given.only)
        if given.growth:
            _grow(given.records, given.in_flight[0], bench)


def _compare(records: int, in_flight: int, bench: Bench, *, only: str | None) -> None:
    ideal = records * CALLS_PER_RECORD * LATENCY_MS / 1000 / in_flight
    print(f"{in_flight:>9}  {'ideal':<13} {ideal:>7.2f} {1:>7.2f}")
    threads = None
    if only in (None, "bytes"):
        command = [sys.executable, "-m", "benchmarks.bare_bytes"]
        command += ["--calls", str(records * CALLS_PER_RECORD), "--connections", str(in_flight)]
        _line(in_flight, "bare bytes", _fastest(command, bench), ideal, None)
    if only in (None, "threads"):
        command = [sys.executable, "-m", "benchmarks.bare_threads"]
        command += ["--records", str(records), "--threads", str(in_flight)]
        threads = _fastest(command, bench)
        _line(in_flight, "boto3 threads", threads, ideal, threads)
    if only in (None, "evaldrop"):
        _line(in_flight, "evaldrop", _evaldrop(records, in_flight, bench), ideal, threads)


def _grow(records: int, in_flight: int, bench: Bench) -> None:
    small = _evaldrop(records, in_flight, bench)
    large = _evaldrop(10 * records, in_flight, bench)
    print(
        f"\n10 x the records: {large.seconds / small.seconds:.2f} x the time ({large.seconds:.1f} s), "
        f"{large.megabytes / small.megabytes:.2f} x the memory ({large.megabytes:.0f} MB)"
    )


def _evaldrop(records: int, in_flight: int, bench: Bench) -> Measured:
    dataset = write_dataset(bench.folder, records)
    command = [sys.executable, "-m", "evaldrop", "run", str(dataset), "--bedrock", "aws", "--yes"]
    command += ["--max-in-flight", str(in_flight), "--out", str(bench.folder / "runs"), "--json"]
    return _fastest(command, bench)


def write_dataset(folder: Path, records: int) -> Path:
    """Return a dataset of so many records in a folder of its own, with its evaluation; written once."""
    dataset = folder / f"bench-{records}" / "records.jsonl"
    if not dataset.exists():
        dataset.parent.mkdir()
        (dataset.parent / "evaluation.yaml").write_text(EVALUATION)
        with dataset.open("w") as lines:
            for number in range(records):
                lines.write(json.dumps(_record(number)) + "\n")
    return dataset


def _record(number: int) -> dict[str, str]:
    return {
        "id": f"record-{number}",
        "prompt": f"Question {number}: how long may I take to send it back, and who pays for the parcel?",
        "reference": "30 days from delivery; the customer pays unless the item is faulty.",
        "category": f"category {number % 5}",
    }


def _fastest(command: Sequence[str], bench: Bench) -> Measured:
    return min((_measure(command, bench) for _ in range(bench.repeats)), key=lambda one: one.seconds)


def _measure(command: Sequence[str], bench: Bench) -> Measured:
    shutil.rmtree(bench.folder / "runs", ignore_errors=True)  # a run's history is in its report
    bench.counts.reset()
    began = time.monotonic_ns()
    process = subprocess.Popen(
        command, cwd=ROOT, env=bench.environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    assert process.stderr
    with peak_megabytes(process.pid) as peak:
        errors = process.stderr.read().decode()
        _, status, usage = os.wait4(process.pid, 0)
    seconds = (time.monotonic_ns() - began) / 1e9
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}:\n{errors}")
    done, first = bench.counts.total(), bench.counts.first_call_ns()
    return Measured(
        seconds=seconds,
        first_call_s=(first - began) / 1e9 if first else math.nan,
        cpu_s=usage.ru_utime + usage.ru_stime,
        megabytes=peak[0],
        calls=done["calls"],
        served_ms=done["served_us"] / max(done["calls"], 1) / 1000,
        endpoint_cpu_s=done["cpu_us"] / 1e6,
    )


def _line(in_flight: int, what: str, measured: Measured, ideal: float, threads: Measured | None) -> None:
    beside_threads = f"{measured.seconds / threads.seconds:>9.2f}" if threads else f"{'':>9}"
    print(
        f"{in_flight:>9}  {what:<13} {measured.seconds:>7.2f} {measured.seconds / ideal:>7.2f} "
        f"{beside_threads} {measured.first_call_s:>8.2f} {measured.cpu_s:>6.1f} {measured.megabytes:>5.0f}"
        f"  | {measured.calls:>6} {measured.served_ms:>9.1f} {measured.endpoint_cpu_s:>6.1f}"
    )


def environment(url: str) -> dict[str, str]:
    """Return the environment of a run that calls an endpoint."""
    return {
        **os.environ,
        "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": url,
        "AWS_ACCESS_KEY_ID": "benchmark",
        "AWS_SECRET_ACCESS_KEY": "benchmark",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        # As an installed copy has it: modules are compiled once, not at every start.
        "PYTHONDONTWRITEBYTECODE": "",
    }


if __name__ == "__main__":
    main()
