"""What a run took: of money, of time, of judges' calls, and of what an earlier run had paid for."""

import numpy as np
import numpy.typing as npt

from evaldrop.errors import NotEnoughData
from evaldrop.prompt_search.kept import read_search
from evaldrop.run.definition import RunDefinition
from evaldrop.run.job_results import read_ended
from evaldrop.scorecard.figures import usd
from evaldrop.scorecard.model.judges import JudgedCriterion
from evaldrop.scorecard.model.scorecard import (
    CandidateCost,
    CostTotals,
    Interval,
    JudgeHealth,
    Latency,
    Reused,
)
from evaldrop.statistics.paired_test import Groups
from evaldrop.statistics.quantiles import quantile_estimates
from evaldrop.statistics.skewed import amount_interval
from evaldrop.statistics.vectors import Floats
from evaldrop.steps.build_scorecard.advice import what_to_do
from evaldrop.steps.build_scorecard.counts import CandidateCounts, RunCounts
from evaldrop.steps.build_scorecard.tally import Columns, Spent

_PERCENTILES = {"p50": 0.5, "p90": 0.9, "p99": 0.99}


def candidate_latency(latencies: Columns, groups: Groups, confidence: float) -> Latency:
    """Return the percentiles of a candidate's latencies with order-statistic intervals."""
    ordinals, values = latencies.in_order()
    if not values.size:
        return Latency()
    quantiles = list(_PERCENTILES.values())
    try:
        found = quantile_estimates(
            values, quantiles, groups=None if groups is None else groups[ordinals], confidence=confidence
        )
    except NotEnoughData as error:
        points = np.quantile(values, quantiles).tolist()
        return Latency(
            n=int(values.size), **dict(zip(_PERCENTILES, points, strict=True)), reason=f"no interval: {error}"
        )
    named = dict(zip(_PERCENTILES, found, strict=True))
    return Latency(
        n=int(values.size),
        **{name: one.value for name, one in named.items()},
        **{f"{name}_interval": (one.low, one.high) for name, one in named.items()},
        calls_needed={name: one.needed for name, one in named.items() if None in (one.low, one.high)},
    )


def candidate_cost(counts: RunCounts, name: str, confidence: float) -> CandidateCost:
    """Return what a candidate cost, its perturbed copies and its repeats apart."""
    candidate, copies = counts.candidates[name], counts.copies[name]
    cost, saved = candidate.spent.cost.spent, candidate.spent.saved.spent
    # What a candidate costs is a fact about it, also where an earlier run paid for the call.
    called, whole = len(candidate.called), (cost + saved).total
    is_known = bool(called) and whole is not None
    return CandidateCost(
        candidate=cost.total,
        judge=candidate.spent.judge_cost.spent.total,
        per_1000_records=whole * 1000 / called if called and whole is not None else None,
        per_1000_interval=_per_1000_interval(candidate, counts, confidence) if is_known else None,
        robustness=(copies.cost.spent + copies.judge_cost.spent).total,
        repeated=counts.repeats[name].spent.total,
    )


def _per_1000_interval(candidate: CandidateCounts, counts: RunCounts, confidence: float) -> Interval | None:
    costs, called = record_costs(candidate, counts.size)
    # A reply that is no answer is paid for; a record that nobody was asked about says nothing.
    asked = (costs > 0) | called
    groups = None if counts.groups is None else counts.groups[asked]
    try:
        low, high = amount_interval(costs[asked], called[asked], groups=groups, confidence=confidence)
    except NotEnoughData:
        return None
    return low * 1000, high * 1000


def record_costs(candidate: CandidateCounts, size: int) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Return each record's cost at this run's prices, and whether a model answered; shape (size,)."""
    called = np.zeros(size, np.bool_)
    called[np.frombuffer(candidate.called, np.int32)] = True
    return candidate.spent.cost.by_record(size) + candidate.spent.saved.by_record(size), called


def cost_totals(run: RunDefinition, counts: RunCounts) -> CostTotals:
    """Return what the run cost. A model whose price or tokens are unknown is named."""
    unknown: dict[str, None] = {}
    candidates = judges = checks = Spent()
    for candidate in run.candidates:
        name = candidate.name
        for money in (counts.candidates[name].spent.cost, counts.copies[name].cost, counts.repeats[name]):
            candidates += money.spent
            if money.spent.has_unknown:
                unknown[candidate.model] = None
    for judge in run.judges:
        # From the judges, not by candidate: what judging anchors took belongs to none of them.
        spent = counts.judges[judge.name].cost.spent
        judges += spent
        if spent.has_unknown:
            unknown[judge.model] = None
    for check in run.called_checks:
        spent = counts.judges[check.name].cost.spent
        checks += spent
        if spent.has_unknown:
            unknown[check.model] = None
    kept, search = read_search(run.folder), Spent()
    for one in kept.searches if kept else ():
        search += Spent(one.cost_usd or 0.0, has_unknown=one.cost_usd is None)
        if one.proposing_usd is None:
            unknown[one.by] = None
    return CostTotals(
        candidates=candidates.total,
        judges=judges.total,
        checks=checks.total if run.called_checks else None,
        prompt_search=search.total if kept else None,
        total=(candidates + judges + checks + search).total,
        known=candidates.known + judges.known + checks.known + search.known,
        unknown_models=tuple(unknown),
        evaluation_jobs_at_most=_evaluation_jobs_at_most(run),
        prices_date=run.prices_date,
        deliveries=counts.deliveries.costs(run),
    )


def _evaluation_jobs_at_most(run: RunDefinition) -> float:
    # Of a run that only reads another one's scores there is no such file: it has paid for none.
    jobs = read_ended(run.folder).jobs.values() if run.evaluation.job_judges else ()
    return sum(job.micros for job in jobs) / 1_000_000


def judge_health(run: RunDefinition, counts: RunCounts) -> dict[str, JudgeHealth]:
    """Return how each judge worked."""
    health = {}
    for judge in run.judges:
        found = counts.judges[judge.name]
        health[judge.name] = JudgeHealth(
            model=judge.model,
            calls=found.calls,
            kept=found.kept,
            errors=found.errors.n,
            error_names=found.errors.counts,
            error_example=found.errors.example,
            error_advice=what_to_do(found.errors, model=judge.model, bedrock=run.bedrock),
            thinking=found.thinking,
            unknown_stop_reasons=found.unknown_stops.counts,
            asked_again=found.asked_again,
            retries=found.retries,
            scored=found.scored,
            on_shortened=found.on_shortened,
            unscored=found.unscored.counts,
            preferences=found.preferences,
            unread=found.unread.counts,
            criteria={
                name: JudgedCriterion(scored=found.scored_on.get(name, 0), lost=found.lost_on.get(name, 0))
                for name in run.criteria
                if name in found.scored_on or name in found.lost_on
            },
            tokens_input=found.input_tokens,
            tokens_output=found.output_tokens,
            cost_usd=found.cost.spent.total,
        )
    return health


def what_was_reused(run: RunDefinition, counts: RunCounts) -> Reused | None:
    """Return what came from the parent, and what it cost there; None for a run without one."""
    if run.parent is None:
        return None
    spendings = (*(candidate.spent for candidate in counts.candidates.values()), *counts.copies.values())
    saved = (*(one.saved for one in spendings), *(judge.saved for judge in counts.judges.values()))
    return Reused(
        parent=run.parent.run_id,
        how=run.parent.how,
        responses=sum(one.reused for one in spendings),
        judge_replies=sum(judge.kept for judge in counts.judges.values()),
        saved_usd=sum((money.spent for money in saved), Spent()).total,
    )


def reused_in_words(reused: Reused | None) -> str:
    """Return a sentence that follows the verdict; nothing for a run without a parent."""
    if reused is None:
        return ""
    taken = f"{reused.responses:,} responses and {reused.judge_replies:,} judge replies"
    return f" {taken} are those of run {reused.parent} and were not paid for again ({usd(reused.saved_usd)})."
