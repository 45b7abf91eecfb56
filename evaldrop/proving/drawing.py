"""Records of a proof drawn again with replacement, as many as a run has; groups as a whole."""

import numpy as np

from evaldrop.statistics.paired_test import Groups
from evaldrop.statistics.vectors import Ints


def members_of(codes: Ints) -> list[Ints]:
    """Return the places of each group's records; `codes` are groups from 0 on, shape (records,)."""
    order = np.argsort(codes, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(codes[order])) + 1)


def drawn(
    size: int, members: list[Ints] | None, records: int, source: np.random.Generator
) -> tuple[Ints, Groups]:
    """
    Return places as a run could have them, and their clusters.

    Args:
        size: Of how many records is drawn.
        members: Their groups; None where they are independent, which have no clusters.
        records: How many places.
        source: Of what is drawn.
    """
    if members is None:
        return source.integers(0, size, records), None
    chosen: list[Ints] = []
    count = 0
    while count < records:
        chosen.append(members[int(source.integers(0, len(members)))])
        count += chosen[-1].size
    clusters = np.repeat(np.arange(len(chosen), dtype=np.int32), [each.size for each in chosen])
    return np.concatenate(chosen)[:records], clusters[:records]
