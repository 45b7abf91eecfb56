"""Turns counts into estimates: means, pass rates, and their intervals."""

from collections import Counter
from collections.abc import Iterable, Mapping

import numpy as np

from evaldrop.errors import NotEnoughData
from evaldrop.evaluation import Candidate
from evaldrop.evaluation.criteria import Criterion
from evaldrop.evaluation.metrics import METRICS
from evaldrop.run.definition import RunDefinition
from evaldrop.scorecard.model.part import Interval
from evaldrop.scorecard.model.scorecard import (
    CandidateScorecard,
    CriterionEstimate,
    MeanEstimate,
    ResponseCounts,
    Slice,
    Tokens,
    coverage_of,
)
from evaldrop.scorecard.scores import NOT_APPLICABLE, largest_categories
from evaldrop.statistics.bounded import bounded_mean_interval
from evaldrop.statistics.clusters import clustered_mean_estimate, clustered_pass_interval
from evaldrop.statistics.intervals import clopper_pearson_interval, mean_estimate
from evaldrop.statistics.paired_test import Groups
from evaldrop.statistics.vectors import Floats, Ordinals, are_among
from evaldrop.steps.build_scorecard.advice import what_to_do
from evaldrop.steps.build_scorecard.columns import (
    ColumnsOf,
    criterion_bounds,
    lost_without_score,
    overall_column,
    overall_ends,
    parts_by_category,
    scored_only,
)
from evaldrop.steps.build_scorecard.costs import candidate_cost, candidate_latency
from evaldrop.steps.build_scorecard.counts import CandidateCounts, RunCounts, ScoreColumn
from evaldrop.steps.build_scorecard.tally import Columns
from evaldrop.steps.build_scorecard.usefulness import score_by_length


def candidate_scorecards(
    run: RunDefinition, counts: RunCounts, columns: Mapping[str, ColumnsOf]
) -> dict[str, CandidateScorecard]:
    """Return the estimates of every candidate, in the evaluation's order."""
    return {
        candidate.name: _candidate(candidate, columns[candidate.name], run, counts)
        for candidate in run.candidates
    }


def _candidate(
    candidate: Candidate, columns: ColumnsOf, run: RunDefinition, counts: RunCounts
) -> CandidateScorecard:
    own, groups, confidence = counts.candidates[candidate.name], counts.groups, run.evaluation.confidence
    order = [name for name in run.criteria if name in columns]
    # A verdict that is counted as the worst says nothing about length.
    judged = {name: scored_only(columns[name]) for name in order}
    return CandidateScorecard(
        model=candidate.model,
        prompt=run.evaluation.prompt_of(candidate),
        responses=_responses(own, what_to_do(own.errors, model=candidate.model, bedrock=run.bedrock)),
        cost_usd=candidate_cost(counts, candidate.name, confidence),
        tokens=Tokens(
            input=own.input_tokens,
            output=own.output_tokens,
            judge_input=own.judge_input,
            judge_output=own.judge_output,
        ),
        latency_ms=candidate_latency(own.latencies, groups, confidence),
        criteria={
            name: criterion_estimate(columns[name], run.criteria[name], groups, confidence) for name in order
        },
        overall=_overall(columns, run, counts) if columns else None,
        metrics={name: _metric(name, column, groups, confidence) for name, column in own.metrics.items()},
        categories=_slices(columns, order, run, counts),
        score_by_length=score_by_length(own.texts, judged, overall_column(judged, run.criteria, counts.size)),
    )


def _metric(name: str, column: Columns, groups: Groups, confidence: float) -> MeanEstimate:
    ordinals, values = column.in_order()
    if METRICS[name].is_binary:
        return rate_of(ordinals, values, groups, confidence)
    ends = (0.0, 1.0) if METRICS[name].unit == "fraction" else None
    return mean_of(ordinals, values, groups, confidence, ends=ends)


def _overall(columns: ColumnsOf, run: RunDefinition, counts: RunCounts) -> MeanEstimate:
    ordinals, values = overall_column(columns, run.criteria, counts.size)
    scales = [run.criteria[name].scale.kind for name in columns if run.criteria[name].weight]

    def mean_with(ordinals: Ordinals, values: Floats) -> MeanEstimate:
        if scales == ["binary"]:
            return rate_of(ordinals, values, counts.groups, run.evaluation.confidence)
        return mean_of(ordinals, values, counts.groups, run.evaluation.confidence, ends=(0.0, 1.0))

    estimate = mean_with(ordinals, values)
    ends = overall_ends(columns, run.criteria, counts.size)
    if not ends.ordinals.size:
        return estimate
    reached = None
    if any(lost_without_score(column).size for column in columns.values()):
        reached = _hull(mean_with(ends.ordinals, each).interval for each in (ends.lowest, ends.highest))
    return estimate.model_copy(
        update={
            "bounds": (float(ends.lowest.mean()), float(ends.highest.mean())),
            "bounds_interval": reached,
        }
    )


def criterion_estimate(
    column: ScoreColumn, criterion: Criterion, groups: Groups, confidence: float
) -> CriterionEstimate:
    """Return a criterion's mean and pass rate with intervals; null where there is too little data."""
    unscored = {column.reason_names[code]: n for code, n in Counter(column.reasons.tolist()).most_common()}
    n_unscored = int(column.missed.size)
    # With unscored counted as worst, a record without a verdict has a score all the same.
    n_scored = int((~are_among(column.ordinals, column.missed)).sum())
    n_lost = n_unscored - unscored.get(NOT_APPLICABLE, 0)
    bounds = criterion_bounds(column, criterion, n_lost=n_lost)
    ends = (criterion.scale.low, criterion.scale.high)

    def mean_with(ordinals: Ordinals, scores: Floats) -> MeanEstimate:
        if criterion.scale.kind == "binary":
            return rate_of(ordinals, scores, groups, confidence)
        return mean_of(ordinals, scores, groups, confidence, ends=ends)

    mean, lost = mean_with(column.ordinals, column.scores), lost_without_score(column)
    reached = pass_reached = None
    if lost.size:
        everywhere = np.concatenate([column.ordinals, lost])

        def filled(scores: Floats, end: float) -> Floats:
            return np.concatenate([scores, np.full(lost.size, end)])

        reached = _hull(mean_with(everywhere, filled(column.scores, end)).interval for end in ends)
        pass_reached = _hull(
            rate_interval(everywhere, filled(column.passed, end), groups, confidence) for end in (0.0, 1.0)
        )
    found = CriterionEstimate(
        n_scored=n_scored,
        n_unscored=n_unscored,
        unscored=unscored,
        mean=mean.mean,
        sd=mean.sd,
        standard_error=mean.standard_error,
        interval=mean.interval,
        confidence=confidence,
        pass_rate=float(column.passed.mean()) if column.passed.size else None,
        pass_interval=rate_interval(column.ordinals, column.passed, groups, confidence),
        bounds=bounds.mean,
        pass_bounds=bounds.pass_rate,
        bounds_interval=reached,
        pass_bounds_interval=pass_reached,
        reason=mean.reason,
    )
    return found.model_copy(update={"coverage": coverage_of([found])})


def mean_of(
    ordinals: Ordinals,
    values: Floats,
    groups: Groups,
    confidence: float,
    *,
    ends: tuple[float, float] | None = None,
) -> MeanEstimate:
    """
    Return a mean over records with its interval, clustered by group where there are groups.

    `ends` are those of the scale, which the interval knows; without any it is Student's.
    """
    n = int(values.size)
    if n == 0:
        return MeanEstimate(n=0, reason="nothing was scored")
    clusters = None if groups is None else groups[ordinals]
    try:
        if clusters is None:
            estimate = mean_estimate(values, confidence=confidence)
        else:
            estimate = clustered_mean_estimate(values, clusters, confidence=confidence)
    except NotEnoughData as error:
        return MeanEstimate(n=n, mean=float(values.mean()), reason=f"no interval: {error}")
    interval = estimate.interval
    if ends is not None:
        low, high = ends
        interval = bounded_mean_interval(values, low=low, high=high, groups=clusters, confidence=confidence)
    return MeanEstimate(
        n=n,
        mean=estimate.mean,
        sd=estimate.sd,
        standard_error=estimate.standard_error,
        interval=tuple(interval),
    )


def rate_of(ordinals: Ordinals, values: Floats, groups: Groups, confidence: float) -> MeanEstimate:
    """Return a share of records, values in [0, 1], with Clopper and Pearson's interval."""
    mean = mean_of(ordinals, values, groups, confidence)
    interval = rate_interval(ordinals, values, groups, confidence)
    # One record shows no spread, so its mean has no interval; its share has one.
    return mean.model_copy(update={"interval": interval, "reason": None if interval else mean.reason})


def _hull(intervals: Iterable[Interval | None]) -> Interval | None:
    """Return the interval from the lowest to the highest end of several; None where there is none."""
    found = [interval for interval in intervals if interval is not None]
    return (min(low for low, _ in found), max(high for _, high in found)) if found else None


def rate_interval(
    ordinals: Ordinals, values: Floats, groups: Groups, confidence: float
) -> tuple[float, float] | None:
    """Return the interval of a share of records, by their ordinals; None for too few."""
    try:
        if groups is None:
            bounds = clopper_pearson_interval(float(values.sum()), values.size, confidence=confidence)
        else:
            bounds = clustered_pass_interval(values, groups[ordinals], confidence=confidence)
    except NotEnoughData:
        return None
    return (bounds.low, bounds.high)


def _slices(columns: ColumnsOf, order: list[str], run: RunDefinition, counts: RunCounts) -> dict[str, Slice]:
    slices, largest = {}, largest_categories(counts.categories)
    by_name = {name: parts_by_category(columns[name], counts.categories, list(largest)) for name in order}
    for code, n in largest.items():
        parts = {name: of_it[code] for name, of_it in by_name.items()}
        slices[counts.category_names[code]] = Slice(
            n=n,
            criteria={
                name: criterion_estimate(part, run.criteria[name], counts.groups, run.evaluation.confidence)
                for name, part in parts.items()
                if part.ordinals.size or part.missed.size
            },
        )
    return slices


def _responses(counts: CandidateCounts, advice: str | None) -> ResponseCounts:
    return ResponseCounts(
        n=counts.n,
        errors=counts.errors.n,
        missing=counts.missing,
        skipped=counts.skipped,
        given=counts.given,
        refused=counts.refused,
        blocked=counts.blocked,
        truncated=counts.truncated,
        empty=counts.empty,
        thinking=counts.thinking,
        thinking_characters=counts.thinking_characters,
        unknown_stop_reasons=counts.unknown_stops.counts,
        retries=counts.retries,
        error_names=counts.errors.counts,
        error_example=counts.errors.example,
        error_advice=advice,
        flagged=counts.flagged,
        flags=counts.flags.counts,
    )
