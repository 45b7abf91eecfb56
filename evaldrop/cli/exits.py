"""What the process's exit code says."""

import errno
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from evaldrop.aws_errors import code_of, is_aws_fault
from evaldrop.errors import EvaldropError, InputError, StorageError

if TYPE_CHECKING:
    from evaldrop.scorecard.model.scorecard import GateDecision, Scorecard

PASSED: Final = 0
GATE_FAILED: Final = 1
# Not 1: too few records to decide is no regression, and CI may treat it otherwise.
GATE_INCONCLUSIVE: Final = 2
RUN_FAILED: Final = 3
BUDGET_SPENT: Final = 4
# EX_USAGE of sysexits.h: clear of 1 to 3, which tell of a gate or a run.
WRONG_USE: Final = 64
# EX_SOFTWARE of sysexits.h. Python itself would end with 1, which says that a gate failed.
FAULT_OF_OURS: Final = 70
# As a shell has it for SIGINT: 128 + 2.
INTERRUPTED: Final = 130

DISK_IS_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""Of a disk, of a user's share of it, of a file."""

_DISK_FAILS = DISK_IS_FULL | {errno.EIO, errno.EROFS}
# HEAD has no body to name the error in: botocore's code is then the status.
_NOT_IN_S3 = frozenset({"NoSuchBucket", "NoSuchKey", "NoSuchVersion", "InvalidBucketName", "404", "400"})

_DECISIONS: Final[Mapping[str, int]] = {
    "pass": PASSED,
    "no gate": PASSED,
    "fail": GATE_FAILED,
    "inconclusive": GATE_INCONCLUSIVE,
}


def of_scorecard(scorecard: "Scorecard", *, strict: bool = False) -> int:
    """
    Return the exit code of a run: its gate's.

    But that of a failed run where somebody answered nothing; and where the budget was spent before all
    records were begun, or all evaluation jobs created, that of a spent one, unless the gate failed on those
    that were.
    """
    from evaldrop.scorecard.answers import silences

    if silences(scorecard):
        return BUDGET_SPENT if _is_for_budget(scorecard) else RUN_FAILED
    code = of_decision(scorecard.gate.decision, strict=strict)
    is_spent = scorecard.records.skipped or scorecard.unasked
    return BUDGET_SPENT if is_spent and code != GATE_FAILED else code


def _is_for_budget(scorecard: "Scorecard") -> bool:
    """Tell whether nothing failed where nothing was answered, but that no evaluation job had a budget."""
    has_failed = any(card.responses.errors for card in scorecard.candidates.values()) or any(
        judge.errors for judge in scorecard.judges.values()
    )
    return bool(scorecard.unasked) and not has_failed


def of_decision(decision: "GateDecision", *, strict: bool = False) -> int:
    """Return the exit code of a gate's decision; a strict gate fails when it is inconclusive."""
    if strict and decision == "inconclusive":
        return GATE_FAILED
    return _DECISIONS[decision]


def of_error(error: EvaldropError) -> int:
    """Return the exit code of an error: whether what was given is wrong, or a disk or a service refused."""
    # Bad input must not look like a run that failed.
    if isinstance(error, InputError) or (isinstance(error, StorageError) and _is_of_the_place(error)):
        return WRONG_USE
    return RUN_FAILED


def _is_of_the_place(error: StorageError) -> bool:
    """Tell whether there is nothing at a URI, or something else than was looked for."""
    cause = error.__cause__
    if isinstance(cause, Exception) and is_aws_fault(cause):
        return code_of(cause) in _NOT_IN_S3 or type(cause).__name__ == "ParamValidationError"
    return not (isinstance(cause, OSError) and cause.errno in _DISK_FAILS)
