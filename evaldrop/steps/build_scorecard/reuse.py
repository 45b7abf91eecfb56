"""What a run took over from its parent: marked where it is read, counted, and said."""

from typing import Any

from evaldrop.run.definition import RunDefinition
from evaldrop.scorecard.figures import usd
from evaldrop.scorecard.model.scorecard import Reused
from evaldrop.steps.build_scorecard.tally import MoneyTally, RunTally


def mark_reused(output: dict[str, Any] | None) -> None:
    """Mark every reply in a child's output as one that this run did not pay for."""
    for response in (output or {}).get("responses") or ():
        response["reused"] = True
        for judgement in response.get("judgements") or ():
            judgement["kept"] = True
    for comparison in (output or {}).get("comparisons") or ():
        comparison["kept"] = True


def what_was_reused(run: RunDefinition, tally: RunTally) -> Reused | None:
    """Return what came from the parent, and what it cost there; None for a run without one."""
    if run.parent is None:
        return None
    saved = MoneyTally()
    for part in (
        *(candidate.saved for candidate in (*tally.candidates.values(), *tally.copies.values())),
        *(judge.saved for judge in tally.judges.values()),
    ):
        saved.add(part.total)
    return Reused(
        parent=run.parent.run_id,
        how=run.parent.how,
        responses=sum(candidate.reused for candidate in (*tally.candidates.values(), *tally.copies.values())),
        judge_replies=sum(judge.kept for judge in tally.judges.values()),
        saved_usd=saved.total,
    )


def reused_in_words(reused: Reused | None) -> str:
    """Return a sentence that follows the verdict; nothing for a run without a parent."""
    if reused is None:
        return ""
    taken = f"{reused.responses:,} responses and {reused.judge_replies:,} judge replies"
    return f" {taken} are those of run {reused.parent} and were not paid for again ({usd(reused.saved_usd)})."
