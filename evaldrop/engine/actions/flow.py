"""Run a flow from its start to its end, state by state."""

import asyncio
from collections.abc import Awaitable, Callable
from itertools import count
from typing import Any

from evaldrop.engine import model
from evaldrop.engine.actions.branching import run_inline_map, run_parallel
from evaldrop.engine.actions.simple import run_choice, run_fail, run_pass, run_wait
from evaldrop.engine.actions.task import run_task
from evaldrop.engine.errors import QueryError
from evaldrop.engine.map_runs.state import run_distributed_map
from evaldrop.engine.runs import Outcome, Run, Visit
from evaldrop.engine.scopes import Scope

ACTIONS: dict[type, Callable[[Visit], Awaitable[Outcome]]] = {
    model.Task: run_task,
    model.Pass: run_pass,
    model.Succeed: run_pass,
    model.Fail: run_fail,
    model.Choice: run_choice,
    model.Wait: run_wait,
    model.Parallel: run_parallel,
    model.InlineMap: run_inline_map,
    model.DistributedMap: run_distributed_map,
}

# A loop of states that never wait must let timeouts and cancelling through.
STATES_PER_TURN = 100


async def run_flow(run: Run, flow: model.Flow, scope: Scope, data: Any, item: dict[str, Any] | None) -> Any:
    """
    Return the output of a flow.

    Args:
        run: The execution it belongs to.
        flow: The states.
        scope: Its variables.
        data: Its input, already held to the payload quota.
        item: Map.Item of $states.context, inside a Map.

    Raises:
        StatesError: A state failed, and nothing inside the flow caught it.
    """
    name: str | None = flow.start
    for step in count(1):
        if name is None:
            break
        if step % STATES_PER_TURN == 0:
            await asyncio.sleep(0)
        state = flow.states[name]
        visit = Visit(run=run, state=state, scope=scope, input=data, item=item)
        run.observer.state_entered(name)
        try:
            data, name = await ACTIONS[type(state)](visit)
        except QueryError as error:
            raise error.inside(state.name) from error
    return data
