"""
How soon a page of a run's records is there, by `evaldrop view` and by the API.

    python -m benchmarks.record_pages
    python -m benchmarks.record_pages --rows 10000000 --folder /somewhere/with/9GB

A run of 5,000 records is scored, and its tables are written again and again as parts of a larger run, with
other IDs and ordinals: `--rows` is the number of responses, of which a record has three, beside twice as many
verdicts. Every page is asked for by a process of its own, as after a start of `evaldrop view`, three times:
what an operating system keeps of files is there from the second on. The fastest and the slowest are printed.
"""

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from benchmarks.scorecard_rows import write_run
from evaldrop.run.ordinals import ORDINAL
from evaldrop.run.tables import ROWS_PER_GROUP, part_of_table
from evaldrop.steps.build_scorecard.build import build_scorecard

RECORDS, CANDIDATES = 5_000, 3
TABLES = ("responses", "verdicts", "scores")
REPEATS = 3

_ASKED = """
import sys, time
from evaldrop.report.records_page import records_of
from urllib.parse import parse_qsl
run, query = sys.argv[1:]
start = time.perf_counter()
pieces = records_of(run, dict(parse_qsl(query))).stream
next(pieces)
begun = time.perf_counter() - start
page = b"".join(pieces)
print(begun, time.perf_counter() - start, page.count(b"<article"))
"""
_ASKED_OF_API = """
import sys, time
from pathlib import Path
from urllib.parse import urlencode
from tests.evaldrop.api.asking import ask
from tests.evaldrop.api.fakes import ARTICLE, NOW, standing
from evaldrop.store.model import Ending
import tempfile
import evaldrop.report.browsing
run, query = sys.argv[1:]
with tempfile.TemporaryDirectory() as folder:
    here = standing(Path(folder))
    run_id = ask(here.api, "POST", "/runs", ARTICLE).json["run_id"]
    here.store.begin(here.store.run(run_id).model_copy(update={"folder": run, "state": "running"}))
    here.store.end(run_id, Ending(state="finished", ended_at=NOW))
    start = time.perf_counter()
    answer = ask(here.api, "GET", f"/runs/{run_id}/records?{query}")
    took = time.perf_counter() - start
    print(took, took, len(answer.json["records"]))
"""


def main() -> None:
    """Print a line per page."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=1_000_000, help="responses")
    parser.add_argument("--folder", type=Path, help="where the run is written; a temporary folder by default")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.folder) as out:
        run = Path(out) / "bench" / "run-1"
        records = write_large_run(run, -(-arguments.rows // (RECORDS * CANDIDATES)))
        size = sum(path.stat().st_size for path in run.rglob("*.parquet")) / 1e6
        print(f"{records * CANDIDATES:,} responses of {records:,} records, {size:,.0f} MB of tables\n")
        print(f"{'page':<58}{'first byte ms':>16}{'whole page ms':>18}{'records':>9}")
        for name, code, query in _pages(records):
            begun, whole, shown = _asked(code, run, query)
            print(f"{name:<58}{_spread(begun):>16}{_spread(whole):>18}{shown:>9}", flush=True)


def write_large_run(run: Path, parts: int) -> int:
    """Write a run's folder with tables in parts; return how many records it has."""
    write_run(run, RECORDS)
    build_scorecard(str(run))
    for name in TABLES:
        whole = run / f"{name}.parquet"
        table = pq.read_table(whole)
        for number in range(parts):
            part = Path(part_of_table(str(whole), number))
            part.parent.mkdir(exist_ok=True)
            pq.write_table(
                _as_part(table, number),
                part,
                row_group_size=ROWS_PER_GROUP,
                compression="zstd",
                compression_level=1,
            )
        whole.unlink()
    return parts * RECORDS


def _as_part(table: pa.Table, number: int) -> pa.Table:
    ordinals = pc.add(table.column(ORDINAL), pa.scalar(number * RECORDS))
    ids = pc.binary_join_element_wise(table.column("record_id"), f"{number:05d}", "-")
    for name, values in ((ORDINAL, ordinals), ("record_id", ids)):
        table = table.set_column(table.column_names.index(name), name, values)
    return table


def _pages(records: int) -> Sequence[tuple[str, str, str]]:
    last = f"-{records // RECORDS - 1:05d}"
    rare = f"r{RECORDS - 1:07d}{last}"
    return [
        ("the first records", _ASKED, ""),
        ("from the middle on", _ASKED, f"from={records // 2}"),
        ("the last ones", _ASKED, f"from={records - 49}"),
        (
            "failed, of one candidate on one criterion",
            _ASKED,
            "failed=on&candidate=lite&criterion=correctness",
        ),
        ("failed, with a common word", _ASKED, "failed=on&text=the"),
        ("candidates differ on tone", _ASKED, "disagreement=on&criterion=tone"),
        ("a category that is not there: all is looked at", _ASKED, "category=none"),
        ("an ID that only the last part has: all texts are read", _ASKED, f"text={rare}"),
        ("by the API, the first records", _ASKED_OF_API, ""),
        ("by the API, failed of one candidate", _ASKED_OF_API, "show=failed&candidate=lite"),
    ]


def _asked(code: str, run: Path, query: str) -> tuple[list[float], list[float], int]:
    done = [
        subprocess.run(
            [sys.executable, "-c", code, str(run), query], capture_output=True, text=True, check=True
        )
        for _ in range(REPEATS)
    ]
    begun, whole, shown = zip(*(map(float, each.stdout.split()) for each in done), strict=True)
    return list(begun), list(whole), int(shown[0])


def _spread(seconds: Sequence[float]) -> str:
    low, high = 1000 * min(seconds), 1000 * max(seconds)
    return f"{low:,.0f} to {high:,.0f}"


if __name__ == "__main__":
    main()
