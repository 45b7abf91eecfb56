"""What a run took: of money, of judges' calls, and of what an earlier run had paid for."""

from evaldrop.run.definition import RunDefinition
from evaldrop.scorecard.figures import usd
from evaldrop.scorecard.model.scorecard import CandidateCost, CostTotals, JudgeHealth, Reused
from evaldrop.steps.build_scorecard.counts import RunCounts
from evaldrop.steps.build_scorecard.tally import Spent


def candidate_cost(counts: RunCounts, name: str) -> CandidateCost:
    """Return what a candidate cost, its perturbed copies and its repeats apart."""
    candidate, copies = counts.candidates[name], counts.copies[name]
    cost, saved = candidate.spent.cost.spent, candidate.spent.saved.spent
    # What a candidate costs is a fact about it, also where an earlier run paid for the call.
    called = candidate.n - candidate.errors.n - candidate.missing - candidate.given + candidate.spent.reused
    whole = (cost + saved).total
    return CandidateCost(
        candidate=cost.total,
        judge=candidate.spent.judge_cost.spent.total,
        per_1000_records=whole * 1000 / called if called and whole is not None else None,
        robustness=(copies.cost.spent + copies.judge_cost.spent).total,
        repeated=counts.repeats[name].spent.total,
    )


def cost_totals(run: RunDefinition, counts: RunCounts) -> CostTotals:
    """Return what the run cost. A model whose price or tokens are unknown is named."""
    unknown: dict[str, None] = {}
    candidates = judges = Spent()
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
    return CostTotals(
        candidates=candidates.total,
        judges=judges.total,
        total=(candidates + judges).total,
        known=candidates.known + judges.known,
        unknown_models=tuple(unknown),
        prices_date=run.prices_date,
    )


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
            error_example=found.errors.example,
            thinking=found.thinking,
            unknown_stop_reasons=found.unknown_stops.counts,
            asked_again=found.asked_again,
            retries=found.retries,
            scored=found.scored,
            on_shortened=found.on_shortened,
            unscored=found.unscored.counts,
            preferences=found.preferences,
            unread=found.unread.counts,
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
