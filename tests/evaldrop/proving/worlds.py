"""Worlds whose truth is known: candidates of a quality, judges of a sharpness, faults planted in a sample."""

from dataclasses import dataclass, replace
from math import sqrt
from typing import Literal

import numpy as np

from evaldrop.evaluation.criteria import Criterion, Scale
from evaldrop.evaluation.criteria.scales import Point
from evaldrop.proving.judged_copies import CriterionCopies, JudgedCopies
from evaldrop.statistics.paired_test import PairedScores, decide, paired_test
from evaldrop.statistics.vectors import Floats

_FIVE = Scale.of_points(*(Point(value=float(value), label=f"p{value}") for value in range(1, 6)))
_FALLS = (1, 2, 3)
"""By how many points of 1 to 5 a judge marks down a fault that it notices."""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """
    What a proof tries to learn.

    Attributes:
        scale: "binary", or "five" for 1 to 5, of which 4 passes.
        quality: Share of responses that deserve to pass.
        sharpness: Chance that a judge notices a fault.
        noise: Chance that a judge says something else of the same response the second time.
        likes_length: Chance that it says better of a padded response.
        cluster: Records of a group, half of which are as good as each other; 1: independent records.
    """

    scale: Literal["binary", "five"] = "binary"
    quality: float = 0.85
    sharpness: float = 0.6
    noise: float = 0.06
    likes_length: float = 0.0
    cluster: int = 1

    def criterion(self, name: str = "correctness") -> Criterion:
        scale = {} if self.scale == "binary" else {"scale": _FIVE}
        return Criterion(name=name, question="Is it right?", **scale)

    def deserved(self, n: int, source: np.random.Generator) -> Floats:
        """Return what responses deserve, shape (n,)."""
        own, shared = (self._drawn(n, source) for _ in range(2))
        if self.cluster > 1:
            leaders = np.arange(n) // self.cluster * self.cluster
            own = np.where(source.random(n) < 0.5, shared[leaders], own)
        return own

    def _drawn(self, n: int, source: np.random.Generator) -> Floats:
        is_good = source.random(n) < self.quality
        if self.scale == "binary":
            return is_good.astype(np.float64)
        return np.where(is_good, source.integers(4, 6, n), source.integers(1, 4, n)).astype(np.float64)

    def judged(self, deserved: Floats, source: np.random.Generator) -> Floats:
        """Return what the judge says once."""
        if self.scale == "binary":
            # Two judgings differ where one of both errs: noise = 2 e (1 - e).
            errs = source.random(deserved.size) < (1 - sqrt(1 - 2 * self.noise)) / 2
            return np.where(errs, 1 - deserved, deserved)
        # A point up or down: noise = 2 e - 1.5 e², less at the ends of the scale.
        errs = source.random(deserved.size) < (2 - sqrt(4 - 6 * self.noise)) / 3
        moved = np.where(errs, source.choice([-1, 1], deserved.size), 0)
        return np.clip(deserved + moved, 1, 5)

    def worsened(self, deserved: Floats, source: np.random.Generator) -> Floats:
        """Return what the judge thinks that responses with a fault deserve."""
        is_noticed = source.random(deserved.size) < self.sharpness
        if self.scale == "binary":
            return np.where(is_noticed, 0.0, deserved)
        return np.where(is_noticed, np.maximum(deserved - source.choice(_FALLS, deserved.size), 1), deserved)

    def padded(self, deserved: Floats, source: np.random.Generator) -> Floats:
        """Return what the judge thinks that padded responses deserve."""
        best = 1.0 if self.scale == "binary" else 5.0
        return np.where(source.random(deserved.size) < self.likes_length, best, deserved)

    def groups(self, n: int) -> np.ndarray | None:
        return None if self.cluster == 1 else (np.arange(n) // self.cluster).astype(np.int32)

    def proof(
        self, n: int, planted: int, source: np.random.Generator, *, run_records: int | None = None
    ) -> JudgedCopies:
        """Return a proof of `n` records: two kinds of faults in `planted` of them each, padding in all."""
        deserved = self.deserved(n, source)
        faulty = {}
        for kind in ("wrong_number", "dropped_step"):
            scores = self.judged(self.worsened(deserved, source), source)
            scores[source.permutation(n)[planted:]] = np.nan
            faulty[kind] = scores
        faulty["padding"] = self.judged(self.padded(deserved, source), source)
        copies = CriterionCopies(
            criterion=self.criterion(),
            first=self.judged(deserved, source),
            again=self.judged(deserved, source),
            faulty=faulty,
        )
        return JudgedCopies(
            candidate="candidate",
            criteria={"correctness": copies},
            groups=self.groups(n),
            run_records=run_records or n,
        )

    def true_power(
        self,
        records: int,
        drop: float,
        source: np.random.Generator,
        *,
        level: float = 0.05,
        tries: int = 2000,
    ) -> float:
        """Return in what share of runs of fresh records the scorecard's own test finds the drop."""
        rate = drop / self.passing(source)
        return sum(self._finds(records, rate, level, source) for _ in range(tries)) / tries

    def passing(self, source: np.random.Generator) -> float:
        """Return the share that passes as the judge has it."""
        independent = replace(self, cluster=1)
        scores = independent.judged(independent.deserved(400_000, source), source)
        return float((scores >= self.criterion().pass_at).mean())

    def _finds(self, records: int, rate: float, level: float, source: np.random.Generator) -> bool:
        deserved = self.deserved(records, source)
        now = np.where(source.random(records) < rate, self.worsened(deserved, source), deserved)
        scores = PairedScores(
            ordinals=np.arange(records, dtype=np.int32),
            differences=self.judged(now, source) - self.judged(deserved, source),
            reach=1.0 if self.scale == "binary" else 4.0,
            step=1.0,
            is_binary=self.scale == "binary",
        )
        found = paired_test(scores, self.groups(records), confidence=1 - level)
        return decide([found], confidence=1 - level)[0].sign < 0
