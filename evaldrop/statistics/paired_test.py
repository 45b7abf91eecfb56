"""One paired test, and many decided together: the same records under two candidates, or in two runs."""

from collections.abc import Sequence
from math import sqrt
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from evaldrop.errors import NotEnoughData
from evaldrop.statistics.clusters import totals_by_cluster
from evaldrop.statistics.intervals import Interval, quantile_of
from evaldrop.statistics.mcnemar import mcnemar_p_value, paired_pass_standard_error
from evaldrop.statistics.multiplicity import holm
from evaldrop.statistics.paired import changed_clusters, paired_difference, sign_flip_test
from evaldrop.statistics.power import detectable_difference
from evaldrop.statistics.vectors import Floats, Ints, Ordinals, are_among, as_clusters, places_by_code

Groups = npt.NDArray[np.int32] | None
Scores = tuple[Ordinals, Floats]
Places = Ints | npt.NDArray[np.bool_]

FEW_CHANGED = 30
"""Of fewer changed records (or groups) the sign-flip test is exact, and Student's t is not to be trusted."""

# Only for more patterns than can be counted, which so few records do not have.
_SEED = 20261130

# A difference may come of just those changes that skew: on its own side the interval is not wider.
_MOST_WIDENED = 1.3

_KNOWN_SKEWNESS = 10

_NONE = (np.zeros(0, np.int32), np.zeros(0), np.zeros(0))


class Shared(NamedTuple):
    """Records that two columns both have, ascending, and both columns' scores on them."""

    ordinals: Ordinals
    first: Floats
    second: Floats


class PairedScores(NamedTuple):
    """
    First minus second, record by record.

    Attributes:
        ordinals: Records both sides have a score for, ascending; shape (n,).
        differences: Of these.
        missing: Records on which a score that should be there is missing on either side; shape (missing,).
            Not those to which the question does not apply. With several criteria a record may be here and
            among `ordinals`: some of its scores are missing.
        least: The smallest difference each of these could have, every missing score being at an end of its
            scale; `greatest` the largest.
        reach: The largest difference that one record can have.
        step: The smallest one above 0 that the scale knows, for power; 0 where any is possible.
        is_binary: Whether every score is a yes or a no.
    """

    ordinals: Ordinals
    differences: Floats
    missing: Ordinals = _NONE[0]
    least: Floats = _NONE[1]
    greatest: Floats = _NONE[2]
    reach: float = 1.0
    step: float = 0.0
    is_binary: bool = False

    def among(self, records: npt.NDArray[np.bool_]) -> "PairedScores":
        """Return the part on some records; `records` tells of each ordinal whether it is among them."""
        return self._at(records[self.ordinals], records[self.missing])

    def by_category(self, categories: Ordinals, wanted: Sequence[int]) -> dict[int, "PairedScores"]:
        """Return the parts in some categories; `categories` has each ordinal's code."""
        both = places_by_code(categories[self.ordinals], wanted)
        missing = places_by_code(categories[self.missing], wanted)
        return {code: self._at(both[code], missing[code]) for code in wanted}

    def _at(self, both: Places, missing: Places) -> "PairedScores":
        return self._replace(
            ordinals=self.ordinals[both],
            differences=self.differences[both],
            missing=self.missing[missing],
            least=self.least[missing],
            greatest=self.greatest[missing],
        )


class Spread(NamedTuple):
    """
    A mean difference with what its interval at any level is made of.

    `units` are independent records or groups; `unseen` is how far one record that the data has none of may
    lie on the other side, 0 where the error knows it already; no difference is beyond `limit`. `skewness` is
    that of the units' differences, over √units.
    """

    centre: float
    error: float
    freedom: float
    units: int
    unseen: float
    limit: float
    skewness: float = 0.0

    def interval(self, confidence: float) -> Interval:
        """
        Return the interval at a level.

        t · error, on the side of the rare and large changes as much more as they are skewed (`_skewed`), and
        at least what a change that was not seen could take away: one that occurs in a share q of records is
        missed with chance (1 - q)^n, so q up to 1 - (1 - confidence)^(1/n) must be reckoned with (the rule of
        three, Hanley & Lippman-Hand 1983, JAMA 249:1743).
        """
        share = 1 - (1 - confidence) ** (1 / self.units)
        quantile, least = quantile_of(confidence, self.freedom), self.unseen * share
        below, above = (
            max(_skewed(quantile, skewness) * self.error, least)
            for skewness in (-self.skewness, self.skewness)
        )
        return Interval(max(-self.limit, self.centre - below), min(self.limit, self.centre + above))


class Pairing(NamedTuple):
    """
    Mean of first minus second over `n` records; null with a reason where there is too little data.

    `bounds` hold the difference whatever the missing scores would have been, and `least` and `greatest` are
    their spreads; None without missing ones.
    """

    n: int
    difference: float | None = None
    interval: tuple[float, float] | None = None
    p_value: float | None = None
    n_missing: int = 0
    bounds: tuple[float, float] | None = None
    reason: str | None = None
    spread: Spread | None = None
    least: Spread | None = None
    greatest: Spread | None = None
    step: float = 0.0

    def parts(self) -> dict[str, Any]:
        """Return what a scorecard says of it, by the names it has there."""
        error = self.spread.error if self.spread else None
        return {name: getattr(self, name) for name in Pairing._fields[:7]} | {"standard_error": error}

    def widest(self, confidence: float) -> Interval | None:
        """Return the interval at a level that holds whatever the missing scores would have been."""
        if self.spread is None:
            return None
        found = [one.interval(confidence) for one in (self.spread, self.least, self.greatest) if one]
        return Interval(min(one.low for one in found), max(one.high for one in found))


class FamilyOf(NamedTuple):
    """How many tests were decided together, and the level of an interval among them."""

    n: int
    confidence: float


class Decided(NamedTuple):
    """
    What a test decides within its family.

    `p_adjusted`, `family` and `family_interval` are None where nothing was tested; `sign` is the
    difference's, 0 where it is not decided, and `open` then says why.
    """

    p_adjusted: float | None = None
    sign: int = 0
    family: FamilyOf | None = None
    family_interval: tuple[float, float] | None = None
    minimum_detectable: float | None = None
    open: Literal["chance", "few_changed", "missing"] | None = None

    def parts(self) -> dict[str, Any]:
        """Return what a scorecard says of it, by the names it has there."""
        found = self._asdict() | {"family": self.family and self.family._asdict()}
        # Whether that is good depends on the criterion, so each scorecard has its own word for it.
        return {name: value for name, value in found.items() if name != "sign"}


def shared_scores(first: Scores, second: Scores) -> Shared:
    """Return the scores on the records that are in both columns, whose ordinals ascend."""
    # The usual case, and cheap to see: intersecting sorts both columns.
    if np.array_equal(first[0], second[0]):
        return Shared(first[0], first[1], second[1])
    in_first, in_second = are_among(first[0], second[0]), are_among(second[0], first[0])
    return Shared(first[0][in_first], first[1][in_first], second[1][in_second])


def paired_test(scores: PairedScores, groups: Groups, *, confidence: float) -> Pairing:
    """
    Test whether first and second differ in the mean, on the records both have.

    Yes/no scores of independent records: McNemar's exact test and Bonett–Price's interval. All others: the
    exact sign-flip test where fewer than `FEW_CHANGED` records (or groups) changed, else Student's t,
    clustered by group.

    Args:
        scores: The differences.
        groups: The cluster of each record by its ordinal; None when they are independent.
        confidence: Two-sided level of the interval.
    """
    # Averages of repeats differ in their last bits; that is rounding and not a difference.
    # Not `>` the other way round: NaN would become 0 instead of being refused.
    is_rounding = np.abs(scores.differences) <= 1e-12 * scores.reach
    differences = np.where(is_rounding, 0.0, scores.differences)
    n, n_missing = int(differences.size), int(scores.missing.size)
    whole = ~are_among(scores.ordinals, scores.missing)
    every = np.concatenate([scores.ordinals[whole], scores.missing])
    least, greatest = (np.concatenate([differences[whole], ends]) for ends in (scores.least, scores.greatest))
    bounds = (float(least.mean()), float(greatest.mean())) if n_missing else None
    step = max(scores.step, _change(differences, scores.reach))
    found = Pairing(n, n_missing=n_missing, bounds=bounds, step=step)
    if not n:
        return found._replace(reason="no interval: no record has a score from both")
    found = found._replace(difference=float(differences.mean()))
    if n == 1:
        return found._replace(reason="no interval: one record says nothing about spread")
    try:
        spread, p_value = _test(differences, None if groups is None else groups[scores.ordinals], scores)
        ends = [
            _by_t(values, None if groups is None else groups[every], scores)[0] if n_missing else None
            for values in (least, greatest)
        ]
    except NotEnoughData as error:
        return found._replace(reason=f"no interval: {error}")
    interval = spread.interval(confidence)
    return found._replace(
        interval=(interval.low, interval.high),
        p_value=p_value,
        spread=spread,
        least=ends[0],
        greatest=ends[1],
    )


def decide(family: Sequence[Pairing], *, confidence: float) -> list[Decided]:
    """
    Decide tests together.

    A difference is decided when its p value, adjusted by Holm's method, is below 1 - confidence, and its
    interval within the family excludes 0 whatever the missing scores would have been. Intervals of the R
    decided ones of m are at 1 - R (1 - confidence) / m, so that of those that are said at most 1 - confidence
    are expected to be false (Benjamini & Yekutieli 2005, JASA 100:71); all others are at 1 - (1 - confidence)
    / m, which is also the level that the smallest difference that could be seen is reckoned with.

    Args:
        family: The tests; those where there was too little data to test are not counted.
        confidence: A fraction in (0, 1).
    """
    level = 1 - confidence
    # What was not tested is not in the family: it would make the others' correction larger for nothing.
    tested = {place: one.p_value for place, one in enumerate(family) if one.p_value is not None}
    adjusted = dict(zip(tested, holm(list(tested.values())).tolist(), strict=True))
    decided = {place for place in tested if adjusted[place] < level}
    # Fewer decided make the others' intervals wider, which may take a further one: until nothing changes.
    while True:
        selected = 1 - level * max(1, len(decided)) / max(1, len(tested))
        left = {place for place in decided if _excludes_zero(family[place].widest(selected))}
        if left == decided:
            break
        decided = left
    alone = FamilyOf(len(tested), 1 - level / max(1, len(tested)))
    return [
        _decided(
            pairing,
            adjusted.get(place),
            FamilyOf(len(tested), selected) if place in decided else alone,
            level=level,
            is_decided=place in decided,
        )
        for place, pairing in enumerate(family)
    ]


def _decided(
    pairing: Pairing, p_adjusted: float | None, family: FamilyOf, *, level: float, is_decided: bool
) -> Decided:
    spread, interval = pairing.spread, pairing.widest(family.confidence)
    if p_adjusted is None or spread is None or interval is None:
        return Decided()
    difference = pairing.difference or 0.0
    why: Literal["chance", "few_changed", "missing"] | None = None
    if not is_decided:
        why = "chance"
        if p_adjusted < level:
            why = "missing" if _excludes_zero(spread.interval(family.confidence)) else "few_changed"
    return Decided(
        p_adjusted,
        ((difference > 0) - (difference < 0)) if is_decided else 0,
        family,
        (interval.low, interval.high),
        _detectable(pairing, spread, level=level / family.n),
        why,
    )


def _detectable(pairing: Pairing, spread: Spread, *, level: float) -> float | None:
    """
    Return the smallest difference that would have been decided in 80 of 100 runs.

    None without spread, and where no difference that the scale allows would have been.
    """
    # Without spread the formula gives 0, as if the run could have shown any difference.
    if not spread.error:
        return None
    reach = 0.0
    if pairing.bounds is not None and pairing.difference is not None:
        # What is missing may take that much from any difference.
        reach = max(pairing.difference - pairing.bounds[0], pairing.bounds[1] - pairing.difference)
    quantile = quantile_of(1 - level, spread.freedom)
    found = detectable_difference(
        spread.error,
        records=spread.units,
        step=pairing.step,
        level=level,
        least=spread.unseen * (1 - level ** (1 / spread.units)),
        reach=reach,
        widened=min(_MOST_WIDENED, _skewed(quantile, abs(spread.skewness)) / quantile),
    )
    return found if found <= spread.limit else None


def _skewed(quantile: float, skewness: float) -> float:
    """
    Return the quantile for a limit on the side to which differences are skewed, at least the symmetric one.

    Where a rare and large change was seen less often than is expected, mean and standard error are both too
    far on one side, and t is too large: Hall (1992, J. Royal Statistical Society B 54:221) takes
    t + γt²/3 + γ²t³/27 + γ/6 for normal, γ being the skewness over √n; this is the inverse.

    Args:
        quantile: Of the symmetric interval, above 0.
        skewness: γ; above 0 where the rare changes are on the side of the limit.
    """
    if skewness <= 0:
        return quantile
    return max(quantile, 3 / skewness * (1 - float(np.cbrt(1 - skewness * (quantile + skewness / 6)))))


def _change(differences: Floats, reach: float) -> float:
    """Return how large changes are as variance counts them, d² per |d|; one of the whole scale is added."""
    return float(differences @ differences + reach**2) / float(np.abs(differences).sum() + reach)


def _excludes_zero(interval: Interval | None) -> bool:
    return interval is not None and not interval.low <= 0 <= interval.high


def _test(
    differences: Floats, groups: npt.NDArray[np.int32] | None, scores: PairedScores
) -> tuple[Spread, float]:
    spread, p_value = _by_t(differences, groups, scores)
    if p_value is None:
        return spread, mcnemar_p_value(*_discordant(differences))
    if changed_clusters(differences, groups) < FEW_CHANGED:
        return spread, sign_flip_test(differences, groups=groups, seed=_SEED).p_value
    return spread, p_value


def _by_t(
    differences: Floats, groups: npt.NDArray[np.int32] | None, scores: PairedScores
) -> tuple[Spread, float | None]:
    """Return the spread, and Student's p value; None of pass marks, which have McNemar's."""
    n, limit = differences.size, scores.reach
    if _counts_as_pass_marks(differences, groups, scores):
        if n < 2:
            raise NotEnoughData("one record says nothing about spread")
        only_first, only_second = _discordant(differences)
        error = paired_pass_standard_error(only_first, only_second, records=n)
        return Spread((only_first - only_second) / (n + 2), error, np.inf, n, 0.0, limit), None
    paired = paired_difference(differences, np.zeros_like(differences), groups=groups)
    units, error = paired.clusters, paired.standard_error
    # Of fewer a skewness is a guess, and what was not seen is more.
    is_known = error > 0 and units >= _KNOWN_SKEWNESS
    skewness = _skewness(differences - paired.difference, groups) if is_known else 0.0
    spread = Spread(paired.difference, error, units - 1, units, scores.reach, limit, skewness)
    return spread, paired.p_value


def _skewness(residuals: Floats, groups: npt.NDArray[np.int32] | None) -> float:
    """Return the skewness of records', or groups', residual sums over √n: Σr³/(Σr²)^1.5."""
    if groups is not None:
        residuals, _ = totals_by_cluster(residuals, as_clusters(groups, rows=residuals.size))
    squares = residuals**2
    cubes, total = float(squares @ residuals), float(squares.sum())
    return cubes / sqrt(total) ** 3


def _counts_as_pass_marks(
    differences: Floats, groups: npt.NDArray[np.int32] | None, scores: PairedScores
) -> bool:
    # Repeats or a drawn vote give fractions, and groups are not independent: McNemar counts neither.
    if not scores.is_binary or groups is not None:
        return False
    return bool(((differences == 0) | (np.abs(differences) == 1)).all())


def _discordant(differences: Floats) -> tuple[int, int]:
    return int((differences > 0).sum()), int((differences < 0).sum())
