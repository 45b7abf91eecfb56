"""What a gate asks of every run, whatever its rules are: answers, and by default enough of them."""

from collections.abc import Sequence

from evaldrop.scorecard.answers import (
    ANSWERS,
    COVERAGE,
    Lack,
    candidates_shortfalls,
    checks_of,
    judges_shortfalls,
    least_share,
    silences,
)
from evaldrop.scorecard.figures import percent
from evaldrop.scorecard.gate.names import RunNames, subject_of
from evaldrop.scorecard.gate.rules import PowerToSee, Rule, Threshold
from evaldrop.scorecard.model.part import OVERALL
from evaldrop.scorecard.model.scorecard import (
    GateCheck,
    Scorecard,
)


def answer_checks(rules: Sequence[Rule], scorecard: Scorecard, names: RunNames) -> tuple[GateCheck, ...]:
    """
    Return a failed check for whoever gave nothing, and an inconclusive one for whoever gave too little.

    Too little is below `ENOUGH`, unless a rule says what coverage is wanted. Rules on verdicts count what is
    missing themselves, by bounds, so that with one of them candidates are not held to it. Judges of a panel
    are: what one of several did not say is in no bounds.
    """
    silent = silences(scorecard)
    short: list[Lack] = []
    if not any(isinstance(rule, Threshold) and rule.quantity == "coverage" for rule in rules):
        if not any(_counts_the_missing(rule, scorecard, names) for rule in rules):
            short += candidates_shortfalls(scorecard)
        if not rules or len(scorecard.judges) > 1:
            short += judges_shortfalls(scorecard)
    return (
        *checks_of(ANSWERS, "fail", silent),
        # Said once: that it gave nothing says that it did not give enough.
        *checks_of(COVERAGE, "inconclusive", () if silent else short),
    )


def coverage_in_words(scorecard: Scorecard) -> str:
    """Return for a run without rules how much of the answers is there."""
    found = least_share(scorecard)
    if found is None:
        return "no rule is set."
    share, whose = found
    least = f" or more (least: {whose})" if share < 1 else ""
    return f"no rule is set; coverage is {percent(share, 1)}{least} for every candidate and judge."


def _counts_the_missing(rule: Rule, scorecard: Scorecard, names: RunNames) -> bool:
    """Tell whether a rule is judged by what verdicts there are and could have been."""
    # What judges would notice says nothing of what they did not say.
    if isinstance(rule, PowerToSee):
        return False
    if not isinstance(rule, Threshold) or rule.quantity == "win_rate":
        return True
    if rule.quantity not in {"mean", "pass_rate"}:
        return False
    # A metric's mean is over the responses there are: it knows nothing of the others.
    measure = subject_of(rule, names).measure
    return measure == OVERALL or measure in scorecard.criteria
