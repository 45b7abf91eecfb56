"""A state machine once loaded: states as typed values, with every expression compiled."""

from collections.abc import Mapping
from dataclasses import dataclass

from evaldrop.engine.templates import Template

# The longest wait or time-out there is, a little over three years (the States Language).
MAX_SECONDS = 99_999_999


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrier:
    """When to try again. The n-th delay is interval_s * backoff_rate**n, at most max_delay_s."""

    errors: tuple[str, ...]
    interval_s: float
    max_attempts: int
    backoff_rate: float
    max_delay_s: float | None
    full_jitter: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Exit:
    """How a state is left: its next state (None ends the flow), output and assignments."""

    next: str | None
    output: Template | None = None
    assign: Template | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Catcher:
    """Where to go on after an error."""

    errors: tuple[str, ...]
    exit: Exit


@dataclass(frozen=True, slots=True, kw_only=True)
class Handlers:
    """A state's retriers and catchers, in the order they are tried."""

    retriers: tuple[Retrier, ...] = ()
    catchers: tuple[Catcher, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """A state. `uses_context` when an expression of it mentions $states.context."""

    name: str
    uses_context: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaving(State):
    """A state that is left one way, unless it fails."""

    exit: Exit


@dataclass(frozen=True, slots=True, kw_only=True)
class Working(Leaving):
    """A state whose work can fail, be tried again, or be caught."""

    handlers: Handlers


@dataclass(frozen=True, slots=True, kw_only=True)
class Task(Working):
    """Calls an integration. `resource` has no ARN prefix."""

    resource: str
    arguments: Template | None
    timeout_s: Template | None
    heartbeat_s: Template | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass(Leaving):
    """Hands its input, or its Output, on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Succeed(Leaving):
    """Ends the flow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fail(State):
    """Ends the flow with an error."""

    error: Template | None
    cause: Template | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait(Leaving):
    """Waits for a number of seconds or until a time; exactly one is set."""

    seconds: Template | None
    timestamp: Template | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One way out of a Choice."""

    condition: Template
    exit: Exit


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice(State):
    """Takes the first rule whose condition is true, else `default`."""

    rules: tuple[Rule, ...]
    default: Exit | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """States that run from `start` until one ends. `is_branch` is for one of a Parallel's."""

    start: str
    states: Mapping[str, State]
    is_branch: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Parallel(Working):
    """Runs every branch on the same input."""

    branches: tuple[Flow, ...]
    arguments: Template | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Map(Working):
    """Runs a flow on each item."""

    items: Template | None
    item_selector: Template | None
    max_concurrency: Template | None
    tolerated_count: Template | None
    tolerated_percentage: Template | None
    processor: Flow


@dataclass(frozen=True, slots=True, kw_only=True)
class InlineMap(Map):
    """A Map within this execution. What it tolerates is evaluated, and makes no difference."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemReader:
    """
    Where a distributed Map reads its items: an object, and how it is written.

    With `lists` it is all objects that begin with a prefix: what a listing says of each (no `input_type`), or
    what is in them, as one sequence.
    """

    arguments: Template
    input_type: str | None
    lists: bool = False
    csv_headers: tuple[str, ...] | None = None
    csv_delimiter: str = ","
    max_items: Template | None = None
    items_pointer: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemBatcher:
    """How items are put together for one child."""

    max_items: Template | None
    max_bytes: Template | None
    batch_input: Template | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultWriter:
    """Where a distributed Map writes results (None: nowhere, they become the result), and in which form."""

    arguments: Template | None
    transformation: str
    output_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DistributedMap(Map):
    """A Map whose items, or batches of them, are child executions of their own."""

    reader: ItemReader | None
    batcher: ItemBatcher | None
    writer: ResultWriter | None
    label: str
    express: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StateMachine:
    """A definition that passed every check. `resources` are the integrations it needs."""

    name: str
    flow: Flow
    timeout_s: float | None
    resources: frozenset[str]
