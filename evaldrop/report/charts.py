"""Places the scorecard's numbers on axes and in matrices, for templates. No number is computed here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import floor, log10
from typing import NamedTuple

from evaldrop.report.behind import compared
from evaldrop.report.links import Link
from evaldrop.scorecard.figures import score
from evaldrop.scorecard.model.part import OVERALL
from evaldrop.scorecard.model.scorecard import (
    Comparison,
    CriterionInfo,
    Interval,
    Scorecard,
)

# Distance from the best, as a share of the scale, from which a candidate is far behind.
FAR = 0.15
# More candidates make a table, not a matrix.
MOST_CANDIDATES = 12

# What a mark's colour says. Colour is a claim, so only a decided difference gets one.
BEST, OPEN, BEHIND, FAR_BEHIND = "best", "open", "behind", "far"

# Overall quality is a share of scales; it has no pass mark.
_OVERALL_INFO = CriterionInfo(
    question="", kind="range", low=0.0, high=1.0, pass_at=0.0, higher_is_better=True
)


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


def plotted(scorecard: Scorecard) -> list[str]:
    """Return what has a plot in the scorecard: overall quality first where it is no criterion's own."""
    names = list(scorecard.criteria)
    has_overall = any(
        card.overall and card.overall.mean is not None for card in scorecard.candidates.values()
    )
    return [OVERALL, *names] if has_overall and len(names) > 1 and OVERALL not in names else names


def dots(scorecard: Scorecard, criterion: str) -> dict[str, Dot]:
    """Return each candidate's mean on a criterion's own scale; those without one are left out."""
    info = scorecard.criteria.get(criterion, _OVERALL_INFO)
    estimates = {
        name: estimate
        for name, card in scorecard.candidates.items()
        if (estimate := card.criteria.get(criterion) if criterion in scorecard.criteria else card.overall)
        and estimate.mean is not None
    }
    means = {name: estimate.mean or 0.0 for name, estimate in estimates.items()}
    tones = _tones(scorecard, criterion, info, means)
    return {
        name: dot(means[name], estimate.interval, info.low, info.high, tones[name])
        for name, estimate in estimates.items()
    }


def _tones(
    scorecard: Scorecard, criterion: str, info: CriterionInfo, means: Mapping[str, float]
) -> dict[str, str]:
    """Return every candidate's tone. Where nothing is decided against the best, nobody is called the best."""
    if not means:
        return {}
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


def scale_ticks(scorecard: Scorecard, criterion: str) -> list[Tick]:
    """Return the ends and the middle of a criterion's scale."""
    info = scorecard.criteria.get(criterion, _OVERALL_INFO)
    middle = (info.low + info.high) / 2
    return [
        Tick(at=share(value, info.low, info.high), text=score(value))
        for value in (info.low, middle, info.high)
    ]


def dot(value: float, interval: Interval | None, low: float, high: float, tone: str) -> Dot:
    """Return a value with its interval on an axis between two ends."""
    bounds = interval and [share(bound, low, high) for bound in interval]
    first, last = bounds or (None, None)
    return Dot(at=share(value, low, high), low=first, high=last, tone=tone)


def share(value: float, low: float, high: float) -> float:
    """Return where a value lies between two ends, 0..100; what lies outside is drawn at the end."""
    return min(100.0, max(0.0, 100 * (value - low) / (high - low)))


def nice_ceiling(value: float) -> float:
    """Return a round number at or above a value, for the end of an axis."""
    if value <= 0:
        return 1.0
    unit = 10.0 ** floor(log10(value))
    # A twentieth beyond the value, so that its mark is not on the axis's end.
    return next(step * unit for step in (1.0, 2.0, 4.0, 6.0, 8.0, 10.0, 20.0) if step * unit >= value * 1.05)


class Standing(NamedTuple):
    """
    A row's candidate minus a column's, and the records that both are scored on.

    `standing` is better, worse or open; None where nobody compared.
    """

    difference: float | None
    interval: tuple[float, float] | None
    standing: str | None
    link: Link | None = None


class Matrix(NamedTuple):
    """All differences on one criterion; a cell is None on the diagonal."""

    criterion: str
    rows: Sequence[tuple[str, Sequence[Standing | None]]]


def matrices(scorecard: Scorecard) -> list[Matrix]:
    """Return a matrix per compared criterion, overall quality first; none of very many candidates."""
    names = list(scorecard.candidates)
    if not 2 <= len(names) <= MOST_CANDIDATES:
        return []
    found = []
    for criterion in (OVERALL, *scorecard.criteria):
        pairs = {(one.a, one.b): one for one in scorecard.comparisons if one.criterion == criterion}
        if pairs:
            rows = [(row, [_cell(pairs, row, column) for column in names]) for row in names]
            found.append(Matrix(criterion, rows))
    return found


def _cell(pairs: Mapping[tuple[str, str], Comparison], row: str, column: str) -> Standing | None:
    if row == column:
        return None
    sign = 1 if (row, column) in pairs else -1
    pair = pairs.get((row, column)) or pairs.get((column, row))
    if pair is None:
        return Standing(difference=None, interval=None, standing=None)
    # Bounds whose sign is changed change places.
    told = pair.reported_interval
    low, high = sorted(sign * bound for bound in told) if told else (0.0, 0.0)
    return Standing(
        difference=None if pair.difference is None else sign * pair.difference,
        interval=(low, high) if told else None,
        standing="open" if not pair.decisive else "better" if pair.better == row else "worse",
        link=compared(pair),
    )
