"""Turns counts into estimates: means, pass rates, and their intervals."""

from collections import Counter
from collections.abc import Mapping

import numpy as np

from evaldrop.errors import NotEnoughData
from evaldrop.evaluation import Candidate
from evaldrop.evaluation.criteria import Criterion
from evaldrop.evaluation.metrics import METRICS
from evaldrop.run.definition import RunDefinition
from evaldrop.scorecard.model.part import within
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
from evaldrop.statistics.clusters import clustered_mean_estimate, clustered_pass_interval
from evaldrop.statistics.intervals import Estimate, mean_estimate, wilson_interval
from evaldrop.statistics.paired_test import Groups
from evaldrop.statistics.vectors import Floats, Ordinals
from evaldrop.steps.build_scorecard.columns import (
    ColumnsOf,
    criterion_bounds,
    overall_bounds,
    overall_column,
    part_of,
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
        responses=_responses(own),
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
    return (rate_of if METRICS[name].is_binary else mean_of)(ordinals, values, groups, confidence)


def _overall(columns: ColumnsOf, run: RunDefinition, counts: RunCounts) -> MeanEstimate:
    overall = overall_column(columns, run.criteria, counts.size)
    estimate = mean_of(*overall, counts.groups, run.evaluation.confidence)
    return estimate.model_copy(
        update={
            "interval": within(estimate.interval, 0.0, 1.0),
            "bounds": overall_bounds(columns, run.criteria, counts.size),
        }
    )


def criterion_estimate(
    column: ScoreColumn, criterion: Criterion, groups: Groups, confidence: float
) -> CriterionEstimate:
    """Return a criterion's mean and pass rate with intervals; null where there is too little data."""
    unscored = {column.reason_names[code]: n for code, n in Counter(column.reasons.tolist()).most_common()}
    n_unscored = int(column.missed.size)
    # With unscored counted as worst, a record without a verdict has a score all the same.
    n_scored = (
        int(column.scores.size) if not n_unscored else int(np.setdiff1d(column.ordinals, column.missed).size)
    )
    n_lost = n_unscored - unscored.get(NOT_APPLICABLE, 0)
    estimate = rate_of if criterion.scale.kind == "binary" else mean_of
    mean = estimate(column.ordinals, column.scores, groups, confidence)
    bounds = criterion_bounds(column, criterion, n_lost=n_lost)
    found = CriterionEstimate(
        n_scored=n_scored,
        n_unscored=n_unscored,
        unscored=unscored,
        mean=mean.mean,
        sd=mean.sd,
        standard_error=mean.standard_error,
        # Student's interval does not know where the scale ends.
        interval=within(mean.interval, criterion.scale.low, criterion.scale.high),
        confidence=confidence,
        pass_rate=float(column.passed.mean()) if column.passed.size else None,
        pass_interval=_rate_interval(column.ordinals, column.passed, groups, confidence),
        bounds=bounds.mean,
        pass_bounds=bounds.pass_rate,
        reason=mean.reason,
    )
    return found.model_copy(update={"coverage": coverage_of([found])})


def mean_of(ordinals: Ordinals, values: Floats, groups: Groups, confidence: float) -> MeanEstimate:
    """Return a mean over records with its t interval, clustered by group where there are groups."""
    n = int(values.size)
    if n == 0:
        return MeanEstimate(n=0, reason="nothing was scored")
    try:
        estimate = _mean_estimate(ordinals, values, groups, confidence)
    except NotEnoughData as error:
        return MeanEstimate(n=n, mean=float(values.mean()), reason=f"no interval: {error}")
    return MeanEstimate(
        n=n,
        mean=estimate.mean,
        sd=estimate.sd,
        standard_error=estimate.standard_error,
        interval=tuple(estimate.interval),
    )


def rate_of(ordinals: Ordinals, values: Floats, groups: Groups, confidence: float) -> MeanEstimate:
    """
    Return a share of records, values in [0, 1], with Wilson's interval: Student's leaves [0, 1] and
    undercovers.
    """
    mean = mean_of(ordinals, values, groups, confidence)
    return mean.model_copy(update={"interval": _rate_interval(ordinals, values, groups, confidence)})


def _mean_estimate(ordinals: Ordinals, values: Floats, groups: Groups, confidence: float) -> Estimate:
    if groups is None:
        return mean_estimate(values, confidence=confidence)
    return clustered_mean_estimate(values, groups[ordinals], confidence=confidence)


def _rate_interval(
    ordinals: Ordinals, values: Floats, groups: Groups, confidence: float
) -> tuple[float, float] | None:
    try:
        if groups is None:
            bounds = wilson_interval(float(values.sum()), values.size, confidence=confidence)
        else:
            bounds = clustered_pass_interval(values, groups[ordinals], confidence=confidence)
    except NotEnoughData:
        return None
    return (bounds.low, bounds.high)


def _slices(columns: ColumnsOf, order: list[str], run: RunDefinition, counts: RunCounts) -> dict[str, Slice]:
    slices = {}
    for code, n in largest_categories(counts.categories).items():
        inside = counts.categories == code
        parts = {name: part_of(columns[name], inside) for name in order}
        slices[counts.category_names[code]] = Slice(
            n=n,
            criteria={
                name: criterion_estimate(part, run.criteria[name], counts.groups, run.evaluation.confidence)
                for name, part in parts.items()
                if part.ordinals.size or part.missed.size
            },
        )
    return slices


def _responses(counts: CandidateCounts) -> ResponseCounts:
    return ResponseCounts(
        n=counts.n,
        errors=counts.errors.n,
        missing=counts.missing,
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
        flagged=counts.flagged,
        flags=counts.flags.counts,
    )
