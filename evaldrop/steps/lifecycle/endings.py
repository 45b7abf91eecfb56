"""How a run with a scorecard ended, as the store has it; a run that ends waits for what this imports."""

from datetime import datetime, timedelta

from evaldrop.scorecard.model.scorecard import Scorecard
from evaldrop.scorecard.recommendation import recommendation_of
from evaldrop.store.model import Ending, StoredCandidate


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
            for candidate, criterion in sorted(scorecard.baseline.regressed if scorecard.baseline else ())
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
