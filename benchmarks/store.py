"""
How fast the history answers with 10,000 runs, and how many runs a second it admits.

    python -m benchmarks.store
    python -m benchmarks.store --runs 10000 --clients 32

Times are of SQLite, beside what the same takes in the same process, so that machines can be compared: a list
of runs beside that of ten times fewer, and admitting beside one bare transaction of SQLite and its commit.
"""

import argparse
import sqlite3
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from evaldrop.run.request import Owner
from evaldrop.store.model import Ending, Limits, RunQuery, StoredCandidate, StoredRun
from evaldrop.store.sqlite import SqliteStore

NOW = "2026-11-29T10:00:00+00:00"
REPEATS = 100
ADMITS = 1_000


def main() -> None:
    """Print a line per question."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--clients", type=int, default=32, help="Who admit runs at a time.")
    parser.add_argument("--readers", type=int, default=200, help="Who list runs at a time.")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        many, few = (_filled(Path(folder) / f"{n}.sqlite", n) for n in (options.runs, options.runs // 10))
        print(f"{options.runs:,} runs      median ms   p95 ms   of {options.runs // 10:,} runs")
        for name, query in _queries():
            took, less = _times(partial(many.runs, query)), _times(partial(few.runs, query))
            print(f"{name:15} {_median(took):9.2f} {_p95(took):8.2f}   x {_median(took) / _median(less):.1f}")
        at_once = _lists_at_once(many, options.readers)
        print(f"newest 50, {options.readers} clients {_median(at_once):5.2f} {_p95(at_once):8.2f}")
        whole = _times(lambda: _all(many), repeats=5)
        print(f"{'every run':15} {_median(whole):9.2f} {_p95(whole):8.2f}")
        usage = _times(lambda: many.usage("2026-11", by="customer"), repeats=20)
        print(f"{'usage':15} {_median(usage):9.2f} {_p95(usage):8.2f}\n")
        bare = _bare(Path(folder) / "bare.sqlite")
        print(f"bare commits    {bare:9,.0f} a second")
        for clients in (1, options.clients):
            rate = _admits(many, clients)
            print(f"admits, {clients:2} at once {rate:6,.0f} a second   {bare / rate:.1f} bare commits each")


def _filled(path: Path, n: int) -> SqliteStore:
    store = SqliteStore(path)
    store.rebuild(_run(number) for number in range(n))
    return store


def _run(number: int) -> StoredRun:
    """Return a finished run of two candidates; each tenth is of another evaluation, key and customer."""
    candidates = tuple(
        StoredCandidate(name=name, model=f"us.amazon.nova-{name}-v1:0", overall=0.8, cost_usd=0.5)
        for name in ("lite", "pro")
    )
    day, second = number // 1_440 % 28 + 1, number % 1_440
    started_at = f"2026-11-{day:02}T{second // 60:02}:{second % 60:02}:00+00:00"
    ending = Ending(
        state="finished",
        ended_at=started_at,
        cost_usd=1.0,
        input_tokens=100_000,
        output_tokens=10_000,
        records=500,
        decision="pass",
        recommendation="Ship lite: it is as good as pro, and costs a tenth. " * 3,
        candidates=candidates,
    )
    return StoredRun(
        run_id=f"r{number:06}",
        state="finished",
        started_at=started_at,
        dataset=f"s3://bucket/datasets/{number}.jsonl",
        evaluation=f"evaluation-{number % 10}",
        folder=f"s3://bucket/runs/evaluation-{number % 10}/r{number:06}",
        owner=Owner(user=f"user-{number % 10}", key_id=f"key-{number % 10}", customer=f"c-{number % 10}"),
        ending=ending,
    )


def _queries() -> Iterator[tuple[str, RunQuery]]:
    yield "newest 50", RunQuery()
    yield "of a user", RunQuery(user="user-3")
    yield "an evaluation", RunQuery(evaluation="evaluation-3")
    yield "running", RunQuery(state="running")
    yield "user, finished", RunQuery(user="user-3", state="finished")
    yield "before a day", RunQuery(until="2026-11-02")
    yield "1,000 of them", RunQuery(limit=1_000)


def _lists_at_once(store: SqliteStore, clients: int) -> list[float]:
    """Return how long lists took to clients who all ask at the same moment, each several times, in ms."""
    together = threading.Barrier(clients)

    def ask(_: int) -> list[float]:
        together.wait()
        return _times(lambda: store.runs(RunQuery()), repeats=5)

    with ThreadPoolExecutor(clients) as pool:
        return [took for each in pool.map(ask, range(clients)) for took in each]


def _all(store: SqliteStore) -> None:
    after = None
    while (page := store.runs(RunQuery(limit=1_000, after=after))).after:
        after = page.after


def _times(do: Callable[[], object], *, repeats: int = REPEATS) -> list[float]:
    """Return how long each of several took, in ms."""
    took = []
    for _ in range(repeats):
        began = time.perf_counter()
        do()
        took.append((time.perf_counter() - began) * 1_000)
    return took


def _median(took: list[float]) -> float:
    return statistics.median(took)


def _p95(took: list[float]) -> float:
    return sorted(took)[int(0.95 * len(took))]


def _bare(path: Path) -> float:
    """Return how many transactions of one insert SQLite commits in a second."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("CREATE TABLE runs (n INTEGER PRIMARY KEY, body TEXT)")
    body = _run(0).model_dump_json()
    began = time.perf_counter()
    for number in range(ADMITS):
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("INSERT INTO runs VALUES (?, ?)", (number, body))
        connection.execute("COMMIT")
    rate = ADMITS / (time.perf_counter() - began)
    connection.close()
    return rate


def _admits(store: SqliteStore, clients: int) -> float:
    """Return how many runs are admitted in a second, with all of a key's limits looked at."""
    limits = Limits(runs_per_month=1_000_000, usd_per_day=1e6, usd_per_month=1e6)

    def admit(number: int) -> None:
        run = _run(number).model_copy(update={"run_id": f"admitted-{clients}-{number}", "ending": None})
        store.admit(run, limits, now=NOW)

    began = time.perf_counter()
    with ThreadPoolExecutor(clients) as threads:
        for _ in threads.map(admit, range(ADMITS)):
            pass
    return ADMITS / (time.perf_counter() - began)


if __name__ == "__main__":
    main()
