"""
What a reader of the page sees first: what fell, what the gate's rules say, alarms; and candidates best first.

No number is computed here.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from evaldrop.scorecard import figures
from evaldrop.scorecard.model.baseline import BaselineCandidate, BaselineEstimate
from evaldrop.scorecard.model.scorecard import GateCheck, Scorecard
from evaldrop.scorecard.recommendation import recommendation_of

# More of either are folded: a first screen that names everything says nothing.
MOST_FALLS = 3
MOST_FALLEN = 3
MOST_ALARMS = 2
# Characters of an alarm before the rest of it is folded: one about every candidate fills a phone.
MOST_OF_AN_ALARM = 170

_DECISIONS = ("fail", "inconclusive", "pass")
_OUTCOMES = {"fail": "failed", "inconclusive": "inconclusive", "pass": "passed"}


class Fall(NamedTuple):
    """What a candidate lost since the blessed run, in words; `category` is "" where it is all records."""

    criterion: str
    category: str
    difference: str
    interval: str


class Fallen(NamedTuple):
    """A candidate that is worse than in the blessed run, its largest fall first."""

    candidate: str
    falls: Sequence[Fall]

    @property
    def folded(self) -> int:
        """How many of its falls the first screen does not name."""
        return max(0, len(self.falls) - MOST_FALLS)


def fallen(scorecard: Scorecard) -> list[Fallen]:
    """Return the candidates that are worse than in the blessed run, the one that fell furthest first."""
    cards = scorecard.baseline.candidates.items() if scorecard.baseline else ()
    found = []
    for name, card in cards:
        falls = sorted(_falls(card, scorecard), key=lambda fall: -fall[0])
        if falls:
            found.append((falls[0][0], Fallen(name, [fall for _, fall in falls])))
    return [each for _, each in sorted(found, key=lambda one: -one[0])]


def _falls(card: BaselineCandidate, scorecard: Scorecard) -> Iterator[tuple[float, Fall]]:
    """Yield falls with their share of the scale; those of a category only where the whole has none."""
    for criterion, estimate in card.criteria.items():
        if estimate.decision == "regressed":
            yield _fall(criterion, "", estimate, scorecard)
    for category, criteria in card.categories.items():
        for criterion, estimate in criteria.items():
            whole = card.criteria.get(criterion)
            if estimate.decision == "regressed" and (whole is None or whole.decision != "regressed"):
                yield _fall(criterion, category, estimate, scorecard)


def _fall(
    criterion: str, category: str, estimate: BaselineEstimate, scorecard: Scorecard
) -> tuple[float, Fall]:
    bounds = estimate.reported_interval
    said = Fall(
        criterion,
        category,
        figures.signed(estimate.difference),
        "" if bounds is None else figures.interval(bounds),
    )
    return abs(estimate.difference or 0.0) / scale_of(criterion, scorecard), said


def scale_of(criterion: str, scorecard: Scorecard) -> float:
    """Return the length of a criterion's scale; overall quality is a share."""
    info = scorecard.criteria.get(criterion)
    return ((info.high - info.low) if info else 1.0) or 1.0


class ShownAlarm(NamedTuple):
    """An alarm; of a long one `start` is what stands before it is opened, else None."""

    start: str | None
    text: str


def alarms(scorecard: Scorecard) -> tuple[list[ShownAlarm], list[ShownAlarm]]:
    """Return a scorecard's alarms: those that stand on the first screen, and those that are folded."""
    found = [ShownAlarm(_start(text), text) for text in scorecard.alarms]
    return found[:MOST_ALARMS], found[MOST_ALARMS:]


def _start(text: str) -> str | None:
    if len(text) <= MOST_OF_AN_ALARM:
        return None
    # Without a blank to break at, a name of that length is cut.
    return f"{(text[:MOST_OF_AN_ALARM].rpartition(' ')[0] or text[:MOST_OF_AN_ALARM]).rstrip(' ;,:(')} …"


class GateRule(NamedTuple):
    """A rule of the gate with all its judgements, those that failed first."""

    expression: str
    decision: str
    said: str
    checks: Sequence[GateCheck]


def gate_rules(scorecard: Scorecard) -> list[GateRule]:
    """Return a gate's rules, those that failed first; a rule about several candidates is one."""
    rules: dict[str, list[GateCheck]] = {}
    for check in scorecard.gate.checks:
        rules.setdefault(check.expression, []).append(check)
    found = [_rule(expression, checks) for expression, checks in rules.items()]
    return sorted(found, key=lambda rule: _DECISIONS.index(rule.decision))


def _rule(expression: str, checks: Sequence[GateCheck]) -> GateRule:
    ordered = sorted(checks, key=lambda check: _DECISIONS.index(check.decision))
    if len(ordered) == 1:
        return GateRule(expression, ordered[0].decision, ordered[0].sentence, ordered)
    return GateRule(expression, ordered[0].decision, _tallied(check.decision for check in ordered), ordered)


def _tallied(decisions: Iterable[str]) -> str:
    counts = Counter(decisions)
    (first, n), *others = counts.items()
    if not others:
        return f"all {figures.count(n)} {_OUTCOMES[first]}"
    rest = "".join(f", {figures.count(more)} {_OUTCOMES[kind]}" for kind, more in others)
    return f"{figures.count(n)} of {figures.count(counts.total())} {_OUTCOMES[first]}{rest}"


def best_first(scorecard: Scorecard) -> Scorecard:
    """Return a scorecard whose candidates are in the order in which the recommendation ranks them."""
    ranked = [row.candidate for row in recommendation_of(scorecard).ranking]
    names = dict.fromkeys([*(name for name in ranked if name in scorecard.candidates), *scorecard.candidates])
    return scorecard.model_copy(update={"candidates": {name: scorecard.candidates[name] for name in names}})
