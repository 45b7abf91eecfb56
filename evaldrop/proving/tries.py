"""Runs as they could have been: records of a proof drawn again, a share of them with a planted fault."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from evaldrop.evaluation.criteria import Criterion
from evaldrop.proving.drawing import drawn, members_of
from evaldrop.proving.judged_copies import CriterionCopies, JudgedCopies, oriented, passes
from evaldrop.statistics.paired_test import PairedScores, Pairing, paired_test
from evaldrop.statistics.vectors import Floats, Ints


class FaultyRecords(NamedTuple):
    """What tries draw from: scores in which more is better, records that have both judgings."""

    criterion: Criterion
    first: Floats
    again: Floats
    passed: Floats
    """Share of a record's two judgings that pass."""
    faulty: Floats
    """Shape (kinds, records); NaN where none was planted."""
    planted: Ints
    """Places of the records that have a fault of any kind."""
    codes: Ints | None
    """Each record's group, from 0 on; None where records are independent."""

    @property
    def pass_rate(self) -> float:
        """How many of all judgings pass, a fraction."""
        return float(self.passed.mean())

    @property
    def step(self) -> float:
        """The smallest change that the scale knows; 0 where any is possible."""
        return self.criterion.scale.smallest_step() or 0.0

    @property
    def units(self) -> int:
        """How many records, or groups of them, are independent and have a fault."""
        return self.planted.size if self.codes is None else int(np.unique(self.codes[self.planted]).size)


def faulty_records(
    judged: JudgedCopies, copies: CriterionCopies, kinds: Sequence[str]
) -> FaultyRecords | None:
    """Return what tries draw from; None where no such fault was planted, or of less than two records."""
    criterion = copies.criterion
    first, again = oriented(copies.first, criterion), oriented(copies.again, criterion)
    rows = np.flatnonzero(np.isfinite(first) & np.isfinite(again))
    if not kinds or rows.size < 2:
        return None
    faulty = np.stack([oriented(copies.faulty[kind], criterion) for kind in kinds])[:, rows]
    passed = (passes(copies.first, criterion)[rows] + passes(copies.again, criterion)[rows]) / 2
    codes = None if judged.groups is None else np.unique(judged.groups[rows], return_inverse=True)[1]
    planted = np.flatnonzero(np.isfinite(faulty).any(axis=0))
    return FaultyRecords(criterion, first[rows], again[rows], passed, faulty, planted, codes)


def tried(
    world: FaultyRecords, rate: float, *, records: int, tries: int, source: np.random.Generator
) -> list[Pairing]:
    """
    Return the scorecard's test of each try, now minus then.

    Args:
        world: What is drawn from; some record has a fault.
        rate: Share of a try's records that have one.
        records: Of a try.
        tries: How many.
        source: Of what is drawn.
    """
    scale = world.criterion.scale
    is_binary = scale.kind == "binary"
    members = None if world.codes is None else members_of(world.codes)
    ordinals = np.arange(records, dtype=np.int32)
    found = []
    for _ in range(tries):
        rows, groups = drawn(world.first.size, members, records, source)
        differences = _differences(world, rows, source.random(records) < rate, source)
        scores = PairedScores(
            ordinals=ordinals,
            differences=differences,
            reach=scale.high - scale.low,
            step=world.step,
            is_binary=is_binary,
        )
        # Which level is decided by later: of the pairing only the interval that is printed has one.
        found.append(paired_test(scores, groups, confidence=0.95))
    return found


def _differences(
    world: FaultyRecords, rows: Ints, is_faulty: np.ndarray, source: np.random.Generator
) -> Floats:
    has_fault = np.zeros(world.first.size, np.bool_)
    has_fault[world.planted] = True
    # No fault could be planted everywhere, and the drop would be smaller than is asked about if those were
    # left as they are: another record lends what its fault changed.
    is_lent = is_faulty & ~has_fault[rows]
    rows = np.where(is_lent, source.choice(world.planted, rows.size), rows)
    swapped = source.random(rows.size) < 0.5
    then = np.where(swapped, world.again[rows], world.first[rows])
    now = np.where(swapped, world.first[rows], world.again[rows])
    there = np.isfinite(world.faulty[:, rows])
    kinds = np.where(there, source.random(there.shape), -1.0).argmax(axis=0)
    changed: Floats = np.where(is_faulty, world.faulty[kinds, rows], now) - then
    return changed
