"""What the store and the events say of a run that has a scorecard."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from evaldrop import storage
from evaldrop.run.definition import RunDefinition
from evaldrop.scorecard.model.scorecard import Scorecard
from evaldrop.scorecard.recommendation import recommendation_of
from evaldrop.steps.build_scorecard.moves import Moves, own_criteria, regressed_since
from evaldrop.steps.lifecycle.events import (
    MAX_DROPS,
    CriterionDrop,
    Links,
    QualityDropped,
    RunFinished,
    shortened,
)
from evaldrop.steps.lifecycle.runs import defined_run
from evaldrop.steps.lifecycle.telling import Lifecycle
from evaldrop.store.model import Ending, StoredCandidate


def tell_finished(lifecycle: Lifecycle, scorecard: Scorecard, run: RunDefinition, moves: Moves) -> None:
    """Note that a run has a scorecard, and send the events of it."""
    lifecycle.end(defined_run(run), ending_of(scorecard, now=datetime.now(UTC)))
    lifecycle.send(finished_event(scorecard, run, stack=lifecycle.stack))
    own = own_criteria(run)
    drops = [drop for drop in moves.regressed or () if drop[1] in own]
    if drops:
        lifecycle.send(dropped_event(scorecard, run, drops, stack=lifecycle.stack))


def ending_of(scorecard: Scorecard, *, now: datetime) -> Ending:
    """Return how a run with a scorecard ended: `now`, where it does not say how long it took."""
    ended_at = now
    if scorecard.duration_s is not None:
        ended_at = datetime.fromisoformat(scorecard.started_at) + timedelta(seconds=scorecard.duration_s)
    judges = scorecard.judges.values()
    return Ending(
        state="finished",
        ended_at=ended_at.isoformat(timespec="seconds"),
        cost_usd=scorecard.cost_usd.total,
        # By judges, not by candidates: comparisons and anchors are in no candidate's.
        input_tokens=sum(card.tokens.input for card in scorecard.candidates.values())
        + sum(judge.tokens_input for judge in judges),
        output_tokens=sum(card.tokens.output for card in scorecard.candidates.values())
        + sum(judge.tokens_output for judge in judges),
        records=scorecard.records.evaluated,
        decision=scorecard.gate.decision,
        recommendation=recommendation_of(scorecard).reason,
        summary=scorecard.summary,
        regressed=tuple(
            f"{candidate} on {criterion}"
            for candidate, criterion in sorted(regressed_since(scorecard.baseline) or ())
        ),
        candidates=tuple(
            StoredCandidate(
                name=name,
                model=card.model,
                overall=card.overall.mean if card.overall else None,
                overall_interval=card.overall.interval if card.overall else None,
                cost_usd=card.cost_usd.candidate,
                latency_ms_p50=card.latency_ms.p50,
            )
            for name, card in scorecard.candidates.items()
        ),
    )


def finished_event(scorecard: Scorecard, run: RunDefinition, *, stack: str) -> RunFinished:
    """Return the event of a run that has a scorecard."""
    recommended = recommendation_of(scorecard)
    return RunFinished(
        stack=stack,
        run_id=scorecard.run_id,
        dataset=scorecard.dataset.uri,
        customer=scorecard.customer,
        simulated=scorecard.simulated,
        evaluation=scorecard.evaluation,
        decision=scorecard.gate.decision,
        recommendation=shortened(recommended.reason),
        choice=recommended.choice,
        cost_usd=scorecard.cost_usd.total,
        records=scorecard.records.evaluated,
        links=_links(run),
    )


def dropped_event(
    scorecard: Scorecard, run: RunDefinition, drops: Iterable[tuple[str, str]], *, stack: str
) -> QualityDropped:
    """Return the event of what dropped: candidates and criteria, one at least."""
    found = sorted(drops)
    listed = ", ".join(f"{candidate} on {criterion}" for candidate, criterion in found[:MAX_DROPS])
    more = f" and {len(found) - MAX_DROPS:,} more" if len(found) > MAX_DROPS else ""
    return QualityDropped(
        stack=stack,
        run_id=scorecard.run_id,
        dataset=scorecard.dataset.uri,
        customer=scorecard.customer,
        simulated=scorecard.simulated,
        evaluation=scorecard.evaluation,
        drops=tuple(
            CriterionDrop(candidate=each, criterion=criterion) for each, criterion in found[:MAX_DROPS]
        ),
        n_drops=len(found),
        sentence=shortened(f"{scorecard.evaluation}: worse than before: {listed}{more}."),
        links=_links(run),
    )


def _links(run: RunDefinition) -> Links:
    return Links(
        folder=run.folder,
        report=storage.join(run.folder, "report.html"),
        scorecard=storage.join(run.folder, "scorecard.json"),
    )
