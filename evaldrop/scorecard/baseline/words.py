"""Says in sentences what a comparison with a baseline bears."""

from collections.abc import Iterator

from evaldrop.scorecard.figures import size
from evaldrop.scorecard.model.baseline import Baseline, BaselineEstimate
from evaldrop.scorecard.model.scorecard import OVERALL

_MOST_NAMED = 4


def summary_in_words(baseline: Baseline) -> str:
    """Return what regressed, what improved and what is open, or why nothing can be said."""
    name = baseline.run_id or baseline.uri
    if not baseline.comparable and not baseline.forced:
        return f"Nothing is compared with {name}: {'; '.join(baseline.obstacles)}."
    start = f"Against {name}, on {baseline.records} records: "
    forced = (
        f" The comparison was forced although {'; '.join(baseline.obstacles)}." if baseline.forced else ""
    )
    decided = [*_decided(baseline, "regressed"), *_decided(baseline, "improved")]
    said = [*decided[:_MOST_NAMED], *_rest(baseline, len(decided))]
    return f"{start}{'; '.join(said)}.{forced}"


def _decided(baseline: Baseline, decision: str) -> Iterator[str]:
    for candidate, card in baseline.candidates.items():
        for criterion, estimate in card.criteria.items():
            if estimate.decision == decision:
                yield f"{candidate} {decision} on {criterion}{_by(estimate)}"


def _by(estimate: BaselineEstimate) -> str:
    if estimate.interval is None:
        return ""
    low, high = estimate.interval
    # Sorted by size, -0.1 to 0.3 would read "by 0.10 to 0.30".
    if low <= 0 <= high:
        return f" by about {size(abs(estimate.difference or 0.0))}"
    low, high = sorted((abs(low), abs(high)))
    return f" by {size(low)}" if low == high else f" by {size(low)} to {size(high)}"


def _rest(baseline: Baseline, decided: int) -> Iterator[str]:
    more = decided - _MOST_NAMED
    if more > 0:
        yield f"{more} more difference{'s are' if more > 1 else ' is'} decided too"
    estimates = [estimate for card in baseline.candidates.values() for estimate in card.criteria.values()]
    undecided = [estimate for estimate in estimates if estimate.decision == "undecided"]
    if not estimates:
        yield "no candidate and criterion is in both"
    elif undecided:
        yield "nothing is decided" if not decided else "the rest is not decided"
    scored = [
        estimate
        for card in baseline.candidates.values()
        for criterion, estimate in card.criteria.items()
        # A record that lost on a criterion lost on overall too, and would be counted twice.
        if criterion != OVERALL
    ]
    worse = sum(estimate.worse for estimate in scored)
    if worse and not decided:
        better = sum(estimate.better for estimate in scored)
        yield f"{worse} scores are worse than then and {better} better"
    errors = sum(card.new_errors for card in baseline.candidates.values())
    if errors:
        yield f"{errors} response{'s are' if errors > 1 else ' is'} missing that had been given then"
