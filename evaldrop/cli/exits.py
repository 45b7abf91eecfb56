"""What the process's exit code says."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from evaldrop.scorecard.model.scorecard import GateDecision, Scorecard

PASSED: Final = 0
GATE_FAILED: Final = 1
# Not 1: too few records to decide is no regression, and CI may treat it otherwise.
GATE_INCONCLUSIVE: Final = 2
RUN_FAILED: Final = 3
# EX_USAGE of sysexits.h: clear of 1 to 3, which tell of a gate or a run.
WRONG_USE: Final = 64
# EX_SOFTWARE of sysexits.h. Python itself would end with 1, which says that a gate failed.
FAULT_OF_OURS: Final = 70
# As a shell has it for SIGINT: 128 + 2.
INTERRUPTED: Final = 130

_DECISIONS: Final[Mapping[str, int]] = {
    "pass": PASSED,
    "no gate": PASSED,
    "fail": GATE_FAILED,
    "inconclusive": GATE_INCONCLUSIVE,
}


def of_scorecard(scorecard: "Scorecard", *, strict: bool = False) -> int:
    """Return the exit code of a run: its gate's, but that of a failed run where somebody answered nothing."""
    from evaldrop.scorecard.answers import silences

    return RUN_FAILED if silences(scorecard) else of_decision(scorecard.gate.decision, strict=strict)


def of_decision(decision: "GateDecision", *, strict: bool = False) -> int:
    """Return the exit code of a gate's decision; a strict gate fails when it is inconclusive."""
    if strict and decision == "inconclusive":
        return GATE_FAILED
    return _DECISIONS[decision]
