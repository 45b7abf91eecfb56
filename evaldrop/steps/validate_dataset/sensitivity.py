"""
What a dataset can show, said before anything is spent: the smallest difference, and the records a stated one
takes.

Apart from the plan, which every run makes: this needs numpy and scipy, and only `evaldrop plan` asks for it.
"""

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from math import ceil, sqrt
from typing import Any

from evaldrop.errors import InputError
from evaldrop.prompt_search.parts import records_for
from evaldrop.prompt_search.power import Provable, provable
from evaldrop.prompt_search.state import Part
from evaldrop.scorecard.model.scorecard import Scorecard
from evaldrop.scorecard.read import read_run
from evaldrop.scorecard.variances import USUAL_VARIANCE, variances_of_differences
from evaldrop.statistics.intervals import clopper_pearson_interval, normal_quantile
from evaldrop.statistics.power import minimum_detectable_difference, required_records
from evaldrop.steps.validate_dataset.planned_lines import Range
from evaldrop.steps.validate_dataset.planned_search import PlannedSearches
from evaldrop.steps.validate_dataset.validate import DatasetCheck

# Variance over records of two candidates' difference, as shares of the scale: pass marks that differ on 5 %,
# as usual, and on 30 % of the records.
GUESSED_VARIANCE = Range(low=0.05, likely=USUAL_VARIANCE, high=0.3)
POWER = 0.8
_TENTH = 0.1
# The pass rate whose margin is shown: a usual one.
USUAL_RATE = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class Needed:
    """Records (where they have groups, groups) that it takes to see `difference` in 80 of 100 runs."""

    difference: float
    records: Range
    records_adjusted: Range


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensitivity:
    """
    What a run of this size could show. Differences are shares of a scale: 0.05 is five points of a pass rate.

    Attributes:
        records: Records that will be evaluated.
        clusters: Those that are independent: groups count once.
        comparisons: Pairs of candidates times criteria, which Holm's method adjusts together.
        variance: Over records, of two candidates' difference.
        like: The run the variance is from; None when it is a guess.
        detectable: The smallest difference that one comparison shows in 80 of 100 runs; None without records.
        detectable_adjusted: The same where it is the first of all comparisons to be decided.
        pass_rate_margin: How far off a pass rate of 80 % may be, either side; None without records.
        needed: For the wanted difference, if any.
        prompt_gain: What an improved prompt's test part can show; None where nobody reads records for one.
    """

    records: int
    clusters: int
    level: float
    comparisons: int
    variance: Range
    like: str | None
    detectable: Range | None
    detectable_adjusted: Range | None
    pass_rate_margin: float | None
    needed: Needed | None
    prompt_gain: "PromptGain | None" = None

    def to_json(self) -> dict[str, Any]:
        """Return it as `evaldrop plan --json` gives it."""
        return {**asdict(self), "power": POWER}


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptGain:
    """
    What the test part can show of an improved prompt's gain, as the scorecard decides it.

    Attributes:
        records: In each part.
        test_units: Independent records of the test part: a group counts once.
        comparisons: Pairs of candidates, which are decided together.
        gain: The smallest that shows in 80 of 100 runs, a share of the scale; None where none does.
        is_enough: Whether a gain may be claimed.
        for_claim: Records in all, without groups, from which on one may be; about.
        for_tenth: Likewise, that show a gain of 0.1.
    """

    records: dict[Part, int]
    test_units: int
    comparisons: int
    gain: float | None
    is_enough: bool
    for_claim: int
    for_tenth: int


def _prompt_gain(found: PlannedSearches, pairs: int, confidence: float) -> PromptGain | None:
    if found.records["test"] == sum(found.records.values()):
        return None

    def shown(units: int) -> Provable:
        return provable(units, comparisons=pairs, confidence=confidence)

    own = shown(found.test_units)
    return PromptGain(
        records=found.records,
        test_units=found.test_units,
        comparisons=pairs,
        gain=own.gain,
        is_enough=own.is_enough,
        for_claim=records_for(_fewest(lambda units: shown(units).is_enough)),
        for_tenth=records_for(_fewest(lambda units: (shown(units).gain or 1.0) <= _TENTH)),
    )


def _fewest(is_enough: Callable[[int], bool]) -> int:
    """Return the smallest number from which on it is enough."""
    high = 2
    while not is_enough(high):
        high *= 2
    return bisect_left(range(high), True, key=is_enough)


def plan_sensitivity(check: DatasetCheck, *, like: str | None, difference: float | None) -> Sensitivity:
    """
    Return what the run of a valid check could show.

    Args:
        check: One that has a plan, a survey and a definition.
        like: URI of a run of the same kind, to take the variance from.
        difference: Share of the scale whose number of records is wanted.

    Raises:
        InputError: `like` holds no pair of candidates to learn from.
    """
    assert check.plan
    assert check.survey
    assert check.definition
    records = check.plan.records
    share = records / check.survey.n_accepted if check.survey.n_accepted else 0
    evaluation, searches = check.definition.evaluation, check.plan.prompt_search
    candidates = len(evaluation.candidates)
    pairs = max(1, candidates * (candidates - 1) // 2)
    # With a small --limit the share of groups may round to none, and one record is at least one.
    clusters = max(1, round(check.survey.n_clusters * share)) if records else 0
    found = sensitivity(
        records=records,
        clusters=clusters if searches is None else searches.test_units,
        # A single candidate is compared with its baseline.
        comparisons=pairs * max(1, len(check.definition.criteria)),
        level=1 - evaluation.confidence,
        variance=variance_like(read_run(like).scorecard) if like else GUESSED_VARIANCE,
        like=like,
        difference=difference,
    )
    if searches is None:
        return found
    return replace(found, prompt_gain=_prompt_gain(searches, pairs, confidence=evaluation.confidence))


def sensitivity(
    *,
    records: int,
    clusters: int,
    comparisons: int,
    level: float,
    variance: Range,
    like: str | None = None,
    difference: float | None = None,
) -> Sensitivity:
    """Return what `clusters` independent records can show; see `Sensitivity`."""
    adjusted = level / comparisons
    margin = needed = None
    if clusters:
        margin = clopper_pearson_interval(USUAL_RATE * clusters, clusters, confidence=1 - level).width / 2
    if difference is not None:
        needed = Needed(
            difference=difference,
            records=_needed(difference, variance, level),
            records_adjusted=_needed(difference, variance, adjusted),
        )
    return Sensitivity(
        records=records,
        clusters=clusters,
        level=level,
        comparisons=comparisons,
        variance=variance,
        like=like,
        detectable=_detectable(clusters, variance, level),
        detectable_adjusted=_detectable(clusters, variance, adjusted),
        pass_rate_margin=margin,
        needed=needed,
    )


def variance_like(scorecard: Scorecard) -> Range:
    """
    Return the variance of candidates' differences in a run, over its pairs: lowest, middle, highest.

    As `variances_of_differences` has them.

    Raises:
        InputError: The run has no pair of candidates whose difference has a spread.
    """
    found = variances_of_differences(scorecard)
    if not found:
        raise InputError(
            f"{scorecard.run_id}: no two candidates whose difference has a spread; nothing can be learnt "
            "from it. Leave --like out."
        )
    return Range(low=found[0], likely=found[len(found) // 2], high=found[-1])


def _detectable(clusters: int, variance: Range, level: float) -> Range | None:
    def smallest(between: float) -> float:
        # For few records the formula exceeds 1, and no difference is larger than the scale.
        return min(1.0, _smallest(clusters, between, level))

    return variance.map(smallest) if clusters else None


def _needed(difference: float, variance: Range, level: float) -> Range:
    def records(between: float) -> int:
        found = ceil(required_records(difference, between=between, level=level, power=POWER))
        # Where few records vary, what a change that was not seen could be asks for more than their spread.
        while _smallest(found, between, level) > difference:
            found = ceil(1.02 * found)
        return found

    return variance.map(records)


def _smallest(records: int, between: float, level: float) -> float:
    """Return the smallest difference that so many records show, by their spread and by the rule of three."""
    by_spread = minimum_detectable_difference(records, between=between, level=level, power=POWER)
    unseen: float = 1 - level ** (1 / records)
    return max(by_spread, unseen + normal_quantile(2 * POWER - 1) * sqrt(between / records))
