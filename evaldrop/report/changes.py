"""Changes around 0 on one axis: against the baseline, by perturbed prompts. No number is computed here."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from evaldrop.report.charts import BEST, FAR_BEHIND, OPEN, Dot, Tick, dot, nice_ceiling
from evaldrop.scorecard.model.baseline import Baseline
from evaldrop.scorecard.model.scorecard import (
    OVERALL,
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
    return Axis(
        dots={key: dot(one.value, one.interval, -end, end, one.tone) for key, one in changes.items()},
        ticks=[
            Tick(at=at, text=text)
            for at, text in ((0.0, f"−{100 * end:.3g} %"), (50.0, "0"), (100.0, f"+{100 * end:.3g} %"))
        ],
    )


def baseline_axis(scorecard: Scorecard, baseline: Baseline) -> Axis:
    """Return every change against the baseline, by candidate and criterion."""
    tones = {"improved": BEST, "regressed": FAR_BEHIND, "undecided": OPEN}
    return on_one_axis(
        {
            (name, criterion): _as_share(
                found.difference, found.interval, _scale(scorecard, criterion), tones[found.decision]
            )
            for name, card in baseline.candidates.items()
            for criterion, found in card.criteria.items()
            if found.difference is not None
        }
    )


def _scale(scorecard: Scorecard, criterion: str) -> float:
    """Return how long a criterion's scale is, below 0 where low is good; overall quality is a share."""
    info = scorecard.criteria.get(criterion)
    return 1.0 if info is None else (info.high - info.low) * (1 if info.higher_is_better else -1)


def _as_share(difference: float, interval: Interval | None, scale: float, tone: str) -> ChangeDot:
    low, high = sorted(bound / scale for bound in interval) if interval else (0.0, 0.0)
    return ChangeDot(value=difference / scale, interval=(low, high) if interval else None, tone=tone)


@dataclass(frozen=True, slots=True, kw_only=True)
class PerturbedDrop:
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
    order = {row.perturbation: place for place, row in reversed(list(enumerate(rows)))}
    return sorted(rows, key=lambda row: order[row.perturbation])


def robustness_drops(scorecard: Scorecard) -> Iterator[PerturbedDrop]:
    """Yield what perturbed prompts take: overall where there is that, else by criterion or metric."""
    for name, card in scorecard.candidates.items():
        for perturbation, found in card.robustness.items():
            drops = {OVERALL: found.overall} if found.overall else found.criteria or found.metrics
            for on, drop in drops.items():
                yield PerturbedDrop(
                    perturbation=perturbation.replace("_", " "),
                    candidate=name,
                    on=on,
                    drop=drop,
                    copies=found.copies,
                    missing=found.missing,
                )


def perturbed_axis(scorecard: Scorecard, rows: Sequence[PerturbedDrop]) -> Axis:
    """Return the perturbations' changes of criteria and overall quality; a metric has no scale."""
    worse = {True: FAR_BEHIND, False: BEST}
    return on_one_axis(
        {
            (row.perturbation, row.candidate, row.on): _as_share(
                row.drop.drop,
                row.drop.interval,
                # A drop above 0 is worse whichever way the scale runs.
                -abs(_scale(scorecard, row.on)),
                worse[row.drop.drop > 0] if row.drop.decisive else OPEN,
            )
            for row in rows
            if row.on == OVERALL or row.on in scorecard.criteria
        }
    )
