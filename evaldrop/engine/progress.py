"""
What an unsuccessful execution leaves, so that it can be redriven: the places where its flows stopped.

Memory: of a distributed Map the children that did not succeed, never results or items; of a Standard child
also the input and variables of the state it stopped in.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from evaldrop.engine.errors import DATA_LIMIT_EXCEEDED, RESULT_WRITER_FAILED, RUNTIME, StatesError


@dataclass(slots=True, kw_only=True)
class FlowProgress:
    """
    Where a flow stopped: a state it entered and did not exit. `state` is None while the flow runs.

    `inside` is what the state did of its work: Branches of a Parallel or inline Map, or a MapRunProgress.
    """

    state: str | None = None
    input: Any = None
    variables: dict[str, Any] = field(default_factory=dict)
    inside: Any = None

    def stop(self, state: str | None, data: Any, variables: dict[str, Any], error: BaseException) -> None:
        """Note where the flow stopped, and why: some failures leave nothing that could be gone on with."""
        self.state, self.input, self.variables = state, data, dict(variables)
        if isinstance(error, StatesError) and self.inside is not None and self.inside.is_lost_by(error):
            self.inside = None


@dataclass(slots=True, kw_only=True)
class Branches:
    """What the branches of a Parallel, or the iterations of an inline Map, did: by index."""

    results: dict[int, Any] = field(default_factory=dict)
    places: dict[int, FlowProgress] = field(default_factory=dict)

    def is_lost_by(self, error: StatesError) -> bool:
        """Tell whether a failure makes every branch run again."""
        return error.error == DATA_LIMIT_EXCEEDED


@dataclass(slots=True, kw_only=True)
class UnfinishedChild:
    """A child execution that began and has not succeeded. `place` is a Standard child's."""

    started: float
    items: int
    redrives: int = 0
    place: FlowProgress | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerance:
    """How many items may fail: a count, a percentage of all items, or both; None does not limit."""

    count: float | None
    percentage: float | None

    def is_exceeded(self, failed: int, total: int | None) -> bool:
        """Tell whether more failed than is tolerated; without a total only the count decides."""
        if self.count is not None and failed > self.count:
            return True
        return self.percentage is not None and total is not None and failed * 100 > self.percentage * total


@dataclass(slots=True, kw_only=True)
class MapRunProgress:
    """
    How far a Map Run came.

    Children begin in the order of their index: those below `begun` that are not `unfinished` succeeded.
    `outputs` holds what was written; `children` and `items` are counts by status, `written` those of which a
    result is in the files: (children, items).
    """

    run_id: str
    arn: str
    outputs: Any
    started: float
    begun: int = 0
    unfinished: dict[int, UnfinishedChild] = field(default_factory=dict)
    children: Counter[str] = field(default_factory=Counter)
    items: Counter[str] = field(default_factory=Counter)
    written: tuple[int, int] = (0, 0)
    redrives: int = 0
    redriven: float | None = None
    limit: int | None = None
    tolerance: Tolerance | None = None

    def is_due(self, index: int) -> bool:
        """Tell whether a child is still to be run."""
        return index >= self.begun or index in self.unfinished

    def is_lost_by(self, error: StatesError) -> bool:
        """Tell whether a failure makes a redrive start a new Map Run."""
        # The first two as on AWS. Results that could not be written are nowhere else: all children run again.
        return error.error in {DATA_LIMIT_EXCEEDED, RUNTIME, RESULT_WRITER_FAILED}


@dataclass(slots=True, kw_only=True)
class Progress:
    """
    Given to `execute`, which notes in it how far the execution came; given again, it is redriven.

    `events` is how many events its history has, those of its beginnings and ends included.
    """

    place: FlowProgress = field(default_factory=FlowProgress)
    events: int = 0
    started: float | None = None
    redrives: int = 0
    redriven: float | None = None
