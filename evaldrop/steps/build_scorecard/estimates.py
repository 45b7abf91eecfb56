"""Turns a tally into estimates: means, pass rates, their intervals, percentiles and totals."""

from collections import Counter
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from evaldrop.errors import NotEnoughData
from evaldrop.evaluation.criteria import Criterion
from evaldrop.evaluation.metrics import METRICS
from evaldrop.run.definition import RunDefinition
from evaldrop.scorecard.model.part import within
from evaldrop.scorecard.model.scorecard import (
    MOST_CATEGORIES,
    CandidateCost,
    CandidateScorecard,
    CostTotals,
    CriterionEstimate,
    JudgeHealth,
    Latency,
    MeanEstimate,
    ResponseCounts,
    Slice,
    Tokens,
)
from evaldrop.scorecard.model.usefulness import LengthRelation
from evaldrop.scorecard.scores import NOT_APPLICABLE
from evaldrop.statistics.clusters import clustered_mean_estimate, clustered_pass_interval
from evaldrop.statistics.intervals import Estimate, mean_estimate, wilson_interval
from evaldrop.statistics.paired_test import Groups
from evaldrop.statistics.vectors import Floats, Ordinals
from evaldrop.steps.build_scorecard.bounds import criterion_bounds, overall_bounds, scored_only
from evaldrop.steps.build_scorecard.length import score_by_length
from evaldrop.steps.build_scorecard.tally import CandidateTally, MoneyTally, RunTally, ScoreColumn

Columns = Mapping[str, ScoreColumn]


def columns_of(tally: RunTally) -> dict[str, dict[str, ScoreColumn]]:
    """Return every candidate's score columns by criterion."""
    return {
        name: {criterion: column.column() for criterion, column in candidate.criteria.items()}
        for name, candidate in tally.candidates.items()
    }


def candidate_scorecards(
    run: RunDefinition, tally: RunTally, columns: Mapping[str, Columns]
) -> dict[str, CandidateScorecard]:
    """Return the estimates of every candidate, in the evaluation's order."""
    return {
        candidate.name: _candidate(
            tally.candidates[candidate.name],
            tally.copies[candidate.name],
            columns[candidate.name],
            run,
            tally,
            repeated=tally.repeats[candidate.name],
            model=candidate.model,
            prompt=run.evaluation.prompt_of(candidate),
        )
        for candidate in run.candidates
    }


def judge_health(run: RunDefinition, tally: RunTally) -> dict[str, JudgeHealth]:
    """Return how each judge worked."""
    health = {}
    for judge in run.judges:
        counts = tally.judges[judge.name]
        health[judge.name] = JudgeHealth(
            model=judge.model,
            calls=counts.calls,
            kept=counts.kept,
            errors=counts.errors.n,
            error_example=counts.errors.example,
            asked_again=counts.asked_again,
            retries=counts.retries,
            scored=counts.scored,
            on_shortened=counts.on_shortened,
            unscored=dict(counts.unscored.most_common()),
            tokens_input=counts.input_tokens,
            tokens_output=counts.output_tokens,
            cost_usd=counts.cost.total,
        )
    return health


def cost_totals(run: RunDefinition, tally: RunTally) -> CostTotals:
    """Return what the run cost. A model whose price or tokens are unknown is named."""
    candidates, judges = MoneyTally(), MoneyTally()
    unknown: dict[str, None] = {}
    for candidate in run.candidates:
        name = candidate.name
        for cost in (tally.candidates[name].cost, tally.copies[name].cost, tally.repeats[name]):
            _add_money(candidates, cost, candidate.model, unknown)
    for judge in run.judges:
        _add_money(judges, tally.judges[judge.name].cost, judge.model, unknown)
    parts = (candidates.total, judges.total)
    return CostTotals(
        candidates=parts[0],
        judges=parts[1],
        total=None if None in parts else sum(part for part in parts if part is not None),
        known=candidates.known + judges.known,
        unknown_models=tuple(unknown),
        prices_date=run.prices_date,
    )


def overall_column(
    columns: Columns, criteria: Mapping[str, Criterion], records: int
) -> tuple[Ordinals, Floats]:
    """
    Return each record's weighted mean over its scored criteria, as a fraction in which 1 is good.

    Returns:
        Ordinals of the records with a score on any criterion, ascending, and their means; both of shape (n,).
    """
    sums, weights = np.zeros(records), np.zeros(records)
    for name, column in columns.items():
        criterion = criteria[name]
        # `Criterion.normalise`, on a whole column.
        shares = (column.scores - criterion.scale.low) / (criterion.scale.high - criterion.scale.low)
        sums[column.ordinals] += criterion.weight * (shares if criterion.higher_is_better else 1 - shares)
        weights[column.ordinals] += criterion.weight
    ordinals = np.flatnonzero(weights).astype(np.int32)
    return ordinals, sums[ordinals] / weights[ordinals]


def _candidate(
    counts: CandidateTally,
    copies: CandidateTally,
    columns: Columns,
    run: RunDefinition,
    tally: RunTally,
    *,
    repeated: MoneyTally,
    model: str,
    prompt: str,
) -> CandidateScorecard:
    confidence, groups = run.evaluation.confidence, tally.groups
    order = [name for name in run.criteria if name in columns]
    overall = overall_column(columns, run.criteria, tally.records)
    return CandidateScorecard(
        model=model,
        prompt=prompt,
        responses=_responses(counts),
        cost_usd=_candidate_cost(counts, copies, repeated),
        tokens=Tokens(
            input=counts.input_tokens,
            output=counts.output_tokens,
            judge_input=counts.judge_input,
            judge_output=counts.judge_output,
        ),
        latency_ms=_latency(np.frombuffer(counts.latencies, np.float64)),
        criteria={
            name: criterion_estimate(columns[name], run.criteria[name], groups, confidence) for name in order
        },
        overall=_overall(overall, columns, run, tally) if columns else None,
        metrics={
            name: (rate_of if METRICS[name].is_binary else mean_of)(
                np.frombuffer(ordinals, np.int32), np.frombuffer(values, np.float64), groups, confidence
            )
            for name, (ordinals, values) in counts.metrics.items()
        },
        categories=_slices(columns, order, run, tally),
        score_by_length=_by_length(counts, columns, order, run, tally),
    )


def _by_length(
    counts: CandidateTally, columns: Columns, order: list[str], run: RunDefinition, tally: RunTally
) -> dict[str, LengthRelation]:
    # A verdict that is counted as the worst says nothing about length.
    judged = {name: scored_only(columns[name]) for name in order}
    return score_by_length(counts, judged, overall_column(judged, run.criteria, tally.records))


def _overall(
    overall: tuple[Ordinals, Floats], columns: Columns, run: RunDefinition, tally: RunTally
) -> MeanEstimate:
    estimate = mean_of(*overall, tally.groups, run.evaluation.confidence)
    return estimate.model_copy(
        update={
            "interval": within(estimate.interval, 0.0, 1.0),
            "bounds": overall_bounds(columns, run.criteria, tally.records),
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
    applies = n_scored + n_unscored - unscored.get(NOT_APPLICABLE, 0)
    estimate = rate_of if criterion.scale.kind == "binary" else mean_of
    mean = estimate(column.ordinals, column.scores, groups, confidence)
    bounds = criterion_bounds(column, criterion, n_lost=applies - n_scored)
    return CriterionEstimate(
        n_scored=n_scored,
        n_unscored=n_unscored,
        unscored=unscored,
        coverage=n_scored / applies if applies else None,
        mean=mean.mean,
        sd=mean.sd,
        standard_error=mean.standard_error,
        interval=within(mean.interval, criterion.scale.low, criterion.scale.high),
        confidence=confidence,
        pass_rate=float(column.passed.mean()) if column.passed.size else None,
        pass_interval=_rate_interval(column.ordinals, column.passed, groups, confidence),
        bounds=bounds.mean,
        pass_bounds=bounds.pass_rate,
        reason=mean.reason,
    )


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


def _slices(columns: Columns, order: list[str], run: RunDefinition, tally: RunTally) -> dict[str, Slice]:
    categories, names = tally.categories, list(tally.category_names)
    sizes = np.bincount(categories[categories >= 0], minlength=len(names))
    slices = {}
    for code in sorted(np.argsort(-sizes, kind="stable")[:MOST_CATEGORIES].tolist()):
        inside = categories == code
        parts = {name: _only(columns[name], inside) for name in order}
        slices[names[code]] = Slice(
            n=int(sizes[code]),
            criteria={
                name: criterion_estimate(part, run.criteria[name], tally.groups, run.evaluation.confidence)
                for name, part in parts.items()
                if part.ordinals.size or part.missed.size
            },
        )
    return slices


def _only(column: ScoreColumn, records: npt.NDArray[np.bool_]) -> ScoreColumn:
    kept, missed = records[column.ordinals], records[column.missed]
    return ScoreColumn(
        column.ordinals[kept],
        column.scores[kept],
        column.passed[kept],
        column.missed[missed],
        column.reasons[missed],
        column.reason_names,
    )


def _responses(counts: CandidateTally) -> ResponseCounts:
    return ResponseCounts(
        n=counts.n,
        errors=counts.errors.n,
        missing=counts.missing,
        given=counts.given,
        refused=counts.refused,
        blocked=counts.blocked,
        truncated=counts.truncated,
        retries=counts.retries,
        error_names=dict(counts.errors.names.most_common()),
        error_example=counts.errors.example,
        flagged=counts.flagged,
        flags=dict(counts.flags.most_common()),
    )


def _candidate_cost(counts: CandidateTally, copies: CandidateTally, repeated: MoneyTally) -> CandidateCost:
    # What a candidate costs is a fact about it, whoever paid for the call.
    called = counts.n - counts.errors.n - counts.missing - counts.given + counts.reused
    parts = (counts.cost.total, counts.saved.total)
    is_known = called and None not in parts
    perturbed = MoneyTally()
    perturbed.add(copies.cost.total)
    perturbed.add(copies.judge_cost.total)
    return CandidateCost(
        candidate=counts.cost.total,
        judge=counts.judge_cost.total,
        per_1000_records=sum(part or 0.0 for part in parts) * 1000 / called if is_known else None,
        robustness=perturbed.total,
        repeated=repeated.total,
    )


def _latency(latencies: Floats) -> Latency:
    if not latencies.size:
        return Latency()
    p50, p90, p99 = np.percentile(latencies, [50, 90, 99]).tolist()
    return Latency(n=int(latencies.size), p50=p50, p90=p90, p99=p99)


def _add_money(total: MoneyTally, part: MoneyTally, model: str, unknown: dict[str, None]) -> None:
    total.add(part.known)
    if part.has_unknown:
        total.add(None)
        unknown[model] = None
