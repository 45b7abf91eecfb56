"""Says in sentences what a comparison with a baseline bears."""

from collections.abc import Iterator

from evaldrop.scorecard.figures import percent, size, verdicts_by
from evaldrop.scorecard.model.baseline import Baseline, BaselineEstimate
from evaldrop.scorecard.model.part import OVERALL

_MOST_NAMED = 4


def summary_in_words(baseline: Baseline) -> str:
    """Return what regressed, what improved and what is open, or why nothing can be said."""
    if not baseline.comparable and not baseline.forced:
        return f"Nothing is compared with {baseline.run_id or baseline.uri}: {'; '.join(baseline.obstacles)}."
    start = f"{held_in_words(baseline)}, on {baseline.records} records{level_in_words(baseline)}: "
    forced = (
        f" The comparison was forced although {'; '.join(baseline.obstacles)}." if baseline.forced else ""
    )
    decided = [*_decided(baseline, "regressed"), *_decided(baseline, "improved")]
    said = [*decided[:_MOST_NAMED], *_missing(baseline), *_rest(baseline, len(decided))]
    return f"{start}{'; '.join(said)}.{_levels(baseline) if decided else ''}{forced}"


def held_in_words(baseline: Baseline) -> str:
    """Return what a run is held to: the blessed run, or those that are pooled with it."""
    name, runs = baseline.run_id or baseline.uri, len(baseline.pooled)
    return f"Against {name}" if runs < 2 else f"Against the pooled {runs} runs from {name} on"


def level_in_words(baseline: Baseline) -> str:
    """Return at which level is decided, to follow a comma; nothing for a question that is asked once."""
    if baseline.look == "single":
        return ""
    share = "the first run's half of the level" if baseline.look == "first" else "the level"
    return f", at {share} of a year of weekly runs"


def missing_in_words(estimate: BaselineEstimate, records: int) -> str:
    """Return which verdicts are missing, to follow "because"."""
    if estimate.lost and estimate.lost >= estimate.n_missing:
        have = "has" if estimate.lost == 1 else "have"
        return f"{estimate.lost} of {records} records {have} no verdict now that had one then"
    missing = "verdicts are missing on" if estimate.n_missing != 1 else "a verdict is missing on"
    return f"{missing} {estimate.n_missing} of {records} records"


def is_open_for_missing(estimate: BaselineEstimate) -> bool:
    """Tell whether missing verdicts leave a decision open: they could undo it, or hide a regression."""
    return estimate.decision != "regressed" and (estimate.open == "missing" or estimate.may_hide_regression)


def _missing(baseline: Baseline) -> Iterator[str]:
    # Of criteria that lost the same records one sentence: their number would be the same in each.
    open_for: dict[tuple[str, str], list[str]] = {}
    for candidate, card in baseline.candidates.items():
        for criterion, estimate in card.criteria.items():
            if is_open_for_missing(estimate):
                why = missing_in_words(estimate, baseline.records)
                open_for.setdefault((candidate, why), []).append(criterion)
    for (candidate, why), criteria in list(open_for.items())[:_MOST_NAMED]:
        named = ", ".join(criteria[:_MOST_NAMED]) + (" and more" if len(criteria) > _MOST_NAMED else "")
        yield f"{candidate} on {named} is not decided, because {why}"


def _levels(baseline: Baseline) -> str:
    families = {
        (estimate.family.n, percent(estimate.family.confidence, 2))
        for card in baseline.candidates.values()
        for estimate in card.criteria.values()
        if estimate.decision != "undecided" and estimate.family is not None
    }
    # One family, and all that is decided in it has one level.
    return "".join(
        f" Intervals are at {level}, for {n} comparisons decided together."
        if n > 1
        else f" The interval is at {level}."
        for n, level in sorted(families)
    )


def _decided(baseline: Baseline, decision: str) -> Iterator[str]:
    for candidate, card in baseline.candidates.items():
        for criterion, estimate in card.criteria.items():
            if estimate.decision == decision:
                by = verdicts_by(estimate.rests_on, estimate.n_labelled, estimate.left_out)
                yield f"{candidate} {decision} on {criterion}{_by(estimate)}{by}"


def _by(estimate: BaselineEstimate) -> str:
    # The family's: an interval that is said because it was decided holds less often than its own level.
    interval = estimate.family_interval or estimate.interval
    if interval is None:
        return ""
    low, high = interval
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
