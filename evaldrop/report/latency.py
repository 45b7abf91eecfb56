"""How long calls took: counted as responses stream by, drawn over their percentiles."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import floor, log2
from typing import NamedTuple

from evaldrop.report import behind, links
from evaldrop.report.charts import Tick, nice_ceiling, share
from evaldrop.report.links import Link
from evaldrop.scorecard import figures
from evaldrop.scorecard.model.scorecard import Scorecard

# Bins are an eighth of a doubling wide: as fine at 100 ms as at 10 s.
_PER_DOUBLING = 8
# The shape of fewer calls is chance.
FEWEST_CALLS = 20


class LatencyCounts:
    """Calls of each candidate by their latency; what it keeps does not grow with the number of calls."""

    def __init__(self) -> None:
        self._bins: dict[str, Counter[int]] = {}

    def add(self, candidate: str, latency_ms: float | None) -> None:
        """Count a call; one without a latency is passed over."""
        if latency_ms is not None:
            place = floor(log2(max(1.0, latency_ms)) * _PER_DOUBLING)
            self._bins.setdefault(candidate, Counter())[place] += 1

    def state(self) -> dict[str, list[list[int]]]:
        """Return the counts as plain data."""
        return {name: [[*each] for each in counts.items()] for name, counts in self._bins.items()}

    def follow(self, state: Mapping[str, Sequence[Sequence[int]]]) -> None:
        """Add what `state` gave of other calls."""
        for name, counts in state.items():
            self._bins.setdefault(name, Counter()).update({int(place): n for place, n in counts})

    def bins(self, candidate: str) -> Iterator[tuple[float, float, int]]:
        """Yield where each bin begins and ends in ms, and its calls; none where calls are few."""
        counts = self._bins.get(candidate, Counter())
        if counts.total() >= FEWEST_CALLS:
            for place in sorted(counts):
                yield 2 ** (place / _PER_DOUBLING), 2 ** ((place + 1) / _PER_DOUBLING), counts[place]


class Percentile(NamedTuple):
    """A percentile: its name, its place on the axis, its text, and the calls at or above it."""

    name: str
    at: float
    text: str
    opens: Link | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """
    A candidate's latencies on an axis 0..100; the percentiles also as one text.

    `shape` has a bar per bin, `(left, right, height)`: as many calls have as much area, the highest is 1.
    `opens` are the calls that all of it rests on, and `marks` the percentiles.
    """

    name: str
    marks: Sequence[Percentile]
    text: str
    shape: Sequence[tuple[float, float, float]]
    opens: Link | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Latencies:
    """Every candidate's latencies on one axis."""

    spans: Sequence[Span]
    ticks: Sequence[Tick]


def latencies_drawn(scorecard: Scorecard, counts: LatencyCounts) -> Latencies | None:
    """Return latencies on an axis from 0 to beyond the longest p99; None where no call has one."""
    measured = {
        name: card.latency_ms
        for name, card in scorecard.candidates.items()
        if card.latency_ms.p50 is not None and card.latency_ms.p99 is not None
    }
    if not measured:
        return None
    right = nice_ceiling(max(latency.p99 or 0.0 for latency in measured.values()))
    spans = []
    for name, latency in measured.items():
        p50, p90, p99 = latency.p50 or 0.0, latency.p90 or latency.p50 or 0.0, latency.p99 or 0.0
        found = {"p50": p50, "p90": p90, "p99": p99}
        spans.append(
            Span(
                name=name,
                marks=[
                    Percentile(each, share(at, 0, right), figures.milliseconds(at), links.slower(name, at))
                    for each, at in found.items()
                ],
                text=" · ".join(map(figures.milliseconds, found.values())),
                shape=_shape(counts.bins(name), right),
                opens=behind.latency(scorecard.candidates[name], name),
            )
        )
    texts = ["0", *(figures.milliseconds(right * part / 4) for part in range(1, 5))]
    return Latencies(spans=spans, ticks=[Tick(at=25 * part, text=text) for part, text in enumerate(texts)])


def _shape(bins: Iterable[tuple[float, float, int]], right: float) -> list[tuple[float, float, float]]:
    """Return bars whose areas are as their counts; what is beyond the axis is left out."""
    # Bins grow with latency: heights as counts would make slow calls look frequent.
    dense = [(low, high, count / (high - low)) for low, high, count in bins if low < right]
    most = max((density for *_, density in dense), default=1.0)
    return [(share(low, 0, right), share(high, 0, right), density / most) for low, high, density in dense]
