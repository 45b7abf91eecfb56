"""How much better one candidate may be than another on what decides: by chance, and whatever is missing."""

from collections.abc import Iterator
from itertools import combinations
from statistics import NormalDist
from typing import NamedTuple

from evaldrop.scorecard.model.paired import PairedEstimate
from evaldrop.scorecard.model.pairwise import PairwiseEstimate
from evaldrop.scorecard.model.part import Interval
from evaldrop.scorecard.model.scorecard import Scorecard

WIN_RATE = "win_rate"

MARGIN = 0.05
"""Share of the scale up to which two candidates are equal for practical purposes."""


class Quantity(NamedTuple):
    """What decides: `overall`, a criterion, or the win rate; with the ends of its scale."""

    name: str
    low: float = 0.0
    high: float = 1.0
    higher_is_better: bool = True

    @property
    def scale(self) -> float:
        """The scale's length; below 0 where low is good, so that dividing by it turns a difference."""
        length = (self.high - self.low) or 1.0
        return length if self.higher_is_better else -length

    @property
    def margin(self) -> float:
        """The margin in the quantity's own unit."""
        return MARGIN * abs(self.scale)


class Lead(NamedTuple):
    """
    How much better one candidate is than another, as a share of the scale, at the level of all pairs.

    Attributes:
        n: Records both have.
        low: The least it may be, by chance.
        high: The most it may be, by chance.
        lacking: How much further either end may be, whatever missing verdicts would have been: (low, high),
            both 0 or more.
        sure: 1 when it is shown to be better, -1 when it is shown to be worse, else 0.
        is_missing: It would be shown, were it not for missing verdicts.
    """

    n: int
    estimate: float
    low: float
    high: float
    lacking: tuple[float, float] = (0.0, 0.0)
    sure: int = 0
    is_missing: bool = False

    @property
    def at_most(self) -> float:
        """The most it may be, by chance and whatever is missing."""
        return self.high + self.lacking[1]

    @property
    def width(self) -> float:
        """What chance leaves open."""
        return self.high - self.low

    def turned(self) -> "Lead":
        """Return the lead of the other one."""
        return self._replace(
            estimate=-self.estimate,
            low=-self.high,
            high=-self.low,
            lacking=(self.lacking[1], self.lacking[0]),
            sure=-self.sure,
        )


def leads_of(scorecard: Scorecard, quantity: Quantity | None) -> Iterator[tuple[tuple[str, str], Lead]]:
    """Yield the lead of every pair that was compared on what decides, one direction of each."""
    if quantity is None:
        return
    if quantity.name == WIN_RATE:
        yield from _preferences(scorecard)
        return
    found = [pair for pair in scorecard.comparisons if pair.criterion == quantity.name]
    for pair in found:
        sure = 0 if not pair.decisive or pair.better is None else 1 if pair.better == pair.a else -1
        lead = lead_of(pair, quantity.scale, sure, among=len(found), confidence=scorecard.confidence)
        if lead is not None:
            yield (pair.a, pair.b), lead


def lead_of(pair: PairedEstimate, scale: float, sure: int, *, among: int, confidence: float) -> Lead | None:
    """
    Return a difference as a lead; None where it has no interval.

    `scale` is the scale's length, below 0 where low is good; `sure` is the lead's. Where the difference has
    no interval at the level of its family, that of one of `among` comparisons is taken.
    """
    if pair.difference is None:
        return None
    found = pair.family_interval or _simultaneous(pair.difference, pair.interval, among, confidence)
    if found is None:
        return None
    level = pair.family.confidence if pair.family_interval and pair.family else 1 - (1 - confidence) / among
    estimate = pair.difference / scale
    low, high = sorted(bound / scale for bound in found)
    # The t interval of differences that (nearly) all agree says less than is open: one that never showed in
    # n records may still be as common as this.
    least = unseen_share(pair.n, level)
    low, high = min(low, estimate - least), max(high, estimate + least)
    lacking = (0.0, 0.0)
    if pair.bounds is not None:
        worst, most = sorted(bound / scale for bound in pair.bounds)
        lacking = (max(0.0, estimate - worst), max(0.0, most - estimate))
    return Lead(pair.n, estimate, low, high, lacking, sure, not sure and pair.open == "missing")


def unseen_share(n: int, confidence: float) -> float:
    """
    Return the largest share of records that may show what none of `n` showed, at a two-sided level.

    Clopper and Pearson's upper limit for no success, 1 - (alpha / 2)^(1 / n): about 3.7 / n at 95 %
    (Hanley & Lippman-Hand 1983, JAMA 249:1743, have 3 / n one-sided).
    """
    return 1 - ((1 - confidence) / 2) ** (1 / n) if n else 1.0


def _simultaneous(
    estimate: float, interval: Interval | None, among: int, confidence: float
) -> Interval | None:
    """Return an interval as one of `among` (Bonferroni), both arms widened by normal quantiles."""
    if interval is None:
        return None
    normal = NormalDist()
    alpha = (1 - confidence) / 2
    wider = normal.inv_cdf(1 - alpha / max(1, among)) / normal.inv_cdf(1 - alpha)
    return estimate - wider * (estimate - interval[0]), estimate + wider * (interval[1] - estimate)


def _preferences(scorecard: Scorecard) -> Iterator[tuple[tuple[str, str], Lead]]:
    known = {
        (name, other): estimate
        for name, card in scorecard.candidates.items()
        for other, estimate in (card.pairwise.by_baseline if card.pairwise else {}).items()
    }
    # Where all pairs are compared each is there twice, once from either side.
    pairs = [
        pair for a, b in combinations(scorecard.candidates, 2) for pair in ((a, b), (b, a)) if pair in known
    ]
    once = {frozenset(pair): pair for pair in reversed(pairs)}
    for pair in once.values():
        lead = _preferred(known[pair], len(once), scorecard.confidence)
        if lead is not None:
            yield pair, lead


def _preferred(found: PairwiseEstimate, among: int, confidence: float) -> Lead | None:
    """Return a win rate above one half as a lead; unread preferences may each have been either's."""
    rate = found.win_rate
    if rate is None or (wide := _simultaneous(rate, found.interval, among, confidence)) is None:
        return None
    least = unseen_share(found.n, 1 - (1 - confidence) / among)
    worst, most = found.bounds or (rate, rate)
    by_chance = 1 if wide[0] > 0.5 else -1 if wide[1] < 0.5 else 0
    holds = min(by_chance * (worst - 0.5), by_chance * (most - 0.5)) > 0
    return Lead(
        n=found.n,
        estimate=rate - 0.5,
        low=min(wide[0], rate - least) - 0.5,
        high=max(wide[1], rate + least) - 0.5,
        lacking=(max(0.0, rate - worst), max(0.0, most - rate)),
        sure=by_chance if holds else 0,
        is_missing=bool(by_chance) and not holds,
    )
