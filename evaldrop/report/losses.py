"""What was lost from an estimate, in a sentence: the counts, and what it could have made of the numbers."""

from evaldrop.scorecard import figures
from evaldrop.scorecard.model.scorecard import CriterionEstimate


def loss_in_words(candidate: str, criterion: str, estimate: CriterionEstimate | None) -> str | None:
    """Return what a candidate's verdicts on a criterion lost, with bounds; None when nothing was."""
    if estimate is None or estimate.bounds is None or estimate.pass_bounds is None:
        return None
    reasons = {reason: n for reason, n in estimate.unscored.items() if reason != "not_applicable"}
    if not reasons:
        return None
    lost = sum(reasons.values())
    told = ", ".join(f"{reason.replace('_', ' ')} {figures.count(n)}" for reason, n in reasons.items())
    of_all = f"{figures.count(lost)} of {figures.count(lost + estimate.n_scored)}"
    return (
        f"{candidate}, {criterion}: {of_all} verdicts unscored ({told}); "
        "whatever they would have been, the mean lies between "
        f"{figures.interval(estimate.bounds).replace(' to ', ' and ')} and the pass rate in "
        f"{figures.percent_interval(estimate.pass_bounds)}."
    )
