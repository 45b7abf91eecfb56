"""Judges win rates: by what their interval may reach, whatever the pairs without a preference were."""

from collections.abc import Callable, Iterator

from evaldrop.scorecard.figures import verdicts_by
from evaldrop.scorecard.gate.names import RunNames, subject_of
from evaldrop.scorecard.gate.rules import Threshold
from evaldrop.scorecard.model.pairwise import PairwiseEstimate, pairs_of
from evaldrop.scorecard.model.scorecard import Decision, GateCheck, Scorecard

_RULE = "some preference can be read"


def unread_pairs(scorecard: Scorecard) -> int:
    """Return how many pairs there are in a run of which none has a preference; 0 for any other run."""
    pairs = pairs_of({name: card.pairwise for name, card in scorecard.candidates.items()}).values()
    asked = sum(pair.n + pair.n_unscored for pair in pairs)
    # Scorecards of earlier versions do not tell what was lost.
    return asked if asked and all(pair.coverage == 0 for pair in pairs) else 0


def unread_check(scorecard: Scorecard) -> GateCheck | None:
    """Return what keeps a run from passing whose comparisons came to nothing, whatever its rules say."""
    if not (pairs := unread_pairs(scorecard)):
        return None
    sentence = f"no preference could be read, of {pairs:,} pairs; comparing them decides nothing."
    return GateCheck(expression=_RULE, decision="inconclusive", sentence=sentence)


def preference_checks(
    rule: Threshold, scorecard: Scorecard, names: RunNames, holds: Callable[[float, float], bool]
) -> Iterator[GateCheck]:
    """Yield the judgement of a rule on win rates for each candidate that has one."""
    judged = subject_of(rule, names).candidates
    for name in judged:
        known = scorecard.candidates[name].pairwise
        estimate = known and (known if rule.over is None else known.by_baseline.get(rule.over))
        decision = _decide(estimate, rule.limit, holds)
        yield GateCheck(
            expression=rule.expression,
            decision=decision,
            sentence=_sentence(rule, name, names, estimate, decision)
            + (_skipped(rule, names) if name == judged[-1] else ""),
            candidate=name,
        )


def _skipped(rule: Threshold, names: RunNames) -> str:
    """Return why a rule for every candidate says nothing of one; nothing for a rule that names its own."""
    skipped = [name for name in names.candidates if name not in names.opponents]
    if rule.subject or rule.scope.name or not skipped:
        return ""
    return f" {skipped[0]} has none of its own: the others are compared with it."


def _decide(
    estimate: PairwiseEstimate | None, limit: float, holds: Callable[[float, float], bool]
) -> Decision:
    # A rate of one pair or one group has no interval: it decides nothing, however good it looks. Nor does one
    # of unread pairs alone, which `unscored` may count as ties.
    if estimate is None or estimate.interval is None or estimate.coverage == 0:
        return "inconclusive"
    sides = {holds(end, limit) for end in estimate.bounds_interval or estimate.interval}
    return "inconclusive" if len(sides) > 1 else "pass" if sides.pop() else "fail"


def _sentence(
    rule: Threshold, name: str, names: RunNames, estimate: PairwiseEstimate | None, decision: Decision
) -> str:
    opponents = names.opponents.get(name, ())
    # With one opponent the rate is over that one, and it has none of its own: say whom.
    over = rule.over or (opponents[0] if len(opponents) == 1 else f"{len(opponents)} others")
    about = f"{name}.win_rate over {over}"
    wanted = f"wanted {rule.comparator} {rule.limit:g}"
    if estimate is None or not estimate.n or estimate.coverage == 0:
        return f"{about} is not known (no preference could be read); {wanted}."
    if estimate.interval is None:
        return (
            f"{about} is {estimate.win_rate:.4g}, of too few pairs for an interval ({estimate.n}); {wanted}."
        )
    low, high = estimate.interval
    said = f"{about} is {estimate.win_rate:.4g}, interval {low:.4g} to {high:.4g}"
    held = {"pass": "all", "fail": "none", "inconclusive": "only a part"}[decision]
    if estimate.bounds_interval:
        worst, best = estimate.bounds_interval
        total = estimate.n + estimate.n_unscored
        lost = f"{estimate.n_lost:,} of {total:,} pairs without a preference"
        said += f", {worst:.4g} to {best:.4g} whatever the {lost} were"
    return f"{said}{verdicts_by(estimate.rests_on, estimate.n_labelled, None)}; {wanted}: {held} of it is."
