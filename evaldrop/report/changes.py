"""Changes around 0 on one axis: against the baseline, by perturbed prompts. No number is computed here."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from evaldrop.report.charts import BEST, FAR_BEHIND, OPEN, Dot, Tick, dot, nice_ceiling
from evaldrop.report.columns import PAGE, Column
from evaldrop.scorecard.model.baseline import Baseline
from evaldrop.scorecard.model.part import OVERALL
from evaldrop.scorecard.model.scorecard import (
    Interval,
    RobustnessDrop,
    Scorecard,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeDot:
    """A change as a share of its scale, above 0 for the better; `tone` as a dot's."""

    value: float
    interval: Interval | None
    tone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """Changes on one axis, and its ends and middle."""

    dots: Mapping[tuple[str, ...], Dot]
    ticks: Sequence[Tick]


def on_one_axis(changes: Mapping[tuple[str, ...], ChangeDot]) -> Axis:
    """Return changes on an axis that is as long to either side of 0 as the farthest interval asks for."""
    bounds = [abs(bound) for one in changes.values() for bound in (one.value, *(one.interval or ()))]
    end = min(1.0, nice_ceiling(max(bounds, default=0.0)))
    ends = f"−{100 * end:.3g} %", "0", f"+{100 * end:.3g} %"
    return Axis(
        dots={key: dot(one.value, one.interval, -end, end, one.tone) for key, one in changes.items()},
        ticks=[Tick(at=50.0 * place, text=text) for place, text in enumerate(ends)],
    )


def plot(heading: str, axis: Axis, keys: Sequence[tuple[str, ...]]) -> Column:
    """Return the column of a page's table that draws changes on their axis, by their keys."""
    return Column(heading, [axis.dots.get(key) for key in keys], PAGE, "plot", ticks=axis.ticks)


def baseline_axis(scorecard: Scorecard, baseline: Baseline) -> Axis:
    """Return every change against the baseline, by candidate and criterion."""
    tones = {"improved": BEST, "regressed": FAR_BEHIND, "undecided": OPEN}
    changes: dict[tuple[str, ...], ChangeDot] = {}
    for name, card in baseline.candidates.items():
        for criterion, found in card.criteria.items():
            if found.difference is not None:
                scale, tone = _scale(scorecard, criterion), tones[found.decision]
                changes[name, criterion] = _as_share(found.difference, found.reported_interval, scale, tone)
    return on_one_axis(changes)


def _scale(scorecard: Scorecard, criterion: str) -> float:
    """Return how long a criterion's scale is, below 0 where low is good; overall quality is a share."""
    info = scorecard.criteria.get(criterion)
    return 1.0 if info is None else (info.high - info.low) * (1 if info.higher_is_better else -1)


def _as_share(difference: float, interval: Interval | None, scale: float, tone: str) -> ChangeDot:
    low, high = sorted(bound / scale for bound in interval) if interval else (0.0, 0.0)
    return ChangeDot(value=difference / scale, interval=(low, high) if interval else None, tone=tone)


class PerturbedDrop(NamedTuple):
    """What one way of perturbing prompts takes from a candidate, on one criterion, metric or overall."""

    perturbation: str
    candidate: str
    on: str
    drop: RobustnessDrop
    copies: int
    missing: int


def perturbed(scorecard: Scorecard) -> list[PerturbedDrop]:
    """Return what perturbed prompts take, all candidates of one perturbation together."""
    rows = list(robustness_drops(scorecard))
    order = list(dict.fromkeys(row.perturbation for row in rows))
    return sorted(rows, key=lambda row: order.index(row.perturbation))


def robustness_drops(scorecard: Scorecard) -> Iterator[PerturbedDrop]:
    """Yield what perturbed prompts take: overall where there is that, else by criterion or metric."""
    for name, card in scorecard.candidates.items():
        for perturbation, found in card.robustness.items():
            drops = {OVERALL: found.overall} if found.overall else found.criteria or found.metrics
            for on, drop in drops.items():
                what = perturbation.replace("_", " ")
                yield PerturbedDrop(what, name, on, drop, found.copies, found.missing)


def perturbed_axis(scorecard: Scorecard, rows: Sequence[PerturbedDrop]) -> Axis:
    """Return the perturbations' changes of criteria and overall quality; a metric has no scale."""
    changes: dict[tuple[str, ...], ChangeDot] = {}
    for row in rows:
        drop = row.drop
        if drop.drop is not None and (row.on == OVERALL or row.on in scorecard.criteria):
            tone = OPEN if not drop.decisive else FAR_BEHIND if drop.drop > 0 else BEST
            # A drop above 0 is worse whichever way the scale runs.
            scale = -abs(_scale(scorecard, row.on))
            changes[row.perturbation, row.candidate, row.on] = _as_share(
                drop.drop, drop.reported_interval, scale, tone
            )
    return on_one_axis(changes)
