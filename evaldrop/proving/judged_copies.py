"""What a proof is computed from: scores of the same responses, unchanged, judged again, and with faults."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from evaldrop.evaluation.criteria import Criterion
from evaldrop.statistics.paired_test import Groups
from evaldrop.statistics.vectors import Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class CriterionCopies:
    """
    Scores on one criterion, a record each; NaN where there is none.

    Attributes:
        criterion: Its scale, direction and pass mark.
        first: The response as it is, judged the first time; shape (records,).
        again: The same, judged again in a column of its own.
        faulty: By kind, the response with a fault of that kind; NaN where none was planted.
        by_judge: By judge, the last two of each judge alone, where there are several or it is a check.
    """

    criterion: Criterion
    first: Floats
    again: Floats
    faulty: Mapping[str, Floats]
    by_judge: Mapping[str, "JudgeCopies"] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeCopies:
    """One judge's scores, as in `CriterionCopies`."""

    first: Floats
    again: Floats
    faulty: Mapping[str, Floats]


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedCopies:
    """
    All that was judged.

    Attributes:
        candidate: Whose responses.
        criteria: By name.
        groups: Each record's cluster; None where records are independent.
        run_records: Records of a whole run, of which those here may be a sample.
        comparisons: Decided together by the gate: candidates times criteria.
    """

    candidate: str
    criteria: Mapping[str, CriterionCopies]
    groups: Groups = None
    run_records: int
    comparisons: int = 1

    @property
    def records(self) -> int:
        """Records of the proof."""
        return max((copies.first.size for copies in self.criteria.values()), default=0)


def oriented(scores: Floats, criterion: Criterion) -> Floats:
    """Return scores turned so that more is better."""
    return scores if criterion.higher_is_better else -scores


def passes(scores: Floats, criterion: Criterion) -> Floats:
    """Return 1.0 where a score passes and 0.0 where not; NaN where there is none."""
    passed = scores >= criterion.pass_at if criterion.higher_is_better else scores <= criterion.pass_at
    return np.where(np.isfinite(scores), passed.astype(np.float64), np.nan)
