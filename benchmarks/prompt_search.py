"""
What a search for a better prompt gains and claims, in worlds whose truth is known.

`python -m benchmarks.prompt_search` prints a row for each, in a minute or two.

A prompt is what it does to the chance of success on each record: a gain that it truly has, and luck with
single records that is 0 on average. The search sees scores alone. Its winner meets the first prompt on test
records that it never saw, by the same test as in a scorecard.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import NamedTuple

import numpy as np

from evaldrop.evaluation.improvement import ImprovedPrompt
from evaldrop.prompt_search.calls import expected_calls
from evaldrop.prompt_search.front import dev_quality
from evaldrop.prompt_search.parts import PartRecord, PartsOf, parts_of, split
from evaldrop.prompt_search.search import (
    Finished,
    Propose,
    Tries,
    begin,
    ended,
    next_move,
    proposal_id,
    with_proposals,
    with_tried,
)
from evaldrop.prompt_search.state import FIRST, Proposal, Search, Tried
from evaldrop.statistics.paired_test import PairedScores, decide, paired_test
from evaldrop.statistics.vectors import Floats

SEED = 20261130
# With a record: at most, either way. Less where chances would leave [0, 1].
LUCK = 0.15


class World(NamedTuple):
    """
    A truth that a search is in.

    Attributes:
        name: What it is about.
        records: How many there are, in three categories.
        steps: Scores are 0, 1/steps, … 1: 1 is yes or no.
        features: What each that a prompt may have gains; a proposal turns one or two over, at random.
        gain: What every proposal gains besides, on average over records.
        chances: Between which the first prompt's chances on the records are.
        of_a_group: Records in a group, which share half of their prompts' luck; 1 is none.
        failing: Share of tries without a score.
        rounds: Of the search; four proposals each.
    """

    name: str
    records: int = 200
    steps: int = 4
    features: tuple[float, ...] = ()
    gain: float = 0.0
    chances: tuple[float, float] = (0.3, 0.55)
    of_a_group: int = 1
    failing: float = 0.0
    rounds: int = 3


class Outcome(NamedTuple):
    """
    Of one search; gains are shares of the scale.

    Attributes:
        dev_gain: The winner's over the original, on the records that chose it.
        test_gain: The same on test, with its interval.
        true_gain: Over all records that there could be.
        is_changed: Whether the winner is another prompt than the original.
        is_claimed: Whether the winner is shown to be better.
        tries: Calls of the candidate; `most_tries` without a race.
    """

    dev_gain: float
    test_gain: float
    interval: tuple[float, float]
    true_gain: float
    is_changed: bool
    is_claimed: bool
    tries: int
    most_tries: int


WORLDS = (
    World("no prompt is better"),
    World("none better, 60 records", records=60),
    World("none better, 1,000 records", records=1000),
    World("none better, yes or no", steps=1),
    World("none better, near the top", chances=(0.88, 0.96)),
    World("none better, yes or no near the top", steps=1, chances=(0.88, 0.96)),
    World("none better, groups of 4", of_a_group=4),
    World("none better, 6 rounds", rounds=6),
    World("every prompt is worse", gain=-0.1),
    World("one feature of 0.15", features=(0.15, 0.0, 0.0, 0.0)),
    World("three features of 0.06", features=(0.06, 0.06, 0.06, -0.06)),
    World("three features, 60 records", records=60, features=(0.06, 0.06, 0.06, -0.06)),
    World("three features, 1,000 records", records=1000, features=(0.06, 0.06, 0.06, -0.06)),
    World("three features, yes or no", steps=1, features=(0.06, 0.06, 0.06, -0.06)),
    World("three features, groups of 4", of_a_group=4, features=(0.06, 0.06, 0.06, -0.06)),
    World("three features, 5 % fail", failing=0.05, features=(0.06, 0.06, 0.06, -0.06)),
)


class Prompts:
    """The prompts of one search in its world: what they have, and how they score."""

    def __init__(self, world: World, rng: np.random.Generator) -> None:
        self.world = world
        self._rng = rng
        self._base = rng.uniform(*world.chances, world.records)
        self.features: dict[str, tuple[bool, ...]] = {FIRST: (False,) * len(world.features)}
        self._luck: dict[str, Floats] = {FIRST: self._drawn_luck()}

    def add(self, which: str, parent: str) -> None:
        """Propose a prompt: some of its parent's features turned over."""
        has = list(self.features[parent])
        size = len(has)
        for place in self._rng.choice(size, min(size, int(self._rng.integers(1, 3))), replace=False):
            has[place] = not has[place]
        self.features[which] = tuple(has)
        # What the parent is lucky with the child is too, in part; so chances stay within [0, 1].
        self._luck[which] = 0.6 * self._luck[parent] + 0.4 * self._drawn_luck()

    def true_gain(self, which: str) -> float:
        """Return what a prompt gains over all records that there could be."""
        gains = zip(self.world.features, self.features[which], strict=True)
        return sum(gain for gain, is_in in gains if is_in) + (self.world.gain if which != FIRST else 0.0)

    def scores(self, which: str) -> Floats:
        """Draw a prompt's responses to all records, and return their scores; NaN where there is none."""
        # Not cut off at 0 and 1: that would be a gain which nobody stated.
        chances = self._base + self._luck[which] + self.true_gain(which)
        scores = self._rng.binomial(self.world.steps, chances) / self.world.steps
        scores[self._rng.random(scores.size) < self.world.failing] = np.nan
        return scores

    def _drawn_luck(self) -> Floats:
        size, together = self.world.records, self.world.of_a_group
        most = min(LUCK, 1 - self.world.chances[1])
        luck = self._rng.uniform(-most, most, size)
        if together > 1:
            common = self._rng.uniform(-most, most, size // together + 1)
            luck = (luck + np.repeat(common, together)[:size]) / 2
        return luck


def outcomes(world: World, *, searches: int, seed: int = SEED) -> list[Outcome]:
    """Return what comes of seeded searches in a world."""
    records = [
        PartRecord(f"q{n}", f"g{nth}" if world.of_a_group > 1 else None, "abc"[nth % 3])
        for n, nth in ((n, n // world.of_a_group) for n in range(world.records))
    ]
    settings = ImprovedPrompt(improve="answer.v1", rounds=world.rounds)
    found: list[Outcome] = []
    for number in range(searches):
        chosen = split(records, seed=str(number))
        parts = parts_of(records, chosen, seed=str(number))
        prompts = Prompts(world, np.random.default_rng([seed, number]))
        search = searched(prompts, settings, parts)
        test = np.array([n for n, each in enumerate(records) if chosen[each.record_id] == "test"], np.int32)
        found.append(_outcome(search, prompts, test, settings, parts))
    return found


def searched(prompts: Prompts, settings: ImprovedPrompt, parts: PartsOf) -> Search:
    """Return a search that is over."""
    search = begin("tuned", "haiku", "amazon.m", "text", 300)
    drawn: dict[str, Floats] = {}
    while True:
        move = next_move(search, settings, parts)
        if isinstance(move, Finished):
            return ended(search, move.why)
        if isinstance(move, Propose):
            search = with_proposals(search, list(_proposed(search, move.parents, prompts)))
        else:
            search = with_tried(search, move, _answered(move, prompts, drawn), parts=parts)


def _proposed(search: Search, parents: Sequence[str], prompts: Prompts) -> Iterator[Proposal]:
    for number, parent in enumerate(parents, start=1):
        which = proposal_id(search.round + 1, number)
        prompts.add(which, parent)
        # Longer by what it says: each feature takes words.
        tokens = 300 + 40 * sum(prompts.features[which]) + number
        yield Proposal(id=which, parent=parent, text=which, tokens=tokens)


def _answered(tries: Tries, prompts: Prompts, drawn: dict[str, Floats]) -> Mapping[str, dict[str, Tried]]:
    found: dict[str, dict[str, Tried]] = {}
    for each in tries.tries:
        for which in each.prompts:
            if which not in drawn:
                drawn[which] = prompts.scores(which)
            scores = drawn[which]
            for record in each.records:
                score = float(scores[int(record[1:])])
                found.setdefault(which, {})[record] = _tried(None if np.isnan(score) else score)
    return found


@cache
def _tried(quality: float | None) -> Tried:
    return Tried(quality=quality)


def _outcome(
    search: Search, prompts: Prompts, test: np.ndarray, settings: ImprovedPrompt, parts: PartsOf
) -> Outcome:
    assert search.winner is not None
    first, winner = (search.proposal(which) for which in (FIRST, search.winner))
    # Other responses than dev's, from both: as a run has them.
    differences = prompts.scores(winner.id)[test] - prompts.scores(FIRST)[test]
    is_there = ~np.isnan(differences)
    together = prompts.world.of_a_group
    groups = np.arange(prompts.world.records, dtype=np.int32) // together if together > 1 else None
    scores = PairedScores(test[is_there], differences[is_there], is_binary=prompts.world.steps == 1)
    pairing = paired_test(scores, groups, confidence=0.95)
    (decided,) = decide([pairing], confidence=0.95)
    assert pairing.difference is not None
    assert pairing.interval is not None
    tries = sum(len(each.dev) + len(each.train) for each in search.proposals)
    return Outcome(
        dev_gain=(dev_quality(search, winner) or 0.0) - (dev_quality(search, first) or 0.0),
        test_gain=pairing.difference,
        interval=pairing.interval,
        true_gain=prompts.true_gain(winner.id),
        is_changed=winner.id != FIRST,
        is_claimed=winner.id != FIRST and decided.sign > 0,
        tries=tries,
        most_tries=expected_calls(settings, parts).most.tries,
    )


def main() -> None:
    """Print a row for each world, as docs/prompts.md has them."""
    print("| world | dev gain | test gain | true gain | another prompt | claimed | covered | calls |")
    print("|---|--:|--:|--:|--:|--:|--:|--:|")
    for world in WORLDS:
        found = outcomes(world, searches=400)
        gains = (np.mean([getattr(each, f"{of}_gain") for each in found]) for of in ("dev", "test", "true"))
        shares = (
            np.mean([each.is_changed for each in found]),
            np.mean([each.is_claimed for each in found]),
            np.mean([each.interval[0] <= each.true_gain <= each.interval[1] for each in found]),
            sum(each.tries for each in found) / sum(each.most_tries for each in found),
        )
        cells = (*(f"{gain:+.3f}" for gain in gains), *(f"{100 * share:.1f} %" for share in shares))
        print(f"| {' | '.join((world.name, *cells))} |", flush=True)


if __name__ == "__main__":
    main()
