"""
How long each function takes and how much memory, for datasets too large to be run here: parts are measured.

    python -m benchmarks.scale --records 10000000
    python -m benchmarks.scale --records 10000000 --parts 4 --folder /somewhere/with/4GB

A dataset of some parts of 64 MB is validated, prepared and scored by the functions' own handlers, each call
in a process of its own, with results as a distributed Map leaves them: three candidates, a joint judge call
on two criteria for each response. Nothing is called. What a part takes is the slowest part's; what the
function takes that makes one of them is measured with half the parts and with all, and goes on in a straight
line. The sums are arithmetic: so many parts by 200 functions at once, each as fast as this machine.
"""

import argparse
import json
import math
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.scorecard_rows import CRITERIA, JUDGE, MODELS, dumped, response, text
from evaldrop.run.part_sizes import EACH_PART, PART_BYTES, PARTS_ABOVE

RECORD_BYTES = 3_000
FUNCTIONS = 200
ROUNDS = ("ValidateDataset", "PrepareRecords", "BuildScorecard")
EVALUATION = {
    "name": "bench",
    "candidates": [{"name": name, "model": model} for name, model in MODELS.items()],
    "judges": [{"name": "pro", "model": JUDGE}],
    "criteria": CRITERIA,
}
_CALLED = """
import json, resource, sys, time
from evaldrop.running.handlers import HANDLERS
name, event = sys.argv[1], json.loads(sys.argv[2])
# Imports are in no time: a function keeps what it has imported.
import lambdas.build_scorecard.handler, lambdas.prepare_records.handler, lambdas.validate_dataset.handler
start = time.perf_counter()
answer = HANDLERS[name](event, None)
took = time.perf_counter() - start
print(json.dumps([took, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, answer]))
"""


class Took(NamedTuple):
    """What a call took: seconds, and megabytes at its peak."""

    seconds: float
    mb: float


class Stage(NamedTuple):
    """What a stage took: its slowest part, and the function that makes one of all parts."""

    name: str
    part: Took
    merge: Took


def main() -> None:
    """Print a line per stage, and what they come to."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--records", type=int, default=10_000_000, help="records that are reckoned for")
    parser.add_argument("--parts", type=int, default=4, help="parts that are measured")
    parser.add_argument("--folder", type=Path, help="where they are written; a temporary folder by default")
    arguments = parser.parse_args()
    measured = {}
    for count in (arguments.parts // 2, arguments.parts):
        with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
            measured[count] = list(stages(Path(folder), count))
    tell(measured, arguments.records)


def stages(folder: Path, parts: int) -> Iterator[Stage]:
    """Run a dataset of so many parts through the functions, and yield what each stage took."""
    records = write_dataset(folder, parts)
    event: dict[str, Any] = {
        "run_id": "run-1",
        "dataset": str(folder / "records.jsonl"),
        "out": str(folder / "runs"),
        "bedrock": "simulated",
    }
    for name in ROUNDS:
        if name == "BuildScorecard":
            event |= write_results(Path(event["run"]["folder"]), records)
        took, answer = called(name, event)
        while "stage" in answer.get("parts", {}):
            due = answer["parts"]
            each = [
                called(name, {"run": answer["run"], "part": {"stage": due["stage"], "number": number}})[0]
                for number in due["numbers"]
            ]
            took, answer = called(name, answer)
            yield Stage(due["stage"], Took(max(each).seconds, max(one.mb for one in each)), took)
        event = answer


def called(name: str, event: dict[str, Any]) -> tuple[Took, dict[str, Any]]:
    """Call a function in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", _CALLED, name, json.dumps(event)],
        capture_output=True,
        text=True,
        check=True,
        env={**environment(), PARTS_ABOVE: "1", EACH_PART: str(PART_BYTES)},
    )
    seconds, mb, answer = json.loads(done.stdout.splitlines()[-1])
    return Took(seconds, mb), answer


def environment() -> dict[str, str]:
    """Return an environment in which this checkout is found."""
    return {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}


def write_dataset(folder: Path, parts: int) -> int:
    """Write a dataset of so many parts, and its evaluation; return how many records it has."""
    source = random.Random(7)
    words = [
        "".join(source.choices("abcdefghijklmnopqrstuvwxyz", k=source.randint(2, 9))) for _ in range(5000)
    ]
    (folder / "evaluation.yaml").write_text(json.dumps(EVALUATION), encoding="utf-8")
    records = parts * PART_BYTES // RECORD_BYTES
    with (folder / "records.jsonl").open("w", encoding="utf-8") as lines:
        for number in range(records):
            asked = text(words, source, 200)
            row = {
                "id": f"r{number:09d}",
                "prompt": asked,
                "reference": asked[:200],
                "category": f"c{number % 6}",
                "context": "",
            }
            row["context"] = text(words, source, 400)[: RECORD_BYTES - len(dumped(row))]
            lines.write(dumped(row))
    return records


def write_results(folder: Path, records: int) -> dict[str, Any]:
    """Write a Map run's results of the prepared records; return what the state has of them."""
    source = random.Random(8)
    words = [
        "".join(source.choices("abcdefghijklmnopqrstuvwxyz", k=source.randint(2, 9))) for _ in range(5000)
    ]
    answers = [
        [response(name, rate, words, source) for name, rate in zip(MODELS, (0.6, 0.9, 0.88), strict=True)]
        for _ in range(500)
    ]
    place = folder / "results" / "map-run"
    place.mkdir(parents=True)
    waiting: list[str] = []
    with (place / "SUCCEEDED_0.jsonl").open("w", encoding="utf-8") as lines:
        for number in range(records):
            row = {"record_id": f"r{number:09d}", "responses": answers[number % 500], "comparisons": []}
            waiting.append(dumped(row))
            # Rows leave a Map in the order in which children end.
            if len(waiting) >= 1000:
                lines.write(waiting.pop(source.randrange(1000)))
        lines.writelines(waiting)
    files = {"FAILED": [], "PENDING": [], "SUCCEEDED": [{"Key": "map-run/SUCCEEDED_0.jsonl", "Size": 0}]}
    manifest = {"DestinationBucket": str(place.parent), "ResultFiles": files, "MapRunArn": "bench"}
    (place / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return {"results": {"Bucket": str(folder / "results"), "Key": "map-run/manifest.json"}, "earlier": []}


def tell(measured: dict[int, list[Stage]], records: int) -> None:
    """Print what was measured, and what it comes to for so many records."""
    few, many = sorted(measured)
    wanted = math.ceil(records * RECORD_BYTES / PART_BYTES)
    waves = math.ceil(wanted / FUNCTIONS)
    print(
        f"{records:,} records of {RECORD_BYTES:,} bytes: {wanted:,} parts of {PART_BYTES >> 20} MB; "
        f"measured {few} and {many} parts, {FUNCTIONS} functions at once, {waves} after another\n"
    )
    head = ("stage", "a part s", "MB", "merge s", "MB", "all parts s", "merge of all s", "MB")
    print("".join(f"{name:>16}" for name in head))
    whole = 0.0
    for less, more in zip(measured[few], measured[many], strict=True):
        seconds, mb = (
            max(line(few, many, getattr(less.merge, what), getattr(more.merge, what), wanted), 0.0)
            for what in ("seconds", "mb")
        )
        cells = (more.part.seconds, more.part.mb, more.merge.seconds, more.merge.mb)
        total = more.part.seconds * waves
        whole += total + seconds
        print(f"{more.name:>16}" + "".join(f"{cell:>16.1f}" for cell in (*cells, total, seconds, mb)))
    print(f"\ntogether {whole / 60:.1f} minutes beside the calls")


def line(few: int, many: int, less: float, more: float, wanted: int) -> float:
    """Return the value at `wanted` of the line through two points; never below the second."""
    slope = max(more - less, 0.0) / (many - few)
    return more + slope * (wanted - many)


if __name__ == "__main__":
    main()
