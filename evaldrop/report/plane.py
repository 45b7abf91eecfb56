"""Cost against quality: where candidates, their names and the frontier lie. No number is computed here."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import ceil, floor, log10
from typing import NamedTuple

from evaldrop.report.charts import Tick, nice_ceiling, share
from evaldrop.scorecard.figures import label
from evaldrop.scorecard.model.scorecard import Scorecard

WIDTH, HEIGHT = 400.0, 250.0
_LABEL = 13.0
# From so many times the cheapest on, dollars are drawn by their logarithm: else all but the dearest are one heap.
_FAR_APART = 20
# More round amounts than these would run into each other.
_MOST_AMOUNTS = 6
# An average letter of a label, as a share of its size.
_LETTER = 0.56


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A candidate on the plane of cost and quality, in its units; up is small y, as in SVG."""

    name: str
    x: float
    y: float
    low: float
    high: float
    is_dominated: bool
    label_x: float = 0
    label_y: float = 0
    anchor: str = "start"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plane:
    """Cost against quality, `WIDTH` by `HEIGHT` units; `by_logarithm` is how cost is drawn."""

    marks: Sequence[Mark]
    x_ticks: Sequence[Tick]
    y_ticks: Sequence[Tick]
    frontier: str
    by_logarithm: bool
    width: float
    height: float


def cost_quality_plane(scorecard: Scorecard) -> Plane | None:
    """Return cost per 1,000 records against quality; None unless two candidates have both."""
    points = [
        (name, card.cost_usd.per_1000_records, mean, card.overall.interval or (mean, mean))
        for name, card in scorecard.candidates.items()
        if card.overall
        and (mean := card.overall.mean) is not None
        and card.cost_usd.per_1000_records is not None
    ]
    if len(points) < 2:
        return None
    costs = _axis_of([cost for _, cost, _, _ in points])
    levels = quality_levels(min(low for *_, (low, _) in points), max(high for *_, (_, high) in points))
    bottom, top = levels[0], levels[-1]

    def height(value: float) -> float:
        return HEIGHT * (1 - share(value, bottom, top) / 100)

    marks = [
        Mark(
            name=name,
            x=WIDTH * costs.share(cost),
            y=height(mean),
            low=height(low),
            high=height(high),
            is_dominated=any(
                # Two equal candidates must not dominate one another, or both would leave the frontier.
                other <= cost and better >= mean and (other, better) != (cost, mean)
                for _, other, better, _ in points
            ),
        )
        for name, cost, mean, (low, high) in points
    ]
    best = sorted((mark for mark in marks if not mark.is_dominated), key=lambda mark: mark.x)
    return Plane(
        marks=list(_labelled(marks, best)),
        x_ticks=[Tick(at=WIDTH * costs.share(amount), text=f"${amount:.3g}") for amount in costs.amounts],
        y_ticks=[Tick(at=height(level), text=f"{level:.{quality_places(levels)}f}") for level in levels],
        frontier=" ".join(f"{mark.x:.1f},{mark.y:.1f}" for mark in best),
        by_logarithm=costs.by_logarithm,
        width=WIDTH,
        height=HEIGHT,
    )


class _CostAxis(NamedTuple):
    """An axis of dollars between two amounts, and the round ones that are written at it."""

    left: float
    right: float
    amounts: Sequence[float]
    by_logarithm: bool

    def share(self, cost: float) -> float:
        """Return where a cost lies, 0..1."""
        if self.by_logarithm:
            return log10(cost / self.left) / log10(self.right / self.left)
        return (cost - self.left) / (self.right - self.left)


def _axis_of(costs: Sequence[float]) -> _CostAxis:
    least, most = min(costs), max(costs)
    # Nothing has no logarithm: a candidate that cost nothing keeps the axis straight.
    if least <= 0 or most < _FAR_APART * least:
        right = nice_ceiling(most)
        return _CostAxis(0.0, right, [right * part / 4 for part in range(5)], by_logarithm=False)
    first, last = floor(log10(least)) - 1, ceil(log10(most)) + 1
    round_ones = [step * 10.0**power for power in range(first, last) for step in (1, 2, 5)]
    left = max(amount for amount in round_ones if amount <= 0.9 * least)
    right = min(amount for amount in round_ones if amount >= 1.1 * most)
    inside = [amount for amount in round_ones if left <= amount <= right]
    if len(inside) > _MOST_AMOUNTS:
        inside = [10.0**power for power in range(first, last) if left <= 10.0**power <= right]
    return _CostAxis(left, right, inside, by_logarithm=True)


class _Box(NamedTuple):
    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: "_Box") -> bool:
        return (
            self.left < other.right
            and other.left < self.right
            and self.top < other.bottom
            and other.top < self.bottom
        )


def _labelled(marks: Sequence[Mark], frontier: Sequence[Mark]) -> Iterator[Mark]:
    """Yield the marks with a place for their names that covers no dot, line or name, if there is one."""
    taken = [_Box(mark.x - 7, mark.high - 4, mark.x + 7, mark.low + 4) for mark in marks]
    taken += [box for pair in pairwise(frontier) for box in _along(*pair)]
    for mark in marks:
        places = list(_label_places(mark))
        free = [place for place in places if not any(place[0].meets(box) for box in taken)]
        # A name that covers something is better than none.
        box, x, y, anchor = (free or places)[0]
        taken.append(box)
        yield replace(mark, label_x=x, label_y=y, anchor=anchor)


def _along(start: Mark, end: Mark) -> Iterator[_Box]:
    """Yield small boxes that cover a line of the frontier."""
    for part in range(41):
        x = start.x + (end.x - start.x) * part / 40
        y = start.y + (end.y - start.y) * part / 40
        yield _Box(x - 1, y - 1, x + 1, y + 1)


def _label_places(mark: Mark) -> Iterator[tuple[_Box, float, float, str]]:
    width = max(1, len(label(mark.name))) * _LABEL * _LETTER
    beside = [mark.y, mark.y - 16, mark.y + 16, mark.high + 6, mark.low - 6]
    for middle in beside:
        right = _Box(mark.x + 8, middle - 8, mark.x + 10 + width, middle + 8)
        if right.right <= WIDTH + 60:
            yield right, mark.x + 10, middle + 4, "start"
        left = _Box(mark.x - 10 - width, middle - 8, mark.x - 8, middle + 8)
        if left.left >= 0:
            yield left, mark.x - 10, middle + 4, "end"
    for edge, middle in (
        (mark.high, mark.high - 12),
        (mark.low, mark.low + 12),
        (mark.high, mark.high - 28),
        (mark.low, mark.low + 28),
    ):
        if 0 <= edge <= HEIGHT:
            yield (
                _Box(mark.x - width / 2, middle - 8, mark.x + width / 2, middle + 8),
                mark.x,
                middle + 4,
                "middle",
            )


def quality_levels(low: float, high: float) -> list[float]:
    """Return round levels of quality, at most six, that enclose two of them; within [0, 1]."""
    for step in (0.01, 0.02, 0.05, 0.1, 0.2):
        bottom, top = max(0, floor(low / step - 0.05)), min(round(1 / step), ceil(high / step + 0.05))
        if top - bottom <= 5:
            break
    # Two levels at least: shares are divided by the distance between the ends.
    top = max(top, bottom + 1)
    return [round(level * step, 4) for level in range(bottom, top + 1)]


def quality_places(levels: Iterable[float]) -> int:
    """Return how many places tell the levels apart."""
    return 1 if all(round(level, 1) == level for level in levels) else 2
