"""Places the scorecard's numbers on axes; templates draw them as SVG. No number is computed here."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor, log10

from evaldrop.report import figures
from evaldrop.scorecard.model import CriterionEstimate, CriterionInfo, Scorecard

# Distance from the best, as a share of the scale, from which a candidate is far behind.
FAR = 0.15

# What a mark's colour says. Colour is a claim, so only a decided difference gets one.
BEST, OPEN, BEHIND, FAR_BEHIND = "best", "open", "behind", "far"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dot:
    """
    A mark with its interval on an axis 0..100; None where there is no interval.

    `tone` is one of best, open (not decided against the best), behind, far.
    """

    at: float
    low: float | None
    high: float | None
    tone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A label on an axis 0..100."""

    at: float
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Percentiles of a candidate's latency on an axis 0..100, and as text."""

    name: str
    p50: float
    p90: float
    p99: float
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Latencies:
    """Percentiles of every candidate's latency on one axis."""

    spans: Sequence[Span]
    ticks: Sequence[Tick]


def dots(scorecard: Scorecard, criterion: str) -> dict[str, Dot]:
    """Return each candidate's mean on a criterion's own scale; those without one are left out."""
    info = scorecard.criteria[criterion]
    estimates = {
        name: card.criteria[criterion]
        for name, card in scorecard.candidates.items()
        if criterion in card.criteria and card.criteria[criterion].mean is not None
    }
    tones = _tones(scorecard, criterion, {name: estimate.mean or 0.0 for name, estimate in estimates.items()})
    return {name: _dot(estimate, info, tones[name]) for name, estimate in estimates.items()}


def _tones(scorecard: Scorecard, criterion: str, means: dict[str, float]) -> dict[str, str]:
    """Return every candidate's tone. Where nothing is decided against the best, nobody is called the best."""
    if not means:
        return {}
    info = scorecard.criteria[criterion]
    sign = 1 if info.higher_is_better else -1
    best = max(means, key=lambda name: sign * means[name])
    beaten = {
        ({pair.a, pair.b} - {pair.better}).pop()
        for pair in scorecard.comparisons
        if pair.criterion == criterion and pair.decisive and pair.better == best and pair.a != pair.b
    }
    scale = info.high - info.low
    return {
        name: (BEST if beaten and name == best else OPEN)
        if name not in beaten
        else (FAR_BEHIND if abs(means[best] - mean) > FAR * scale else BEHIND)
        for name, mean in means.items()
    }


def scale_ticks(info: CriterionInfo) -> list[Tick]:
    """Return the ends and the middle of a criterion's scale."""
    middle = (info.low + info.high) / 2
    return [
        Tick(at=share(value, info.low, info.high), text=f"{value:g}")
        for value in (info.low, middle, info.high)
    ]


def latencies(scorecard: Scorecard) -> Latencies | None:
    """Return the percentiles of latencies on an axis from 0; None where no call has one."""
    measured = {
        name: card.latency_ms
        for name, card in scorecard.candidates.items()
        if card.latency_ms.p50 is not None and card.latency_ms.p99 is not None
    }
    if not measured:
        return None
    right = nice_ceiling(max(latency.p99 or 0.0 for latency in measured.values()))
    return Latencies(
        spans=[
            Span(
                name=name,
                p50=share(latency.p50 or 0.0, 0, right),
                p90=share(latency.p90 or latency.p50 or 0.0, 0, right),
                p99=share(latency.p99 or 0.0, 0, right),
                text=" · ".join(
                    figures.milliseconds(value) for value in (latency.p50, latency.p90, latency.p99)
                ),
            )
            for name, latency in measured.items()
        ],
        ticks=[
            Tick(at=25 * part, text=figures.milliseconds(right * part / 4) if part else "0")
            for part in range(5)
        ],
    )


def _dot(estimate: CriterionEstimate, info: CriterionInfo, tone: str) -> Dot:
    low, high = estimate.interval or (None, None)
    return Dot(
        at=share(estimate.mean or 0.0, info.low, info.high),
        low=None if low is None else share(low, info.low, info.high),
        high=None if high is None else share(high, info.low, info.high),
        tone=tone,
    )


def share(value: float, low: float, high: float) -> float:
    """Return where a value lies between two ends, 0..100; what lies outside is drawn at the end."""
    return min(100.0, max(0.0, 100 * (value - low) / (high - low)))


def nice_ceiling(value: float) -> float:
    """Return a round number at or above a value, for the end of an axis."""
    if value <= 0:
        return 1.0
    unit = 10.0 ** floor(log10(value))
    return next(step * unit for step in (1.0, 2.0, 4.0, 6.0, 8.0, 10.0, 20.0) if step * unit >= value * 1.05)
