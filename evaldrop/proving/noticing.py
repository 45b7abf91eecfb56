"""What judges and checks made of planted faults, and how often they differ from themselves."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from evaldrop.errors import NotEnoughData
from evaldrop.proving.expected import expected_kinds
from evaldrop.proving.judged_copies import CriterionCopies, JudgeCopies, JudgedCopies, oriented
from evaldrop.scorecard.model.proof import Noticed
from evaldrop.statistics.clusters import clustered_pass_interval
from evaldrop.statistics.intervals import wilson_interval
from evaldrop.statistics.paired_test import Decided, Groups, PairedScores, Pairing, decide, paired_test
from evaldrop.statistics.vectors import Floats

FEWEST_PLANTED = 10
"""With fewer nothing is said of a kind of fault."""


class _Instrument(NamedTuple):
    name: str
    judge: str | None
    copies: CriterionCopies
    scores: JudgeCopies


def noticed_faults(judged: JudgedCopies, *, confidence: float) -> tuple[Noticed, ...]:
    """
    Return what each criterion, and each of its judges, made of each kind of fault.

    Changes are paired: the same response with the fault and without, both judged in the proof. All of them
    are one family (Holm; intervals at the level of those that are told), so that of what is said to be
    noticed or rewarded a share of 1 - confidence at most is expected to be false.
    """
    found, tested = [], []
    for instrument in _instruments(judged):
        for kind, faulty in instrument.scores.faulty.items():
            one, pairing = _noticed(instrument, kind, faulty, judged.groups, confidence=confidence)
            found.append(one)
            tested.append(pairing)
    decided = decide(tested, confidence=confidence)
    return tuple(map(_with_decision, found, tested, decided, [each.n for each in found]))


def _instruments(judged: JudgedCopies) -> Iterator[_Instrument]:
    for name, copies in judged.criteria.items():
        whole = JudgeCopies(first=copies.first, again=copies.again, faulty=copies.faulty)
        yield _Instrument(name, None, copies, whole)
        for judge, scores in copies.by_judge.items():
            yield _Instrument(name, judge, copies, scores)


def _noticed(
    instrument: _Instrument, kind: str, faulty: Floats, groups: Groups, *, confidence: float
) -> tuple[Noticed, Pairing]:
    criterion = instrument.copies.criterion
    with_fault = oriented(faulty, criterion)
    without = oriented(instrument.scores.again, criterion)
    before = oriented(instrument.scores.first, criterion)
    both = np.flatnonzero(np.isfinite(with_fault) & np.isfinite(without))
    fell = (with_fault[both] < without[both]).astype(np.float64)
    pairing = paired_test(paired(with_fault, without, instrument.copies), groups, confidence=confidence)
    return Noticed(
        kind=kind,
        criterion=instrument.name,
        judge=instrument.judge,
        n=int(both.size),
        share=float(fell.mean()) if both.size else None,
        interval=_rate_interval(fell, None if groups is None else groups[both], confidence=confidence),
        by_chance=_fallen_by_chance(before[both], without[both]),
        decision="undecided",
        is_expected=kind in expected_kinds(criterion, (kind,)),
    ), pairing


def _with_decision(found: Noticed, pairing: Pairing, decided: Decided, n: int) -> Noticed:
    interval = decided.family_interval or pairing.interval
    decision = "undecided"
    if decided.sign and n >= FEWEST_PLANTED:
        decision = "noticed" if decided.sign < 0 else "rewarded"
    return found.model_copy(
        update={"change": pairing.difference, "change_interval": interval, "decision": decision}
    )


def paired(first: Floats, second: Floats, copies: CriterionCopies) -> PairedScores:
    """Return first minus second on the records that have both, as the scorecard's comparisons take them."""
    scale = copies.criterion.scale
    both = np.flatnonzero(np.isfinite(first) & np.isfinite(second)).astype(np.int32)
    return PairedScores(
        ordinals=both,
        differences=first[both] - second[both],
        reach=scale.high - scale.low,
        step=scale.smallest_step() or 0.0,
        is_binary=scale.kind == "binary",
    )


def _fallen_by_chance(before: Floats, again: Floats) -> float | None:
    # Which of two judgings came first says nothing: the mean of both ways.
    both = np.isfinite(before) & np.isfinite(again)
    return float((before[both] != again[both]).mean() / 2) if both.any() else None


def _rate_interval(fell: Floats, groups: Groups, *, confidence: float) -> tuple[float, float] | None:
    if not fell.size:
        return None
    if groups is None:
        found = wilson_interval(float(fell.sum()), fell.size, confidence=confidence)
        return found.low, found.high
    try:
        found = clustered_pass_interval(fell, groups, confidence=confidence)
    except NotEnoughData:
        return None
    return found.low, found.high


def rewarded(noticed: Sequence[Noticed]) -> list[Noticed]:
    """Return what was rewarded, of all judges together."""
    return [each for each in noticed if each.judge is None and each.decision == "rewarded"]
