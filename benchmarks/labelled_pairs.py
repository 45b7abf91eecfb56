"""
What claims from people's labels are worth, in worlds where the judge is wrong.

    python -m benchmarks.labelled_pairs [REPEATS]
"""

import sys
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from evaldrop.scorecard.calibration.differences import Sides, by_people
from evaldrop.statistics.paired_test import decide

Floats = npt.NDArray[np.float64]
Drawn = tuple[Floats, Floats]


class World(NamedTuple):
    """`draw` makes people's and the judge's differences of n records; people's mean is `truth`."""

    name: str
    draw: Callable[[np.random.Generator, int], Drawn]
    truth: float = 0.0
    reach: float = 4.0
    is_binary: bool = False
    per_group: int = 1


class Outcome(NamedTuple):
    """Of repeated runs: shares decided and covering, width over labels alone; decided by the judge."""

    decided: float
    covered: float
    width: float
    judge_alone: float


def alike(random: np.random.Generator, n: int) -> Drawn:
    """People rate both alike on every record; the judge adds a point to two fifths of a's."""
    return np.zeros(n), (random.random(n) < 0.4).astype(float)


def good_judge(random: np.random.Generator, n: int) -> Drawn:
    """Likert: people differ, equally on average; the judge sees it with noise, and leans to a."""
    people = random.integers(-2, 3, n).astype(float)
    judge = people + random.choice([-1, 0, 1], n, p=[0.1, 0.5, 0.4])
    return people, np.clip(judge, -4, 4)


def yes_no(random: np.random.Generator, n: int) -> Drawn:
    """Both are right on 70 % of records; the judge errs on a tenth, and lets a fifth of a's faults pass."""
    a, b = random.random((2, n)) < 0.7
    judged_a, judged_b = (np.where(random.random(n) < 0.1, ~one, one) for one in (a, b))
    judged_a |= random.random(n) < 0.2
    return a.astype(float) - b, judged_a.astype(float) - judged_b


def rare_faults(random: np.random.Generator, n: int) -> Drawn:
    """Both are right on 80 %; the judge is right but for 3 % of a's faults."""
    a, b = random.random((2, n)) < 0.8
    return a.astype(float) - b, (a | (random.random(n) < 0.03)).astype(float) - b


def poor_judge(random: np.random.Generator, n: int) -> Drawn:
    """A judge that has nothing to do with people, and likes a."""
    return random.integers(-2, 3, n).astype(float), random.integers(-1, 4, n).astype(float)


def skewed(random: np.random.Generator, n: int) -> Drawn:
    """Often a point up and rarely four down, by people; the judge overlooks the latter in part."""
    people = random.choice([1.0, -4.0], n, p=[0.8, 0.2])
    return people, np.where(random.random(n) < 0.3, 1.0, people)


def in_groups(random: np.random.Generator, n: int) -> Drawn:
    """Groups of four records that move together, in people and in the judge."""
    shared = np.repeat(random.normal(0, 1, -(-n // 4)), 4)[:n]
    people = shared + random.normal(0, 0.7, n)
    return people, people + 0.4 + random.normal(0, 0.7, n)


WORLDS = (
    World("people see no difference", alike),
    World("good judge, leaning", good_judge),
    World("yes/no, leaning", yes_no, reach=1.0, is_binary=True),
    World("yes/no, rare faults", rare_faults, reach=1.0, is_binary=True),
    World("poor judge, leaning", poor_judge),
    World("skewed", skewed),
    World("groups of four", in_groups, per_group=4),
)


def outcome(world: World, *, records: int, labelled: int, repeats: int, seed: int = 1) -> Outcome:
    """Return how often claims hold over repeated runs of a world; people label some records, drawn."""
    random = np.random.default_rng(seed)
    found = [_one(world, random, records, labelled) for _ in range(repeats)]
    return Outcome(*(float(np.mean([one[place] for one in found])) for place in range(4)))


def _one(world: World, random: np.random.Generator, records: int, labelled: int) -> tuple[float, ...]:
    people, judge = world.draw(random, records)
    clusters = np.arange(records) // world.per_group
    human = np.full(records, np.nan)
    rows = random.choice(records, labelled, replace=False)
    human[rows] = people[rows]
    sides = Sides(np.arange(records), judge, human, 1.0, world.reach, world.is_binary)
    alone = by_people(sides._replace(human=judge), clusters, confidence=0.95).pairing
    only = by_people(sides.among(~np.isnan(human)), clusters[~np.isnan(human)], confidence=0.95).pairing
    pairing = by_people(sides, clusters, confidence=0.95).pairing
    if pairing is None or alone is None or only is None:
        return 0.0, 1.0, 1.0, 1.0
    low, high = pairing.interval or (0.0, 0.0)
    least, greatest = only.interval or (0.0, 1.0)
    decided, by_judge = (bool(decide([one], confidence=0.95)[0].sign) for one in (pairing, alone))
    return decided, low <= world.truth <= high, (high - low) / (greatest - least), by_judge


def grid(repeats: int) -> Iterator[str]:
    """Yield the table of all worlds, a line each."""
    said = '"better", judge alone | "better", corrected'
    yield f"| world | labelled | records | {said} | covers | width / labels alone |"
    yield "|---|---|---|---|---|---|---|"
    for world in WORLDS:
        for labelled, records in ((10, 150), (20, 300), (50, 1000), (150, 1000)):
            found = outcome(world, records=records, labelled=labelled, repeats=repeats)
            shares = " | ".join(
                f"{share * 100:.1f} %" for share in (found.judge_alone, found.decided, found.covered)
            )
            yield f"| {world.name} | {labelled} | {records} | {shares} | {found.width:.2f} |"


if __name__ == "__main__":
    for line in grid(int(sys.argv[1]) if len(sys.argv) > 1 else 1000):
        print(line, flush=True)
