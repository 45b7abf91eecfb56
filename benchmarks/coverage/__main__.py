"""
Measure how often the sentences of a scorecard are true, and print it as tables.

    python -m benchmarks.coverage --quick                  # a twentieth of the draws: minutes
    python -m benchmarks.coverage                          # everything: an hour on two cores
    python -m benchmarks.coverage --only lost --only alike
    python -m benchmarks.coverage --write docs/method.md   # keeps the results, and the page's tables of them

Worlds are drawn whose truth is known, and given to the product's own functions: estimates with their
intervals, gates, comparisons. Seeds are fixed: the same numbers come out every time.
"""

import argparse
import sys
import time
from collections.abc import Iterator
from multiprocessing import Pool
from pathlib import Path

from benchmarks.coverage.grid import grid
from benchmarks.coverage.tables import Results, load, rendered, save, with_tables

_PROCESSES = 2


def main() -> None:
    """Print every table that was asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", action="append", choices=list(grid()), help="a part of the grid")
    parser.add_argument("--quick", action="store_true", help="a twentieth of the draws")
    parser.add_argument("--share", type=float, default=1.0, help="another share of the draws")
    parser.add_argument("--write", type=Path, help="a page whose tables are replaced; keeps the results too")
    arguments = parser.parse_args()
    share = 0.05 if arguments.quick else arguments.share
    found: Results = {}
    for part, name, measured in _measured(arguments.only or list(grid()), share):
        found.setdefault(part, {})[name] = measured
    for part, cells in found.items():
        print(f"\n{rendered(part, cells)}")
    if arguments.write:
        kept = load() | found
        save(kept)
        page = arguments.write
        page.write_text(with_tables(page.read_text(encoding="utf-8"), kept), encoding="utf-8")


def _measured(parts: list[str], share: float) -> Iterator[tuple[str, str, dict[str, float]]]:
    jobs = [(part, name, share) for part in parts for name in grid()[part]]
    start = time.monotonic()
    with Pool(_PROCESSES) as pool:
        for done, one in enumerate(pool.imap(_measure, jobs), start=1):
            passed = time.monotonic() - start
            print(f"\r{done} of {len(jobs)} cells, {passed:.0f} s", end="", file=sys.stderr, flush=True)
            yield one
    print(file=sys.stderr)


def _measure(job: tuple[str, str, float]) -> tuple[str, str, dict[str, float]]:
    part, name, share = job
    cell = grid()[part][name]
    return part, name, cell.measure(name, share)


if __name__ == "__main__":
    main()
