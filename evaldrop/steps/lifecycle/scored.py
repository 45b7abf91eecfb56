"""What the store and the events say of a run that has a scorecard."""

from collections.abc import Iterable
from datetime import UTC, datetime

from evaldrop import storage
from evaldrop.run.definition import RunDefinition
from evaldrop.scorecard.model.scorecard import Scorecard
from evaldrop.scorecard.recommendation import recommendation_of
from evaldrop.steps.build_scorecard.moves import Moves, own_criteria
from evaldrop.steps.lifecycle.endings import ending_of
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


def tell_finished(lifecycle: Lifecycle, scorecard: Scorecard, run: RunDefinition, moves: Moves) -> None:
    """Note that a run has a scorecard, and send the events of it."""
    lifecycle.end(defined_run(run), ending_of(scorecard, now=datetime.now(UTC)))
    lifecycle.send(finished_event(scorecard, run, stack=lifecycle.stack))
    own = own_criteria(run)
    drops = [drop for drop in moves.regressed or () if drop[1] in own]
    if drops:
        lifecycle.send(dropped_event(scorecard, run, drops, stack=lifecycle.stack))


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
