"""
How often a run of fair judges raises an alarm of bias, and how often a biased one does.

python -m benchmarks.bias_alarms prints the table of docs/judging.md.
"""

import sys
from collections.abc import Iterator
from typing import Any

import numpy as np

from evaldrop.run.definition import RunDefinition
from evaldrop.scorecard.model.biases import Biases
from evaldrop.steps.build_scorecard.anchors import AnchorCheck
from evaldrop.steps.build_scorecard.biases.gathering import BiasData, Labelled
from evaldrop.steps.build_scorecard.biases.measures import Judgements
from evaldrop.steps.build_scorecard.biases.measuring import BiasMeter
from evaldrop.steps.build_scorecard.counts import CandidateCounts, RunCounts, ScoreColumn
from evaldrop.steps.build_scorecard.deliveries import DeliveryCounts
from evaldrop.steps.build_scorecard.preferences.win_rates import JudgeColumn

RUNS = 400
NAMES = ("haiku", "nova", "llama")
MODELS = ("anthropic.claude-3-haiku-20240307-v1:0", "amazon.nova-lite-v1:0", "meta.llama3-8b-instruct-v1:0")
CRITERIA = ("helpfulness", "tone")


def run_of(**evaluation: Any) -> RunDefinition:
    """Return a run of three candidates of three makers, one of them the judge's own, and a second judge."""
    scale = {"1": "a", "2": "b", "3": "c", "4": "d", "5": "e"}
    criteria = [{"name": name, "question": f"{name}?", "scale": scale, "pass_at": 4} for name in CRITERIA]
    candidates = [{"name": name, "model": model} for name, model in zip(NAMES, MODELS, strict=True)]
    judges = [
        {"name": "own", "model": "anthropic.claude-3-haiku-20240307-v1:0"},
        {"name": "other", "model": "mistral.mistral-large-2402-v1:0"},
    ]
    return RunDefinition.model_validate(
        {
            "run_id": "run",
            "evaluation_name": "simulated",
            "started_at": "2026-11-30T00:00:00+00:00",
            "simulated": True,
            "bedrock": "simulated",
            "folder": "runs/run",
            "out": "runs",
            "dataset": {"uri": "data", "records": {"read": 1, "rejected": 0}},
            "evaluation": {
                "name": "simulated",
                "candidates": candidates,
                "judges": judges,
                "criteria": criteria,
                "pairwise": {"all_pairs": True},
                **evaluation,
            },
            "criteria": criteria,
            "prices": {"date": "2026-11-30", "source": "none", "models": {}},
            "nonce": "00",
        }
    )


def biases_of(
    run: RunDefinition,
    rng: np.random.Generator,
    *,
    n: int,
    labelled: int,
    own: float = 0.0,
    longer: float = 0.0,
    first: float = 0.0,
    apart: float = 0.03,
    moved: float = 0.0,
    people: bool = True,
) -> Biases:
    """
    Return the biases measured in one run of a judge of these biases.

    Responses differ in quality, haiku's are better and longer, and longer ones are better: none of it is a
    bias. The second judge is noisier and uses less of the scale.

    Args:
        run: The run.
        rng: The source of chance.
        n: Records.
        labelled: Records that people labelled.
        own: Share of its own maker's responses to which the first judge gives a point more.
        longer: Share of the longer responses to which both judges give a point more.
        first: Share of preferences that go to the response shown first, whatever it says.
        apart: Share of identical texts that get another score.
        moved: How many points the first judge's anchors moved.
        people: Whether there are labels; without them the second judge is what there is.
    """
    lengths = rng.integers(80, 900, (3, n)) + np.array([[200], [0], [0]])
    hard = rng.normal(size=n)
    truth = 3.4 + 0.6 * hard + rng.normal(0, 0.7, (2, 3, n)) + (lengths - 500) / 800
    truth += np.array([0.3, 0.0, -0.1])[:, None]

    def judged(spread: float, middle: float, noise: float) -> Any:
        given = middle + spread * (truth - 3.4) + rng.normal(0, noise, truth.shape)
        is_longer = lengths >= lengths.max(axis=0) * 0.999
        given = np.clip(np.rint(given), 1, 5) + (is_longer & (rng.random(truth.shape) < longer))
        return np.clip(given, 1, 5)

    mine, theirs = judged(1.0, 3.4, 0.5), judged(0.7, 3.6, 0.8)
    mine[:, 0] = np.clip(mine[:, 0] + (rng.random((2, n)) < own), 1, 5)
    said = np.clip(np.rint(truth + rng.normal(0, 0.6, truth.shape)), 1, 5)
    ordinals = np.arange(n, dtype=np.int32)
    joined = (mine + theirs) / 2
    keys = [(place, name) for place in range(2) for name in range(3)]
    drawn = rng.choice(n, labelled, replace=False) if people else ()
    data = BiasData(
        twins={
            ("own", CRITERIA[0], "candidates"): (
                ordinals[: n // 3],
                (rng.random(n // 3) < apart).astype(np.float64),
            )
        },
        panel={
            (NAMES[name], CRITERIA[place]): (ordinals, np.stack([mine[place, name], theirs[place, name]]))
            for place, name in keys
        },
        labelled={
            (f"r{at}", NAMES[name]): Labelled(
                int(at),
                "",
                int(lengths[name, at]),
                {CRITERIA[place]: float(joined[place, name, at]) for place in range(2)},
                {("own", CRITERIA[place]): float(mine[place, name, at]) for place in range(2)},
            )
            for at in sorted(drawn)
            for name in range(3)
        },
        labels=(),
    )
    scores = {
        CRITERIA[place]: {
            (f"r{at}", NAMES[name]): float(said[place, name, at]) for at in sorted(drawn) for name in range(3)
        }
        for place in range(2)
    }
    candidates = {}
    for name in range(3):
        counts = CandidateCounts(())
        for at in range(n):
            counts.texts.append(at, int(lengths[name, at]), at)
        candidates[NAMES[name]] = counts
    nothing = np.zeros(0, np.int32)
    columns = {
        NAMES[name]: {
            CRITERIA[place]: ScoreColumn(
                ordinals, joined[place, name], joined[place, name] >= 4, nothing, nothing.astype(np.uint8), ()
            )
            for place in range(2)
        }
        for name in range(3)
    }
    of_run = RunCounts(
        n, n, n, {}, 0, np.full(n, -1, np.int32), (), None, candidates, {}, {}, {}, DeliveryCounts()
    )
    before = {("own", CRITERIA[0], f"k{k}"): float(rng.integers(1, 6)) for k in range(16)}
    checks = [
        AnchorCheck(n + k, *key[:2], key[2], True, score - moved + rng.choice([-1.0, 0, 0, 0, 1.0]))
        for k, (key, score) in enumerate(before.items())
    ]
    pairs = {
        (NAMES[a], NAMES[b]): {"own": _preferences(truth[0, a] - truth[0, b], rng, first)}
        for a, b in ((0, 1), (0, 2), (1, 2))
    }
    return BiasMeter(Judgements(run, of_run, columns, data, scores)).measure(pairs, checks, before)


def _preferences(lead: Any, rng: np.random.Generator, first: float) -> JudgeColumn:
    n = lead.size
    codes = []
    for is_first in (True, False):
        wins = lead + rng.normal(0, 0.7, n) > 0
        wins = np.where(rng.random(n) < first, is_first, wins)
        codes.append(np.where(rng.random(n) < 0.1, 1, 2 * wins).astype(np.int8))
    none = np.full(n, np.nan)
    return JudgeColumn(np.arange(n, dtype=np.int32), codes[0], codes[1], np.zeros(n, bool), none, none)


def alarms(biases: Biases) -> Iterator[str]:
    """Yield the kind of every alarm."""
    for kind in type(biases).model_fields:
        found = getattr(biases, kind)
        if isinstance(found, tuple):
            yield from (kind for each in found if each.decisive)


WORLDS: dict[str, dict[str, float]] = {
    "fair": {},
    "own maker, a point on 40 %": {"own": 0.4},
    "longer, a point on 50 %": {"longer": 0.5},
    "first shown, 15 %": {"first": 0.15},
    "identical texts apart, 25 %": {"apart": 0.25},
    "anchors moved by a point": {"moved": 1.0},
}


def main(runs: int) -> None:
    """Print how many of so many runs have an alarm, by world and size."""
    print("| judge | labels | 60 records | 200 records |\n| --- | --- | --- | --- |")
    for name, world in WORLDS.items():
        for people in (True, False):
            cells = []
            for n in (60, 200):
                run, rng = run_of(), np.random.default_rng(n)
                found = [
                    set(alarms(biases_of(run, rng, n=n, labelled=n // 2, people=people, **world)))
                    for _ in range(runs)
                ]
                cells.append(sum(map(bool, found) if name == "fair" else _found(name, found)) / runs)
            print(
                f"| {name} | {'half' if people else 'none'} | {cells[0]:.1%} | {cells[1]:.1%} |", flush=True
            )


def _found(name: str, found: list[set[str]]) -> Iterator[bool]:
    kinds = {"own": "self_preference", "lon": "verbosity", "fir": "position", "ide": "identical_texts"}
    return (kinds.get(name[:3], "anchor_drift") in kind for kind in found)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else RUNS)
