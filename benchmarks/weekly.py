"""
How often a gate `no regression` held every week gives a false alarm in a year, and how soon it finds a drop.

    python -m benchmarks.weekly [YEARS]

Years of 52 weekly runs of the same records, through the functions that a run calls: its folder is read, the
pool is looked for beside it, the comparison is decided and the gate judges it. Only the calls of models are
left out: a score is what a record is worth, the noise of the response, and that of the judge.
"""

import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from evaldrop.run.definition import RunDefinition
from evaldrop.scorecard.baseline.compare import against_baseline
from evaldrop.scorecard.baseline.scores_table import score_schema
from evaldrop.scorecard.model.baseline import Baseline
from evaldrop.statistics.vectors import Floats

WEEKS = 52
BINARY = "binary"
LIKERT = {"1": "bad", "2": "poor", "3": "fair", "4": "good", "5": "best"}


class World(NamedTuple):
    """
    What is evaluated every week.

    `noise` is that of a score, in points of Likert's scale; `passes` how sure a yes is on average. From week
    `since` on the first candidate's first criterion is worse by `drop` (points, or a share of yes), or in
    all weeks by a 52nd of `decline` more.
    """

    candidates: int
    criteria: Sequence[object]
    records: int = 100
    noise: float = 0.6
    passes: float = 0.85
    since: int | None = None
    drop: float = 0.0
    decline: float = 0.0
    lost: float = 0.0


class Year(NamedTuple):
    """The weeks in which something regressed or improved, and what the last comparison said."""

    regressed: list[int]
    improved: list[int]
    last: Baseline


def year(world: World, draw: np.random.Generator, folder: Path) -> Year:
    """Return what a year of weekly runs in a folder says; each is held to the first."""
    worth = _worth(world, draw)
    regressed, improved, last = [], [], None
    for week in range(WEEKS + 1):
        run = _write(world, folder, week, _scores(world, worth, week, draw))
        last = against_baseline(run) or last
        _note(run, last)
        found = [] if last is None else [
            estimate.decision for card in last.candidates.values() for estimate in card.criteria.values()
        ]  # fmt: skip
        regressed += [week] if "regressed" in found else []
        improved += [week] if "improved" in found else []
    assert last is not None
    return Year(regressed, improved, last)


def _worth(world: World, draw: np.random.Generator) -> Mapping[tuple[int, int], Floats]:
    return {
        (candidate, criterion): draw.beta(6 * world.passes, 6 * (1 - world.passes), world.records)
        if scale == BINARY
        else draw.choice([2.0, 3.0, 4.0, 5.0], world.records, p=[0.1, 0.2, 0.3, 0.4])
        for candidate in range(world.candidates)
        for criterion, scale in enumerate(world.criteria)
    }


def _scores(
    world: World, worth: Mapping[tuple[int, int], Floats], week: int, draw: np.random.Generator
) -> Mapping[tuple[int, int], Floats]:
    fall = world.decline * week / WEEKS + (
        world.drop if world.since is not None and week >= world.since else 0
    )
    found = {}
    for (candidate, criterion), value in worth.items():
        level = value - (fall if candidate == criterion == 0 else 0)
        if world.criteria[criterion] == BINARY:
            scores = (draw.random(world.records) < level).astype(np.float64)
        else:
            scores = np.clip(np.rint(level + draw.normal(0, world.noise, world.records)), 1, 5)
        scores[draw.random(world.records) < world.lost] = np.nan
        found[candidate, criterion] = scores
    return found


def _write(world: World, out: Path, week: int, scores: Mapping[tuple[int, int], Floats]) -> RunDefinition:
    names, run_id = [f"c{place}" for place in range(len(world.criteria))], f"2026{week:04}T000000Z-00"
    candidates = [f"m{place}" for place in range(world.candidates)]
    folder = out / run_id
    folder.mkdir(parents=True)
    evaluation = {
        "name": "weekly",
        "candidates": [{"name": name, "model": "us.amazon.nova-lite-v1:0"} for name in candidates],
        "judges": [{"name": "pro", "model": "us.amazon.nova-pro-v1:0"}],
        "criteria": [
            {"name": name, "question": "Is it good?", "scale": scale}
            for name, scale in zip(names, world.criteria, strict=True)
        ],
    }
    run = {
        "run_id": run_id, "evaluation_name": "weekly", "simulated": False,
        "started_at": f"2026-01-01T00:{week:02}:00+00:00", "evaluation": evaluation,
        "dataset": {"uri": "d.jsonl", "sha256": "ab", "records": {"read": world.records, "rejected": 0}},
        "criteria": evaluation["criteria"], "prices": {"date": "2026-01-01", "source": "", "models": {}},
        "nonce": "00", "baseline": str(out / "20260000T000000Z-00") if week else None,
    }  # fmt: skip
    (folder / "run.json").write_bytes(orjson.dumps(run))
    number = world.records * world.candidates
    order = [(record, place) for record in range(world.records) for place in range(world.candidates)]
    table = {
        "record_id": [f"r{record}" for record, _ in order],
        "category": [None] * number, "group": [None] * number,
        "candidate": [candidates[place] for _, place in order],
        "answered": [True] * number, "latency_ms": [1.0] * number, "cost_usd": [0.0] * number,
        "ordinal": [record for record, _ in order], "skipped": [False] * number,
    }  # fmt: skip
    for criterion, name in enumerate(names):
        both = np.stack([scores[place, criterion] for place in range(world.candidates)], axis=1).ravel()
        table[f"score_{name}"] = both.tolist()
        table[f"lost_{name}"] = np.isnan(both).tolist()
    pq.write_table(pa.table(table, schema=score_schema(names)), folder / "scores.parquet")
    return RunDefinition.load(str(folder))


def _note(run: RunDefinition, baseline: Baseline | None) -> None:
    kept = {"baseline": baseline.model_dump(mode="json") if baseline else None}
    Path(run.file("scorecard.json")).write_bytes(orjson.dumps(kept))


def main(years: int) -> None:
    """Print the share of years with a false alarm, and of drops that are found, for several worlds."""
    mixed = [BINARY, LIKERT, BINARY, LIKERT]
    worlds = {
        "1 candidate, Likert": World(1, [LIKERT]),
        "1 candidate, yes/no": World(1, [BINARY]),
        "1 candidate, yes/no near the top": World(1, [BINARY], passes=0.97),
        "2 candidates, 2 criteria": World(2, mixed[:2]),
        "3 candidates, 4 criteria": World(3, mixed),
        "2 candidates, 2 criteria, 2 % lost": World(2, mixed[:2], lost=0.02),
    }
    print("quiet years: share with any week that regressed | improved")
    for name, world in worlds.items():
        found = _years(world, years)
        alarms = [np.mean([bool(getattr(one, what)) for one in found]) for what in ("regressed", "improved")]
        print(f"{name:38} {alarms[0]:.3f} | {alarms[1]:.3f}", flush=True)
    print("a drop on one criterion, from a week on: share found within 4 weeks | within the year")
    for name, world in (
        ("Likert, 0.35, from week 1", World(1, [LIKERT], since=1, drop=0.35)),
        ("Likert, 0.35, from week 3", World(1, [LIKERT], since=3, drop=0.35)),
        ("Likert, 0.35, from week 20", World(1, [LIKERT], since=20, drop=0.35)),
        ("yes/no, 0.2, from week 20", World(1, [BINARY], since=20, drop=0.2)),
        ("2 by 2, Likert 0.4, from week 20", World(2, [LIKERT, BINARY], since=20, drop=0.4)),
        ("3 by 4, Likert 0.4, from week 20", World(3, [LIKERT, BINARY, LIKERT, BINARY], since=20, drop=0.4)),
    ):
        firsts = [
            next((w for w in one.regressed if w >= (world.since or 0)), 99) for one in _years(world, years)
        ]
        soon = np.mean([first - (world.since or 0) < 4 for first in firsts])
        print(f"{name:38} {soon:.2f} | {np.mean([first < 99 for first in firsts]):.2f}", flush=True)
    print("a decline over the year, Likert: share found, median week")
    for decline in (0.5, 1.0):
        firsts = [(one.regressed or [99])[0] for one in _years(World(1, [LIKERT], decline=decline), years)]
        print(
            f"{decline:<38} {np.mean([first < 99 for first in firsts]):.2f}, {np.median(firsts):.0f}",
            flush=True,
        )


def _years(world: World, number: int) -> list[Year]:
    found = []
    for seed in range(number):
        with tempfile.TemporaryDirectory() as folder:
            found.append(year(world, np.random.default_rng(seed), Path(folder)))
    return found


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100)
