"""
How often "Ship X" is wrong, in worlds whose truth is known: `python -m benchmarks.recommendation`.

A recommendation is wrong where another candidate is truly better than the chosen one by the margin or more.
Worlds are drawn so that this comes easily: the cheapest candidate is the worst by a little more than the
margin, or differs on a few records by much, or its bad verdicts are those that are missing.
"""

import json
import tempfile
from collections import Counter
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple, cast

import numpy as np

from evaldrop.run.definition import RunDefinition
from evaldrop.scorecard.model.recommendation import Recommendation
from evaldrop.scorecard.model.scorecard import (
    CandidateCost,
    CandidateScorecard,
    CostTotals,
    CriterionEstimate,
    CriterionInfo,
    DatasetInfo,
    Latency,
    MeanEstimate,
    Records,
    ResponseCounts,
    Scorecard,
    Tokens,
)
from evaldrop.scorecard.recommendation import recommend
from evaldrop.statistics.vectors import Floats
from evaldrop.steps.build_scorecard.candidate_differences import compare_candidates
from evaldrop.steps.build_scorecard.counts import RunCounts, ScoreColumn

LIKERT = {str(point): f"point {point}" for point in range(1, 6)}
SHAPES = {"yes/no": "binary", "Likert": LIKERT, "Likert, rare": LIKERT}


class World(NamedTuple):
    """
    A truth, and how it is seen.

    Attributes:
        name: What it is about.
        shape: `yes/no`, `Likert` (a step lost), `Likert, rare` (all lost, on few records).
        records: How many there are.
        behind: How far each candidate is truly behind the best, a share of the scale; the first is the
            cheapest.
        criteria: How many; all of one shape, each behind by as much.
        lost: Share of the cheapest candidate's bad verdicts that are missing.
        top: How many of all scores are the best one.
    """

    name: str
    shape: str
    records: int
    behind: tuple[float, ...]
    criteria: int = 2
    lost: float = 0.0
    top: float = 0.7


class Tally(NamedTuple):
    """What came of a world's runs, as shares."""

    shipped: float
    wrong: float
    kinds: Counter[str]


RECORDS = (30, 100, 300, 1000)
WORLDS: dict[str, dict[str, Any]] = {
    "alike": {"behind": (0.0, 0.0)},
    "a hair": {"behind": (0.02, 0.0)},
    "just beyond the margin": {"behind": (0.052, 0.0)},
    "the same, one criterion": {"behind": (0.052, 0.0), "criteria": 1},
    "the same, near the top": {"behind": (0.052, 0.0), "top": 0.95},
    "twice the margin": {"behind": (0.1, 0.0)},
    "three, two just beyond": {"behind": (0.052, 0.052, 0.0)},
    "six, five just beyond": {"behind": (0.052, 0.052, 0.052, 0.052, 0.052, 0.0)},
    "bad verdicts missing": {"behind": (0.06, 0.0), "lost": 0.1},
}


def tally(world: World, *, runs: int, seed: int = 20261130) -> Tally:
    """Return how often a world's runs ship a candidate, and how often one that is worse by the margin."""
    rng = np.random.default_rng(seed)
    run = definition(world)
    kinds: Counter[str] = Counter()
    shipped = wrong = 0
    for _ in range(runs):
        found = recommended(run, world, rng)
        kinds[found.kind] += 1
        if found.choice is not None:
            behind = world.behind[int(found.choice[1:])]
            shipped += 1
            wrong += behind - min(world.behind) >= 0.05
    return Tally(shipped / runs, wrong / runs, kinds)


def decides(world: World, *, runs: int, seed: int = 7) -> float:
    """Return how often a run decides that has the further records which an undecided one asked for."""
    rng = np.random.default_rng(seed)
    run = definition(world)
    outcomes = []
    for _ in range(runs):
        asked = recommended(run, world, rng).would_decide
        if asked is not None and not asked.beyond_reach:
            larger = world._replace(records=world.records + asked.records)
            outcomes.append(recommended(run, larger, rng).choice is not None)
    return sum(outcomes) / len(outcomes)


def recommended(run: RunDefinition, world: World, rng: np.random.Generator) -> Recommendation:
    """Return what is recommended of one drawn run."""
    names = [candidate.name for candidate in run.candidates]
    columns: dict[str, dict[str, ScoreColumn]] = {name: {} for name in names}
    for criterion in run.criteria:
        for name, column in zip(names, _drawn(world, rng), strict=True):
            columns[name][criterion] = column
    # All that the comparison reads of counts.
    counts = SimpleNamespace(
        size=world.records,
        groups=None,
        categories=np.full(world.records, -1, np.int32),
        category_names=(),
    )
    compared = compare_candidates(run, cast("RunCounts", counts), columns)
    return recommend(_scorecard(run, world, compared.comparisons, columns))


def definition(world: World) -> RunDefinition:
    """Return the run of a world: its candidates, the cheapest first, and criteria."""
    criteria = [
        {"name": f"criterion{n}", "question": "Good?", "scale": SHAPES[world.shape], "pass_at": 1}
        for n in range(world.criteria)
    ]
    candidates = [{"name": f"c{n}", "model": "amazon.m"} for n in range(len(world.behind))]
    content = {
        "run_id": "run-1", "evaluation_name": "worlds", "started_at": "2026-11-30T09:00:00+00:00",
        "simulated": False, "criteria": criteria, "prompts": {}, "workflow_sha256": "0", "estimate": None,
        "dataset": {"uri": "d", "version": None, "sha256": "0", "shape": "canonical",
                    "records": {"read": world.records, "rejected": 0}, "notes": []},
        "evaluation": {"name": "worlds", "criteria": criteria, "judges": [{"name": "j", "model": "amazon.j"}],
                       "candidates": candidates},
        "evaluation_uri": None, "prices": {"date": "2026-11-30", "source": "none", "models": {}},
        "versions": {}, "nonce": "0", "options": {}, "baseline": None,
    }  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "run.json").write_text(json.dumps(content), encoding="utf-8")
        return RunDefinition.load(folder)


def _drawn(world: World, rng: np.random.Generator) -> Iterator[ScoreColumn]:
    """
    Yield every candidate's scores on one criterion.

    Half of a record's score is the record's own, common to all candidates. Who is behind loses a part of
    what it reached, so that the mean lies behind by what the world says.
    """
    low, high = (0.0, 1.0) if world.shape == "yes/no" else (1.0, 5.0)
    common = _scores(world, rng)
    everything = np.arange(world.records, dtype=np.int32)
    for place, behind in enumerate(world.behind):
        own = np.where(rng.random(world.records) < 0.5, common, _scores(world, rng))
        # A step of the scale where there is one to lose, or all that was reached.
        step = 1.0 if world.shape == "Likert" else high - low
        reachable = _mean_loss(world, step)
        falls = rng.random(world.records) < behind * (high - low) / reachable
        scores = np.where(falls, np.maximum(low, own - step), own)
        is_lost = (scores == low) & (rng.random(world.records) < (0.0 if place else world.lost))
        yield ScoreColumn(
            everything[~is_lost], scores[~is_lost], (scores[~is_lost] > low).astype(np.float64),
            everything[is_lost], np.zeros(int(is_lost.sum()), np.uint8), ["no_verdict"],
        )  # fmt: skip


def _scores(world: World, rng: np.random.Generator) -> Floats:
    if world.shape == "yes/no":
        return (rng.random(world.records) < world.top).astype(np.float64)
    rest = (1 - world.top) / 4
    return rng.choice(np.arange(1.0, 6.0), size=world.records, p=[rest, rest, rest, rest, world.top])


def _mean_loss(world: World, step: float) -> float:
    """Return what a fall takes on average, for scores drawn by `_scores`."""
    if world.shape == "yes/no":
        return world.top
    rest = (1 - world.top) / 4
    shares = (rest, rest, rest, rest, world.top)
    return sum(share * min(step, point) for point, share in enumerate(shares))


def _scorecard(run: RunDefinition, world: World, comparisons: Any, columns: Any) -> Scorecard:
    info = CriterionInfo(question="?", kind="binary", low=0, high=1, pass_at=1, higher_is_better=True)
    scale = next(iter(run.criteria.values())).scale
    info = info.model_copy(update={"kind": scale.kind, "low": scale.low, "high": scale.high})
    cards = {
        name: CandidateScorecard(
            model="m",
            prompt="p",
            responses=ResponseCounts(n=world.records, errors=0, missing=0, given=0, refused=0),
            cost_usd=CandidateCost(candidate=1.0, judge=0.0, per_1000_records=float(2**place)),
            tokens=Tokens(),
            latency_ms=Latency(),
            criteria={},
            overall=MeanEstimate(n=world.records, mean=0.5),
        )
        for place, name in enumerate(columns)
    }
    # Means do not decide: one in place of all keeps the simulation quick.
    if world.criteria == 1:
        estimate = CriterionEstimate(n_scored=world.records, n_unscored=0, mean=0.5, confidence=0.95)
        cards = {
            name: card.model_copy(update={"criteria": {next(iter(run.criteria)): estimate}})
            for name, card in cards.items()
        }
    return Scorecard(
        run_id="run-1",
        evaluation="worlds",
        simulated=False,
        started_at="2026-11-30T09:00:00+00:00",
        dataset=DatasetInfo(uri="d"),
        records=Records(read=world.records, rejected=0, evaluated=world.records, missing=0),
        confidence=0.95,
        criteria=dict.fromkeys(run.criteria, info),
        candidates=cards,
        comparisons=comparisons,
        cost_usd=CostTotals(candidates=1.0, judges=0.0, total=1.0, known=1.0),
    )


def main(runs: int = 400) -> None:
    """Print the table of docs/recommendation.md: shares of runs that ship a candidate, and wrongly."""
    print(f"| world | scores | {' | '.join(f'{n:,}' for n in RECORDS)} |")
    print(f"|---|---|{'--:|' * len(RECORDS)}")
    for name, shape in product(WORLDS, SHAPES):
        cells = []
        for records in RECORDS:
            found = tally(World(name, shape, records, **WORLDS[name]), runs=runs)
            cells.append(f"{found.shipped:.0%}, {found.wrong:.1%}")
        print(f"| {name} | {shape} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
