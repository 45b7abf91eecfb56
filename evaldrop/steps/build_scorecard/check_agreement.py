"""Where code and judges say different things of one response."""

from collections.abc import Iterable, Mapping

import numpy as np
import numpy.typing as npt

from evaldrop.run.definition import RunDefinition
from evaldrop.scorecard.model.usefulness import ChecksAgainstJudges
from evaldrop.steps.build_scorecard.columns import ColumnsOf
from evaldrop.steps.build_scorecard.counts import ScoreColumn

Flags = npt.NDArray[np.bool_]

# A panel of which half says yes has passed.
_PASSED = 0.5


def checks_against_judges(
    run: RunDefinition, columns: Mapping[str, ColumnsOf], size: int
) -> dict[str, ChecksAgainstJudges]:
    """
    Return, for each candidate, how often its checks and its judged criteria say different things.

    Args:
        run: The run; without checks, or without judged criteria, nothing is compared.
        columns: Each candidate's scores by criterion, without those that count as the worst.
        size: What ordinals are below.
    """
    judged = run.judged_criteria
    found = {}
    for name, parts in columns.items():
        by_check, held = _all_passed((parts[each] for each in parts if each not in judged), size)
        by_judge, accepted = _all_passed((parts[each] for each in parts if each in judged), size)
        both = by_check & by_judge
        if both.any():
            found[name] = ChecksAgainstJudges(
                n=int(both.sum()),
                check_failed=int((both & ~held & accepted).sum()),
                judge_failed=int((both & held & ~accepted).sum()),
            )
    return found


def _all_passed(columns: Iterable[ScoreColumn], size: int) -> tuple[Flags, Flags]:
    """Return which records have a score on any of the criteria, and which passed all that they have."""
    seen, passed = np.zeros(size, bool), np.ones(size, bool)
    for column in columns:
        seen[column.ordinals] = True
        passed[column.ordinals] &= column.passed >= _PASSED
    return seen, passed
