"""The workflow on one machine: what is made ready while functions and calls are waited for."""

import asyncio

from evaldrop.engine.queries import compile_expression
from evaldrop.running.workflow import RECORDS_STATE, _ahead, _taken, state_machine


def test_steps_are_taken_one_at_a_time_between_which_all_others_have_their_turn():
    order = []

    def steps():
        for number in range(3):
            order.append(number)
            yield

    async def other():
        while True:
            order.append("other")
            await asyncio.sleep(0)

    async def scenario():
        others = asyncio.create_task(other())
        await _taken(steps())
        others.cancel()

    asyncio.run(scenario())
    places = [order.index(number) for number in range(3)]
    assert all(order[place + 1] == "other" for place in places)


def test_the_expressions_of_the_records_are_compiled_when_all_steps_are_taken():
    steps = _ahead()
    assert sum(1 for _ in steps) >= 1
    sources = compile_expression.cache_info().misses
    for _ in _ahead():
        pass
    assert compile_expression.cache_info().misses == sources
    assert RECORDS_STATE in state_machine().flow.states
