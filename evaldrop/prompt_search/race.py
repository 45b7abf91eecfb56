"""
A race on dev: prompts meet the same records in growing batches, and those shown worse drop out.

Worse than the incumbent, the best prompt of the rounds before, by the paired tests that scorecards have. Who
is not shown worse stays, so that what is dropped is dropped for a reason and not by chance.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from evaldrop.prompt_search.parts import PartsOf
from evaldrop.prompt_search.state import Proposal, Tried
from evaldrop.statistics.multiplicity import holm
from evaldrop.statistics.paired_test import PairedScores, paired_test

MOST_LOST: Final = 0.2
"""Chance that a round's race drops any prompt that is as good as the incumbent."""

FIRST_BATCH: Final = 8

MOST_FAILED: Final = 0.25
"""Of the records that the incumbent has a score on; a prompt that fails on more drops out."""


class Compared(NamedTuple):
    """
    A prompt against the incumbent on the records that both have a score on.

    Attributes:
        shared: How many these are.
        failed: Further ones, which it has tried and only the incumbent has a score on.
        difference: Mean quality over the shared ones less the incumbent's; 0 without any.
        p_value: Two-sided, of a prompt that is behind; 1 of all others, and where nothing can be tested.
    """

    shared: int
    failed: int
    difference: float
    p_value: float = 1.0

    @property
    def has_failed(self) -> bool:
        """Whether it has too few scores to be compared by."""
        return self.failed > MOST_FAILED * (self.shared + self.failed)


def batch_ends(records: int) -> tuple[int, ...]:
    """
    Return after how many dev records a race pauses: batches of 8, 16, 32 and so on.

    A last batch that would be less than half of its size joins the one before: pausing would save little.
    """
    ends: list[int] = []
    size = FIRST_BATCH
    while records - sum(ends[-1:]) >= 2 * size:
        ends.append(sum(ends[-1:]) + size)
        size *= 2
    return (*ends, records) if records else ()


def dropped(incumbent: Proposal, racing: Sequence[Proposal], parts: PartsOf, *, met: int) -> dict[str, str]:
    """
    Return who leaves the race after a batch, by ID, and why.

    The chance of losing any prompt that is as good as the incumbent is spread evenly over the pauses, of
    which the last is none (who has met all records leaves nothing to save); within one, p values are adjusted
    by Holm's method over the prompts still racing. As good means: its scores are distributed as the
    incumbent's are. An incumbent that was itself chosen on these records looks better than it is, and the
    chance is then somewhat larger.

    Args:
        incumbent: Who has met all of these records.
        racing: Prompts that have.
        parts: In the order of the race.
        met: How many dev records that are, one of `batch_ends`.
    """
    pauses = batch_ends(len(parts.dev))[:-1]
    compared = {each.id: compare(incumbent, each, parts.dev[:met], parts.groups) for each in racing}
    found = {
        which: f"failed on {one.failed} of {one.failed + one.shared} dev records"
        for which, one in compared.items()
        if one.has_failed
    }
    left = {which: one for which, one in compared.items() if which not in found}
    if met in pauses and left:
        # Twice, since only one of the two sides of the test is acted on.
        level = 2 * MOST_LOST / len(pauses)
        adjusted = holm([one.p_value for one in left.values()])
        found |= {
            which: f"worse than {incumbent.id} by {-one.difference:.2f} on {one.shared} dev records"
            for (which, one), p_value in zip(left.items(), adjusted, strict=True)
            if p_value <= level
        }
    return found


def best(incumbent: Proposal, finalists: Sequence[Proposal], records: Sequence[str]) -> Proposal:
    """
    Return the prompt with the highest quality on dev: the incumbent, unless another is better than it.

    Each is compared on the records that it shares with the incumbent. Of equally good ones the shortest, and
    of those the one that was proposed first. Who has failed on too many is not chosen.
    """
    found, best_key = incumbent, (0.0, -incumbent.tokens)
    for each in finalists:
        one = compare(incumbent, each, records, {}, tests=False)
        # What averages differ by in their last bits is rounding.
        key = (round(one.difference, 12), -each.tokens)
        if one.shared and not one.has_failed and key > best_key:
            found, best_key = each, key
    return found


def compare(
    incumbent: Proposal,
    other: Proposal,
    records: Sequence[str],
    groups: Mapping[str, str],
    *,
    tests: bool = True,
) -> Compared:
    """Compare a prompt with the incumbent on dev records; without tests the p value is 1."""
    pairs = list(_pairs(incumbent.dev, other.dev, records))
    differences = np.array([theirs - ours for _, ours, theirs in pairs if theirs is not None], np.float64)
    shared = [record for record, _, theirs in pairs if theirs is not None]
    difference = float(differences.mean()) if shared else 0.0
    found = Compared(len(shared), len(pairs) - len(shared), difference)
    if not tests or difference >= 0:
        return found
    ordinals = np.arange(len(shared), dtype=np.int32)
    clusters = _clusters(shared, groups)
    tested = paired_test(PairedScores(ordinals, differences), clusters, confidence=0.95)
    return found if tested.p_value is None else found._replace(p_value=tested.p_value)


def _pairs(
    ours: Mapping[str, Tried], theirs: Mapping[str, Tried], records: Sequence[str]
) -> Iterator[tuple[str, float, float | None]]:
    """Yield the records that both have tried and the incumbent has a score on, and both scores."""
    for record in records:
        if record in ours and record in theirs:
            quality = ours[record].quality
            if quality is not None:
                yield record, quality, theirs[record].quality


def _clusters(records: Sequence[str], groups: Mapping[str, str]) -> npt.NDArray[np.int32] | None:
    """Return each record's group by number; None where no two records share one."""
    labels = [("group", groups[record]) if record in groups else ("record", record) for record in records]
    numbers: dict[tuple[str, str], int] = {}
    codes = [numbers.setdefault(label, len(numbers)) for label in labels]
    return None if len(numbers) == len(records) else np.array(codes, np.int32)
