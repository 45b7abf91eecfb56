"""Worlds whose truth is known: candidates' scores as a run would have them, drawn again and again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import special

from evaldrop.evaluation import Candidate
from evaldrop.evaluation.criteria import Criterion, criterion_from_config
from evaldrop.statistics.vectors import Floats
from evaldrop.steps.build_scorecard.counts import CandidateCounts, RunCounts, ScoreColumn, Spending
from evaldrop.steps.build_scorecard.deliveries import DeliveryCounts
from evaldrop.steps.build_scorecard.tally import Money

_MODEL = "us.amazon.nova-pro-v1:0"
_LIKERT = {"1": "bad", "2": "poor", "3": "fair", "4": "good", "5": "best"}
_NONE = np.zeros(0, np.int32)


class Kind(NamedTuple):
    """Answers of a criterion, ascending, and how often each is given."""

    name: str
    scale: Any
    values: Sequence[float]
    shares: Sequence[float]

    @property
    def cuts(self) -> Floats:
        """Where a standard normal is cut into the answers."""
        return np.asarray(special.ndtri(np.cumsum(self.shares)[:-1].clip(1e-15, 1 - 1e-15)))

    def mean(self, shift: float = 0.0) -> float:
        """Return the mean answer when what is cut lies `shift` higher."""
        below = np.concatenate([[0.0], special.ndtr(self.cuts - shift), [1.0]])
        return float(np.diff(below) @ np.asarray(self.values))


def likert(top: float, *, rest: str = "near") -> Kind:
    """Return points 1 to 5: a share `top` at 5; the rest mostly at 4 ("near") or all at 1 ("bottom")."""
    others = {"near": (0.04, 0.06, 0.2, 0.7), "bottom": (1.0, 0.0, 0.0, 0.0)}[rest]
    shares = [*((1 - top) * share for share in others), top]
    where = {"near": "near it", "bottom": "at 1"}[rest]
    return Kind(f"Likert, {top:.0%} at 5, the rest {where}", _LIKERT, (1, 2, 3, 4, 5), shares)


def binary(rate: float) -> Kind:
    """Return yes or no."""
    return Kind(f"yes/no, {rate:.0%} yes", "binary", (0, 1), (1 - rate, rate))


MIDDLING = Kind("Likert, middling", _LIKERT, (1, 2, 3, 4, 5), (0.04, 0.08, 0.18, 0.40, 0.30))


@dataclass(frozen=True)
class World:
    """
    Candidates who answer the same records, of which what is hard is hard for all and on all criteria.

    Scores are cut from normals: a share `shared` of their variance is the record's, `grouped` its group's,
    and `own` the candidate's on the record whatever the criterion.

    Attributes:
        shifts: How much higher each candidate's normals lie, by criterion; shape (candidates, criteria).
        sizes: Records of each group; None when records are independent.
    """

    n: int
    kinds: Sequence[Kind]
    candidates: int = 1
    shared: float = 0.5
    grouped: float = 0.0
    own: float = 0.1
    shifts: npt.ArrayLike = 0.0
    sizes: Sequence[int] | None = None
    confidence: float = 0.95

    @cached_property
    def criteria(self) -> Mapping[str, Criterion]:
        """The criteria by name."""
        configs = (
            {"name": name, "question": "Is it good?", "scale": kind.scale}
            for name, kind in zip(self.criterion_names, self.kinds, strict=True)
        )
        return {config["name"]: criterion_from_config(config, path="criteria") for config in configs}

    @property
    def criterion_names(self) -> list[str]:
        """c1, c2, …"""
        return [f"c{place + 1}" for place in range(len(self.kinds))]

    @property
    def names(self) -> list[str]:
        """The candidates' names."""
        return [f"m{place + 1}" for place in range(self.candidates)]

    @cached_property
    def lifts(self) -> Floats:
        """`shifts` for every candidate and criterion."""
        return np.broadcast_to(np.asarray(self.shifts, float), (self.candidates, len(self.kinds)))

    @cached_property
    def run(self) -> Any:
        """What the scorecard's builders read of a run."""
        listed = tuple(Candidate(name=name, model=_MODEL) for name in self.names)
        evaluation = SimpleNamespace(confidence=self.confidence, prompt_of=lambda _: "answer.v1")
        return SimpleNamespace(
            criteria=self.criteria, candidates=listed, evaluation=evaluation, bedrock="simulated"
        )

    @cached_property
    def groups(self) -> npt.NDArray[np.int32] | None:
        """The group of each record."""
        if self.sizes is None:
            return None
        return np.repeat(np.arange(len(self.sizes), dtype=np.int32), self.sizes)

    @cached_property
    def counts(self) -> RunCounts:
        """A run in which every call succeeded, without its scores."""
        none = np.full(self.n, -1, np.int32)
        counts = {name: CandidateCounts(()) for name in self.names}
        spending = {name: Spending() for name in self.names}
        repeats = {name: Money() for name in self.names}
        return RunCounts(
            self.n,
            self.n,
            self.n,
            {},
            0,
            none,
            (),
            self.groups,
            counts,
            spending,
            repeats,
            {},
            DeliveryCounts(),
        )

    def true_mean(self, criterion: int, candidate: int = 0) -> float:
        """Return the mean of all records there could be, on the criterion's scale."""
        return self.kinds[criterion].mean(float(self.lifts[candidate, criterion]))

    def true_overall(self, candidate: int = 0) -> float:
        """Return the same over all criteria, as a fraction."""
        shares = []
        for place, kind in enumerate(self.kinds):
            low, high = min(kind.values), max(kind.values)
            shares.append((self.true_mean(place, candidate) - low) / (high - low))
        return float(np.mean(shares))

    def scores(self, random: np.random.Generator) -> Floats:
        """Draw a run; shape (candidates, criteria, n)."""
        shape = (self.candidates, len(self.kinds), self.n)
        rest = 1 - self.shared - self.grouped - self.own
        latent = np.sqrt(rest) * random.normal(size=shape)
        latent += np.sqrt(self.own) * random.normal(size=(self.candidates, 1, self.n))
        latent += np.sqrt(self.shared) * random.normal(size=self.n)
        if self.groups is not None:
            latent += np.sqrt(self.grouped) * random.normal(size=len(self.sizes or ()))[self.groups]
        latent += self.lifts[:, :, None]
        found = np.empty(shape)
        for place, kind in enumerate(self.kinds):
            found[:, place] = np.asarray(kind.values, float)[np.searchsorted(kind.cuts, latent[:, place])]
        return found

    def columns(self, scores: Floats) -> dict[str, dict[str, ScoreColumn]]:
        """Return scores as the scorecard's builders have them; NaN is a verdict that could not be read."""
        return {
            name: {
                criterion: column_of(row, self.criteria[criterion])
                for criterion, row in zip(self.criterion_names, of_it, strict=True)
            }
            for name, of_it in zip(self.names, scores, strict=True)
        }


def column_of(scores: Floats, criterion: Criterion) -> ScoreColumn:
    """Return a column; NaN is a verdict that could not be read."""
    is_lost = np.isnan(scores)
    ordinals, missed = np.flatnonzero(~is_lost).astype(np.int32), np.flatnonzero(is_lost).astype(np.int32)
    kept = scores[ordinals]
    mark = criterion.pass_at
    passed = (kept >= mark if criterion.higher_is_better else kept <= mark).astype(np.float64)
    return ScoreColumn(ordinals, kept, passed, missed, np.zeros(missed.size, np.uint8), ("no_verdict",))


def group_sizes(n: int, groups: int, *, equal: bool) -> list[int]:
    """Return sizes of groups that add up to n: alike, or rising so that the last is many times the first."""
    weights = np.ones(groups) if equal else np.arange(1, groups + 1) ** 2.0
    sizes = np.maximum(1, np.floor(weights / weights.sum() * n)).astype(int)
    sizes[-1] += n - sizes.sum()
    return [int(size) for size in sizes]
