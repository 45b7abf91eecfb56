"""How much better one candidate may be than another on what decides: by chance, and whatever is missing."""

from collections.abc import Iterator
from statistics import NormalDist
from typing import NamedTuple

from evaldrop.scorecard.figures import by_whom
from evaldrop.scorecard.model.paired import PairedEstimate
from evaldrop.scorecard.model.pairwise import PairwiseEstimate, pairs_of
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
        by_people: It rests on people's labels too: further records alone would not make it surer.
        whose: Whose verdicts it rests on, in words; empty where people labelled nothing.
    """

    n: int
    estimate: float
    low: float
    high: float
    lacking: tuple[float, float] = (0.0, 0.0)
    sure: int = 0
    is_missing: bool = False
    by_people: bool = False
    whose: str = ""

    @property
    def reach(self) -> tuple[float, float]:
        """The least and the most it may be, by chance and whatever is missing."""
        return self.low - self.lacking[0], self.high + self.lacking[1]

    @property
    def at_most(self) -> float:
        """The most it may be, by chance and whatever is missing."""
        return self.reach[1]

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
    for pair in scorecard.comparisons:
        if pair.criterion != quantity.name:
            continue
        sure = 0 if not pair.decisive or pair.better is None else 1 if pair.better == pair.a else -1
        lead = lead_of(pair, quantity.scale, sure, confidence=scorecard.confidence)
        if lead is not None:
            yield (pair.a, pair.b), lead


def pairs_without_lead(
    scorecard: Scorecard, quantity: Quantity | None
) -> Iterator[tuple[frozenset[str], str]]:
    """Yield the pairs that were compared on what decides and have no interval, with why not."""
    for pair in scorecard.comparisons:
        if quantity is not None and pair.criterion == quantity.name and pair.reason is not None:
            yield frozenset((pair.a, pair.b)), pair.reason.removeprefix("no interval: ")


def lead_of(
    pair: PairedEstimate, scale: float, sure: int, *, confidence: float, most: float = 1.0
) -> Lead | None:
    """
    Return a difference as a lead; None where it has no interval.

    `scale` is the scale's length, below 0 where low is good; `sure` is the lead's; `confidence` is that of
    the interval of this comparison alone; `most` is the lead of one who is better in every record.
    """
    if pair.difference is None or pair.family is None or pair.family_interval is None:
        return None
    estimate, level = pair.difference / scale, pair.family.confidence
    reaches = sorted(bound / scale for bound in pair.family_interval)
    # The family's interval holds whatever is missing too; what is left without that is chance.
    by_chance = _at_level(pair, level, confidence) if pair.bounds else pair.family_interval
    low, high = sorted(bound / scale for bound in by_chance)
    if not sure:
        # Where people decide, what they saw is what counts.
        least = most * unseen_share(pair.n_labelled or pair.n, level)
        low, high = min(low, estimate - least), max(high, estimate + least)
    return Lead(
        pair.n,
        estimate,
        low,
        high,
        (max(0.0, low - reaches[0]), max(0.0, reaches[1] - high)),
        sure,
        not sure and pair.open == "missing",
        pair.rests_on != "judge",
        by_whom(pair.rests_on, pair.n_labelled) if pair.rests_on != "judge" or pair.left_out else "",
    )


def _at_level(pair: PairedEstimate, level: float, confidence: float) -> Interval:
    """Return the interval of a comparison alone at the level of its family."""
    difference = pair.difference or 0.0
    low, high = pair.interval or (difference, difference)
    wider = _wider(level, confidence)
    return difference - wider * (difference - low), difference + wider * (high - difference)


def _wider(level: float, confidence: float) -> float:
    """Return how much wider an interval is at one level than at another, by the quantiles of the normal."""
    normal = NormalDist()
    return normal.inv_cdf((1 + level) / 2) / normal.inv_cdf((1 + confidence) / 2)


def unseen_share(n: int, confidence: float) -> float:
    """
    Return the largest share of records that may show what none of `n` showed, at a two-sided level.

    A difference that occurs in so few records is not ruled out by an interval that never saw it.
    Clopper and Pearson's upper limit for no success, 1 - (alpha / 2)^(1 / n): about 3.7 / n at 95 %
    (Hanley & Lippman-Hand 1983, JAMA 249:1743, have 3 / n one-sided).
    """
    return 1 - ((1 - confidence) / 2) ** (1 / n) if n else 1.0


def _preferences(scorecard: Scorecard) -> Iterator[tuple[tuple[str, str], Lead]]:
    for pair, found in pairs_of({name: card.pairwise for name, card in scorecard.candidates.items()}).items():
        above_half = _above_half(found)
        if above_half is not None:
            sign = 1 if (above_half.difference or 0.0) > 0 else -1
            sure = sign if found.decisive else 0
            # Who wins every pair is one half above one half.
            lead = lead_of(above_half, 1.0, sure, confidence=scorecard.confidence, most=0.5)
            if lead is not None:
                yield pair, lead


def is_preferred(one: str, over: str, scorecard: Scorecard) -> bool:
    """Tell whether judges are shown to prefer one candidate to another, side by side."""
    pairs = pairs_of({name: card.pairwise for name, card in scorecard.candidates.items()})
    straight, turned = pairs.get((one, over)), pairs.get((over, one))
    return bool(
        (straight and straight.decisive and (straight.win_rate or 0.0) > 0.5)
        or (turned and turned.decisive and (turned.win_rate or 0.0) < 0.5)
    )


def _above_half(found: PairwiseEstimate) -> PairedEstimate | None:
    """Return a win rate as a difference from one half; None where no preference was read."""
    # Unread pairs may be counted as ties: a rate of them alone says nothing.
    if found.win_rate is None or found.coverage == 0:
        return None

    def shifted(interval: Interval | None) -> Interval | None:
        return interval and (interval[0] - 0.5, interval[1] - 0.5)

    return PairedEstimate(
        n=found.n,
        difference=found.win_rate - 0.5,
        interval=shifted(found.interval),
        family=found.family,
        family_interval=shifted(found.family_interval),
        bounds=shifted(found.bounds) if found.n_lost else None,
        n_missing=found.n_lost,
        open=found.open,
        rests_on=found.rests_on,
        n_labelled=found.n_labelled,
    )
