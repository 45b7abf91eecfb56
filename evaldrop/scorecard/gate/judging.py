"""Judges a scorecard by rules: an estimate by its interval, a fact of the run as it is."""

import operator
from collections.abc import Callable, Iterable, Iterator
from math import inf, isinf
from typing import NamedTuple

from evaldrop.scorecard.answers import ANSWERS, reason_of, verdict_coverage
from evaldrop.scorecard.figures import by_whom
from evaldrop.scorecard.gate.answers import answer_checks, coverage_in_words
from evaldrop.scorecard.gate.baseline import judge_against_baseline
from evaldrop.scorecard.gate.names import RunNames, check_names, subject_of
from evaldrop.scorecard.gate.power import power_check
from evaldrop.scorecard.gate.preferences import preference_checks, unread_check
from evaldrop.scorecard.gate.rules import PowerToSee, Rule, Threshold, parse_gate
from evaldrop.scorecard.model.calibration import CalibratedMean
from evaldrop.scorecard.model.guardrails import BlockedShare, GuardrailEstimate
from evaldrop.scorecard.model.part import OVERALL, Interval
from evaldrop.scorecard.model.scorecard import (
    NO_GATE,
    CandidateScorecard,
    CriterionEstimate,
    Decision,
    Gate,
    GateCheck,
    Latency,
    OpenInterval,
    Scorecard,
)


class _Measured(NamedTuple):
    """
    A quantity's value and, where it is an estimate, its interval.

    `reach` is what the interval may reach whatever the lost verdicts were; None when none was lost.
    """

    about: str
    candidate: str | None
    value: float | None
    interval: Interval | None = None
    absence: str | None = None
    reach: Interval | None = None
    basis: str = ""


_TRUST = "anchors"
_GUARDRAIL, _LATENCY = "guardrail.", "latency_ms."
_COMPARATORS: dict[str, Callable[[float, float], bool]] = {
    ">=": operator.ge,
    ">": operator.gt,
    "<=": operator.le,
    "<": operator.lt,
}


def evaluate_gate(expressions: Iterable[str], scorecard: Scorecard) -> Gate:
    """
    Judge a run by its gate.

    An estimate is judged by its interval: it passes when the whole interval is on the right side of the
    limit, fails when it is on the wrong side, and is inconclusive between; where verdicts were lost, by what
    its interval may reach whatever they would have been. What the run cost, errors and
    coverage are facts of this run and are compared as they are. One failed rule fails the gate; else one
    inconclusive rule leaves it open, and so do comparisons of which nothing could be read. A candidate or
    judge that answered nothing fails it, whatever its rules are; where they say nothing of what is missing,
    too few answers leave it open. So does a judge that gets the anchors wrong, whatever the rules come to.

    Raises:
        EvaluationError: A rule cannot be read, or names no candidate or criterion of the run.
    """
    rules = [parse_gate(expression) for expression in expressions]
    # All names before any judgement: a gate with a misspelt rule has no decision at all.
    names = RunNames.of(scorecard)
    for rule in rules:
        check_names(rule, names)
    unread = unread_check(scorecard)
    checks = (
        *([unread] if unread else []),
        *answer_checks(rules, scorecard, names),
        *(check for rule in rules for check in _checks(rule, scorecard, names)),
    )
    distrusted = tuple(_distrusted(scorecard))
    # Nothing may rest on the verdicts of a judge that is not trusted: neither that a rule holds nor that it
    # does not. Who answered nothing failed all the same.
    decisive = {check.decision for check in checks if check.expression == ANSWERS or not distrusted}
    decisions = {*decisive, *(check.decision for check in distrusted)}
    if not decisions:
        return Gate(decision=NO_GATE, reasons=(coverage_in_words(scorecard),))
    worst: Decision = (
        "fail" if "fail" in decisions else "inconclusive" if "inconclusive" in decisions else "pass"
    )
    checks = (*distrusted, *checks)
    reasons = tuple(map(reason_of, checks))
    return Gate(decision=worst, reasons=reasons, checks=checks)


def _distrusted(scorecard: Scorecard) -> Iterator[GateCheck]:
    for name, estimate in scorecard.anchors.items():
        if not estimate.trusted:
            yield GateCheck(
                expression=_TRUST,
                decision="inconclusive",
                sentence=f"judge {name} is not trusted: {estimate.reason}.",
                judge=name,
            )


def _checks(rule: Rule, scorecard: Scorecard, names: RunNames) -> Iterator[GateCheck]:
    if isinstance(rule, PowerToSee):
        yield power_check(rule, scorecard)
        return
    if not isinstance(rule, Threshold):
        yield from judge_against_baseline(rule, scorecard, names)
        return
    if rule.quantity == "win_rate":
        yield from preference_checks(rule, scorecard, names, _COMPARATORS[rule.comparator])
        return
    for measured in _measure(rule, scorecard, names):
        decision = _decide(rule, measured)
        yield GateCheck(
            expression=rule.expression,
            decision=decision,
            sentence=_sentence(rule, measured, decision),
            candidate=measured.candidate,
        )


def _decide(rule: Threshold, measured: _Measured) -> Decision:
    if measured.value is None:
        return "inconclusive"
    holds = _COMPARATORS[rule.comparator]
    low, high = measured.reach or measured.interval or (measured.value, measured.value)
    # Both ends, since which of them is the worse one depends on the comparator.
    if holds(low, rule.limit) and holds(high, rule.limit):
        return "pass"
    return "inconclusive" if holds(low, rule.limit) or holds(high, rule.limit) else "fail"


def _sentence(rule: Threshold, measured: _Measured, decision: Decision) -> str:
    wanted = f"wanted {rule.comparator} {rule.limit:g}"
    if measured.value is None:
        return f"{measured.about} is not known ({measured.absence or 'no data'}); {wanted}."
    value = f"{measured.about} is {measured.value:.4g}"
    if measured.interval is None:
        return f"{value}; {wanted}."
    low, high = measured.interval
    held = {"pass": "all", "fail": "none", "inconclusive": "only a part"}[decision]
    missing = ""
    if measured.reach is not None:
        missing = f", {measured.reach[0]:.4g} to {measured.reach[1]:.4g} with the missing verdicts"
    ends = " to ".join("–" if isinf(end) else f"{end:.4g}" for end in (low, high))
    return f"{value}, interval {ends}{missing}{measured.basis}; {wanted}: {held} of it is."


def _measure(rule: Threshold, scorecard: Scorecard, names: RunNames) -> Iterator[_Measured]:
    subject = subject_of(rule, names)
    if subject.is_the_run:
        yield _of_the_run(rule, scorecard)
        return
    for name in subject.candidates:
        card = scorecard.candidates[name]
        if rule.quantity.startswith(_GUARDRAIL):
            yield _of_guardrail(rule, name, card.guardrail)
        elif rule.quantity == "coverage" and not subject.measure:
            covered = verdict_coverage(scorecard, name)
            yield _Measured(f"{name}.coverage", name, covered, None, "no verdict was asked for")
        elif not subject.measure:
            yield _of_candidate(rule, name, card)
        elif subject.measure in scorecard.criteria:
            yield _of_criterion(rule, name, card.criteria.get(subject.measure), subject.measure)
        else:
            yield _of_mean(rule, name, card, subject.measure)


def _of_the_run(rule: Threshold, scorecard: Scorecard) -> _Measured:
    if rule.quantity == "coverage":
        return _Measured("coverage", None, scorecard.coverage, None, "no verdict was asked for")
    unknown = ", ".join(scorecard.cost_usd.unknown_models)
    return _Measured("cost_usd", None, scorecard.cost_usd.total, None, f"no price or tokens for {unknown}")


def _of_criterion(
    rule: Threshold, name: str, estimate: CriterionEstimate | None, criterion: str
) -> _Measured:
    about = f"{name}.{criterion}.{rule.quantity}"
    if estimate is None:
        return _Measured(about, name, None, None, "it was asked of no record")
    if rule.quantity == "coverage":
        return _Measured(about, name, estimate.coverage, None, "it applies to no record")
    bounds, people = estimate.bounds, estimate.calibrated
    value, interval, reach = estimate.mean, estimate.interval, estimate.bounds_interval
    by_people = (None, None) if people is None else (people.mean, people.interval)
    if rule.quantity == "pass_rate":
        bounds, value = estimate.pass_bounds, estimate.pass_rate
        interval, reach = estimate.pass_interval, estimate.pass_bounds_interval
        by_people = (None, None) if people is None else (people.pass_rate, people.pass_interval)
    if people is not None and people.decides:
        reach = _moved(bounds, value, *by_people, share=estimate.coverage)
        value, interval = by_people
    # An estimate without an interval bears no decision.
    known = value if interval else None
    return _Measured(about, name, known, interval, estimate.reason, reach, _basis(people))


def _moved(
    bounds: Interval | None,
    judged: float | None,
    corrected: float | None,
    interval: Interval | None,
    *,
    share: float | None,
) -> Interval | None:
    """
    Return what a corrected interval may reach whatever the lost verdicts were; None when none was lost.

    The bounds of the judge's number, of which the known share moves as far as people's labels move it.
    """
    if bounds is None or judged is None or corrected is None or interval is None or bounds[0] == bounds[1]:
        return None
    moved = (corrected - judged) * (share or 1.0)
    return bounds[0] + moved - (corrected - interval[0]), bounds[1] + moved + (interval[1] - corrected)


def _basis(people: CalibratedMean | None) -> str:
    """Return on whose verdicts an estimate rests; nothing where nobody labelled any."""
    if people is None:
        return ""
    if not people.decides:
        reason = (people.reason or "").removeprefix("not corrected: ")
        why = f": {reason}" if reason else f": {people.n_labelled} labels are too few"
        return f" (by the judge alone{why.rstrip('.')})"
    return f" ({by_whom('both' if people.weight else 'people', people.n_labelled)})"


def _of_mean(rule: Threshold, name: str, card: CandidateScorecard, measure: str) -> _Measured:
    estimate = card.overall if measure == OVERALL else card.metrics.get(measure)
    about = f"{name}.{measure}.{rule.quantity}"
    # A mean of one record or one group has no interval: it decides nothing, however good it looks.
    if estimate is None or estimate.interval is None:
        return _Measured(about, name, None, None, estimate.reason if estimate else "nothing was scored")
    people, reach = estimate.calibrated, estimate.bounds_interval
    if people is None or not people.decides:
        return _Measured(about, name, estimate.mean, estimate.interval, None, reach, _basis(people))
    # Of overall quality any criterion may be missing: all that is known moves.
    reach = _moved(estimate.bounds, estimate.mean, people.mean, people.interval, share=None)
    return _Measured(about, name, people.mean, people.interval, None, reach, _basis(people))


def _of_candidate(rule: Threshold, name: str, card: CandidateScorecard) -> _Measured:
    if rule.quantity.startswith(_LATENCY):
        return _of_latency(rule, name, card.latency_ms)
    counts, cost = card.responses, card.cost_usd
    values: dict[str, tuple[float | None, str]] = {
        "cost_usd": (cost.candidate, f"no price or tokens for {card.model}"),
        "cost_usd.per_1000_records": (
            cost.per_1000_records if cost.per_1000_interval else None,
            f"no price, no tokens, or too few calls for {card.model}",
        ),
        "error_rate": (
            # Missing ones too: a record that was lost with its child workflow would else improve the rate.
            (counts.errors + counts.missing) / counts.n if counts.n else None, "there was nothing to answer"
        ),
    }  # fmt: skip
    value, absence = values[rule.quantity]
    # What was paid is a fact of the run; what a thousand records would cost is an estimate.
    interval = cost.per_1000_interval if rule.quantity == "cost_usd.per_1000_records" else None
    return _Measured(f"{name}.{rule.quantity}", name, value, interval, absence)


def _of_latency(rule: Threshold, name: str, latency: Latency) -> _Measured:
    about, percentile = f"{name}.{rule.quantity}", rule.quantity.removeprefix(_LATENCY)
    bounds: OpenInterval | None = getattr(latency, f"{percentile}_interval")
    if bounds is None:
        absence = "it has no interval" if latency.n else "no call told its latency"
        return _Measured(about, name, None, None, latency.reason or absence)
    low, high = bounds
    needed = latency.calls_needed.get(percentile)
    return _Measured(
        about,
        name,
        getattr(latency, percentile),
        # An unknown end may be anywhere: an infinite one keeps the rule from passing by it.
        (-inf if low is None else low, inf if high is None else high),
        basis=f" ({latency.n:,} calls; both ends need {needed:,})" if needed else "",
    )


def _of_guardrail(rule: Threshold, name: str, estimate: GuardrailEstimate | None) -> _Measured:
    about = f"{name}.{rule.quantity}"
    if estimate is None:
        return _Measured(about, name, None, None, "no record says expected_blocked")
    share: BlockedShare = getattr(estimate, rule.quantity.removeprefix(_GUARDRAIL).removesuffix("_rate"))
    kind = "true" if rule.quantity.endswith("bad_rate") else "false"
    absence = f"no response with a known end to a record that says expected_blocked: {kind}"
    return _Measured(about, name, share.rate if share.interval else None, share.interval, absence)
