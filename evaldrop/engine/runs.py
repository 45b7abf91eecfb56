"""What the states of one execution share, and one visit to one state."""

import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from evaldrop.engine import model
from evaldrop.engine.arns import ArnParts
from evaldrop.engine.clock import Clock, timestamp
from evaldrop.engine.history import History
from evaldrop.engine.objects import ObjectStore
from evaldrop.engine.observer import Observer
from evaldrop.engine.payloads import check_size
from evaldrop.engine.progress import Branches, Place
from evaldrop.engine.queries import Frame
from evaldrop.engine.scopes import Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskContext:
    """What an integration may want to know beside its arguments. `attempt` is 0 for the first try."""

    resource: str
    state: str
    execution: str
    attempt: int
    clock: Clock


Integration = Callable[[Any, TaskContext], Awaitable[Any]]
RunFlow = Callable[["Run", model.Flow, Scope, Any, dict[str, Any] | None, Place | None], Awaitable[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """
    One execution, or one child execution: what its states share.

    `execution` and `machine` are those parts of $states.context. `flow` runs a flow; it is here so that
    states that hold flows need not import the module that knows all states.
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
    history: History | None

    @property
    def name(self) -> str:
        """The execution's name."""
        return str(self.execution["Name"])


class Outcome(NamedTuple):
    """A state's output and the next state's name, None when the flow ends."""

    output: Any
    next: str | None


@dataclass(slots=True, kw_only=True)
class Visit:
    """One visit to one state, retries included."""

    run: Run
    state: Any
    scope: Scope
    input: Any
    item: dict[str, Any] | None
    place: Place | None = None
    retry_count: int = 0
    entered: str = ""
    surroundings: dict[str, Any] | None = None

    def again(self) -> None:
        """Count a retry, which expressions see."""
        self.retry_count += 1
        self.surroundings = None

    def branches(self) -> Branches | None:
        """Return what is noted of the branches of this attempt; None when nothing is to be remembered."""
        if self.place is None:
            return None
        if self.retry_count or not isinstance(self.place.inside, Branches):
            self.place.inside = Branches()
        return self.place.inside

    def tell(self, kind: str, **details: Any) -> None:
        """Add an event to the execution's history, where one is kept."""
        if self.run.history is not None:
            self.run.history.add(kind, details)

    def frame(self, **more: Any) -> Frame:
        """Return the variables an expression of this state sees; `more` is result or errorOutput."""
        states = {"input": self.input, **more}
        if self.state.uses_context:
            states["context"] = self.context()
        return Frame({"states": states}, self.scope)

    def context(self) -> dict[str, Any]:
        """Return $states.context, which is the same until the state is tried again."""
        if self.surroundings is None:
            self.surroundings = self._surroundings()
        return self.surroundings

    def _surroundings(self) -> dict[str, Any]:
        if not self.entered:
            self.entered = timestamp(self.run.clock.now())
        context = {
            "Execution": self.run.execution,
            "StateMachine": self.run.machine,
            "State": {"EnteredTime": self.entered, "Name": self.state.name, "RetryCount": self.retry_count},
        }
        if self.item is not None:
            context["Map"] = {"Item": self.item}
        return context

    def leave(self, leave: model.Exit, frame: Frame, default: Any) -> Outcome:
        """
        Evaluate Output and Assign, both over the old variables, and check what they give.

        Raises:
            StatesError: An expression failed, or a payload is over its quota.
        """
        output = default if leave.output is None else leave.output.evaluate(frame)
        if leave.assign is not None:
            values = leave.assign.evaluate(frame)
            check_size(output, f"the output of the state {self.state.name!r}")
            self.scope.assign(values)
        elif output is not self.input:
            check_size(output, f"the output of the state {self.state.name!r}")
        return Outcome(output, leave.next)
