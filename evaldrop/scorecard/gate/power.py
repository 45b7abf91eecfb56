"""Judges the rules on the instrument: in what share of tries its judges and checks find a drop."""

import operator
from math import isclose
from typing import Final, NamedTuple

from evaldrop.scorecard.gate.rules import PowerToSee
from evaldrop.scorecard.model.proof import DetectionPower, GateLook, Proof
from evaldrop.scorecard.model.scorecard import Decision, GateCheck, Scorecard

_COMMAND: Final = "evaldrop prove RUN --faults"
_LOOKS: Final[dict[GateLook, str]] = {"single": "asked once", "weekly": "at a weekly run's level"}


class _PowerDecision(NamedTuple):
    decision: Decision
    said: str


def power_check(rule: PowerToSee, scorecard: Scorecard) -> GateCheck:
    """
    Return what a proof makes of a rule.

    It is judged by the interval of the share of tries, for faults of all kinds: at a weekly run's level where
    the run is held to a baseline, else at that of a question asked once. Fewer records find less: the proof
    of a larger run lets none pass, and that of a smaller one fails none.
    """
    decision, said = _judge(rule, scorecard)
    wanted = f"wanted {rule.comparator} {rule.limit:g}"
    sentence = f"power to see {rule.drop:g} in {rule.criterion} {said}; {wanted}."
    return GateCheck(expression=rule.expression, decision=decision, sentence=sentence)


def _judge(rule: PowerToSee, scorecard: Scorecard) -> _PowerDecision:
    proof = scorecard.proof
    if proof is None:
        return _unknown(f"there is no proof; `{_COMMAND}` makes one")
    if proof.simulated and not scorecard.simulated:
        return _unknown(f"the proof is a rehearsal's, and this run is none; `{_COMMAND}` makes another")
    look: GateLook = "single" if scorecard.baseline is None else "weekly"
    asked = [
        each for each in proof.power if (each.criterion, each.look, each.kind) == (rule.criterion, look, None)
    ]
    found = next((each for each in asked if isclose(each.drop, rule.drop)), None)
    if found is None:
        drops = ", ".join(f"{each.drop:g}" for each in asked)
        there_are = f"this drop; it has {drops}" if drops else f"{rule.criterion}"
        return _unknown(f"the proof did not ask about {there_are}")
    if found.share is None or found.interval is None:
        return _unknown(found.reason or "the proof could not tell")
    return _by_interval(rule, found, proof, scorecard)


def _by_interval(
    rule: PowerToSee, found: DetectionPower, proof: Proof, scorecard: Scorecard
) -> _PowerDecision:
    holds = operator.ge if rule.comparator == ">=" else operator.gt
    low, high = found.interval or (0.0, 1.0)
    decision: Decision = (
        "pass" if holds(low, rule.limit) else "inconclusive" if holds(high, rule.limit) else "fail"
    )
    said = f"is {found.share:.4g}, interval {low:.4g} to {high:.4g}, {_LOOKS[found.look]}"
    if proof.run_id is None:
        return _PowerDecision(decision, said)
    said += f", by the proof of {proof.run_id}"
    records = scorecard.records.read - scorecard.records.rejected
    is_open = records < found.records if decision == "pass" else records > found.records
    if decision == "inconclusive" or not is_open:
        return _PowerDecision(decision, said)
    other = f"for {found.records:,} records, and this run has {records:,}; `{_COMMAND}` makes its own"
    return _PowerDecision("inconclusive", f"{said}, {other}")


def _unknown(why: str) -> _PowerDecision:
    return _PowerDecision("inconclusive", f"is not known ({why})")
