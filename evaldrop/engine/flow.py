"""Run a flow from its start to its end, state by state."""

import asyncio
from collections.abc import Awaitable, Callable
from itertools import count
from typing import Any

from evaldrop.engine import machine
from evaldrop.engine.actions.branching import run_inline_map, run_parallel
from evaldrop.engine.actions.simple import run_choice, run_fail, run_pass, run_wait
from evaldrop.engine.actions.task import run_task
from evaldrop.engine.errors import QueryError, StatesError
from evaldrop.engine.map_runs.state import run_distributed_map
from evaldrop.engine.progress import FlowProgress
from evaldrop.engine.runs import RunningExecution, StateOutcome, VariableScope, Visit

ACTIONS: dict[type, Callable[[Visit], Awaitable[StateOutcome]]] = {
    machine.Task: run_task,
    machine.Pass: run_pass,
    machine.Succeed: run_pass,
    machine.Fail: run_fail,
    machine.Choice: run_choice,
    machine.Wait: run_wait,
    machine.Parallel: run_parallel,
    machine.InlineMap: run_inline_map,
    machine.DistributedMap: run_distributed_map,
}
_KINDS = {kind: kind.__name__ for kind in ACTIONS} | {machine.InlineMap: "Map", machine.DistributedMap: "Map"}

# A loop of states that never wait must let timeouts and cancelling through.
STATES_PER_TURN = 100


def _is_aborted(flow: machine.Flow, state: machine.State, error: BaseException) -> bool:
    # Of a Parallel's branch the state that failed is aborted as well (recorded), of a Map's iteration not.
    # States that take no time have no such event.
    takes_time = isinstance(state, machine.Working | machine.Wait)
    return takes_time and (flow.is_branch or not isinstance(error, StatesError))


async def run_flow(
    run: RunningExecution,
    flow: machine.Flow,
    scope: VariableScope,
    data: Any,
    item: dict[str, Any] | None,
    place: FlowProgress | None = None,
) -> Any:
    """
    Return the output of a flow.

    Args:
        run: The execution it belongs to.
        flow: The states.
        scope: Its variables.
        data: Its input, already held to the payload quota.
        item: Map.Item of $states.context, inside a Map.
        place: Where the flow goes on from, and where it is noted how it stops; None remembers nothing.

    Raises:
        StatesError: A state failed, and nothing inside the flow caught it.
    """
    name: str | None = flow.start
    visit: Visit | None = None
    resumes = place is not None and place.state is not None
    if place is not None and resumes:
        name, data = place.state, place.input
        scope.restore(place.variables)
        place.state = None
    try:
        for step in count(1):
            if name is None:
                break
            if step % STATES_PER_TURN == 0:
                await asyncio.sleep(0)
            state = flow.states[name]
            visit = Visit(run=run, state=state, scope=scope, input=data, item=item, place=place)
            run.observer.state_entered(name)
            # A state that is redriven was entered before; only Fail is entered again (the guide, redrive).
            if run.history is not None and (step > 1 or not resumes or isinstance(state, machine.Fail)):
                visit.tell_entered(_KINDS[type(state)])
            try:
                data, name = await ACTIONS[type(state)](visit)
            except QueryError as error:
                raise visit.reported(error) from error
            if run.history is not None:
                visit.tell_exited(_KINDS[type(state)], data)
            if place is not None:
                place.inside = None
    # Cancelling too: an execution that was stopped can be redriven from here.
    except BaseException as error:
        if visit is not None and visit.state.name == name and _is_aborted(flow, visit.state, error):
            visit.tell(f"{_KINDS[type(visit.state)]}StateAborted")
        if place is not None:
            place.stop(name, data, scope, error)
        raise
    return data
