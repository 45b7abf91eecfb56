"""
How long a run takes until its first call leaves, its dataset prepared in one piece and in parts.

    python -m benchmarks.preparation 1000 100000

Runs of `evaldrop run` against an endpoint, with three candidates and one joint judge call a response; each is
ended when the endpoint has read the first call. Parts are worked on by as many processes as there are
processors.
"""

import argparse
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from benchmarks.endpoint import Counts, Settings, serving_processes
from benchmarks.memory import peak_megabytes
from benchmarks.throughput import ROOT, environment, write_dataset
from evaldrop.run.part_sizes import EACH_PART, LOCAL_PART_BYTES, PARTS_ABOVE

_LOOKS_EVERY_S = 0.001
# More than any dataset that is tried here has.
_NEVER = 1 << 50


class Reading(NamedTuple):
    """Seconds until the first call had come in, and the most memory that all processes had till then."""

    seconds: float
    megabytes: float


def main() -> None:
    """Print a line for each size and way."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("sizes", type=int, nargs="+", help="numbers of records")
    parser.add_argument("--repeats", type=int, default=1, help="the fastest of so many is told")
    given = parser.parse_args()
    print(f"{'records':>9}  {'MB of file':>10}  {'':<13}  {'first call s':>12}  {'µs/record':>9}  {'MB':>5}")
    with (
        serving_processes(Settings(latency_ms=100), port=0, processes=1) as (url, counts),
        tempfile.TemporaryDirectory() as folder,
    ):
        for size in given.sizes:
            dataset = write_dataset(Path(folder), size)
            for way, above in (("in one piece", _NEVER), ("in parts", LOCAL_PART_BYTES)):
                variables = {**environment(url), PARTS_ABOVE: str(above), EACH_PART: str(LOCAL_PART_BYTES)}
                found = [_reading(dataset, variables, counts) for _ in range(given.repeats)]
                best = min(found, key=lambda one: one.seconds)
                print(
                    f"{size:>9,}  {dataset.stat().st_size / 1e6:>10.1f}  {way:<13}  {best.seconds:>12.2f}  "
                    f"{1e6 * best.seconds / size:>9.0f}  {best.megabytes:>5.0f}",
                    flush=True,
                )


def _reading(dataset: Path, variables: dict[str, str], counts: Counts) -> Reading:
    command = [sys.executable, "-m", "evaldrop", "run", str(dataset), "--bedrock", "aws", "--yes"]
    with tempfile.TemporaryDirectory() as out:
        counts.reset()
        began = time.monotonic_ns()
        process = subprocess.Popen(
            [*command, "--out", out], cwd=ROOT, env=variables, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        with peak_megabytes(process.pid) as peak:
            while (first := counts.first_call_ns()) is None:
                if process.poll() is not None:
                    raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
                time.sleep(_LOOKS_EVERY_S)
        process.send_signal(signal.SIGKILL)
        process.wait()
    return Reading((first - began) / 1e9, peak[0])


if __name__ == "__main__":
    main()
