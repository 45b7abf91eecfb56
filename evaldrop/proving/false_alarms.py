"""
How often a candidate is said to differ from itself, by the scorecard's own test.

A try is a run as it could have been: records drawn with replacement, as many as a run has, each with its two
judgings in drawn order. Nothing differs between them but what judges do by chance, so that every difference
that is claimed is a false alarm. Whether the judgings themselves have moved, which the drawn order hides, is
a test of its own.
"""

from typing import Final

import numpy as np

from evaldrop.proving.drawing import drawn, members_of
from evaldrop.proving.judged_copies import CriterionCopies, JudgedCopies
from evaldrop.proving.noticing import paired
from evaldrop.scorecard.model.proof import FalseAlarm
from evaldrop.statistics.intervals import clopper_pearson_interval
from evaldrop.statistics.paired_test import Decided, Groups, Pairing, decide, paired_test
from evaldrop.statistics.vectors import Floats, Ints

TRIES: Final = 400
FEWEST_JUDGED_TWICE: Final = 10
"""With fewer records no tries are made: they would draw the same few again and again."""


def false_alarms(
    judged: JudgedCopies, *, confidence: float, seed: int, tries: int = TRIES
) -> tuple[FalseAlarm, ...]:
    """
    Return for each criterion how often its verdicts change, and how often a difference is claimed of that.

    Args:
        judged: The scores.
        confidence: Level of a run's comparisons, at which each try is decided.
        seed: The same seed gives the same numbers.
        tries: For each criterion.
    """
    moved = [
        paired_test(paired(copies.again, copies.first, copies), judged.groups, confidence=confidence)
        for copies in judged.criteria.values()
    ]
    decided = decide(moved, confidence=confidence)
    return tuple(
        _false_alarm(name, judged, pairing, one, confidence=confidence, seed=seed, tries=tries)
        for name, pairing, one in zip(judged.criteria, moved, decided, strict=True)
    )


def _false_alarm(
    name: str,
    judged: JudgedCopies,
    moved: Pairing,
    decided: Decided,
    *,
    confidence: float,
    seed: int,
    tries: int,
) -> FalseAlarm:
    copies = judged.criteria[name]
    rows = np.flatnonzero(np.isfinite(copies.first) & np.isfinite(copies.again))
    found = FalseAlarm(
        criterion=name,
        n=int(rows.size),
        changed=float((copies.first[rows] != copies.again[rows]).mean()) if rows.size else None,
        tries=0,
        moved=moved.difference,
        moved_interval=decided.family_interval or moved.interval,
        is_moved=decided.sign != 0,
    )
    if rows.size < FEWEST_JUDGED_TWICE:
        return found
    members = None
    if judged.groups is not None:
        members = members_of(np.unique(judged.groups[rows], return_inverse=True)[1])
    source, claimed = np.random.default_rng(seed), 0
    for _ in range(tries):
        places, clusters = drawn(rows.size, members, judged.run_records, source)
        claimed += _is_claimed(copies, rows[places], clusters, confidence, source)
    interval = clopper_pearson_interval(claimed, tries, confidence=confidence)
    return found.model_copy(
        update={"tries": tries, "share": claimed / tries, "interval": (interval.low, interval.high)}
    )


def _is_claimed(
    copies: CriterionCopies, rows: Ints, groups: Groups, confidence: float, source: np.random.Generator
) -> bool:
    is_swapped = source.random(rows.size) < 0.5
    one: Floats = np.where(is_swapped, copies.again[rows], copies.first[rows])
    other: Floats = np.where(is_swapped, copies.first[rows], copies.again[rows])
    (decided,) = decide(
        [paired_test(paired(one, other, copies), groups, confidence=confidence)], confidence=confidence
    )
    return decided.sign != 0
