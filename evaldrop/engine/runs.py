"""What the states of one execution share, its variables, and one visit to one state."""

import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from evaldrop.engine.errors import DATA_LIMIT_EXCEEDED, QueryError, StatesError
from evaldrop.engine.machine import Exit, Flow, Working
from evaldrop.engine.payloads import LIMIT_BYTES, check_result, size_of
from evaldrop.engine.progress import Branches, FlowProgress, Progress
from evaldrop.engine.queries import Frame
from evaldrop.engine.surroundings import ArnParts, Clock, EventHistory, ObjectStore, Observer, timestamp

TOTAL_LIMIT_BYTES = 10 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskContext:
    """What an integration may want to know beside its arguments. `attempt` is 0 for the first try."""

    resource: str
    state: str
    execution: str
    attempt: int
    clock: Clock


class VariableScope(Frame):
    """The variables of one flow. `budget` is shared by all scopes of an execution."""

    __slots__ = ("budget", "sizes")

    def __init__(self, parent: "VariableScope | None" = None) -> None:
        super().__init__(None, parent)
        # What was counted for each name, so that setting it again, and closing, gives it back.
        self.sizes: dict[str, int] = {}
        # A list of one number: inner scopes count in the same one.
        self.budget: list[int] = [0] if parent is None else parent.budget

    def assign(self, values: dict[str, Any]) -> None:
        """
        Set variables, all or none.

        Raises:
            StatesError: States.DataLimitExceeded, over 256 KiB in one Assign or 10 MiB in the execution.
        """
        sizes = {name: size_of(value) for name, value in values.items()}
        if sum(sizes.values()) > LIMIT_BYTES:
            raise StatesError(
                DATA_LIMIT_EXCEEDED, f"Assign sets {sum(sizes.values())} bytes; the maximum is {LIMIT_BYTES}"
            )
        total = self.budget[0] + sum(size - self.sizes.get(name, 0) for name, size in sizes.items())
        if total > TOTAL_LIMIT_BYTES:
            cause = f"all variables together are {total} bytes; the maximum is {TOTAL_LIMIT_BYTES}"
            raise StatesError(DATA_LIMIT_EXCEEDED, cause)
        self.budget[0] = total
        self.sizes.update(sizes)
        self.update(values)

    def restore(self, variables: dict[str, Any]) -> None:
        """Set variables that had passed every quota before."""
        for name, value in variables.items():
            self.sizes[name] = size_of(value)
            self.budget[0] += self.sizes[name]
        self.update(variables)

    def close(self) -> None:
        """Give the scope's bytes back."""
        self.budget[0] -= sum(self.sizes.values())
        self.sizes.clear()


Integration = Callable[[Any, TaskContext], Awaitable[Any]]
RunFlow = Callable[
    ["RunningExecution", Flow, VariableScope, Any, dict[str, Any] | None, FlowProgress | None], Awaitable[Any]
]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningExecution:
    """
    One execution, or one child execution: what its states share.

    `execution` and `machine` are those parts of $states.context. `flow` runs a flow; it is here so that
    states that hold flows need not import the module that knows all states. `progress` counts the events.
    """

    integrations: Mapping[str, Integration]
    store: ObjectStore | None
    observer: Observer
    clock: Clock
    random: random.Random
    max_children: int | None
    max_file_bytes: int
    execution: dict[str, Any]
    machine: dict[str, Any]
    flow: RunFlow
    arns: ArnParts
    history: EventHistory | None
    progress: Progress

    @property
    def name(self) -> str:
        """The execution's name."""
        return str(self.execution["Name"])


class StateOutcome(NamedTuple):
    """A state's output and the next state's name, None when the flow ends."""

    output: Any
    next: str | None


@dataclass(slots=True, kw_only=True)
class Visit:
    """
    One visit to one state, retries included.

    `event` is the ID of the event that the state was entered by, where events are made, and `assigned` what
    it set on its way out. `has_worked` tells that the branches or children of this attempt succeeded.
    """

    run: RunningExecution
    state: Any
    scope: VariableScope
    input: Any
    item: dict[str, Any] | None
    place: FlowProgress | None = None
    retry_count: int = 0
    entered: str = ""
    surroundings: dict[str, Any] | None = None
    event: int | None = None
    assigned: dict[str, Any] | None = None
    has_worked: bool = False

    def branches(self) -> Branches | None:
        """Return what is noted of the branches of this attempt; None when nothing is to be remembered."""
        if self.place is None:
            return None
        # A retry runs every branch again; only a redrive goes on from those that did not succeed.
        if self.retry_count or not isinstance(self.place.inside, Branches):
            self.place.inside = Branches()
        return self.place.inside

    def tell(self, kind: str, **details: Any) -> None:
        """Add an event to the execution's history, where one is kept."""
        if self.run.history is not None:
            self.run.progress.events += 1
            self.run.history.add(kind, details)

    def tell_entered(self, kind: str) -> None:
        """Add the event by which the state is entered."""
        self.tell(f"{kind}StateEntered", name=self.state.name, input=self.input)
        self.event = self.run.progress.events

    def tell_exited(self, kind: str, output: Any) -> None:
        """Add the event by which the state is left."""
        assigned = {} if self.assigned is None else {"assignedVariables": self.assigned}
        self.tell(f"{kind}StateExited", name=self.state.name, output=output, **assigned)

    def cause(self, text: str | None) -> str:
        """Return a cause as the execution reports it, naming the state and the event that it began with."""
        entered = "" if self.event is None else f" (entered at the event id #{self.event})"
        return f"An error occurred while executing the state '{self.state.name}'{entered}. {text}"

    def reported(self, error: StatesError) -> StatesError:
        """Return an error as the execution reports it: that of an expression names the state, once."""
        if not isinstance(error, QueryError):
            return error
        told = StatesError(error.error, self.cause(error.cause))
        self.tell(
            "EvaluationFailed",
            state=self.state.name,
            error=told.error,
            cause=told.cause,
            location=error.location,
        )
        return told

    def frame(self, **more: Any) -> Frame:
        """Return the variables an expression of this state sees; `more` is result or errorOutput."""
        states = {"input": self.input, **more}
        # Few expressions mention their surroundings, and describing them takes time at every state.
        if self.state.uses_context:
            states["context"] = self.context()
        return Frame({"states": states}, self.scope)

    def context(self) -> dict[str, Any]:
        """Return $states.context, which is the same until the state is tried again."""
        if self.surroundings is None:
            self.entered = self.entered or timestamp(self.run.clock.now())
            state = {"EnteredTime": self.entered, "Name": self.state.name}
            # Recorded on AWS: a state that is never tried again has no count.
            if isinstance(self.state, Working):
                state["RetryCount"] = self.retry_count
            self.surroundings = {
                "Execution": self.run.execution,
                "StateMachine": self.run.machine,
                "State": state,
            }
            if self.item is not None:
                self.surroundings["Map"] = {"Item": self.item}
        return self.surroundings

    def enter_later(self, seconds: float) -> None:
        """Leave out so many seconds in which the state was held back: what it measures is its work."""
        if self.entered:
            self.entered = timestamp(datetime.fromisoformat(self.entered).timestamp() + seconds)
            self.surroundings = None

    def leave(self, leave: Exit, frame: Frame, default: Any) -> StateOutcome:
        """
        Evaluate Output and Assign, both over the old variables, and check what they give.

        Raises:
            StatesError: An expression failed, or a payload is over its quota.
        """
        output = default if leave.output is None else leave.output.evaluate(frame)
        values = None if leave.assign is None else leave.assign.evaluate(frame)
        if output is not self.input:  # which was checked when it came
            check_result(output, self.state.name)
        # After all that may fail: a state that fails leaves its variables as they were.
        if values is not None:
            self.scope.assign(values)
            self.assigned = values
        return StateOutcome(output, leave.next)

    def leave_with(self, result: Any) -> StateOutcome:
        """Leave by the state's exit, with the result of its work, which was held to the quota."""
        return self.leave(self.state.exit, self.frame(result=result), result)
