"""Places the scorecard's numbers on axes; templates draw them as SVG. No number is computed here."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor, log10

from evaldrop.scorecard.model import CriterionEstimate, CriterionInfo, Scorecard

# Distance from the best, as a share of the scale, up to which a mark keeps a colour: best, near, behind, far.
_NEAR, _BEHIND = 0.05, 0.15


@dataclass(frozen=True, slots=True, kw_only=True)
class Dot:
    """
    A mark with its interval on an axis 0..100; None where there is no interval. `tone` 0 is the best, 3 far
    off.
    """

    at: float
    low: float | None
    high: float | None
    tone: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A label on an axis 0..100."""

    at: float
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A candidate on the plane of cost and quality, both axes 0..100; up is better."""

    name: str
    x: float
    y: float
    low: float
    high: float
    is_dominated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Plane:
    """Cost against quality."""

    marks: Sequence[Mark]
    x_ticks: Sequence[Tick]
    y_ticks: Sequence[Tick]
    frontier: str


def dots(scorecard: Scorecard, criterion: str) -> dict[str, Dot]:
    """Return each candidate's mean on a criterion's own scale; those without one are left out."""
    info = scorecard.criteria[criterion]
    estimates = {
        name: card.criteria[criterion]
        for name, card in scorecard.candidates.items()
        if criterion in card.criteria and card.criteria[criterion].mean is not None
    }
    means = [estimate.mean for estimate in estimates.values() if estimate.mean is not None]
    if not means:
        return {}
    best = max(means) if info.higher_is_better else min(means)
    return {name: _dot(estimate, info, best) for name, estimate in estimates.items()}


def tone(distance: float) -> int:
    """Return the colour step of a distance from the best, a share of the scale."""
    return 0 if distance < 1e-9 else 1 if distance <= _NEAR else 2 if distance <= _BEHIND else 3


def cost_quality_plane(scorecard: Scorecard) -> Plane | None:
    """Return cost per 1,000 records against quality; None unless two candidates have both."""
    points = [
        (name, card.cost_usd.per_1000_records, card.overall.mean, card.overall.interval)
        for name, card in scorecard.candidates.items()
        if card.overall and card.overall.mean is not None and card.cost_usd.per_1000_records is not None
    ]
    if len(points) < 2:
        return None
    right = _nice_ceiling(max(cost for _, cost, _, _ in points))
    lows = [bounds[0] if bounds else mean for _, _, mean, bounds in points]
    bottom = max(0.0, floor((min(lows) - 0.05) * 10) / 10)
    marks = []
    for name, cost, mean, bounds in points:
        low, high = bounds or (mean, mean)
        marks.append(
            Mark(
                name=name,
                x=100 * cost / right,
                y=_share(mean, bottom, 1),
                low=_share(low, bottom, 1),
                high=_share(high, bottom, 1),
                is_dominated=any(
                    other <= cost and better >= mean and (other, better) != (cost, mean)
                    for _, other, better, _ in points
                ),
            )
        )
    best = sorted((mark for mark in marks if not mark.is_dominated), key=lambda mark: mark.x)
    return Plane(
        marks=marks,
        x_ticks=[Tick(at=100 * part / 4, text=f"${right * part / 4:.3g}") for part in range(5)],
        y_ticks=[
            Tick(at=100 * part / 4, text=f"{bottom + (1 - bottom) * part / 4:.2f}") for part in range(5)
        ],
        frontier=" ".join(f"{mark.x:.2f},{100 - mark.y:.2f}" for mark in best),
    )


def _dot(estimate: CriterionEstimate, info: CriterionInfo, best: float) -> Dot:
    mean = estimate.mean or 0.0
    low, high = estimate.interval or (None, None)
    return Dot(
        at=_share(mean, info.low, info.high),
        low=None if low is None else _share(low, info.low, info.high),
        high=None if high is None else _share(high, info.low, info.high),
        tone=tone(abs(best - mean) / (info.high - info.low)),
    )


def _share(value: float, low: float, high: float) -> float:
    """Return where a value lies between two ends, 0..100; what lies outside is drawn at the end."""
    return min(100.0, max(0.0, 100 * (value - low) / (high - low)))


def _nice_ceiling(value: float) -> float:
    if value <= 0:
        return 1.0
    unit = 10.0 ** floor(log10(value))
    return next(step * unit for step in (1.0, 2.0, 4.0, 6.0, 8.0, 10.0, 20.0) if step * unit >= value * 1.05)
